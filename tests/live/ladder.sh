#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every restricted place that a program of ours can make: the command runs as natively, and a read of /etc/shadow raises its
# alert; what is lost is said at the start, in one line.
. "$(dirname "$0")/lib.sh"

need_root
own_mounts "$@"
refuse=$src/refuse
notif_addfd=0x40182103
notif_set_flags=0x40082104
# what does not depend on root, and may be read by anybody
cp "$MONITOR" "$dir/monitor"
cp "$own_rules" "$dir/rules.yaml"
echo secret >"$dir/watched"
cat >"$dir/watched.yaml" <<END
- rule: watched
  desc: a file of the test
  condition: evt.type in (open, openat, openat2) and fd.name endswith /watched
  output: seen %fd.name by %proc.name
  priority: WARNING
END
chmod -R a+rX "$dir"
# shellcheck disable=SC2016 # for the inner shell
work='cat watched; cat watched; (exit 4); echo status $?; exit 3'

# doctor_says BACKEND WRAP...: the same place, looked at by doctor
doctor_says() {
	wanted=$1
	shift
	(cd "$dir" && timeout 60 "$@" ./monitor doctor -r watched.yaml --json) >"$dir/doctor" 2>"$dir/err" </dev/null
	ok "$name: doctor says: $(head -c 300 "$dir/doctor" "$dir/err")" grep -q "^{\"backend\":\"$wanted\"," "$dir/doctor"
	ok "$name: doctor's JSON" python3 -m json.tool "$dir/doctor" /dev/null
	[ "$wanted" = notify ] ||
		ok "$name: doctor names what to change" grep -q '"name":"notify","works":false,"why":"..*","change":"..*"' "$dir/doctor"
}

# rung NAME LOST WRAP...: WRAP runs the monitor in the place. LOST is what the start line has, "-" = there is none.
rung() {
	name=$1
	lost=$2
	shift 2
	checks=$((checks + 1))
	(cd "$dir" && timeout 60 "$@" ./monitor run -r watched.yaml ${monitor_options:-} --output-fd 3 -- sh -c "$work") \
		>"$dir/out" 2>"$dir/err" 3>"$dir/seen" </dev/null
	status=$?
	[ $status = 3 ] || { fail "$name: status $status"; head -n 3 "$dir/err"; }
	[ "$(tr '\n' ' ' <"$dir/out")" = "secret secret status 4 " ] || fail "$name: output: $(cat "$dir/out")"
	[ "$(grep -c 'seen .*watched by cat' "$dir/seen")" = 2 ] || { fail "$name: alerts: $(cat "$dir/seen")"; head -n 3 "$dir/err"; }
	if [ "$lost" = - ]; then
		ok "$name: something is lost: $(cat "$dir/err")" [ ! -s "$dir/err" ]
		doctor_says notify "$@"
	else
		ok "$name: no word of \"$lost\": $(cat "$dir/err")" grep -q "$lost" "$dir/err"
		ok "$name: more than a line" [ "$(wc -l <"$dir/err")" = 1 ]
		case $lost in
		*every*) doctor_says ptrace-all "$@" ;;
		*calls) [ -n "${monitor_options:-}" ] || doctor_says ptrace "$@" ;;
		*without*) doctor_says notify-only "$@" ;;
		esac
	fi
}

every="ptrace at every call"
filtered="ptrace at the calls"
without="without ptrace"
rung "nothing refused" - "$refuse" nothing --

# older kernels
rung "no WAIT_KILLABLE_RECV" - "$refuse" 'seccomp:1:&0x20=EINVAL' --
rung "no SYNC_WAKE_UP" - "$refuse" "ioctl:1:$notif_set_flags=EINVAL" --
rung "no ADDFD" - "$refuse" "ioctl:1:$notif_addfd=EINVAL" --
rung "none of the three" - "$refuse" 'seccomp:1:&0x20=EINVAL' "ioctl:1:$notif_set_flags=EINVAL" "ioctl:1:$notif_addfd=EINVAL" --
rung "no notification" "$filtered" "$refuse" 'seccomp:1:&8=EINVAL' --
rung "no sizes of notifications" "$filtered" "$refuse" seccomp:0:3=EINVAL --
for e in ENOSYS EPERM EINVAL; do
	rung "no openat2: $e" "judged after the call" "$refuse" openat2=$e --
	rung "no pidfd_getfd: $e" - "$refuse" pidfd_getfd=$e pidfd_open=$e --
	rung "no process_vm_readv: $e" - "$refuse" process_vm_readv=$e process_vm_writev=$e --
	rung "no ptrace: $e" "$without" "$refuse" ptrace=$e --
	rung "no seccomp: $e" "$every" "$refuse" seccomp=$e prctl:0:22=EINVAL --
	rung "no statx: $e" - "$refuse" statx=$e --
done
rung "no seizing" "$without" "$refuse" ptrace:0:0x4206=EINVAL --
rung "no PTRACE_GET_SYSCALL_INFO" "$every" "$refuse" seccomp=EINVAL ptrace:0:0x420e=EINVAL --

# somebody else's listener
rung "another listener" "$every" "$refuse" listener --
rung "another listener, by name only" "$every" "$refuse" seccomp=EBUSY --
monitor_options="--backend ptrace"
rung "another listener, filtered on request" "$filtered" "$refuse" listener --
monitor_options=

# places
rung "Docker's profile without capabilities" - setpriv --bounding-set -all --inh-caps -all --reuid 65534 --regid 65534 \
	--clear-groups --no-new-privs "$refuse" docker --
rung "nobody" - setpriv --reuid 65534 --regid 65534 --clear-groups
rung "one user id" - unshare -r
rung "one user id, for an ordinary user" - setpriv --reuid 65534 --regid 65534 --clear-groups unshare -r
rung "pid namespace" - unshare -p -f --mount-proc
rung "pid namespace, without its /proc" "/proc" unshare -p -f
rung "hidepid" - unshare -m sh -c 'mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"' -
rung "no /proc" "/proc" unshare -m sh -c 'mount -t tmpfs none /proc && exec "$@"' -
rung "no /tmp" - unshare -m sh -c 'cd / && mkdir -p /run/live-ladder && mount --bind "$OLDPWD" /run/live-ladder && mount -t tmpfs none /tmp && cd /run/live-ladder && umount /tmp; exec "$@"' -
rung "read-only root" - unshare -m sh -c 'mount -o remount,ro,bind / 2>/dev/null || mount -o remount,ro /; exec "$@"' -
# shellcheck disable=SC2016 # for the inner shell
rung "chroot" - unshare -m sh -c 'mkdir -p root && mount --rbind / root &&
	exec chroot root sh -c "cd \"\$0\" && exec \"\$@\"" "$PWD" "$@"' -
rung "32 MiB for each process" - prlimit --data=33554432
memory=/sys/fs/cgroup/memory/live-ladder-$$
if mkdir "$memory" 2>/dev/null && echo 33554432 >"$memory/memory.limit_in_bytes"; then
	cgroups=$memory
	rung "32 MiB in all" - sh -c "echo \$\$ >$memory/cgroup.procs; exec \"\$@\"" -
else
	left_out=$((left_out + 1))
fi
rung "few descriptors" - sh -c 'ulimit -n 24; exec "$@"' -
rung "few processes" - setpriv --reuid 65533 --regid 65533 --clear-groups prlimit --nproc=8

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
ok "doctor names the rules that lose" grep -q "Program run from memory" "$dir/out"
refused "no /proc and no right to mount one" "mount one" unshare -m sh -c 'mount -t tmpfs none /proc && exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"' -

finish
