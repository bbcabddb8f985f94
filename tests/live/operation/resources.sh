#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the user allows each process (ulimit) is for the command: the monitor, who works for all of them, does not die of it.
. "$(dirname "$0")/../lib.sh"

rule opened "evt.type in (open, openat) and fd.name endswith /named" "opened %fd.name by %proc.cmdline" >"$dir/rules.yaml"
: >"$dir/named"
mkdir "$dir/out.d"
chmod 711 "$dir"
chmod 777 "$dir/out.d"
# shellcheck disable=SC2016
many='i=0; while [ $i -lt 200 ]; do : <"$1" || exit 3; i=$((i + 1)); done; ulimit -f; ulimit -t'

# limited ULIMIT-OPTIONS USER...: the command runs under the limits of files and time
limited() {
	kind=$1
	shift
	rm -f "$dir/out.d/alerts"
	(
		# shellcheck disable=SC3045 # dash has it
		ulimit "-${kind}f" 8
		# shellcheck disable=SC3045
		ulimit "-${kind}t" 500
		exec "$@" "$MONITOR" run -r "$dir/rules.yaml" --output "$dir/out.d/alerts" -- sh -c "$many" - "$dir/named"
	) 2>&1 >"$dir/out" </dev/null | cat >"$dir/err"
	ok "$kind $*: the command keeps its limits: $(cat "$dir/out")" [ "$(tr '\n' ' ' <"$dir/out")" = "8 500 " ]
}
size() {
	wc -c <"$dir/out.d/alerts"
}

# more processes than the monitor may have descriptors: their memory is opened anew instead
rule started "evt.type = execve and evt.rawres = 0 and proc.args contains last-of-many" "started %proc.cmdline" >"$dir/started.yaml"
# shellcheck disable=SC2016
many_processes='i=0; while [ $i -lt 100 ]; do
	(for j in 1 2 3 4 5 6 7 8 9 10 11 12; do true <"/none/$j"; done; sleep 5; :) 2>/dev/null &
	all="$all $!" i=$((i + 1))
done
sleep 1; : <"$1"; sh -c : last-of-many; kill $all'
for most in 40 60 300; do
	# shellcheck disable=SC3045
	(ulimit -n $most; exec "$MONITOR" run -r "$dir/rules.yaml" -r "$dir/started.yaml" -- sh -c "$many_processes" - "$dir/named") \
		>"$dir/out" 2>"$dir/err" </dev/null
	ok "$most descriptors: the file: $(tail -n 3 "$dir/err")" grep -q 'opened .*/named by sh' "$dir/err"
	ok "$most descriptors: the program" grep -q 'started sh -c : last-of-many' "$dir/err"
done

