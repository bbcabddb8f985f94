#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Rule files and captures that nobody should write: a message and a status, no crash, no hang. Run with a monitor that was
# built with sanitizers (MONITOR=build/asan/monitor), leaks and overruns count as well.
. "$(dirname "$0")/lib.sh"

need python3
MEMORY_KB=${MEMORY_KB:-2000000}
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=1:exitcode=98:allocator_may_return_null=1"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-}:print_stacktrace=1:exitcode=98"

# ends_well MAX-STATUS SECONDS CMD...: by itself, in time, with a status that says so, and without a sanitizer's report
ends_well() {
	most=$1
	seconds=$2
	shift 2
	checks=$((checks + 1))
	timeout -k 1 "$seconds" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	if [ $status -gt "$most" ]; then
		fail "status $status: $*"
		tail -n 12 "$dir/err" | sed 's/^/    /'
	elif grep -qE 'Sanitizer|runtime error:' "$dir/err"; then
		fail "a sanitizer's report: $*"
		grep -E -A8 'Sanitizer|runtime error:' "$dir/err" | head -n 12 | sed 's/^/    /'
	fi
	return $status
}

# refused WHAT PATTERN FILE: check must fail on it, and say this
refused() {
	ends_well 2 60 "$MONITOR" check "$3" && fail "$1 was accepted"
	grep -qE "$2" "$dir/out" "$dir/err" || {
		fail "$1: nothing like /$2/ in the message"
		head -n 5 "$dir/out" "$dir/err" | sed 's/^/    /'
	}
}

with() { # CONDITION
	rule r "$1" o
}

# ---- rule files
refused "a missing file" "none.yaml" "$dir/none.yaml"
refused "an empty path" "the path is empty" ""
refused "a folder for a file" "." "$dir"
if [ "$(id -u)" != 0 ]; then
	echo x >"$dir/unreadable.yaml" && chmod 000 "$dir/unreadable.yaml"
	refused "an unreadable file" "unreadable" "$dir/unreadable.yaml"
fi
head -c 100000 /dev/urandom >"$dir/binary.yaml"
refused "a binary file" "binary.yaml" "$dir/binary.yaml"
python3 -c 'print("[" * 100000)' >"$dir/deep.yaml"
refused "deep nesting" "deep.yaml" "$dir/deep.yaml"
python3 - >"$dir/laughs.yaml" <<'PY'
print("- &a [x, x, x, x, x, x, x, x, x, x]")
for i in range(1, 12):
    print("- &%s [%s]" % (chr(97 + i), ", ".join(["*" + chr(96 + i)] * 10)))
PY
refused "aliases that multiply" "laughs.yaml" "$dir/laughs.yaml"
printf -- '- &a\n  list: l\n  items: [*a]\n' >"$dir/self.yaml"
refused "an alias of itself" "self.yaml" "$dir/self.yaml"
printf -- '- macro: a\n  condition: (b)\n- macro: b\n  condition: (a)\n' >"$dir/loop.yaml"
with "a" >>"$dir/loop.yaml"
refused "macros that call each other" "macro 'b' is not defined before" "$dir/loop.yaml"
printf -- '- macro: a\n  condition: (evt.num=1 or a)\n' >"$dir/self-macro.yaml"
refused "a macro that calls itself" "macro 'a' is not defined before" "$dir/self-macro.yaml"
with "$(python3 -c 'print("(" * 10000 + "evt.num=0" + ")" * 10000)')" >"$dir/parentheses.yaml"
refused "parentheses 10,000 deep" "nested too deeply" "$dir/parentheses.yaml"
with "proc.cmdline regex '((x{100}){100}){100}'" >"$dir/repetitions.yaml"
refused "repetitions that multiply" "repetitions multiply" "$dir/repetitions.yaml"
# patterns that take a backtracking matcher longer than the universe has, over a text that almost fits
with "evt.type = execve and proc.cmdline regex '.*(a+)+(a*)*(a|a|aa)+b'" >"$dir/explosive.yaml"
python3 - >"$dir/explosive-test.yaml" <<'PY'
print("rules: [explosive.yaml]\nprocesses:\n  - {name: sh, pid: 900}\ntests:\n  - name: almost\n    events:\n      - spawn: {name: x, parent: sh, args: [%s]}\n    expect: none" % ("a" * 4000))
print("  - name: fits\n    events:\n      - spawn: {name: x, parent: sh, args: [%sb]}\n    expect: [r]" % ("a" * 4000))
PY
ends_well 0 30 "$MONITOR" test "$dir/explosive-test.yaml"
grep -q "^2 passed, 0 failed" "$dir/out" || fail "an explosive pattern does not match as it should"
with "$(python3 -c 'print(" or ".join("proc.name=x%d" % i for i in range(60000)))')" >"$dir/megabyte.yaml"
ends_well 0 60 "$MONITOR" check "$dir/megabyte.yaml"
with "$(python3 -c 'print("not " * 50000 + "evt.num=0")')" >"$dir/nots.yaml"
ends_well 2 60 "$MONITOR" check "$dir/nots.yaml"
with "$(python3 -c 'print("proc.name in (" + ", ".join("x%d" % i for i in range(100000)) + ")")')" >"$dir/long-list.yaml"
ends_well 2 60 "$MONITOR" check "$dir/long-list.yaml"
with "$(python3 -c 'print(" or ".join("proc.name=x%d" % i for i in range(20000)))')" >"$dir/long-or.yaml"
ends_well 2 60 "$MONITOR" check "$dir/long-or.yaml"
python3 -c 'print("#" + "x" * (70 << 20))' >"$dir/huge.yaml"
refused "a file beyond the limit" "huge.yaml" "$dir/huge.yaml"
rm -f "$dir/huge.yaml"

# what is wrong is said with its place, and with what was probably meant
printf -- '- rule: r\n  desc: d\n  condition: evt.num=0\n   output: o\n' >"$dir/broken.yaml"
refused "broken YAML" "(broken\.yaml:4:|[Ll]ine 4)" "$dir/broken.yaml"
with "proc.nmae = x" >"$dir/field.yaml"
refused "an unknown field" "proc\.name" "$dir/field.yaml"
with "proc.name contain x" >"$dir/operator.yaml"
refused "an unknown operator" "contains" "$dir/operator.yaml"
with "proc.name = " >"$dir/cut.yaml"
refused "a condition that is cut" "cut\.yaml:3|[Ll]ine 3" "$dir/cut.yaml"
printf 'just text' >"$dir/scalar.yaml"
refused "a file that is no list" "." "$dir/scalar.yaml"
: >"$dir/empty.yaml"
ends_well 2 20 "$MONITOR" check "$dir/empty.yaml"

# run does not start a workload under rules that are wrong
"$MONITOR" run -r "$dir/field.yaml" -- touch "$dir/started" >"$dir/out" 2>"$dir/err"
ok "run refuses wrong rules" [ $? != 0 ]
ok "run starts nothing under wrong rules" [ ! -e "$dir/started" ]

# ---- captures: cut everywhere, and damaged
cuts=${CUTS:-500}
flips=${FLIPS:-300}
checks=$((checks + 1))
if ! python3 "$top/tests/live/damage.py" --monitor "$MONITOR" --rules "$own_rules" --cuts "$cuts" --flips "$flips" --work "$dir" \
	"$top"/tests/conformance/captures/*.scap >"$dir/damage" 2>&1; then
	fail "damaged captures"
fi
tail -n 12 "$dir/damage"

finish
