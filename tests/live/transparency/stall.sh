#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who holds a lock that a call needs (tests/live/src/stall.c) holds up that call, as natively, and no other process.
. "$(dirname "$0")/../lib.sh"

need_root
need python3
mkdir "$dir/files"
timeout -k 1 60 "$src/stall" "$dir/files" folder >"$dir/native" 2>&1
status=$?
[ $status != 77 ] || skip "no userfaultfd here"
equal "natively: $(head -n 3 "$dir/native")" $status 0

# each begins in a folder that has nothing
cat >"$dir/anew" <<'END'
rm -rf "$1"/* "$1-other"
exec "$2" "$1" "$3"
END
filter='/^monitor: warning: /d'
limit=60
for backend in notify ptrace ptrace-all notify-only; do
	monitor_options="--backend $backend"
	for how in folder file killed events; do
		same sh "$dir/anew" "$dir/files" "$src/stall" $how
	done
done
monitor_options="--opens fast"
same sh "$dir/anew" "$dir/files" "$src/stall" folder
monitor_options=

# nor is /proc for the monitor alone what it is for all; here in a pid namespace, since all others would wait as natively
if unshare -fpm --mount-proc true 2>/dev/null; then
	for backend in notify ptrace ptrace-all notify-only; do
		timeout -k 1 60 unshare -fpm --mount-proc "$MONITOR" run --backend $backend -r "$own_rules" -- \
			sh "$dir/anew" "$dir/files" "$src/stall" proc >"$dir/out" 2>"$dir/err"
		equal "$backend: who lists /proc" "$? $(tr '\n' ' ' <"$dir/out")" "0 change /proc: waits change /proc: Success "
	done
else
	left_out=$((left_out + 1))
fi

# what was held up is told once; so is what was done for who did not live to see it, and that somebody waits for long
{
	rule made "evt.type = openat and evt.arg.flags contains O_EXCL and evt.rawres >= 0" "made %fd.name"
	rule removed "evt.type = unlink and evt.arg.res = 0 and fs.path.name startswith $dir/files/" "removed %fs.path.name"
	rule moved "evt.type = rename and evt.arg.res = 0" "moved %fs.path.source %fs.path.target"
	rule linked "evt.type = symlink and evt.arg.res = 0" "linked %evt.arg.linkpath"
	rule folder "evt.type = mkdir and evt.arg.res = 0" "folder %fs.path.name"
	# what leaves nothing behind is not told of who did not live to see it; with ptrace alone it is the caller that opens
	rule found "evt.type = openat and fd.name endswith -not-there and evt.rawres >= 0" "found %fd.name"
} >"$dir/stall.yaml"
for how in folder killed long; do
	for backend in notify ptrace notify-only; do
		rm -f "$dir/seen"
		timeout -k 1 60 "$MONITOR" run --backend $backend -r "$dir/stall.yaml" --output "$dir/seen" -- \
			sh "$dir/anew" "$dir/files" "$src/stall" $how >/dev/null 2>&1
		[ $backend != ptrace ] || sed -i '/ found /d' "$dir/seen"
		equal "$backend: told of $how" "$(sed -n 's/.* \(made\|removed\|moved\|linked\|folder\|found\) /\1 /; s/ evt.raced=possible//; /^[a-z]* \//p' "$dir/seen" | sort | tr '\n' ' ')" \
			"folder $dir/files/folder linked $dir/files/link made $dir/files/new moved $dir/files/moved $dir/files/moved-away removed $dir/files/removed "
		if [ $how = long ]; then
			ok "$backend: who waits is told" grep -q "waits for a lock that another holds" "$dir/seen"
		fi
	done
done

# sockets that somebody sends by
{
	rule named "evt.type = bind and proc.pname = stall" "told bind"
	rule joined "evt.type = connect and proc.pname = stall" "told connect"
	rule sent "evt.type in (sendto, sendmmsg) and proc.pname = stall and evt.arg.size in (3, 4, 6)" "told %evt.type of %evt.arg.size"
	rule looked "evt.type = dup and evt.rawres >= 0 and fd.sip = 127.0.0.1" "told dup"
} >"$dir/sockets.yaml"
for backend in notify ptrace ptrace-all notify-only; do
	monitor_options="--backend $backend -r $dir/sockets.yaml"
	for how in socket socket-killed; do
		same sh "$dir/anew" "$dir/files" "$src/stall" $how
	done
done
monitor_options=
for how in socket socket-killed; do
	for backend in notify ptrace notify-only; do
		rm -f "$dir/seen"
		timeout -k 1 60 "$MONITOR" run --backend $backend -r "$dir/sockets.yaml" --output "$dir/seen" -- \
			sh "$dir/anew" "$dir/files" "$src/stall" $how >/dev/null 2>&1
		many="3 told sendmmsg of 4 "
		[ $how != socket-killed ] || many="told sendmmsg of 4 " # he may or may not have sent the others
		look="1 told dup "
		[ $backend != notify-only ] || look= # of a socket whose connect() had no result
		sed -n 's/.* told /told /; s/ evt.raced=possible//; /^told /p' "$dir/seen" | sort | uniq -c | sed 's/^ *//' >"$dir/told"
		[ -n "$look" ] || sed -i '/told dup/d' "$dir/told"
		[ $how != socket-killed ] || sed -i 's/^. told sendmmsg/told sendmmsg/' "$dir/told"
		equal "$backend: told of $how" "$(tr '\n' ' ' <"$dir/told")" \
			"1 told bind 2 told connect $look${many}1 told sendto of 3 1 told sendto of 6 "
	done
done
timeout -k 1 60 "$MONITOR" run -r "$dir/sockets.yaml" --output "$dir/seen" -- "$src/stall" "$dir/files" socket-long >/dev/null 2>&1
ok "who waits by a socket is told" grep -q "waits for a lock that another holds" "$dir/seen"

