#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every restricted place that a program of ours can make: the command runs as natively, and a read of /etc/shadow raises its
# alert; what is lost is said at the start, in one line.
. "$(dirname "$0")/lib.sh"

need_root
own_mounts "$@"
refuse=$src/refuse
# what does not depend on root, and may be read by anybody
cp "$MONITOR" "$dir/monitor"
cp "$own_rules" "$dir/rules.yaml"
echo secret >"$dir/watched"
rule watched "evt.type in (open, openat, openat2) and fd.num >= 0 and fd.name endswith /watched" "seen %fd.name by %proc.name" WARNING \
	>"$dir/watched.yaml"
chmod -R a+rX "$dir"
# shellcheck disable=SC2016 # for the inner shell
work='cat watched; cat watched; (exit 4); echo status $?; exit 3'

# what doctor says as JSON it says as text, too, and the other way round
same_facts() {
	python3 - "$dir/doctor" "$dir/doctor.txt" <<'EOF'
import json, sys

told = json.load(open(sys.argv[1]))
lines = open(sys.argv[2]).read().splitlines()
want = ['monitor run uses %s here' % told['backend'] if told['backend'] else 'monitor run cannot work here']
if (set(told) != {'monitor', 'backend', 'place', 'limits', 'backends'} or
        any(set(p) != {'name', 'works', 'what', 'change'} for p in told['place']) or
        any(set(b) != {'name', 'works', 'why', 'change', 'passed_over', 'how', 'losses', 'limits'} for b in told['backends'])):
    sys.exit('members are missing, or others came')
for p in told['place']:
    want += ['%-12s %s' % (p['name'], p['what'])] + ['    change: ' + p[k] for k in ('change',) if p[k]]
for b in told['backends']:
    want += ['%-12s %s (%s)' % (b['name'], 'works' if b['works'] else 'does not work', b['how'])]
    want += ['    %s: %s' % (k, b[k]) for k in ('why', 'change') if b[k]] + ['    ' + b[k] for k in ('passed_over',) if b[k]]
    if b['name'] != told['backend']:
        continue
    for loss in b['losses']:
        want += ['    ' + loss['what']] + ['        ' + r for r in loss['rules']]
        want += [] if loss['rules'] else ['        (no loaded rule is affected)']
    want += ['rules that lose by it:' if b['losses'] else 'no rule loses anything by it']
    want += ['what cannot be seen, or not soundly:'] + ['    ' + l for l in told['limits'] + b['limits']]
if sorted(want) != sorted(lines):
    print('only in one of them:', sorted(set(want) ^ set(lines))[:3])
    sys.exit(1)
EOF
}

# doctor_says BACKEND WRAP...: the same place, looked at by doctor
doctor_says() {
	wanted=$1
	shift
	(cd "$dir" && timeout 60 "$@" ./monitor doctor -r watched.yaml --json) >"$dir/doctor" 2>"$dir/err" </dev/null
	ok "$name: doctor says: $(head -c 300 "$dir/doctor" "$dir/err")" grep -q "^{\"backend\":\"$wanted\"," "$dir/doctor"
	(cd "$dir" && timeout 60 "$@" ./monitor doctor -r watched.yaml) >"$dir/doctor.txt" 2>>"$dir/err" </dev/null
	ok "$name: doctor's text and its JSON" same_facts
	[ "$wanted" = notify ] ||
		ok "$name: doctor names what to change" grep -q '"name":"notify","works":false,"why":"..*","change":"..*"' "$dir/doctor"
}

