#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a job or a script learns of a run: the exit status, one line on standard error, nothing that passes for success while nobody watched.
. "$(dirname "$0")/../lib.sh"
need python3

echo text >"$dir/watched"
cat >"$dir/rules.yaml" <<END
- rule: watched
  desc: a file of the test
  condition: evt.type in (open, openat, openat2) and fd.name = $dir/watched
  output: seen %fd.name
  priority: WARNING
END
# shellcheck disable=SC2016 # for the inner shell
look='read -r x <"$1"; exit 3' die='read -r x <"$1"; kill -USR1 $$'

# ends STATUS TEXT OPTIONS -- CMD: with that status, and TEXT in the last line of standard error ("" = nothing is said)
ends() {
	wanted=$1 words=$2
	shift 2
	timeout -k 5 60 "$MONITOR" run "$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	ok "status $status, not $wanted, of: $*" [ $status = "$wanted" ]
	said=$(tail -n 1 "$dir/err")
	if [ -n "$words" ]; then
		ok "not said: \"$words\", but: $said" grep -q -e "$words" "$dir/err"
	else
		ok "said: $said" [ -z "$said" ]
	fi
}

# ---- --fail-on
set -- -r "$dir/rules.yaml" -j -o "$alerts"
ends 3 "" "$@" -- sh -c "$look" - "$dir/watched"
ends 99 "exit status 99: 1 alert of Warning or above; the command's was 3" "$@" --fail-on warning -- sh -c "$look" - "$dir/watched"
ends 99 "exit status 99: 1 alert of Debug or above; signal 10 ended the command" "$@" --fail-on debug -- sh -c "$die" - "$dir/watched"
ends 99 "exit status 99: 2 alerts of " "$@" --fail-on debug -- sh -c "read -r x <\"\$1\"; $look" - "$dir/watched"
ends 3 "" "$@" --fail-on error -- sh -c "$look" - "$dir/watched"
ends 3 "" "$@" --fail-on warning -- sh -c "$look" - "$dir/rules.yaml"
ends 127 "cannot run not-there: No such file or directory" "$@" -- not-there
ends 127 "cannot run '': No such file or directory" "$@" -- ''
ends 2 "takes a priority" "$@" --fail-on high -- true
ok "alerts: $(cat "$alerts")" [ "$(wc -l <"$alerts")" = 6 ]

# ---- the monitor dies before it could tell: that is no success, also where the command goes on
gone() {
	! grep -qs '^State:.*[^ZX ] (' "/proc/$1/status"
}

# dies STATUS OPTIONS: the command begins, the monitor is killed, the command would end with 0
dies() {
	wanted=$1
	shift
	rm -f "$dir/begun" "$dir/fifo"
	mkfifo "$dir/fifo"
	exec 6<>"$dir/fifo"
	# shellcheck disable=SC2016
	"$MONITOR" run -r "$dir/rules.yaml" --pidfile "$dir/pid" "$@" -- \
		sh -c 'exec 5<"$2"; echo >"$1/begun"; read -r x <&5; exit 0' - "$dir" "$dir/fifo" >"$dir/out" 2>"$dir/err" </dev/null &
	front=$!
	soon [ -s "$dir/begun" ] || fail "does not begin: $(cat "$dir/err")"
	supervisor=$(cat "$dir/pid")
	kill -KILL "$supervisor"
	soon gone "$supervisor"
	echo >&6
	wait $front
	status=$?
	exec 6>&-
	ok "status $status, not $wanted, when the monitor is killed, with: $*" [ $status = "$wanted" ]
}
dies 1
dies 137 --fail-on warning
dies 137 --fail-on warning --option json_output=true
dies 1 --fail-on warning --on-exit fail
dies 1 --fail-on warning --option monitor.run.on_exit=fail

# what the monitor says of the end is heard however soon it is gone, whoever traces
for backend in ptrace-all ptrace notify; do
	lost=0
	for _ in $(seq 40); do
		"$MONITOR" run --backend $backend --fail-on warning -r "$dir/rules.yaml" --output "$dir/alerts" -- \
			cat "$dir/watched" >"$dir/out" 2>"$dir/err"
		[ $? = 99 ] || lost=$((lost + 1))
	done
	ok "$lost of 40 runs do not end with 99, $backend" [ $lost = 0 ]
done

# ---- rules that watch nothing are a slip
: >"$dir/empty.yaml"
mkdir "$dir/folder"
ends 0 "no rule is enabled: nothing is watched" -r "$dir/rules.yaml" --option 'rules[]={disable: {rule: watched}}' -- true
ends 0 "there are no rules in the files given: nothing is watched" -r "$dir/empty.yaml" -- true
ends 1 "no rules: $dir/folder is a folder without" -r "$dir/folder" -- true

# ---- options about a capture that is not written, and numbers that are none
wrong() { # TEXT ARG...: of monitor replay
	words=$1
	shift
	"$MONITOR" replay "$@" "$dir/none.scap" >"$dir/out" 2>"$dir/err"
	status=$?
	ok "replay $*: status $status" [ $status = 2 ]
	ok "replay $*: $(cat "$dir/err")" grep -q -e "$words" "$dir/err"
}
for option in --compress --snaplen=10 --buffers=none --layout=older; do
	ends 2 "${option%=*} .*give --write, too" $option -- true
	wrong "${option%=*} .*give --write, too" $option
done
ends 2 "takes a number of bytes" --write "$dir/none.scap" --snaplen x -- true
wrong "--limit takes a number" -n x
wrong "--limit takes a number" -n 0
wrong "--duration takes a number" -M -1

wrong "--filter: .*there is no field evt.typ; did you mean evt.type?" -f 'evt.typ = open'
wrong "--filter: .*column 16" -f 'evt.type = open)'
wrong "applies no rules" -p '%evt.num' -r "$dir/rules.yaml"
wrong "only one can have standard output" -w - -o -

# ---- "-" is standard output, which under run is the command's
for option in --output --summary --write --pidfile; do
	(cd "$dir" && "$MONITOR" run $option - -- true) >"$dir/out" 2>"$dir/err"
	ok "run $option -: $? $(cat "$dir/err")" grep -q -e "$option -: standard output is the command's" "$dir/err"
done
ok "and no file" [ ! -e "$dir/-" ]
(cd "$dir" && "$MONITOR" replay -o - -p '%evt.num' "$top/tests/conformance/captures/files.scap" >out 2>err)
ok "replay -o - is standard output: $(cat "$dir/err")" [ -s "$dir/out" -a ! -e "$dir/-" ]

# ---- help of one command, by both names
"$MONITOR" help replay >"$dir/out" 2>&1
"$MONITOR" replay --help >"$dir/want" 2>&1
ok "monitor help replay" cmp -s "$dir/out" "$dir/want"
"$MONITOR" help replays >"$dir/out" 2>&1
status=$?
ok "monitor help replays: status $status: $(cat "$dir/out")" [ $status = 2 ]

# ---- a reader that has enough ends a replay as any filter, and nothing is said
"$MONITOR" run -r "$dir/rules.yaml" -o /dev/null -w "$dir/c.scap" -- sh -c "$look" - "$dir/watched"
status=$(python3 -c "import os, subprocess, sys
r, w = os.pipe()
os.close(r)
print(subprocess.run(sys.argv[1:], stdout=w).returncode)" "$MONITOR" replay -p "%evt.num %evt.args" "$dir/c.scap" 2>"$dir/err")
ok "status $status of a replay that nobody reads" [ "$status" = -13 ]
ok "a replay that nobody reads: $(cat "$dir/err")" [ ! -s "$dir/err" ]
finish
