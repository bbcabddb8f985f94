#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# --summary: what became of a run, as one JSON object, however it ends; never that of another run.
. "$(dirname "$0")/../lib.sh"
need python3

file=$dir/summary
rule Named "evt.type in (open, openat) and fd.name = $dir/file" "named %fd.name" WARNING >"$dir/rules.yaml"
rule Other "evt.type in (open, openat) and fd.name = $dir/other" "other %fd.name" NOTICE >>"$dir/rules.yaml"
: >"$dir/file"
: >"$dir/other"
mkfifo "$dir/go"
# shellcheck disable=SC2016 # the inner shell's
look='read -r x <"$1/file"; read -r x <"$1/file"; read -r x <"$1/other"; exit 3' once='read -r x <"$1/file"'

run() {
	echo old >"$file"
	in_foreground "$MONITOR" run --summary "$file" -r "$dir/rules.yaml" -o "$dir/alerts" "$@"
	status=$?
}
# tells PYTHON: the file is one object d, of which this holds
tells() {
	python3 -c "import json, sys; d = json.load(open(sys.argv[1])); sys.exit(not ($1))" "$file"
}
says() {
	ok "of: $1: $(cat "$file")" tells "$1"
}

run --fail-on warning -- sh -c "$look" - "$dir"
ok "status $status" [ $status = 99 ]
says "d['ended'] == 'exit' and d['status'] == 3 and d['exit_status'] == 99 and d['fail_on'] == 'Warning' and d['error'] is None"
says "d['command'] == ['sh', '-c', '''$look''', '-', '$dir'] and d['monitor'] == '$("$MONITOR" --version | cut -d' ' -f2)'"
says "d['alerts'] == {'total': 3, 'held_back': 0, 'by_priority': {'Warning': 2, 'Notice': 1}, 'by_rule': {'Named': 2, 'Other': 1}, 'internal': {}}"
says "d['calls']['watched'] >= 3 and d['calls']['held'] >= 3 and sum(d['calls']['by_name'].values()) == d['calls']['watched']"
says "0 < d['calls']['longest_stall_seconds'] <= d['calls']['stall_seconds'] and d['signal'] is None and d['watching'] is False"
says "not any(d['lost'].values()) and d['outputs'] == [{'name': 'file', 'delivered': 3, 'failed': 0, 'dropped': 0, 'waiting': 0}]"
says "d['rules'] == {'count': 2, 'files': ['$dir/rules.yaml']} and d['start'] < d['end'] and d['seconds'] > 0"
ok "it is one line" [ "$(wc -l <"$file")" = 1 ]
ok "its members are those of the manual page" python3 - "$file" "$top/src/app/run_summary.def" <<'END'
import json
import re
import sys
assert list(json.load(open(sys.argv[1]))) == re.findall(r'^SUMMARY\(\w+, "(\w+)"', open(sys.argv[2]).read(), re.M)
END

# shellcheck disable=SC2016
run -- sh -c 'kill -USR1 $$'
says "d['ended'] == 'signal' and d['signal'] == 'SIGUSR1' and d['status'] is None and d['exit_status'] == 138 == $status"
run -- "$dir/file"
says "d['ended'] == 'not_started' and d['error'] == 'Permission denied' and d['status'] is None and d['exit_status'] == 126 == $status"
run -r "$dir/none.yaml" -- true
says "d['ended'] == 'not_started' and 'none.yaml' in d['error'] and d['start'] is None and d['exit_status'] == 1 == $status"
run --fail-on nothing -- true
says "d['ended'] == 'not_started' and 'priority' in d['error'] and d['exit_status'] == 2 == $status"
run -o "$dir/one" -w "$dir/one" -- true
says "d['ended'] == 'not_started' and 'same file' in d['error'] and d['exit_status'] == 2 == $status"
run -w - -- true
says "d['ended'] == 'not_started' and 'standard output' in d['error'] and d['exit_status'] == 2 == $status"
run -o "$dir/none/alerts" -- true
says "d['ended'] == 'not_started' and 'none/alerts' in d['error'] and d['exit_status'] == 1 == $status"
in_foreground "$MONITOR" run --summary "$dir/none/summary" -- touch "$dir/begun"
ok "a summary that cannot be written" [ $? = 1 ]
ok "is no run" [ ! -e "$dir/begun" ]

echo kept >"$dir/both"
in_foreground "$MONITOR" run --summary "$dir/both" -o "$dir/./both" -- touch "$dir/begun"
ok "one file for two: $(cat "$dir/err")" grep -q '^monitor: --summary and --output name the same file' "$dir/err"
ok "is no run, and keeps what it has" [ "$(cat "$dir/both")$(ls "$dir/begun" 2>/dev/null)" = kept ]