# rung NAME LOST WRAP...: WRAP runs the monitor in the place. LOST is what the start line has, "-" = there is none.
rung() {
	name=$1
	lost=$2
	shift 2
	checks=$((checks + 1))
	# gVisor hands on the standard descriptors alone. Appending, because cat copies without a lock on the position otherwise.
	: >"$dir/both"
	# shellcheck disable=SC2016 # for the inner shells
	(cd "$dir" && timeout 60 "$@" sh -c 'exec "$@" 3>&1' - ./monitor run -r watched.yaml ${monitor_options:-} --output-fd 3 -- sh -c "exec 3>&-; $work") \
		>>"$dir/both" 2>"$dir/err" </dev/null
	status=$?
	grep 'seen .*watched' "$dir/both" >"$dir/seen"
	grep -v 'seen .*watched' "$dir/both" >"$dir/out"
	[ $status = 3 ] || { fail "$name: status $status"; head -n 3 "$dir/err"; }
	[ "$(tr '\n' ' ' <"$dir/out")" = "secret secret status 4 " ] || fail "$name: output: $(cat "$dir/out")"
	[ "$(grep -c 'seen .*watched by cat' "$dir/seen")" = 2 ] || { fail "$name: alerts: $(cat "$dir/seen")"; head -n 3 "$dir/err"; }
	if [ "$lost" = - ]; then
		ok "$name: something is lost: $(cat "$dir/err")" [ ! -s "$dir/err" ]
		(cd "$dir" && timeout 60 "$@" sh -c 'exec "$@" 2>&1' - ./monitor run -v -r watched.yaml -o /dev/null -- cat watched) >"$dir/figures" </dev/null
		ok "$name: opens are not exact: $(grep openat "$dir/figures")" grep -q "openat .* [1-9][0-9]* done on behalf, 0 followed" "$dir/figures"
		doctor_says notify "$@"
	else
		ok "$name: no word of \"$lost\": $(cat "$dir/err")" grep -q "$lost" "$dir/err"
		ok "$name: more than a line" [ "$(wc -l <"$dir/err")" = 1 ]
		case $lost in
		*every*) doctor_says ptrace-all "$@" ;;
		*calls) [ -n "${monitor_options:-}" ] || doctor_says ptrace "$@" ;;
		*without*) doctor_says notify-only "$@" ;;
		*) doctor_says notify "$@" ;;
		esac
	fi
}

. "$here/rungs.sh"
rungs

# What is looked up beside the file of an open: its other names, what a descriptor is, where a program comes from.
rule linked "evt.type in (open, openat, openat2) and fd.name = $dir/watched" "linked %fd.name by %proc.name" WARNING >"$dir/lookups.yaml"
rule turned "evt.type in (dup, dup2, dup3) and fd.num = 0 and fd.type = ipv4 and fd.l4proto = tcp" "turned %fd.name" WARNING >>"$dir/lookups.yaml"
rule fileless "evt.type in (execve, execveat) and proc.is_exe_from_memfd = true" "fileless %proc.exepath" WARNING >>"$dir/lookups.yaml"
cat >"$dir/lookups.py" <<'END'
import os, socket, sys
for name in "symbolic", "hard":
    print(open(sys.argv[1] + "/" + name).read(), end="")
os.chdir(sys.argv[1])
open("symbolic").close()
try:
    os.open("symbolic", os.O_RDONLY | os.O_NOFOLLOW)
except OSError:
    pass # and no file
os.open("hard", os.O_RDONLY | os.O_NOFOLLOW)
server = socket.create_server(("127.0.0.1", 0))
s = socket.create_connection(server.getsockname())
os.dup2(s.fileno(), 0)
fd = os.memfd_create("payload", 0)
os.write(fd, open("/bin/echo", "rb").read())
sys.stdout.flush()
os.execve(fd, ["echo", "from memory"], {})
END
printf '#!/bin/sh\nmount -t tmpfs none /proc && exec "$@"\n' >"$dir/without-proc"
chmod 755 "$dir/without-proc"
ln -s watched "$dir/symbolic"
ln "$dir/watched" "$dir/hard"
# looked_up NAME WRAP...: under the backend that is chosen in the place
looked_up() {
	name=$1
	shift
	wrap="timeout -k 1 20 $*" under "$dir/lookups.yaml" -- python3 "$dir/lookups.py" "$dir"
	equal "lookups: $name: output" "$(tr '\n' ' ' <"$dir/out")" "secret secret from memory "
	equal "lookups: $name: other names" "$(grep -c '"rule":"linked"' "$alerts")" 4
	equal "lookups: $name: a descriptor" "$(grep -c '"rule":"turned"' "$alerts")" 1
	equal "lookups: $name: a program" "$(grep -c '"rule":"fileless"' "$alerts")" 1
}
looked_up "nothing refused" "$refuse" nothing --
for e in ENOSYS EPERM; do
	looked_up "no statx: $e" "$refuse" statx=$e --
	looked_up "no openat2: $e" "$refuse" openat2=$e --
	looked_up "neither, nor pidfd_getfd: $e" "$refuse" statx=$e openat2=$e pidfd_getfd=$e pidfd_open=$e --
	looked_up "a kernel of old: $e" "$refuse" 'seccomp:1:&0x20=EINVAL' "ioctl:1:$notif_set_flags=EINVAL" "ioctl:1:$notif_addfd=EINVAL" \
		statx=$e openat2=$e pidfd_getfd=$e pidfd_open=$e close_range=$e clone3=$e kcmp=$e --