# Sockets that wait for who takes nothing when they are closed: the last descriptors are ours, and do not stay
descriptors() {
	ls "/proc/$(cat "$dir/pid")/fd" | wc -l
}
rule behind "evt.type in (open, openat) and evt.rawres >= 0 and fd.name = $dir/files-behind" "behind" >"$dir/behind.yaml"
rule joined "evt.type = connect" "joined" >>"$dir/behind.yaml"
rm -f "$dir/seen"
# shellcheck disable=SC2016
fed sh -c 'ulimit -n 100; exec "$@"' - "$MONITOR" run -r "$dir/behind.yaml" --output "$dir/seen" --pidfile "$dir/pid" -- \
	"$src/stall" "$dir/files" lingering
ok "lingering begins" soon grep -q begins "$dir/out"
before=$(descriptors)
echo >&3
ok "lingering: it goes on" soon grep -q "is done" "$dir/out"
ok "lingering: $before descriptors before, $(descriptors) behind" [ "$(descriptors)" -le $((before + 4)) ]
fed_to_the_end
equal "lingering: told" "$status $(grep -c ' behind$' "$dir/seen")" "0 2"
rm -f "$dir/files-behind"

# A file that is written by one long call, or has room made for it: who cuts it off waits, and nobody else does. Of writes, which pass unseen,
# the first may show that there are such; the second is measured.
cat >"$dir/hold.py" <<'END'
import mmap, os, sys, time
how, folder = sys.argv[1:]
size = 0x7ffff000
def hold(file, many):
    since = time.monotonic()
    if how == "allocate":
        os.posix_fallocate(file, 0, size)
    else:
        os.write(file, many)
    return time.monotonic() - since
def child(run):
    pid = os.fork()
    if pid == 0:
        run()
        os._exit(0)
    return pid
many = mmap.mmap(-1, size)
told = os.open(folder + "/told", os.O_RDWR | os.O_CREAT)
open(folder + "/other", "w").close()
for turn in range(1 if how == "allocate" else 2):
    file = os.open(folder + "/held", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    holder = child(lambda: os.pwrite(told, b"%9.6f" % hold(file, many), 0))
    time.sleep(0.05)
    caller = child(lambda: os.open(folder + "/held", os.O_WRONLY | os.O_TRUNC))
    time.sleep(0.01)
    worst = 0
    while not os.waitpid(holder, os.WNOHANG)[0]:
        since = time.monotonic()
        os.close(os.open(folder + "/other", os.O_RDONLY))
        worst = max(worst, time.monotonic() - since)
        time.sleep(0.001)
    os.waitpid(caller, 0)
    os.close(file)
held = float(os.pread(told, 9, 0))
print("others wait" if worst > held / 2 else "held for too short a time" if held < 0.2 else "nobody waits")
END
held() { # HOW CMD...: what the program says
	held_how=$1
	shift
	rm -f "$dir"/files/*
	"$@" python3 "$dir/hold.py" "$held_how" "$dir/files" 2>"$dir/err"
}
if [ "$(awk '/^MemAvailable/ { print int($2 / 1048576) }' /proc/meminfo)" -ge 6 ] && mount -t tmpfs -o size=3g none "$dir/files" 2>/dev/null; then
	mounted=$dir/files
	for how in allocate write; do
		if [ "$(held $how)" != "nobody waits" ]; then
			left_out=$((left_out + 1))
			continue
		fi
		for turn in 1 2 3; do # who is held up is so each time; a busy machine may keep anybody waiting
			[ "$turn" = 1 ] || [ "$said" != "nobody waits" ] || break
			said=$(held $how "$MONITOR" run -r "$own_rules" --)
		done
		equal "who waits for a file ($how)" "$said" "nobody waits"
	done
	umount "$dir/files"
	mounted=
else
	left_out=$((left_out + 1))
fi

# a file system that is frozen
if dd if=/dev/zero of="$dir/image" bs=1M count=8 2>/dev/null && mkfs.ext4 -q "$dir/image" 2>/dev/null &&
	mount -o loop "$dir/image" "$dir/files" 2>/dev/null; then
	mounted=$dir/files
	for backend in notify ptrace notify-only; do
		monitor_options="--backend $backend"
		same sh "$dir/anew" "$dir/files" "$src/stall" frozen
	done
	monitor_options=
	# nobody is left when the call that was held up is over, and nobody said that its caller ended
	cat >"$dir/left.py" <<'END'
import fcntl, os, signal, sys, time
folder = sys.argv[1]
fcntl.ioctl(os.open(folder, os.O_RDONLY), 0xC0045877, 0)  # FIFREEZE
pid = os.fork()
if pid == 0:
    os.mkdir(folder + "/left")
while open("/proc/%d/syscall" % pid).read().split()[0] not in sys.argv[2:]:
    time.sleep(0.001)
try:
    os.unlink("/nowhere")  # looked at behind the other
except FileNotFoundError:
    pass
os.kill(pid, signal.SIGKILL)
END
	for backend in notify ptrace notify-only; do
		rm -rf "$dir/seen" "$dir/files/left"
		"$MONITOR" run --backend $backend -r "$dir/stall.yaml" --output "$dir/seen" -- \
			python3 "$dir/left.py" "$dir/files" 83 34 >"$dir/out" 2>"$dir/err" &
		pid=$!
		ok "$backend: told of who was not waited for" soon grep -qs "folder $dir/files/left" "$dir/seen"
		python3 -c 'import fcntl, os, sys; fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0xC0045878, 0)' "$dir/files" # FITHAW
		wait $pid
	done
else
	left_out=$((left_out + 1))
fi
finish
