#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A word that a command has no use for is an error, not passed over: it may be half of an option, or meant for another command.
# A value that makes no sense is told as one, with the status of a wrong command line, before anything is touched.
. "$(dirname "$0")/../lib.sh"

printf 'json_output: true\n' >"$dir/c.yaml"

# refuses STATUS WORD ARG...
refuses() {
	expected=$1
	word=$2
	shift 2
	checks=$((checks + 1))
	"$MONITOR" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	[ $status = "$expected" ] || fail "monitor $*: status $status instead of $expected"
	grep -q "has no use for \"$word\"" "$dir/err" || fail "monitor $* does not name $word: $(cat "$dir/err")"
	[ ! -s "$dir/out" ] || fail "monitor $* goes on"
}
refuses 2 extra doctor extra
refuses 2 extra doctor --json extra
refuses 2 extra config schema extra
refuses 2 extra config check "$dir/c.yaml" extra
refuses 2 extra config show "$dir/c.yaml" extra
refuses 1 extra config show -- -c "$dir/c.yaml" extra
refuses 2 extra help run extra
refuses 2 extra --version extra
ok "help of help is the program's" sh -c '"$1" help --help | grep -q "^usage: monitor COMMAND"' - "$MONITOR"

# says STATUS TEXT ARG...: and leaves the files alone
rule r "evt.num = 0" o >"$dir/r.yaml"
sum=$(cksum <"$dir/r.yaml")
capture=$top/tests/conformance/captures/files.scap
says() {
	expected=$1
	text=$2
	shift 2
	checks=$((checks + 1))
	(cd "$dir" && "$MONITOR" "$@" >out 2>err </dev/null)
	status=$?
	[ $status = "$expected" ] || fail "monitor $*: status $status instead of $expected"
	grep -qF -e "$text" "$dir/err" || fail "monitor $* does not say \"$text\": $(cat "$dir/err")"
	[ "$(cksum <"$dir/r.yaml")" = "$sum" ] || fail "monitor $* changed its rules"
}
for option in --output --summary --write --pidfile --rules --config --plugin; do
	says 2 "$option takes a name, which is empty" run $option "" -- true
done
says 2 "--output takes a name, which is empty" replay --output "" "$capture"
says 2 "--format takes text|markdown|json, not \"x\"" list --format x fields
says 2 "--output-fd takes the number of an open descriptor, not \"-1\"" run --output-fd -1 -- true
says 1 "--output-fd 0: it cannot be written" run -r r.yaml --output-fd 0 -- true
says 2 "\"x\" is no KEY=VALUE" config -o x check
says 2 "\"x\" is no KEY=VALUE" run --option x -- true
# a key is told with the option that it was given with, and a configuration that cannot be used is bad input, not a wrong command line
says 1 "monitor: -o priority: \"x\" is none of" config -o priority=x check
says 1 "monitor: --option priority: \"x\" is none of" run --option priority=x -- true
says 0 "monitor: warning: --option nosuch: unknown key nosuch" run -r r.yaml --option nosuch=x -- true
printf 'priority: x\n' >"$dir/bad.yaml"
says 1 "monitor: bad.yaml:1:11: priority: \"x\" is none of" run -c bad.yaml -- true
says 1 "monitor: cannot read the configuration: cannot open none.yaml" run -c none.yaml -- true
says 1 "monitor: cannot read the configuration: cannot open none.yaml" replay -c none.yaml "$capture"
says 1 "monitor: plugin: $dir/none.so: cannot open" run --plugin "$dir/none.so" -- true
library=$(ldd "$MONITOR" | awk '/libc\.so/ { print $3 }')
says 1 "monitor: $library: " run --plugin "$library" -- true

