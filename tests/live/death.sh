#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The monitor itself dies, by a signal or for want of memory: the command is killed, or its intercepted calls fail, and the user is told. It
# never goes on unwatched.
. "$(dirname "$0")/lib.sh"

need_root
need python3
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
	said="killed by signal 9 (Killed), and the command with it"
	[ "$4" != none ] || said="killed by signal 9 (Killed): the command is no longer watched, and its calls that rules look at fail"
	# the shell, whose calls fail then, writes its own messages in pieces: ours may come amid one
	soon grep -qF "monitor: $said" "$dir/err" || fail "$what: it is not told: $(head -n 3 "$dir/err")"
	if [ "$4" = none ]; then
		# who waits for the end of standard error waits for the command alone
		ls -l "/proc/$front/fd" >"$dir/fds"
		! grep -qF "$dir/" "$dir/fds" || fail "$what: it keeps what the command was given: $(cat "$dir/fds")"
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

# nobody watched it to its end
mkfifo "$dir/last"
# unwatched STATUS WANTED
unwatched() {
	# shellcheck disable=SC2094 # it is a pipe
	(exec "$MONITOR" run -r "$dir/watched.yaml" -o "$dir/alerts.json" -- sh -c 'echo; read -r x; exit "$1"' - "$1") \
		<>"$dir/last" >"$dir/text" 2>"$dir/err" &
	front=$!
	soon grown "$dir/text" 0
	find_supervisor "$front" && kill -KILL "$supervisor"
	soon grep -q "killed by signal 9" "$dir/err" || fail "unwatched, exit $1: not told"
	echo >"$dir/last"
	wait "$front"
	equal "unwatched, exit $1: status" $? "$2"
}
unwatched 0 1
unwatched 3 3

# what the command leaves behind keeps no reader waiting
checks=$((checks + 1))
# shellcheck disable=SC2016 # for the inner shell
("$MONITOR" run -r "$dir/watched.yaml" -o "$dir/alerts.json" -- sh -c 'sleep 60 >/dev/null 2>&1 </dev/null & echo $! >"$1"' - "$dir/child") 2>&1 | cat
alive "$(cat "$dir/child")" || fail "a reader waits for what was left behind"
kill "$(cat "$dir/child")"

# whoever ignores SIGCHLD has children of whom the kernel tells nothing
for b in notify ptrace ptrace-all notify-only; do
	timeout -s KILL 60 env --ignore-signal=CHLD "$MONITOR" run -r "$dir/watched.yaml" --backend $b -o "$dir/alerts.json" -- sh -c 'exit 3' 2>"$dir/err"
	equal "SIGCHLD ignored, $b: status" $? 3
	timeout -s KILL 60 env --ignore-signal=CHLD "$MONITOR" run -r "$dir/watched.yaml" --backend $b -o "$dir/alerts.json" -- \
		grep SigIgn /proc/self/status >"$dir/out" 2>"$dir/err"
	equal "SIGCHLD ignored, $b: the command ignores it, too" "$(cat "$dir/out")" "$(env --ignore-signal=CHLD grep SigIgn /proc/self/status)"
done
env --ignore-signal=CHLD "$MONITOR" doctor -r "$dir/watched.yaml" >"$dir/out"
"$MONITOR" doctor -r "$dir/watched.yaml" >"$dir/text"
ok "SIGCHLD ignored: doctor says the same" cmp -s "$dir/out" "$dir/text"

# what the shell started ends at any moment of a start: nothing is left that waits for it
cat >"$dir/moments.py" <<'END_OF_MOMENTS'
import os, random, signal, subprocess, sys, time

run = sys.argv[1:]
random.seed(1)
wrong = 0
for turn in range(80):
    number = random.choice((signal.SIGKILL, signal.SIGTERM))
    delay = random.uniform(0, 0.04)
    # all of it has the writing end
    front = subprocess.Popen(run, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
    end = time.monotonic() + delay
    while time.monotonic() < end:
        pass
    front.send_signal(number)
    try:
        front.communicate(timeout=20)
        if number == signal.SIGTERM and front.returncode != -number:
            print("turn %d: %s after %.1f ms: status %d" % (turn, number.name, delay * 1e3, front.returncode))
            wrong += 1
    except subprocess.TimeoutExpired:
        print("turn %d: %s after %.1f ms: something is left" % (turn, number.name, delay * 1e3))
        wrong += 1
        front.kill()
sys.exit(wrong > 0)
END_OF_MOMENTS
ok "the end at any moment" python3 "$dir/moments.py" "$MONITOR" run -r "$dir/watched.yaml" -o "$dir/alerts.json" -- sleep 2

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
bad='--output-fd 1: Bad file descriptor'
unwritten "alerts there" "$MONITOR" run -r "$dir/opened.yaml" --output-fd 1 -- true
"$MONITOR" run -r "$dir/opened.yaml" -o "$dir/opened.txt" -- sh -c ': <"$1"; exit 4' - "$dir/opened.yaml" 2>"$dir/err" >&-
status=$?
ok "standard output closed, for a command: status $status" [ $status = 4 ]
ok "standard output closed, for a command: alerts" grep -q "opened $dir/opened.yaml" "$dir/opened.txt"
finish
