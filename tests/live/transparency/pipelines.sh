#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Pipelines, many times, in both shells.
. "$(dirname "$0")/../lib.sh"

# shellcheck disable=SC2016 # for the inner shell
loop='i=0; while [ $i -lt 1000 ]; do i=$((i + 1)); n=$(echo "$i" | cat | tr 0-9 a-j); printf "%s " "$n"; done; echo; (exit 4) | (exit 3); echo $?'
limit=200
same dash -c "$loop"
if command -v bash >/dev/null; then
	same bash -c "$loop"
	# shellcheck disable=SC2016
	same bash -c 'for i in 1 2 3 4 5; do false | true | (exit $i) | true; echo "${PIPESTATUS[@]}"; done'
	# shellcheck disable=SC2016
	same bash -c 'yes | head -n 3; echo "${PIPESTATUS[0]}"; cat < <(echo process substitution)'
fi

finish