limited S
ok "soft limits: all alerts" [ "$(grep -c opened "$dir/out.d/alerts")" = 200 ]
ok "nothing is said of them: $(cat "$dir/err")" [ ! -s "$dir/err" ]
if [ "$(id -u)" = 0 ]; then
	limited "" setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set=-all --inh-caps=-all
	ok "hard limits: $(size)" [ "$(size)" -gt 0 ]
	ok "what is lost is told: $(cat "$dir/err")" grep -q 'alerts were lost\|File too large' "$dir/err"
	ok "and the limit that may end it" grep -q 'processor time (ulimit -t) holds for the monitor, too: it ends after 499 s' "$dir/err"

	# the time of a user is used up
	nobody="setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set=-all --inh-caps=-all"
	# shellcheck disable=SC2016,SC2086
	prlimit --cpu=2 $nobody "$MONITOR" run -r "$dir/rules.yaml" --output "$dir/out.d/spent" --summary "$dir/out.d/summary" -- \
		sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
			(n=0; while [ $n -lt 20000 ] && : <"$1"; do n=$((n + 1)); done) 2>/dev/null
		done; exit 0' - "$dir/named" >"$dir/out" 2>"$dir/err" </dev/null
	equal "time: status" $? 1
	ok "time: why: $(cat "$dir/err")" grep -q "no longer watched: the monitor's limit of processor time (ulimit -t) is used up" "$dir/err"
	ok "time: the summary, too" grep -q '"error":"the monitor.s limit of processor time' "$dir/out.d/summary"

	# all of them, down to what a run cannot begin with: it says which limit, and so does doctor
	for n in 8 9 10 11 12 13 14 15; do
		prlimit --nofile=$n "$MONITOR" run -r "$dir/rules.yaml" --output /dev/null -- true 2>"$dir/err" </dev/null
		ok "$n descriptors, status $?: $(cat "$dir/err")" grep -q 'the limit of descriptors (ulimit -n)' "$dir/err"
	done
	prlimit --nofile=12 "$MONITOR" doctor >"$dir/out"
	ok "few descriptors: doctor" grep -q '^limits  *leave too few descriptors' "$dir/out"
	ok "they are not spent on records" grep -q '^births .*not recorded' "$dir/out"
	# shellcheck disable=SC2086
	prlimit --nofile=12 $nobody "$MONITOR" run -r "$dir/rules.yaml" --output "$dir/out.d/few" -- sh -c ': <"$1"' - "$dir/named" 2>"$dir/err" </dev/null
	ok "few descriptors are told: $(cat "$dir/err")" grep -q 'limit of descriptors (ulimit -n) leaves the monitor 12' "$dir/err"
	# of a user who has none
	setpriv --reuid 65533 --regid 65533 --clear-groups prlimit --nproc=2 "$MONITOR" run -r "$dir/rules.yaml" --output "$dir/out.d/none" -- \
		sleep 1 >"$dir/out" 2>&1 </dev/null
	equal "few processes: status" $? 126
	ok "few processes: why: $(cat "$dir/out")" grep -q "cannot fork the command: Resource temporarily unavailable: .*ulimit -u" "$dir/out"
	setpriv --reuid 65533 --regid 65533 --clear-groups prlimit --nproc=2 "$MONITOR" doctor >"$dir/out"
	equal "few processes: doctor's status" $? 1
	ok "few processes: doctor" grep -q '^limits  *leave too few processes' "$dir/out"
	ok "and its last word" grep -qx 'monitor run cannot work here' "$dir/out"
	setpriv --reuid 65533 --regid 65533 --clear-groups prlimit --nproc=1 "$MONITOR" run -r "$dir/rules.yaml" -- true >"$dir/out" 2>&1
	ok "no process at all: $(cat "$dir/out")" grep -q 'cannot fork: .*ulimit -u' "$dir/out"
fi

# ---- the stack
# stacked KB CMD...: what the command gets of it, and an alert
stacked() {
	kb=$1
	shift
	rm -f "$dir/out.d/alerts"
	(
		# shellcheck disable=SC3045
		ulimit "-${kind}s" "$kb"
		# shellcheck disable=SC2016
		"$@" "$MONITOR" run -r "$dir/rules.yaml" --output "$dir/out.d/alerts" -- sh -c 'ulimit -s; : <"$1"' - "$dir/named"
	) >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
}
stacked_well() {
	stacked "$@"
	ok "a stack of $*, status $status: $(cat "$dir/out" "$dir/err")" [ "$status $(cat "$dir/out")" = "0 $1" ]
	ok "and an alert: $(cat "$dir/out.d/alerts")" grep -q opened "$dir/out.d/alerts"
}
kind=S
stacked_well 64
if [ "$(id -u)" = 0 ]; then
	kind=
	# shellcheck disable=SC3045
	(ulimit -s 64 && ulimit -s 128) 2>/dev/null && stacked_well 64 # the capability SYS_RESOURCE
	# shellcheck disable=SC2086
	stacked_well 256 $nobody
	# shellcheck disable=SC2086
	stacked 64 $nobody
	equal "a stack that is too small" "$status" 1
	equal "and why" "$(cat "$dir/err")" "monitor: the limit of the stack is 64 KB, the monitor takes 256 (ulimit -s, hard limit)"
fi

# nothing wakes up who waits for signals: the run still ends
ok "signal descriptors are refused: an end, and why" sh -c \
	'timeout -s KILL 60 "$1" signalfd4=ENOSYS -- "$2" run -- sleep 300 2>"$3"; [ $? = 126 ] && grep -q "no signal descriptor" "$3"' \
	- "$src/refuse" "$MONITOR" "$dir/err"

finish
