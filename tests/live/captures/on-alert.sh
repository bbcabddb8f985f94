#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Captures that alerts start: what is inside, how long they get, where they end.
. "$(dirname "$0")/../lib.sh"

{
	rule Trigger "evt.type in (open, openat) and fd.name = /etc/shells" "trigger %proc.name %proc.cmdline %fd.name %proc.pname" WARNING \
		"capture: true" "capture_duration: 2000"
	rule Mark "evt.type in (open, openat) and fd.name startswith /etc/mark" "mark %fd.name"
} >"$dir/rules.yaml"

configure() { # LINES of the block capture, LINES of monitor.capture
	cat >"$dir/config.yaml" <<EOF
json_output: true
file_output: {enabled: true, filename: $dir/alerts.json}
capture:
  enabled: ${enabled:-true}
  path_prefix: ${prefix:-$dir/cap}
$1
monitor:
  capture:
    before_max_mb: 4
$2
EOF
	rm -f "$dir"/cap_* "$dir/alerts.json"
}

run() { # COMMAND for sh
	"$MONITOR" run -c "$dir/config.yaml" -r "$dir/rules.yaml" -- sh -c "$1" >"$dir/out" 2>"$dir/err"
}

files() {
	find "$dir" -name 'cap_*.scap' | wc -l
}

opened() { # FILE: the marks that a capture has, in one line
	"$MONITOR" replay -f 'fd.name startswith /etc/mark and evt.type in (open, openat)' -p '%fd.name' "$1" 2>&1 | sed 's,/etc/mark,,' | tr '\n' ' '
}

touch_mark() {
	echo "cat /etc/mark$1 2>/dev/null;"
}

# the cause is inside, and the alert comes again, byte by byte
configure "" "    before_duration: 60000"
run "$(touch_mark 1) $(touch_mark 2) cat /etc/shells >/dev/null; $(touch_mark 3)"
equal "one file" "$(files)" 1
set -- "$dir"/cap_*
equal "its marks" "$(opened "$1")" "1 2 3 "
case ${1##*/} in
cap_[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]_*) checks=$((checks + 1)) ;;
*) fail "its name: $1" ;;
esac
equal "its mode" "$(stat -c %a "$1")" 600
"$MONITOR" replay -r "$dir/rules.yaml" -p '%proc.name' "$1" >/dev/null 2>&1 && fail "--rules with --print was accepted"
"$MONITOR" replay -r "$dir/rules.yaml" "$1" | sed 's/^[^ ]* //' >"$dir/again"
sed 's/.*"output":"[0-9:.]* \([^"]*\)".*/\1/' "$dir/alerts.json" >"$dir/live"
equal "the alerts" "$(cat "$dir/again")" "$(cat "$dir/live")"

# without memory it begins with the alert; it ends with the first event behind its duration, which other alerts extend
configure "  default_duration: 10" "    before_duration: 0"
run "$(touch_mark 1) cat /etc/shells >/dev/null; $(touch_mark 2) sleep 3; $(touch_mark 3) $(touch_mark 4)"
set -- "$dir"/cap_*
equal "marks behind the alert" "$(opened "$1")" "2 "
configure "  default_duration: 60000" "    before_duration: 0"
run "cat /etc/shells >/dev/null; $(touch_mark 1) sleep 3; $(touch_mark 2) $(touch_mark 3)"
set -- "$dir"/cap_*
equal "an alert makes it longer" "$(opened "$1")" "1 2 3 "

# a second capture after the first; what came between them is in the second one's memory
configure "  default_duration: 10" "    before_duration: 60000"
run "cat /etc/shells >/dev/null; sleep 3; $(touch_mark 1) $(touch_mark 2) cat /etc/shells >/dev/null"
equal "two files" "$(files)" 2
set -- "$dir"/cap_*
equal "marks of the first" "$(opened "$1")" ""
equal "marks of the second" "$(opened "$2")" "1 2 "

# what is older than the memory is not there, and what happened to processes meanwhile is
configure "" "    before_duration: 1500"
run "cd /etc; $(touch_mark 1) sleep 3; $(touch_mark 2) sleep 3; cat mark3 2>/dev/null; cat /etc/shells >/dev/null"
set -- "$dir"/cap_*
equal "the last two parts" "$(opened "$1")" "2 3 "
equal "the alert of a process that was born before" \
	"$("$MONITOR" replay -r "$dir/rules.yaml" "$1" | sed -n 's/^[^ ]* Warning //p')" "trigger cat cat /etc/shells /etc/shells sh"

