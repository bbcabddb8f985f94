#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# crowd.sh [TURNS]: calls of many threads at once. What happened after something else is told after it, each call once.
. "$(dirname "$0")/../lib.sh"

need python3
turns=${1:-600}
{
	# one at a time, from different threads
	rule turn "evt.type in (open, openat, unlink, unlinkat) and evt.args contains /turn-" '"%evt.type %thread.tid %evt.args"'
	# nothing is opened
	rule refused "evt.type in (open, openat) and evt.args contains /refused and evt.res = EMFILE" '"%evt.type %thread.tid %evt.args"'
} >"$dir/crowd.yaml"
: >"$dir/noise"
: >"$dir/refused"
n=0
while [ $n -lt "$turns" ]; do
	[ $((n % 6)) = 1 ] || : >"$dir/turn-$n"
	n=$((n + 1))
done
for opens in exact fast; do
	rm -f "$dir/alerts"
	n=3
	while [ $n -lt "$turns" ]; do
		: >"$dir/turn-$n"
		n=$((n + 6))
	done
	"$MONITOR" run -v -r "$dir/crowd.yaml" --opens $opens --json --output "$dir/alerts" -- "$src/crowd" "$dir" "$turns" \
		>"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	checks=$((checks + 1))
	[ $status = 0 ] || fail "$opens: status $status: $(tail -n 2 "$dir/err")"
	python3 - "$dir/alerts" "$turns" <<'EOF' || fail "$opens: not each call once, in turn"
import json, re, sys

turns, refused = [], 0
for line in open(sys.argv[1]):
    alert = json.loads(line)
    if alert["rule"] == "refused":
        refused += 1
        continue
    turns.append(int(re.search(r"/turn-(\d+)", alert["output"]).group(1)))
wrong = [(at, n) for at, n in enumerate(turns) if at != n]
if len(turns) != int(sys.argv[2]) or wrong or refused != 200:
    print(len(turns), "turns, the first wrong ones", wrong[:3], "refused", refused)
    sys.exit(1)
EOF
done
finish
