#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is not opened or connected in the caller's place: each kind is the caller's own call, looked at behind it, and still alerted; an
# ordinary file shows the difference.
. "$(dirname "$0")/../lib.sh"

need_root
need python3
{
	rule opened "evt.type in (open, openat, openat2) and evt.rawres >= 0" "opened %evt.arg.name" # every open that succeeds
	# every address of a socket
	rule addressed "evt.type in (connect, bind) and (evt.rawres >= 0 or evt.rawres < 0)" "addressed %evt.args"
} >"$dir/kinds.yaml"
cp "$(command -v dash || command -v sh)" "$dir/sh"
echo text >"$dir/plain"
ln -s plain "$dir/link"
mkfifo "$dir/fifo"
chmod -R a+rX "$dir"

# followed CALL: how many of them were looked at behind the call
followed() {
	sed -n "s/^monitor:   $1 .* done on behalf, \([0-9]*\) followed to the result.*/\1/p" "$dir/err" | awk '{ n += $1 } END { print n + 0 }'
}

# measure CALL CMD...
measure() {
	call=$1
	shift
	"$MONITOR" run -v -r "$dir/kinds.yaml" --output "$dir/alerts" -- timeout 60 "$@" >"$dir/out" 2>"$dir/err" </dev/null
	measured=$(followed "$call")
}

# kind behalf|own CALL NAME WORD BASE... -- CMD...: CMD has one call more than BASE, whose alert has WORD
kind() {
	how=$1
	call=$2
	name=$3
	word=$4
	shift 4
	base=
	while [ "$1" != -- ]; do
		base="$base $1"
		shift
	done
	shift
	# shellcheck disable=SC2086 # words
	measure "$call" $base
	before=$measured
	rm -f "$dir/alerts"
	measure "$call" "$@"
	if ! grep -q "$word" "$dir/alerts"; then
		fail "$name: no alert: $(tail -n 2 "$dir/out") $(grep -v '^monitor: ' "$dir/err" | head -n 2)"
	elif [ "$how" = behalf ]; then
		ok "$name: $((measured - before)) of the caller's own" [ "$measured" = "$before" ]
	else
		ok "$name: done in the caller's place" [ "$measured" -gt "$before" ]
	fi
}

sh=$dir/sh
kind behalf openat "a file" "opened $dir/plain" "$sh" -c : -- "$sh" -c ": <$dir/plain"
kind behalf openat "a symbolic link" "opened $dir/link" "$sh" -c : -- "$sh" -c ": <$dir/link"
kind own openat "a device" "opened /dev/zero" "$sh" -c : -- "$sh" -c ": </dev/zero"
kind own openat "a terminal" "opened /dev/ptmx" "$sh" -c : -- "$sh" -c ": <>/dev/ptmx"
kind own openat "a file of /proc" "opened /proc/self/status" "$sh" -c : -- "$sh" -c ": </proc/self/status"
kind own openat "a FIFO" "opened $dir/fifo" "$sh" -c : -- "$sh" -c ": <>$dir/fifo"
kind behalf openat "another user" "opened $dir/plain" setpriv --reuid 65534 --clear-groups "$sh" -c : -- \
	setpriv --reuid 65534 --clear-groups "$sh" -c ": <$dir/plain"
kind own openat "another user namespace" "opened $dir/plain" unshare -U "$sh" -c : -- unshare -U "$sh" -c ": <$dir/plain"
kind own openat "another mount namespace" "opened $dir/plain" unshare -m "$sh" -c : -- unshare -m "$sh" -c ": <$dir/plain"
# the same path below another root is another file
root=$dir/root
for file in $(ldd "$sh" | grep -o '/[^ ]*'); do
	mkdir -p "$root${file%/*}"
	cp "$file" "$root$file"
done
cp "$sh" "$root/sh"
echo text >"$root/inner"
kind own openat "another root" "opened /inner" chroot "$root" /sh -c : -- chroot "$root" /sh -c ": </inner"
cat >"$dir/kinds.py" <<'END'
import ctypes, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
what, path = sys.argv[1:]
if what.startswith("landlock"):
    # rights to make devices alone: files may be read
    rights = ctypes.c_uint64(1 << 6)
    fd = libc.syscall(444, ctypes.byref(rights), 8, 0)
    libc.prctl(38, 1, 0, 0, 0)
    if fd < 0 or libc.syscall(446, fd, 0):
        print("no landlock", ctypes.get_errno())
        sys.exit(77)
if what == "landlock-open":
    os.open(path, os.O_RDONLY)
elif what == "o-path":
    os.open(path, os.O_PATH | os.O_NOFOLLOW)
elif what == "unix":
    socket.socket(socket.AF_UNIX).connect_ex(path)
elif what == "netlink":
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).bind((0, 0))
elif what == "internet":
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).bind(("127.0.0.1", 0))
END
python=$(python3 -c 'import sys; print(sys.executable)')
"$python" "$dir/kinds.py" landlock x >"$dir/out" 2>&1
if [ $? = 77 ]; then
	left_out=$((left_out + 1))
	echo "left out: $(cat "$dir/out")"
