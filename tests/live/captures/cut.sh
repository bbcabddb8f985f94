#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Our own captures, plain, compressed and of an alert, cut at random places: a replay ends by itself and says what it read.
. "$(dirname "$0")/../lib.sh"

need python3
rule Open "evt.type in (open, openat, read, close) and fd.name startswith /etc/" "open %fd.name %proc.name" NOTICE "capture: true" \
	>"$dir/rules.yaml"
cat >"$dir/config.yaml" <<EOF
file_output: {enabled: true, filename: $dir/alerts}
capture: {enabled: true, path_prefix: $dir/alert}
EOF
work='for f in hosts passwd group shells; do cat /etc/$f; done; ls -l /etc; sh -c "head -c 3 /etc/hosts"'
"$MONITOR" run -r "$dir/rules.yaml" -o /dev/null -w "$dir/plain.scap" -- sh -c "$work" >/dev/null 2>&1
"$MONITOR" run -r "$dir/rules.yaml" -c "$dir/config.yaml" -z -w "$dir/packed.scap" -- sh -c "$work" >/dev/null 2>&1
ok "a capture by an alert" ls "$dir"/alert_*.scap >/dev/null
checks=$((checks + 1))
python3 "$top/tests/live/damage.py" --monitor "$MONITOR" --rules "$dir/rules.yaml" --cuts "${CUTS:-1000}" --flips "${FLIPS:-100}" \
	--random --says --work "$dir" "$dir/plain.scap" "$dir/packed.scap" "$dir"/alert_*.scap >"$dir/damage" 2>&1 || fail "damaged captures"
tail -n 12 "$dir/damage"
finish
