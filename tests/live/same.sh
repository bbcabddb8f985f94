#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The programs of same/programs do the same natively and under the monitor, with each way of intercepting.
# same.sh stress: the stressors of stress-ng, too (minutes).
. "$(dirname "$0")/lib.sh"

need python3
table=$here/same/programs
compare() {
	checks=$((checks + 1))
	python3 "$here/same/compare.py" "$MONITOR" "$own_rules" "$dir/w" "$@" || fail "$*"
}
compare "$table"
for backend in ptrace ptrace-all notify-only; do
	compare --backend $backend --limit 110 "$table"
done
if [ "${1:-}" = stress ]; then
	need stress-ng
	compare "$here/same/stressors"
fi
finish
