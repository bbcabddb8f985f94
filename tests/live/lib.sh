# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# What the live tests share. A test is a script that sources this file, calls the verbs below and those of setup.sh, and ends with
# `finish`.
#
#   fires OWN OFFICIAL -- CMD...   under our rules OWN must alert, under Falco's files OFFICIAL must ("-" = there is none), and
#                                  what they print must be complete
#   quiet OWN OFFICIAL -- CMD...   the same, and neither may alert
#   same CMD...                    natively and under the monitor: same output, same exit status
#   ok TEXT CMD... / fail TEXT     any other assertion
#   equal TEXT GOT WANTED          the same words
#
# $src holds the built helper programs. Set $allow to output fields that may be null beside those that Falco leaves null, too;
# $container=1 puts what follows into a control group with a container's path.
set -u

here=$(cd "$(dirname "$0")" && pwd)
top=$here
while [ ! -f "$top/configure.ac" ]; do top=$(dirname "$top"); done
. "$top/tests/live/setup.sh"
MONITOR_SHARED=${MONITOR_SHARED:-$top/../shared}
src=$BUILD/tests/live/src
own_rules=$top/rules/monitor_rules.yaml
allow=
container=
failures=0
checks=0
left_out=0

fail() {
	failures=$((failures + 1))
	echo "FAILED: $*"
}

finish() {
	echo "$checks checks, $failures failed, $left_out left out"
	[ $checks -gt 0 ] || { echo "nothing was checked"; exit 1; }
	[ $failures = 0 ] || exit 1
	exit 0
}

[ -x "$src/calls" ] || { echo "$src/calls is not built: make live-programs"; exit 99; }

# own_mounts "$@": runs the test again in mount namespaces of its own; private_copy FOLDER then lays a throw-away layer over a
# folder of the system, so that a test may write there.
own_mounts() {
	need_root
	[ -n "${LIVE_OWN_MOUNTS:-}" ] && return
	rm -rf "$dir"
	LIVE_OWN_MOUNTS=1 exec unshare -m --propagation private "$0" "$@"
}

private_copy() {
	layer=$dir/layer$(printf '%s' "$1" | tr / -)
	mkdir -p "$layer/upper" "$layer/work" "$1"
	mount -t overlay overlay -o "lowerdir=$1,upperdir=$layer/upper,workdir=$layer/work" "$1" 2>/dev/null ||
		skip "an overlay cannot be mounted over $1"
	mounted="$1 ${mounted:-}"
}

# fed CMD...: runs CMD, a monitor with --pidfile $dir/pid, with its output in $dir/out and $dir/err; what is written to descriptor 3 is its
# input. fed_to_the_end closes that and waits: $status.
fed() {
	[ -p "$dir/in" ] || mkfifo "$dir/in"
	rm -f "$dir/pid"
	: >"$dir/out"
	"$@" <"$dir/in" >"$dir/out" 2>"$dir/err" &
	front=$!
	exec 3>"$dir/in"
}

fed_to_the_end() {
	exec 3>&-
	wait $front
	status=$?
}

# unread TEXT READY DONE: who is fed says READY, gets a line, and says DONE while the supervisor is stopped: what the kernel records
# meanwhile nobody reads
unread() {
	ok "$1: the command is ready" soon grep -q "$2" "$dir/out"
	kill -STOP "$(cat "$dir/pid")"
	echo >&3
	patience=400 # much is to be recorded
	ok "$1" soon grep -q "$3" "$dir/out"
	patience=
	kill -CONT "$(cat "$dir/pid")"
}

# A machine may keep its programs in a control group that looks like a container's; tests that are about the host leave it.
leave_cgroups() {
	[ "$(id -u)" = 0 ] || return
	for procs in /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/*/cgroup.procs; do
		[ -w "$procs" ] && echo $$ >"$procs"
	done 2>/dev/null
}
leave_cgroups

# in_cgroup CMD...: runs CMD in a control group of a path like a container's
cgroup_name=docker/6f1d3c9a57e2b48051bdc7a93e640f28d195ab37c08ef6241d7b9350ce82f146
in_cgroup() {
	if [ -z "${cgroups:-}" ]; then
		for root in /sys/fs/cgroup /sys/fs/cgroup/*; do
			[ -w "$root/cgroup.procs" ] || continue
			case $root in */cpuset) continue ;; esac # would need its processors set first
			mkdir -p "$root/$cgroup_name" 2>/dev/null && cgroups="$root/$cgroup_name $root/docker ${cgroups:-}"
		done
		[ -n "${cgroups:-}" ] || skip "control groups cannot be made here"
	fi
	(
		for group in $cgroups; do
			case $group in *"$cgroup_name") sh -c 'echo $PPID >"$1/cgroup.procs"' - "$group" 2>/dev/null ;; esac
		done
		exec "$@"
	)
}