# a full disk is told once, and what there is room for is no part of a summary
if [ "$(id -u)" = 0 ]; then
	mkdir "$dir/full"
	# shellcheck disable=SC2016
	unshare -m sh -c 'mount -t tmpfs -o size=8k tmpfs "$1/full" && { head -c 4096 /dev/zero >"$1/full/rest"; shift; exec "$@"; }' - "$dir" \
		"$MONITOR" run --summary "$dir/full/summary" -r "$dir/rules.yaml" -- sh -c 'exit 3' \
		"$(printf '%8000s' x)" >"$dir/out" 2>"$dir/err"
	equal "a full disk: status" $? 3
	ok "is told once: $(cat "$dir/err")" [ "$(grep -c 'cannot write the summary.*No space left' "$dir/err")" = 1 ]
fi

# what is not seen, and what is lost
run --backend ptrace --io-uring allow -- true
says "d['backend'] == 'ptrace' and len(d['not_watched']) == 2 and 'io_uring' in d['not_watched'][1]"
# a call that no rule can look into is an alert of no rule
run --io-uring alert -- python3 -c 'import ctypes; ctypes.CDLL(None).syscall(425, 1, ctypes.create_string_buffer(256))'
says "d['alerts'] == {'total': 1, 'held_back': 0, 'by_priority': {'Warning': 1}, 'by_rule': {}, 'internal': {'io_uring used': 1}}"
printf 'syslog_output: {enabled: true}\nmonitor: {syslog_output: {address: "unix://%s/none"}}\n' "$dir" >"$dir/config.yaml"
run -c "$dir/config.yaml" -- sh -c "$look" - "$dir"
says "d['lost']['alerts'] == 3 and {'name': 'syslog', 'delivered': 0, 'failed': 3, 'dropped': 0, 'waiting': 0} in d['outputs']"

printf 'program_output: {enabled: true, program: "sleep 1.5"}\n' >"$dir/config.yaml"
run -c "$dir/config.yaml" -- sh -c "$once" - "$dir"
says "d['alerts']['total'] == 1 and d['seconds'] < 1.4" # the command's end, not the output's
run --option 'rules[]={disable: {rule: Named}}' -- true
says "d['rules']['count'] == 1 and d['not_watched'] == []"
run --option 'rules[]={disable: {rule: "*"}}' -- true
says "d['rules']['count'] == 0 and d['not_watched'] == ['nothing is watched: no rule is enabled']"

# what the command leaves behind is watched on, and the file is written again
# shellcheck disable=SC2016
run -- sh -c '(read -r x <"$1/go"; read -r x <"$1/file") >/dev/null 2>&1 & exit 0' - "$dir"
says "d['ended'] == 'exit' and d['status'] == 0 and d['watching'] is True and d['alerts']['total'] == 0"
cp "$file" "$dir/first"
echo >"$dir/go"
ok "at its end" soon tells "d['watching'] is False and d['alerts']['total'] == 1"
says "d['end'] == json.load(open('$dir/first'))['end']"

# a pipe gets the one of the end
# shellcheck disable=SC2016
"$MONITOR" run --summary /dev/fd/3 -r "$dir/rules.yaml" -- sh -c 'read -r x <"$1/file"; exit 4' - "$dir" 3>&1 >"$dir/out" 2>&1 | cat >"$file"
says "d['status'] == 4 and d['alerts']['total'] == 1 and d['watching'] is False"

# the monitor goes before the command, whose next call fails then: the descriptor keeps who writes from waiting for it
begin() {
	rm -f "$dir/begun" "$dir/pid" "$dir/go"
	mkfifo "$dir/go"
	exec 7<>"$dir/go"
	echo old >"$file"
	in_background "$MONITOR" run --summary "$file" --pidfile "$dir/pid" -r "$dir/rules.yaml" -- \
		sh -c 'exec 7>&-; : >"$1/begun"; read -r x <"$1/go"; exit 0' - "$dir"
	soon test -e "$dir/begun"
	supervisor=$(cat "$dir/pid")
}
gone() {
	! grep -qs '^State:.*[^ZX ] (' "/proc/$1/status"
}
begin
kill -TERM "$supervisor"
i=0
while [ $i -lt 600 ] && ! gone "$supervisor"; do
	kill -TERM "$supervisor" 2>/dev/null
	sleep 0.1
	i=$((i + 1))
done
says "d['ended'] == 'unwatched' and d['error'] == 'the monitor was asked to end' and d['exit_status'] is None and d['watching'] is False"
echo >&7
wait "$pid"
begin
kill -KILL "$supervisor"
soon gone "$supervisor"
echo >&7
wait "$pid"
ok "a monitor that is killed leaves nothing that passes for a summary" [ ! -s "$file" ]
finish
