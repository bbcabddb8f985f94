#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Alerts on what others could have changed say evt.raced=possible: threads, processes that share memory or descriptors, and
# arguments in shared memory. Alerts on what nobody could have changed do not.
. "$(dirname "$0")/../lib.sh"

secret=$dir/evasion-secret
echo text-of-the-secret >"$secret"

# doubt yes|no WAY: under a backend that looks behind the call
doubt() {
	for backend in ptrace ptrace-all; do
		checks=$((checks + 1))
		monitor_options="--backend $backend"
		wrap="timeout -k 1 20" under "$here/rules.yaml" -- "$src/evade" "$2" "$secret"
		grep -q '"rule":"secret opened"' "$alerts" || {
			fail "$2 ($backend): no alert: $(tail -n 2 "$dir/err")"
			continue
		}
		if [ "$1" = yes ]; then
			grep '"rule":"secret opened"' "$alerts" | grep -q 'evt.raced=possible' || fail "$2 ($backend): no doubt: $(cat "$alerts")"
		else
			grep '"rule":"secret opened"' "$alerts" | grep -q 'evt.raced=possible' && fail "$2 ($backend): doubt: $(cat "$alerts")"
		fi
	done
}
doubt no junk-bits
doubt no fchdir
doubt yes in-thread
doubt yes sharing-memory
doubt yes sharing-fds
doubt yes shared-page
doubt yes file-page
# a child that its parent waits for is alone
doubt no vfork-like
monitor_options=
# opened on behalf: no doubt, wherever the path was
checks=$((checks + 1))
[ "$(id -u)" != 0 ] || for way in in-thread sharing-memory sharing-fds shared-page file-page; do
	under "$here/rules.yaml" -- "$src/evade" $way "$secret"
	grep '"rule":"secret opened"' "$alerts" | grep -q 'evt.raced=possible' && fail "$way: doubt about what was opened on behalf"
done
finish
