#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The corpus has what list.tbl names: each row a way around, the script that has it, and the words of its entry there. Those that race
# are run until so many attacks succeeded.
. "$(dirname "$0")/../lib.sh"

rows=0
while IFS="$(printf '\t')" read -r way script words; do
	case $way in '' | '#'*) continue ;; esac
	rows=$((rows + 1))
	ok "$way: not in $script: $words" grep -qE -- "$words" "$here/$script"
done <"$here/list.tbl"
ok "only $rows ways are named" [ $rows -ge 60 ]
entries=$(grep -cE '^[[:space:]]*(entry|at_monitor|abi|kind) |^\[ -n "\$loader" \] && entry ' "$here/ways.sh" "$here/abi.sh" "$here/kinds.sh" | awk -F: '{ n += $2 } END { print n }')
ok "only $entries entries" [ "$entries" -ge 60 ]
# every race that the program has is run
for race in $(sed -n 's/^\t{ "\([a-z-]*\)", .*, [01] },$/\1/p' "$top/tests/live/src/racer.c"); do
	ok "the race $race is not run" grep -qE "^for way in .*[ -]${race}[ }]" "$here/races.sh"
done
finish
