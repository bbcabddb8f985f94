#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Programs that end at once, without any call that a rule looks at: each execution is told, by every backend.
. "$(dirname "$0")/../lib.sh"

need gcc
# the program that lives for nothing
rule started "evt.type in (execve, execveat) and evt.rawres = 0 and proc.exepath endswith /short-lived" \
	"started %proc.exepath %proc.args" >"$dir/rules.yaml"
echo 'int main(void) { return 0; }' >"$dir/short-lived.c"
gcc -static -o "$dir/short-lived" "$dir/short-lived.c" || skip "no static C library"

for backend in notify ptrace ptrace-all notify-only; do
	rm -f "$dir/alerts"
	# shellcheck disable=SC2016 # for the inner shell
	"$MONITOR" run -r "$dir/rules.yaml" --backend $backend --output "$dir/alerts" -- \
		sh -c 'i=0; while [ $i -lt 50 ]; do "$0" $i; i=$((i + 1)); done; exit 3' "$dir/short-lived" 2>"$dir/err"
	status=$?
	ok "$backend: status $status" [ $status = 3 ]
	ok "$backend: $(grep -c started "$dir/alerts") of 50 told" [ "$(grep -c started "$dir/alerts")" = 50 ]
done
finish
