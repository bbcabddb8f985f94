#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Why a rule matched or not: of a capture's event, and live, with what a call at its entry waits for.
. "$(dirname "$0")/../lib.sh"

{
	printf -- '- macro: changes\n  condition: (evt.type in (chmod, fchmod, fchmodat))\n'
	rule mode "changes and fd.name startswith $dir/ and evt.res = SUCCESS" file=%fd.name
	rule later "changes and fd.name startswith $dir/" file=%fd.name
	rule opened "evt.type = openat and fd.name = /etc/ld.so.cache" "number %evt.num" # for the capture
} >"$dir/rules.yaml"
need python3
has() { # TEXT FILE
	ok "\"$1\" is in the explanation" grep -qF -- "$1" "$2"
}

script="import os; os.fchmod(os.open('$dir/file', os.O_RDWR | os.O_CREAT), 0o600)"
monitor_options="--explain later" under "$dir/rules.yaml" -- python3 -c "$script"
cp "$dir/err" "$dir/live"
monitor_options=
has '"provisional":true,"outcome":"maybe"' "$dir/live"
has '{"fetched":"descriptor"' "$dir/live"
has '"outcome":"yes","shadowed_by":"mode","shadow_outcome":"yes"' "$dir/live"
has '"macro":"changes"' "$dir/live"
ok "each line is JSON" python3 -c 'import json, sys; [json.loads(line) for line in open(sys.argv[1])]' "$dir/live"

# files that a program opens at its start are a line each, by which nothing is lost
"$MONITOR" run -r "$dir/rules.yaml" --explain opened -- true 2>"$dir/text"
ok "one tree" [ "$(grep -c '^event.*does not match$' "$dir/text")" = 1 ]
ok "others are lines: $(cat "$dir/text")" grep -q 'does not match *, as event [0-9]*, but \[.*fd.name = /.*libc.so.6' "$dir/text"
ok "a match is told in full" grep -q '^  true      fd.name = /etc/ld.so.cache    \[fd.name' "$dir/text"

capture=$top/tests/conformance/captures/files.scap
number=$("$MONITOR" replay -r "$dir/rules.yaml" "$capture" | sed -n '1s/.*number \([0-9]*\).*/\1/p')
"$MONITOR" explain -r "$dir/rules.yaml" --rule opened --capture "$capture" --event "$number" >"$dir/out" 2>&1
has '"opened" matches' "$dir/out"
has '[fd.name = /etc/ld.so.cache]' "$dir/out"
"$MONITOR" explain -r "$dir/rules.yaml" --rule mode -c "$capture" -e "$number" >"$dir/out" 2>&1
has 'does not match' "$dir/out"
has 'macro changes: evt.type in (chmod' "$dir/out"
"$MONITOR" explain -r "$dir/rules.yaml" --rule moed -c "$capture" -e 1 >"$dir/out" 2>&1 && fail "a rule that is not there"
has 'the nearest is "mode"' "$dir/out"
"$MONITOR" explain -r "$dir/rules.yaml" --rule mode -c "$capture" -e 999999999 >"$dir/out" 2>&1 && fail "an event that is not there"
has 'has no event 999999999' "$dir/out"
finish
