# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# The ladder: every older kernel and every restricted place that a program of ours can make. A script that sources this file has
# a verb of its own, `rung NAME LOST WRAP...`, which rungs() calls for each: WRAP runs a command in the place, in the folder that
# the script is in then. LOST is what `monitor run` says there at its start, "-" = nothing is lost. $monitor_options holds what
# the monitor is to be asked for.

refuse=$src/refuse
notif_receive=0xc0502100
notif_send=0xc0182101
notif_addfd=0x40182103
notif_set_flags=0x40082104
every="ptrace at every call"
filtered="ptrace at the calls"
without="without ptrace"

rungs() {
	rung "nothing refused" - "$refuse" nothing --

	# older kernels
	for e in EINVAL EPERM; do
		rung "no WAIT_KILLABLE_RECV: $e" - "$refuse" "seccomp:1:&0x20=$e" --
	done
	for e in EINVAL ENOSYS EPERM; do
		rung "no SYNC_WAKE_UP: $e" - "$refuse" "ioctl:1:$notif_set_flags=$e" --
	done
	for e in EINVAL ENOSYS EPERM; do
		rung "no ADDFD: $e" "judged after the call" "$refuse" "ioctl:1:$notif_addfd=$e" --
	done
	# a security module may refuse what comes behind the filter
	for e in EPERM EACCES; do
		rung "no receiving: $e" "$filtered" "$refuse" "ioctl:1:$notif_receive=$e" --
		rung "no answering: $e" "$filtered" "$refuse" "ioctl:1:$notif_send=$e" --
	done
	rung "none of the three" "judged after the call" "$refuse" 'seccomp:1:&0x20=EINVAL' "ioctl:1:$notif_set_flags=EINVAL" "ioctl:1:$notif_addfd=EINVAL" --
	for e in EINVAL ENOSYS EPERM; do
		rung "no notification: $e" "$filtered" "$refuse" "seccomp:1:&8=$e" --
	done
	rung "no unshare" - "$refuse" unshare=EPERM --
	rung "no sizes of notifications" "$filtered" "$refuse" seccomp:0:3=EINVAL --
	for e in ENOSYS EPERM EINVAL; do
		rung "no openat2: $e" "judged after the call" "$refuse" openat2=$e --
		rung "no pidfd_getfd: $e" - "$refuse" pidfd_getfd=$e pidfd_open=$e --
		rung "no process_vm_readv: $e" - "$refuse" process_vm_readv=$e process_vm_writev=$e --
		rung "no ptrace: $e" "$without" "$refuse" ptrace=$e --
		rung "neither ptrace nor openat2: $e" "$without.*by their paths before the call" "$refuse" ptrace=$e openat2=$e --
		rung "no seccomp: $e" "$every" "$refuse" seccomp=$e prctl:0:22=EINVAL --
		rung "no statx: $e" "judged after the call" "$refuse" statx=$e --
	done
	rung "a profile of what is allowed" - "$refuse" unlisted=EPERM --
	rung "no seccomp, and a profile of what is allowed" "$every" "$refuse" unlisted=EPERM seccomp=EPERM prctl:0:22=EINVAL --
	rung "no waitid" - "$refuse" waitid=EPERM --
	rung "no memfd_create" - "$refuse" memfd_create=EPERM --
	rung "no seizing" "$without" "$refuse" ptrace:0:0x4206=EINVAL --
	rung "no PTRACE_GET_SYSCALL_INFO" "$every" "$refuse" seccomp=EINVAL ptrace:0:0x420e=EINVAL --

	# somebody else's listener
	rung "another listener" "$every" "$refuse" listener --
	rung "another listener, by name only" "$every" "$refuse" seccomp=EBUSY --
	rung "another listener, and a profile of what is allowed" "$every" "$refuse" listener unlisted=ENOSYS --
	monitor_options="--backend ptrace"
	rung "another listener, filtered on request" "$filtered" "$refuse" listener --
	monitor_options=

	# places
	# shellcheck disable=SC2016 # for the inner shells
	{
	rung "Docker's profile without capabilities" - setpriv --bounding-set -all --inh-caps -all --reuid 65534 --regid 65534 \
		--clear-groups --no-new-privs "$refuse" docker --
	rung "nobody" - setpriv --reuid 65534 --regid 65534 --clear-groups
	rung "one user id" - unshare -r
	rung "one user id, for an ordinary user" - setpriv --reuid 65534 --regid 65534 --clear-groups unshare -r
	rung "pid namespace" - unshare -p -f --mount-proc
	rung "pid namespace, without its /proc" "/proc" unshare -p -f
	rung "hidepid" - unshare -m sh -c 'mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"' -
	rung "no /proc" "/proc" unshare -m sh -c 'mount -t tmpfs none /proc && exec "$@"' -
	rung "no /tmp" - unshare -m sh -c 'mkdir -p bare && mount -t tmpfs none bare && cd bare && mkdir here && for f in /*; do
			if [ -L "$f" ]; then cp -P "$f" .; elif [ -d "$f" ] && [ "$f" != /tmp ]; then mkdir ".$f" && mount --rbind "$f" ".$f"; fi
		done && mount --bind "$OLDPWD" here && exec chroot . sh -c "cd /here && exec \"\$@\"" - "$@"' -
	rung "read-only root" - unshare -m sh -c 'mount -o remount,ro,bind / 2>/dev/null || mount -o remount,ro /; exec "$@"' -
	rung "chroot" - unshare -m sh -c 'mkdir -p root && mount --rbind / root &&
		exec chroot root sh -c "cd \"\$0\" && exec \"\$@\"" "$PWD" "$@"' -
	# a folder as the root that is no mount, as after debootstrap
	folder='mkdir -p plain/here && for f in /*; do
			if [ -L "$f" ]; then cp -P "$f" plain; elif [ -d "$f" ]; then mkdir -p "plain$f" && mount --rbind "$f" "plain$f"; fi
		done && cp -r $(ls | grep -vx plain) plain/here'
	rung "chroot of a folder" - unshare -m sh -c "$folder"' && exec chroot plain sh -c "cd /here && exec \"\$@\"" - "$@"' -
	rung "32 MiB for each process" - prlimit --data=33554432
	memory=/sys/fs/cgroup/memory/live-ladder-$$
	if mkdir "$memory" 2>/dev/null && echo 33554432 >"$memory/memory.limit_in_bytes"; then
		cgroups=$memory
		rung "32 MiB in all" - sh -c "echo \$\$ >$memory/cgroup.procs; exec \"\$@\"" -
	else
		left_out=$((left_out + 1))
	fi
	rung "few descriptors" - sh -c 'ulimit -n 24; exec "$@"' -
	rung "few processes" - setpriv --reuid 65533 --regid 65533 --clear-groups prlimit "--nproc=${few_processes:-8}"
	}
	if command -v runsc >/dev/null 2>&1; then
		rung "gVisor" "$every" "$top/tests/live/gvisor"
	else
		left_out=$((left_out + 1))
		echo "left out: gVisor: no runsc"
	fi
}
