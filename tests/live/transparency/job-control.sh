#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Job control of an interactive shell on a terminal.
. "$(dirname "$0")/../lib.sh"

need python3 bash
for shell in bash dash; do
	# a key that is pressed before the shell listens is lost: on a busy machine the session may need another try
	for try in 1 2 3; do
		python3 "$here/terminal.py" "$shell" >"$dir/native" 2>&1 && break
		[ "$try" -lt 3 ] || skip "the session does not work natively: $(tail -n 1 "$dir/native")"
	done
	checks=$((checks + 1))
	if ! timeout 280 python3 "$here/terminal.py" "$shell" "$MONITOR" run -r "$own_rules" --output "$alerts" -- >"$dir/watched" 2>&1; then
		fail "$shell: the session did not end well under the monitor"
		tail -n 5 "$dir/watched"
	elif ! cmp -s "$dir/native" "$dir/watched"; then
		fail "$shell: another session than natively"
		diff "$dir/native" "$dir/watched" | head -n 20
	fi
done

finish
