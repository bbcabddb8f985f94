#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The monitor itself dies, by a signal or for want of memory: the command is killed, or its intercepted calls fail. It never goes
# on unwatched.
. "$(dirname "$0")/lib.sh"

need_root
echo text-of-the-secret >"$dir/watched"
rule watched "evt.type in (open, openat, openat2) and fd.name endswith /watched" "seen %fd.name by %proc.name" WARNING >"$dir/watched.yaml"
# reads without another program: the shell's own words need no library
# shellcheck disable=SC2016 # for the inner shell
work='echo $$ >command; (while :; do read -r x <watched && echo "$x" >&4 || echo failed >&4; sleep 0.05; done) & echo $! >child
	while :; do read -r x <watched && echo "$x" >&3 || echo failed >&3; sleep 0.05; done'

alive() {
	[ -n "$1" ] && [ -d "/proc/$1" ] && ! grep -q '^State:.*[ZX]' "/proc/$1/status" 2>/dev/null
}

gone() {
	! alive "$1"
}

grown() { # FILE BYTES: holds more than that
	[ "$(wc -c <"$1" 2>/dev/null || echo 0)" -gt "$2" ]
}

failing() { # FILE: the last reads failed
	[ "$(tail -n 3 "$1" | sort -u)" = failed ]
}

by_signal() {
	kill -KILL "$supervisor"
}

# a control group of its own, and no page more
by_memory() {
	group=/sys/fs/cgroup/memory/live-$$
	[ -d "$group" ] || mkdir "$group" 2>/dev/null || return 1
	echo "$supervisor" >"$group/cgroup.procs" && echo 4096 >"$group/memory.limit_in_bytes" || return 1
	cgroups=$group
	# what it needs for new processes finds no room
	for _ in $(seq 400); do
		gone "$supervisor" && return 0
		(: <"$dir/watched")
		sleep 0.05
	done
	return 1
}

# dies BACKEND ON-EXIT HOW command|tree|none: what is killed
dies() {
	what="--backend $1 --on-exit $2, $3"
	checks=$((checks + 1))
	rm -f "$dir/command" "$dir/child" "$dir/text" "$dir/child-text"
	supervisor=
	(cd "$dir" && exec "$MONITOR" run -r watched.yaml --backend "$1" --on-exit "$2" -o alerts.json -- sh -c "$work") \
		>"$dir/out" 2>"$dir/err" 3>"$dir/text" 4>"$dir/child-text" </dev/null &
	front=$!
	if ! soon grown "$dir/text" 40 || ! soon grown "$dir/child-text" 40 || ! find_supervisor "$front"; then
		fail "$what: does not start: $(head -n 3 "$dir/err")"
		kill -KILL "$front"
		return
	fi
	command=$(cat "$dir/command")
	child=$(cat "$dir/child")
	if ! "by_$3"; then
		left_out=$((left_out + 1))
		echo "left out: the monitor cannot be made to die $3 here"
		kill -KILL "$supervisor" "$command" "$child" 2>/dev/null
		wait "$front" 2>/dev/null
		return
	fi
	if [ "$4" = none ]; then
		soon failing "$dir/text" || fail "$what: the command's reads go on: $(tail -n 3 "$dir/text")"
		alive "$command" || fail "$what: the command is gone"
	else
		soon gone "$command" || fail "$what: the command lives"
		soon gone "$front" || fail "$what: the front lives"
	fi
	if [ "$4" = tree ]; then
		soon gone "$child" || fail "$what: the command's child lives"
	else
		soon failing "$dir/child-text" || fail "$what: the child's reads go on: $(tail -n 3 "$dir/child-text")"
	fi
	kill -KILL "$command" "$child" 2>/dev/null
	wait "$front" 2>/dev/null
}

dies notify fail signal none
dies notify kill signal tree
dies ptrace fail signal none
dies ptrace kill signal tree
# no filter makes calls fail when nobody looks: so always
dies ptrace-all fail signal tree
dies ptrace-all kill signal tree
dies notify-only fail signal none
dies notify-only kill signal command
dies notify fail memory none
dies notify kill memory tree

# standard error is closed: the command runs, and what cannot be said is said by the alerts' output
checks=$((checks + 1))
"$MONITOR" run -r "$dir/watched.yaml" -o "$dir/alerts.json" -- sh -c "cat $dir/watched; exit 3" >"$dir/out" 2>&-
status=$?
ok "standard error closed: status $status" [ $status = 3 ]
ok "standard error closed: alert" grep -q "seen .*watched" "$dir/alerts.json"
# nowhere to alert to: that is a fault of the call, like any other output that cannot be opened
"$MONITOR" run -r "$dir/watched.yaml" -- sh -c 'echo ran' >"$dir/out" 2>&-
status=$?
ok "no place for alerts: status $status" [ $status = 1 ]
ok "no place for alerts: told on standard output: $(cat "$dir/out")" grep -q "standard error is closed" "$dir/out"
# standard output is closed: what was to be written there is lost, and that is no success
gzip -dc "$top/tests/conformance/captures/files.scap" >"$dir/files.scap"
rule opened "evt.type in (open, openat)" "opened %fd.name" >"$dir/opened.yaml"
# unwritten WHAT CMD...
unwritten() {
	what=$1
	shift
	"$@" 2>"$dir/err" >&-
	status=$?
	ok "standard output closed, $what: status $status" [ $status = 1 ]
	ok "standard output closed, $what: $(cat "$dir/err")" grep -q -e "$bad" "$dir/err"
}
bad='cannot write to standard output: Bad file descriptor'
unwritten list "$MONITOR" list fields
bad='[0-9] alerts were lost in all'
unwritten replay "$MONITOR" replay -r "$dir/opened.yaml" "$dir/files.scap"
bad='--output-fd 1: it cannot be written'
unwritten "alerts there" "$MONITOR" run -r "$dir/opened.yaml" --output-fd 1 -- true
"$MONITOR" run -r "$dir/opened.yaml" -o "$dir/opened.txt" -- sh -c ': <"$1"; exit 4' - "$dir/opened.yaml" 2>"$dir/err" >&-
status=$?
ok "standard output closed, for a command: status $status" [ $status = 4 ]
ok "standard output closed, for a command: alerts" grep -q "opened $dir/opened.yaml" "$dir/opened.txt"
finish
