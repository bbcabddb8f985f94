#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Programs do the same natively and under the monitor: ours (acts/) and others (same/programs) with seccomp notification, and a few
# in each place of the ladder. same.sh whole: all others, stressors of stress-ng, too, and more than a hundred in each place
# (a quarter of an hour); same.sh whole PLACE: those of the places whose names begin so; $SAME_PART is another part of them,
# where they are slow.
. "$(dirname "$0")/lib.sh"

need python3
# that of the system, which every user may run
python=/usr/bin/python3
[ -x $python ] || python=python3
own_mounts "$@"
step=80 # of how many programs one runs in each place
others=0/3
[ "${1:-}" = whole ] && step=3 others=0/1
# what does not depend on root, and may be read by anybody
mkdir "$dir/programs"
cp "$src/acts" "$dir/programs/acts"
cp "$MONITOR" "$dir/monitor"
cp "$own_rules" "$dir/rules.yaml"
cp "$here/same/compare.py" "$dir/compare.py"
cp "$here/same/programs" "$dir/others"
"$src/acts" list | sed 's/^/acts /' >"$dir/acts"
chmod -R a+rX "$dir"
PATH=$PATH:$dir/programs
export PATH
# writable where nothing else is
mkdir "$dir/work"
mount -t tmpfs -o mode=1777 none "$dir/work"
mounted="$dir/work ${mounted:-}"

compare() {
	checks=$((checks + 1))
	(cd "$dir" && exec "$@") >"$dir/compared" 2>&1 || fail "$name"
	cat "$dir/compared"
	grep -q " same, " "$dir/compared" || fail "$name: nothing was compared"
}

# The programs of one place: natively and under the monitor there. Those that trace others are left out where the monitor must
# trace, too, as doctor says of it.
turn=0
place=${2:-}
rung() {
	name=$1
	lost=$2
	shift 2
	turn=$((turn + 1))
	case $name in "$place"*) ;; *) return ;; esac
	except='^$'
	case $lost in *ptrace\ at*) except='^acts debug-|strace|gdb' ;; esac
	case $name in *"no pidfd_getfd"*) except='^acts waits-' ;; esac # the time limits of sockets are not to be had
	printf '%s: ' "$name"
	# shellcheck disable=SC2086 # words
	compare timeout "${LIVE_TIMEOUT:-300}" "$@" "$python" compare.py ./monitor rules.yaml work/$turn ${monitor_options:-} --part "${SAME_PART:-$((turn % step))/$step}" \
		--except "$except" acts others
}

few_processes=40
. "$here/rungs.sh"
if [ -z "$place" ]; then
	name=notify
	printf '%s: ' $name
	compare "$python" compare.py ./monitor rules.yaml work/0 acts
	compare "$python" compare.py ./monitor rules.yaml work/0 --part $others others
fi
if [ "${1:-}" = whole ] && [ -z "$place" ]; then
	need stress-ng
	name=stressors
	printf '%s: ' $name
	compare "$python" compare.py ./monitor rules.yaml work/0 "$here/same/stressors"
fi
rungs
finish
