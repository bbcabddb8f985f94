#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The file with the monitor's number: it goes with the monitor, and one that was left behind is told, whoever has that number by now.
. "$(dirname "$0")/../lib.sh"

rule never "evt.type in (open, openat) and fd.name = /never" "never" >"$dir/rules.yaml"
file=$dir/pid
mkfifo "$dir/wait"

# run CMD...: with the file
run() {
	"$MONITOR" run -r "$dir/rules.yaml" --pidfile "$file" -- "$@" >"$dir/out" 2>"$dir/err" </dev/null
}
# begin: one that ends when something is written to $dir/wait; $supervisor is its number
begin() {
	# shellcheck disable=SC2016 # the inner shell's
	in_background "$MONITOR" run -r "$dir/rules.yaml" --on-exit kill --pidfile "$file" -- sh -c 'echo >"$1"; read -r x <"$2"' - "$dir/begun" "$dir/wait"
	soon test -s "$dir/begun"
	rm -f "$dir/begun"
	supervisor=$(cat "$file")
}
left_behind() { # WHAT PATTERN
	run cat "$file"
	ok "$1: $(cat "$dir/err")" grep -q "^monitor: warning: $file was left behind by process $2" "$dir/err"
	ok "$1: it had our number while we ran" grep -q '^[0-9][0-9]*$' "$dir/out"
	ok "$1: it goes with us" [ ! -e "$file" ]
}

run cat "$file"
ok "a first start has nothing to say: $(cat "$dir/err")" [ ! -s "$dir/err" ]
ok "a file that goes" [ ! -e "$file" ]
: >"$file"
run true
ok "neither has an empty file" [ ! -s "$dir/err" ]

# what is none: who waited for its reader could not be ended
timeout -s KILL 20 "$MONITOR" run -r "$dir/rules.yaml" --pidfile "$dir/wait" -- true >"$dir/out" 2>"$dir/err" </dev/null
equal "a FIFO without a reader: status" $? 1
equal "and why" "$(cat "$dir/err")" "monitor: cannot write the pidfile $dir/wait: nobody reads it"
timeout -s KILL 20 "$MONITOR" run -r "$dir/rules.yaml" --pidfile "$dir" -- true >"$dir/out" 2>"$dir/err" </dev/null
equal "a folder: status" $? 1
equal "and which file it is" "$(cat "$dir/err")" "monitor: cannot write the pidfile $dir: Is a directory"

begin
kill -KILL "$supervisor"
wait "$pid"
ok "killed: it stays" [ "$(cat "$file")" = "$supervisor" ]
left_behind "killed" "$supervisor, which ended without taking it away"
echo 1 >"$file"
left_behind "another's number" "1, whose number is of another now ("

begin
run cat "$file"
ok "a second one takes the file, and says it: $(cat "$dir/err")" \
	grep -q "^monitor: warning: $file is the file of a monitor that still runs (process $supervisor): it names this one" "$dir/err"
echo >"$dir/wait"
ok "the first one ends well" wait "$pid"

printf 'rules_files: [%s]\nengine: {kind: nodriver}\nstdout_output: {enabled: true}\nlog_stderr: true\nlog_syslog: false\n' "$dir/rules.yaml" \
	>"$dir/config.yaml"
in_foreground "$MONITOR" falco -c "$dir/config.yaml" -P "$file" --dry-run
ok "falco: none for a dry run" [ ! -e "$file" ]
echo 999999999 >"$file"
in_background "$MONITOR" falco -c "$dir/config.yaml" -P "$file"
its_own() {
	[ "$(cat "$file")" = "$pid" ]
}
ok "falco: it has its number" soon its_own
ok "falco: a file that was left behind: $(cat "$dir/err")" soon grep -q "$file was left behind by process 999999999" "$dir/err"
kill "$pid"
wait "$pid"
ok "falco: it goes with it" [ ! -e "$file" ]
finish
