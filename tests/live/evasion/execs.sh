#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Threads of a process that execute at once: one of them comes first, and its program has its alert, which is one.
. "$(dirname "$0")/../lib.sh"

times=100
cp /bin/true "$dir/payload"
rule executed "evt.type in (execve, execveat) and evt.res = SUCCESS and proc.exepath = $dir/payload" "number %proc.args." >"$dir/rules.yaml"
seq 0 $((times - 1)) | sort >"$dir/all"
for options in "" "--births stops" "--backend notify-only" "--backend ptrace"; do
	rm -f "$dir/alerts"
	# shellcheck disable=SC2086 # words
	timeout -k 1 120 "$MONITOR" run $options -r "$dir/rules.yaml" --output "$dir/alerts" -- "$src/executes" $times "$dir/payload" \
		>"$dir/out" 2>"$dir/err"
	equal "$options: $(cat "$dir/err")" "$(cat "$dir/out")" $times
	sed -n 's/.* number \([0-9]*\)\./\1/p' "$dir/alerts" | sort >"$dir/seen"
	ok "${options:-by default}: $(diff "$dir/all" "$dir/seen" | grep -c '^<') of $times not told, $(uniq -d "$dir/seen" | wc -l) twice" \
		cmp -s "$dir/all" "$dir/seen"
done

# a new program shows once, also to who looks at it while the kernel makes it
"$MONITOR" run --backend notify-only -r "$dir/rules.yaml" --output "$dir/beside" -- "$src/executes" 2000 "$dir/payload" beside \
	>"$dir/out" 2>"$dir/err"
equal "beside execs that fail: $(cat "$dir/err")" "$(cat "$dir/out")" 2000
equal "beside execs that fail: alerts" "$(grep -c ' number ' "$dir/beside")" 2000
finish