# under RULES... -- CMD: runs CMD under the monitor with these rule files; alerts go to $alerts
alerts=$dir/alerts.json
under() {
	rules=
	while [ "$1" != -- ]; do
		rules="$rules -r $1"
		shift
	done
	shift
	rm -f "$alerts"
	: >"$alerts"
	used_rules=$rules
	# shellcheck disable=SC2154 # set by roundtrip.sh
	if [ -n "${LIVE_ROUNDTRIP:-}" ]; then
		rm -f "$dir/capture.scap"
		: >"$dir/capture.scap" # with this script's umask, for a monitor that is another user's
		rules="$rules -w $dir/capture.scap"
	fi
	# shellcheck disable=SC2086 # the words of $rules and of the options
	set -- "$MONITOR" run $rules ${monitor_options:-} --json --output "$alerts" -- "$@"
	# shellcheck disable=SC2086 # $wrap is words
	if [ -n "$container" ]; then
		in_cgroup ${wrap:-} "$@" >"$dir/out" 2>"$dir/err" </dev/null
	else
		${wrap:-} "$@" >"$dir/out" 2>"$dir/err" </dev/null
	fi
	status=$?
	if grep -qE 'Sanitizer|runtime error:' "$dir/err"; then
		fail "sanitizer report under: $*"
		head -n 30 "$dir/err"
	fi
	[ -z "${LIVE_ROUNDTRIP:-}" ] || same_again "$@"
	return $status
}

# The capture of what `under` ran gives the same alerts, byte by byte, but for those of the monitor itself, which come of no
# event. What the command left behind may still be at work.
same_again() {
	checks=$((checks + 1))
	echo "$*" >>"$LIVE_ROUNDTRIP"
	give_up=$(($(date +%s) + 20))
	while :; do
		# shellcheck disable=SC2086
		"$MONITOR" replay $used_rules --json "$dir/capture.scap" >"$dir/again.json" 2>"$dir/again.err"
		grep -v '"source":"internal"' "$alerts" >"$dir/live.json"
		cmp -s "$dir/live.json" "$dir/again.json" && [ ! -s "$dir/again.err" ] && return
		[ "$(date +%s)" -lt "$give_up" ] || break
		sleep 0.3
	done
	fail "the capture gives other alerts: $*"
	head -n 3 "$dir/again.err"
	diff "$dir/live.json" "$dir/again.json" | head -n 6 | cut -c1-900
}

# roundtrip SCRIPT...: what other tests run by `under` is recorded, and each capture gives the alerts of its live run
roundtrip() {
	for t in "$@"; do
		: >"$dir/recorded"
		LIVE_ROUNDTRIP=$dir/recorded "$t" >"$dir/log" 2>&1
		[ $? = 77 ] && continue
		ok "$(basename "$t"): nothing was recorded" [ -s "$dir/recorded" ]
		grep -q 'the capture gives other alerts' "$dir/log" && { fail "$(basename "$t")"; grep -A8 'the capture gives' "$dir/log"; }
	done
}

# judge fires|quiet RULE WHICH CMD...
judge() {
	what=$1
	rule=$2
	which=$3
	shift 3
	checks=$((checks + 1))
	if [ "$what" = fires ]; then
		if ! "$src/alerts" "$alerts" --has "$rule" --allow "$allow"; then
			fail "$which rule \"$rule\" on: $*"
			sed 's/^/    stderr: /' "$dir/err" | head -n 5
		fi
	elif ! "$src/alerts" "$alerts" --lacks "$rule"; then
		fail "$which rule \"$rule\" should be quiet on: $*"
	fi
}

# run_one fires|quiet RULE CMD...: what a rule of $asked is to do
run_one() {
	wanted=$1
	own_rule=$2
	shift 2
	under "$asked" -- "$@"
	judge "$wanted" "$own_rule" our "$@"
}

check_both() {
	wanted=$1
	own_rule=$2
	official_rule=$3
	shift 4
	if [ "$own_rule" != - ]; then
		under "$own_rules" -- "$@"
		judge "$wanted" "$own_rule" our "$@"
	fi
	[ "$official_rule" = - ] && return
	if [ -f "$MONITOR_SHARED/rules/falco_rules.yaml" ]; then
		under "$MONITOR_SHARED/rules/falco_rules.yaml" "$MONITOR_SHARED/rules/falco-incubating_rules.yaml" -- "$@"
		judge "$wanted" "$official_rule" "Falco's" "$@"
	else
		left_out=$((left_out + 1))
		echo "left out: Falco's rule \"$official_rule\" (no rule files in $MONITOR_SHARED/rules)"
	fi
}

fires() {
	check_both fires "$@"
}

quiet() {
	check_both quiet "$@"
}

ok() {
	text=$1
	shift
	checks=$((checks + 1))
	"$@" || fail "$text"
}

equal() {
	checks=$((checks + 1))
	[ "$2" = "$3" ] || fail "$1: \"$2\", not \"$3\""
}

# same CMD...: same output and status with and without the monitor. Set $repeat for more turns, $filter to a sed script for what
# differs from run to run.
same() {
	turn=0
	while [ $turn -lt "${repeat:-1}" ]; do
		turn=$((turn + 1))
		checks=$((checks + 1))
		timeout -k 1 "${limit:-60}" "$@" >"$dir/native.out" 2>"$dir/native.err" </dev/null
		native=$?
		# shellcheck disable=SC2086
		timeout -k 1 "${limit:-60}" "$MONITOR" run -r "$own_rules" ${monitor_options:-} --output "$alerts" -- "$@" \
			>"$dir/out" 2>"$dir/err" </dev/null
		watched=$?
		if [ $native != $watched ]; then
			fail "status $native natively, $watched under the monitor: $*"
			tail -n 5 "$dir/err" | sed 's/^/    /'
			return
		fi
		for stream in out err; do
			sed "${filter:-}" "$dir/native.$stream" >"$dir/want"
			sed "${filter:-}" "$dir/$stream" >"$dir/got"
			if ! cmp -s "$dir/want" "$dir/got"; then
				fail "std$stream differs: $*"
				diff "$dir/want" "$dir/got" | head -n 8 | sed 's/^/    /'
				return
			fi
		done
	done
}
