#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the detection tests run is recorded (monitor run --write), and the captures give the alerts of the live runs, byte by
# byte, with our rules and with Falco's. Then captures end where they should not: killed, cut, and read while they grow.
. "$(dirname "$0")/lib.sh"

roundtrip "$here"/detect/*.sh

# a monitor that is killed leaves what it had seen
"$MONITOR" run --on-exit kill -r "$own_rules" -o /dev/null -z -w "$dir/killed.scap" -- sh -c 'cat /etc/shadow >/dev/null; sleep 300' 2>/dev/null &
front=$!
recorded() {
	"$MONITOR" replay -r "$own_rules" "$dir/killed.scap" 2>/dev/null | grep -q /etc/shadow
}
soon recorded
supervisor=$(pgrep -P "$front" -f "run --on" | head -n 1)
kill -KILL ${supervisor:-} "$front" 2>/dev/null
wait "$front" 2>/dev/null
ok "a killed monitor's capture can be read" "$MONITOR" replay -r "$own_rules" "$dir/killed.scap"
ok "it has the cause" sh -c "'$MONITOR' replay -r '$own_rules' '$dir/killed.scap' | grep -q /etc/shadow"

finish