else
	kind own openat "behind Landlock" "opened $dir/plain" "$python" "$dir/kinds.py" landlock x -- "$python" "$dir/kinds.py" landlock-open "$dir/plain"
fi
kind own openat "a link itself (O_PATH)" "opened $dir/link" "$python" "$dir/kinds.py" none x -- "$python" "$dir/kinds.py" o-path "$dir/link"
kind behalf bind "an internet socket" "addressed .*127.0.0.1" "$python" "$dir/kinds.py" none x -- "$python" "$dir/kinds.py" internet x
kind own connect "a unix socket" "addressed .*$dir/nobody" "$python" "$dir/kinds.py" none x -- "$python" "$dir/kinds.py" unix "$dir/nobody"
kind own bind "netlink" "addressed " "$python" "$dir/kinds.py" none x -- "$python" "$dir/kinds.py" netlink x
# What has effects when it is opened is opened once, by the caller: whoever watches it sees how often.
cat >"$dir/once.py" <<'END'
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
fd = libc.inotify_init1(os.O_NONBLOCK)
if libc.inotify_add_watch(fd, sys.argv[1].encode(), 0x38) < 0: # IN_OPEN, and IN_CLOSE, as two of one kind are one
    sys.exit("no watch: %s" % os.strerror(ctypes.get_errno()))
os.close(os.open(sys.argv[1], os.O_RDWR))
times, size = 0, struct.calcsize("iIII")
while True:
    try:
        times += struct.unpack("iIII", os.read(fd, size))[1] == 0x20
    except BlockingIOError:
        break
print(times)
END
mknod "$dir/device" c 1 3
for what in plain fifo device; do
	: >"$dir/alerts"
	"$MONITOR" run -r "$dir/kinds.yaml" --output "$dir/alerts" -- timeout 60 "$python" "$dir/once.py" "$dir/$what" \
		>"$dir/out" 2>"$dir/err" </dev/null
	equal "$what: how often it was opened" "$(cat "$dir/out" "$dir/err")" "$(timeout 60 "$python" "$dir/once.py" "$dir/$what")"
	ok "$what: no alert" grep -q "opened $dir/$what" "$dir/alerts"
done

# What is a file when it is looked at and a FIFO when it is opened is the caller's own, who waits for a writer.
if command -v strace >/dev/null 2>&1; then
	echo wrong >"$dir/swapped"
	: >"$dir/trace"
	timeout -k 1 60 strace -f -P "$dir/swapped" -e inject=openat2:delay_enter=1000000 "$MONITOR" run --backend notify-only \
		-r "$dir/kinds.yaml" --output "$dir/alerts" -- cat "$dir/swapped" >"$dir/out" 2>"$dir/trace" </dev/null &
	ok "it is looked at" soon grep -q AT_NO_AUTOMOUNT "$dir/trace"
	mv "$dir/fifo" "$dir/swapped"
	sleep 2
	# shellcheck disable=SC2016 # for the inner shell
	timeout 10 sh -c 'echo right >"$1"' - "$dir/swapped"
	wait $!
	equal "a FIFO in place of the file that was looked at" "$(cat "$dir/out")" right
fi

mkdir "$dir/mount"
if command -v fuse-overlayfs >/dev/null 2>&1 && [ -e /dev/fuse ] && mkdir "$dir/lower" && echo text >"$dir/lower/fused" &&
	fuse-overlayfs -o "lowerdir=$dir/lower" "$dir/mount" 2>/dev/null; then
	mounted=$dir/mount
	kind own openat "FUSE" "opened $dir/mount/fused" "$sh" -c : -- "$sh" -c ": <$dir/mount/fused"
else
	left_out=$((left_out + 1))
	echo "left out: no FUSE here"
fi
# Of what label the monitor is nothing is known where that may not be read, so nobody is taken to have the same.
labelled() { # ERRNO
	strace -f -o /dev/null -P self/attr/current -e inject=openat:error="$1" "$MONITOR" run --backend notify-only -v \
		-r "$dir/kinds.yaml" --output "$dir/alerts" -- "$sh" -c ": <$dir/plain" >"$dir/out" 2>"$dir/err" </dev/null
	sed -n "s/^monitor:   openat .* \([0-9]*\) done on behalf.*/\1/p" "$dir/err"
}
if command -v strace >/dev/null 2>&1; then
	equal "a label that may not be read: opens in callers' places" "$(labelled EACCES)" 0
	ok "a label that may not be read is said" grep -q "may not be read: opened files are judged by their paths" "$dir/err"
	ok "no label at all: no open in a caller's place" [ "$(labelled ENOENT)" -gt 0 ]
else
	left_out=$((left_out + 1))
	echo "left out: no strace here"
fi
finish
