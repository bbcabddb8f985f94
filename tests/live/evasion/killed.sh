#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who opens a file and is killed in the middle of that: what is left of it, a descriptor that is shared, a file that was cut off or made,
# has its alert.
. "$(dirname "$0")/../lib.sh"

rule opened "evt.type in (open, openat) and fd.name startswith $dir/files/ and evt.rawres >= 0" "opened %fd.name." >"$dir/rules.yaml"
times=${1:-400}

# killed WAY OPTION...
killed() {
	way=$1
	shift
	rm -rf "$dir/files"
	mkdir "$dir/files"
	i=0
	while [ "$way" != made ] && [ $i -lt "$times" ]; do
		echo text >"$dir/files/$way-$i"
		i=$((i + 1))
	done
	rm -f "$dir/alerts"
	# shellcheck disable=SC2016 # for the inner shell
	timeout -k 1 120 "$MONITOR" run "$@" -r "$dir/rules.yaml" --output "$dir/alerts" -- \
		sh -c '[ -z "$1" ] || while :; do : <"$0"; done & "$2" "$3" "$4" "$5"; status=$?; kill $!; exit $status' \
		"$dir/rules.yaml" "${crowd:-}" "$src/killed" "$dir/files" "$times" "$way" >"$dir/left" 2>"$dir/err"
	status=$?
	ok "$way $*: status $status: $(tail -n 1 "$dir/err")" [ $status = 0 ]
	ok "$way $*: nothing was left" [ -s "$dir/left" ]
	sed -n 's/.*opened \([^ ]*\)\..*/\1/p' "$dir/alerts" | sort -u >"$dir/seen"
	missed=$(sort "$dir/left" | comm -23 - "$dir/seen" | wc -l)
	echo "$way $*: $(wc -l <"$dir/left") of $times, $missed missed"
	ok "$way $*: missed" [ "$missed" -le "${tolerated:-0}" ]
}

for way in shared cut made; do
	killed $way
done
# in a crowd a thread hands descriptors over
crowd=1
killed shared
# what is looked at behind the call is told by the caller's end; a kill may still come when the call is neither at its entry nor in its stop
crowd=
tolerated=$((times / 50))
for way in shared cut; do
	killed $way --opens fast
	killed $way --backend ptrace
	killed $way --backend ptrace-all
done
finish