# limits of a rule
sed 's/  capture_duration: 2000/  capture_events: 3/' "$dir/rules.yaml" >"$dir/events.yaml"
mv "$dir/rules.yaml" "$dir/first.yaml"
mv "$dir/events.yaml" "$dir/rules.yaml"
configure "" "    before_duration: 0"
run "cat /etc/shells >/dev/null; $(touch_mark 1) $(touch_mark 2)"
set -- "$dir"/cap_*
equal "three events" "$("$MONITOR" replay -p '%evt.type' "$1" | wc -l)" 3
sed 's/  capture_events: 3/  capture_filesize: 1/' "$dir/rules.yaml" >"$dir/size.yaml"
mv "$dir/size.yaml" "$dir/rules.yaml"
configure "" "    before_duration: 0"
run "cat /etc/shells >/dev/null; for i in 1 2 3 4 5 6 7 8 9; do cat /etc/mark1 2>/dev/null; done; sleep 1.1; $(touch_mark 2) sleep 1.1; $(touch_mark 3)"
set -- "$dir"/cap_*
ok "it ends at its size" test "$(stat -c %s "$1")" -lt 20000
case $(opened "$1") in *3*) fail "it goes on behind its size" ;; esac

# all rules
mv "$dir/first.yaml" "$dir/rules.yaml"
configure "  mode: all_rules" "    before_duration: 0"
run "$(touch_mark 1) $(touch_mark 2)"
equal "a capture by any rule" "$(files)" 1
set -- "$dir"/cap_*
equal "with its alert" "$(opened "$1")" "1 2 "

# off, or nobody asks: nothing is written
enabled=false
configure "" ""
enabled=
run "cat /etc/shells >/dev/null"
equal "no file when it is off" "$(files)" 0
sed '/capture/d' "$dir/rules.yaml" >"$dir/none.yaml"
configure "" ""
"$MONITOR" run -c "$dir/config.yaml" -r "$dir/none.yaml" -- cat /etc/shells >/dev/null 2>&1
equal "no file when no rule says so" "$(files)" 0
prefix=$dir/nowhere/x
configure "" ""
prefix=
run "cat /etc/shells >/dev/null; cat /etc/shells >/dev/null"
equal "a folder that is not there is told once" "$(grep -c 'capture: cannot write' "$dir/err")" 1

# the same from a capture, as Falco's replay; a second turn replaces the first one's file
"$MONITOR" run -r "$dir/rules.yaml" -o /dev/null -w "$dir/whole.scap" -- sh -c "$(touch_mark 1) cat /etc/shells; sleep 3; $(touch_mark 2) $(touch_mark 3)" >/dev/null 2>&1
for turn in 1 2; do
	[ $turn = 1 ] && configure "  default_duration: 10" ""
	"$MONITOR" falco -c "$dir/config.yaml" -r "$dir/rules.yaml" -o engine.kind=replay -o "engine.replay.capture_file=$dir/whole.scap" >"$dir/out" 2>&1 ||
		fail "falco: $(cat "$dir/out")"
	equal "a file of a replay" "$(files)" 1
done
set -- "$dir"/cap_*
equal "its marks" "$(opened "$1")" "1 "

# the limit of every file is told by an alert of its own
big=$MONITOR_SHARED/conformance/captures/mixed.scap
if [ -f "$big" ]; then
	rule Any "evt.type = openat" "any %fd.name" NOTICE "capture: true" >"$dir/any.yaml"
	cat "$big" "$big" "$big" "$big" >"$dir/big.scap"
	configure "  max_file_size_mb: 1
  default_duration: 100000000" ""
	"$MONITOR" falco -c "$dir/config.yaml" -r "$dir/any.yaml" -o engine.kind=replay -o "engine.replay.capture_file=$dir/big.scap" >"$dir/out" 2>&1 ||
		fail "falco: $(tail -n 3 "$dir/out")"
	ok "more than one file" [ "$(files)" -gt 1 ]
	ok "none is much larger than the limit" [ "$(find "$dir" -name 'cap_*' -size +1500k | wc -l)" = 0 ]
	ok "each end is told" grep -q '"rule":"Falco internal: capture size limit reached"' "$dir/alerts.json"
	ok "with the limit" grep -q '"max_file_size_mb":1,"written_bytes":[0-9]*}.*"priority":"Informational"' "$dir/alerts.json"
	for f in "$dir"/cap_*; do
		ok "$f replays" "$MONITOR" replay -r "$dir/any.yaml" -o /dev/null "$f"
	done
else
	left_out=$((left_out + 1))
fi

finish