done
# where no result of an open is seen its path is looked up, too
looked_up "no ptrace" "$refuse" ptrace=EPERM --
looked_up "no ptrace, no ADDFD" "$refuse" ptrace=EPERM "ioctl:1:$notif_addfd=EINVAL" --
looked_up "no ptrace, no openat2, no statx" "$refuse" ptrace=EPERM openat2=EPERM statx=EPERM --
looked_up "no ptrace, and no /proc" unshare -m "$dir/without-proc" "$refuse" ptrace=EPERM --
looked_up "Docker's profile" "$refuse" docker --
looked_up "Docker's profile, of old" "$refuse" docker statx=EPERM openat2=EPERM close_range=EPERM --

if command -v runsc >/dev/null 2>&1; then
	# gVisor hands on the standard descriptors alone
	chmod -R a+rX "$dir"
	# shellcheck disable=SC2016 # for the inner shell
	(cd "$dir" && timeout 60 "$top/tests/live/gvisor" sh -c 'exec "$@" 3>&1' - \
		./monitor run -r lookups.yaml --output-fd 3 -- sh -c 'exec 3>&- && exec /usr/bin/python3 lookups.py "$0"' "$dir") >"$dir/both" 2>"$dir/err" </dev/null
	for word in "linked $dir/watched 4" "turned 1" "fileless 1" "from memory 1"; do
		equal "lookups: gVisor: ${word% *}: $(tail -n 1 "$dir/err")" "$(grep -c "${word% *}" "$dir/both")" "${word##* }"
	done
fi