# what an option asks for is not passed over where it has no effect
says 2 "--config is for the list of fields or rules, not of events" list events -c c.yaml
says 2 "--plugin is for the list of fields or rules, not of operators" list operators --plugin none
says 2 "--option sets a key, and the schema has none" config schema -o json_output=true
says 2 "config has no use for \"-c\"" config schema -- -c c.yaml
says 2 "--option is one of Falco's here: it goes behind --" config check -o json_output=true -- -c c.yaml
says 2 "leave out --fail-on or --print" replay --fail-on debug -p x "$capture"
says 2 "leave out --rules or --print" replay -r r.yaml -p x "$capture"
says 2 "--coverage is for --format text and tap" test --coverage --format junit "$top/tests/rules/none.yaml"
says 2 "--match-realpath yes takes --opens exact" run --opens fast --match-realpath yes -- true
ok "they may be said where they mean something" "$MONITOR" run -r "$dir/r.yaml" --opens fast --match-realpath no -- true

# a number that nobody gave is not that of a file which the monitor has opened itself
ok "a descriptor that is not open" sh -c 'cd "$2" && ! "$1" run -r r.yaml --summary s --output-fd 3 -- cat r.yaml 3>&- >out 2>err' - "$MONITOR" "$dir"
ok "it is told: $(cat "$dir/err")" grep -q -- '--output-fd 3: Bad file descriptor' "$dir/err"
ok "the command did not begin" [ ! -s "$dir/out" ]
ok "the summary says it: $(cat "$dir/s")" grep -q '"error":"--output-fd 3: Bad' "$dir/s"

# a file that cannot be read is told with the key that names it
printf 'stdout_output: {enabled: true}\nwebserver: {enabled: true, listen_port: 0}\nmonitor: {webserver: {token_file: none}}\n' >"$dir/token.yaml"
says 1 "monitor.webserver.token_file: cannot open none" run -r r.yaml -c token.yaml -- true

# standard output is the command's, whatever a configuration says
rule opened "evt.type in (open, openat) and fd.name endswith /r.yaml" "seen %fd.name" >"$dir/opened.yaml"
printf 'stdout_output: {enabled: true}\njson_output: true\n' >"$dir/stdout.yaml"
printf 'file_output: {enabled: true, filename: "%s"}\n' "$dir/alerts" | cat "$dir/stdout.yaml" - >"$dir/both.yaml"
for config in stdout both; do
	(cd "$dir" && "$MONITOR" run -r opened.yaml -c $config.yaml -- cat r.yaml) >"$dir/out" 2>"$dir/err"
	ok "standard output has no alerts of a configuration ($config)" cmp -s "$dir/r.yaml" "$dir/out"
	ok "standard error has them ($config): $(cat "$dir/err")" grep -q '^{.*seen [^ ]*/r.yaml' "$dir/err"
done
ok "so has the file" grep -q '^{.*seen [^ ]*/r.yaml' "$dir/alerts"

# two files that are one would be mixed
says 2 "--output and --write name the same file, new" run -r r.yaml -o new -w ./new -- true
says 2 "--summary and --pidfile name the same file, $dir/new" run -r r.yaml --pidfile new --summary "$dir/new" -- true
says 2 "--output and --rules name the same file" run -r c.yaml -r r.yaml -o ./r.yaml -- true
says 2 "--write and --config name the same file" run -c c.yaml -r r.yaml -w "$dir/c.yaml" -- true
says 2 "--write and --output name the same file" replay -r r.yaml -w new -o new "$capture"
says 2 "--output and --rules name the same file" replay -r r.yaml -o r.yaml "$capture"
says 2 "standard input can be read once, and two captures are \"-\"" replay -r r.yaml - -
says 1 "standard input: offset 0: this is no capture: the file is empty" replay -r r.yaml -
ok "nothing was made of them" [ ! -e "$dir/new" ]
ok "a device is no file" "$MONITOR" run -r "$dir/r.yaml" -o /dev/null -w /dev/null -- true

says 0 "there are no rules in the files given: nothing can match" replay -r /dev/null "$capture"
for command in --help --version "run --help" "falco --help"; do
	# shellcheck disable=SC2086 # words
	"$MONITOR" $command >/dev/full 2>"$dir/err"
	ok "$command that nobody gets: $(cat "$dir/err")" grep -q 'cannot write to standard output: No space left' "$dir/err"
done
ok "a file alone is read" sh -c '"$@" >/dev/null' - "$MONITOR" config show "$dir/c.yaml"
ok "and Falco's options" sh -c '"$@" >/dev/null' - "$MONITOR" config show -- -c "$dir/c.yaml"
finish
