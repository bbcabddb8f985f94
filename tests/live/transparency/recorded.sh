#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# While everything that changes processes and descriptors is recorded, each close is followed to its result, and signals come
# between: a close that was broken off before it began must not get lost, or a pipe never ends.
. "$(dirname "$0")/../lib.sh"

monitor_options="--intercept state --write $dir/capture.scap"
# shellcheck disable=SC2016
same dash -c 'i=0; while [ $i -lt 300 ]; do i=$((i + 1)); n=$(echo "$i" | cat | tr 0-9 a-j); printf "%s " "$n"; done'
# shellcheck disable=SC2016
same bash -c 'trap "n=\$((n + 1))" CHLD; for i in 1 2 3 4 5 6 7 8 9 10; do x=$(echo "$i" | cat); printf "%s " "$x"; done; cat < <(echo a)'
ok "the recording is complete" sh -c "[ \"\$('$MONITOR' replay -f 'evt.type = procexit' -p x '$dir/capture.scap' | wc -l)\" -gt 20 ]"
ok "no call is told that had not begun" sh -c "! '$MONITOR' replay -f 'evt.type = close' -p '%evt.rawarg.res' '$dir/capture.scap' | grep -q -- -51"
finish