# where nothing can be seen the command is not started
refused() {
	name=$1
	word=$2
	shift 2
	(cd "$dir" && timeout 60 "$@" ./monitor run -r watched.yaml -- sh -c "$work") >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	ok "$name: status $status" sh -c '[ "$1" = 1 ] || [ "$1" = 126 ]' - "$status"
	ok "$name: ran" [ ! -s "$dir/out" ]
	ok "$name: no reason: $(cat "$dir/err")" grep -q "$word" "$dir/err"
}
refused "neither seccomp nor ptrace" "no way to intercept" "$refuse" seccomp=EPERM prctl:0:22=EPERM ptrace=EPERM --
"$refuse" seccomp=EPERM prctl:0:22=EPERM ptrace=EPERM -- "$MONITOR" doctor -r "$own_rules" >"$dir/out"
ok "doctor's status where nothing works" [ $? = 1 ]
ok "doctor's word where nothing works" grep -q "monitor run cannot work here" "$dir/out"
"$refuse" ptrace=EPERM -- "$MONITOR" doctor -r "$own_rules" >"$dir/out"
ok "doctor blames who refuses" grep -q "change: allow ptrace()" "$dir/out"
"$refuse" seccomp=EPERM prctl:0:22=EPERM -- "$MONITOR" doctor -r "$own_rules" >"$dir/refused"
ok "doctor blames nobody else" sh -c 'grep -q "change: allow seccomp()" "$1" && ! grep -q "change: allow ptrace" "$1"' - "$dir/refused"
"$refuse" openat2=ENOSYS -- "$MONITOR" doctor -r "$own_rules" >"$dir/refused"
ok "doctor names the rules that lose without openat2" grep -q "^        Password or sudo file read" "$dir/refused"
setpriv --reuid 65532 --regid 65532 --clear-groups prlimit --nproc=1 "$dir/monitor" doctor -r "$dir/rules.yaml" >"$dir/refused"
ok "doctor tells of a limit of processes" sh -c 'grep -q "why: cannot fork" "$1" && grep -q "change: .*ulimit -u" "$1" && ! grep -q "change: allow" "$1"' - "$dir/refused"
"$refuse" unshare=EPERM -- "$MONITOR" doctor -r "$own_rules" >"$dir/refused"
ok "doctor tells what is lost without unshare()" grep -q "^unshare  *is refused: with outputs" "$dir/refused"
"$refuse" listener -- "$MONITOR" doctor -r "$own_rules" >"$dir/refused"
ok "doctor says why ptrace is not used" grep -q "not used beside another seccomp listener" "$dir/refused"
# what doctor says of set-uid programs is so: of one that an ordinary user starts, natively and below each backend
cp /usr/bin/id "$dir/user.as-root"
chmod 4755 "$dir/user.as-root"
# by a shell, since setpriv itself has root's capabilities up to its exec
printf '"$0.as-root" -u; exit\n' >"$dir/user"
set_uid() {
	word=$1
	shift
	natively=$("$@" setpriv --reuid 65534 --regid 65534 --clear-groups sh "$dir/user")
	[ "$natively" != 0 ] && [ "$word" != "have no rights here" ] && { left_out=$((left_out + 1)); return; }
	"$@" "$dir/monitor" doctor -r "$dir/rules.yaml" >"$dir/refused"
	ok "doctor of set-uid programs: $*: $(grep ^set-uid "$dir/refused")" grep -q "^set-uid  *programs such as sudo.* $word" "$dir/refused"
	below=$("$@" "$dir/monitor" run -r "$dir/watched.yaml" -- \
		setpriv --reuid 65534 --regid 65534 --clear-groups sh "$dir/user" 2>"$dir/err")
	case $word in
	keep*) equal "a set-uid program: $*" "$below" 0 ;;
	*) equal "a set-uid program: $*" "$below" 65534 ;;
	esac
}
set_uid "keep their rights" env
set_uid "stay without" setpriv --bounding-set -sys_admin
set_uid "stay without" setpriv --bounding-set -sys_ptrace
set_uid "stay without" setpriv --bounding-set -sys_admin,-sys_ptrace
set_uid "have no rights here" setpriv --no-new-privs
setpriv --reuid 65534 --regid 65534 --clear-groups "$dir/monitor" doctor -r "$dir/rules.yaml" >"$dir/refused"
ok "doctor tells of set-uid programs" grep -q "^set-uid  *programs such as sudo and ping stay without" "$dir/refused"
ok "doctor names the rules that lose" grep -q "Program run from memory" "$dir/out"
for call in ptrace seccomp process_vm_readv openat2 statx unshare close_range perf_event_open; do
	refused "who calls $call is killed" "kills who calls $call(): allow it" "$refuse" $call=KILL --
	"$refuse" $call=KILL -- "$MONITOR" doctor -r "$own_rules" >"$dir/out" 2>"$dir/err"
	ok "doctor's status where who calls $call is killed" [ $? = 1 ]
	ok "doctor's word where who calls $call is killed: $(cat "$dir/err")" grep -q "kills who calls $call()" "$dir/err"
done
refused "no /proc and no right to mount one" "mount one" unshare -m sh -c 'mount -t tmpfs none /proc && exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"' -
# another's mounts have paths from their own root
# shellcheck disable=SC2016 # for the inner shells
{
refused "chroot without /proc" "mount one" unshare -m sh -c 'mkdir -p root && mount --rbind / root && umount -l root/proc &&
	exec chroot root sh -c "cd \"\$0\" && exec \"\$@\"" "$PWD" "$@"' -
refused "chroot with another /proc" "another pid namespace" unshare -m sh -c 'mkdir -p root && mount --rbind / root &&
	exec unshare -p -f chroot root sh -c "cd \"\$0\" && exec \"\$@\"" "$PWD" "$@"' -
refused "chroot of a folder without /proc" "mount one" unshare -m sh -c "$folder"' && umount -l plain/proc && exec chroot plain sh -c "cd /here && exec \"\$@\"" - "$@"' -
}
(cd "$dir" && unshare -m sh -c 'mount -t tmpfs none /proc && exec setpriv --reuid 65534 --regid 65534 --clear-groups ./monitor doctor -r watched.yaml') >"$dir/out"
ok "doctor's status where run refuses" [ $? = 1 ]
ok "doctor's word where run refuses" grep -q "^/proc  *is missing, and monitor run may not mount one" "$dir/out"

finish
