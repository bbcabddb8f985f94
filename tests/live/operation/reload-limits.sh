#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A reload ends the bursts that limits count: what was held back is told with its number before other rules and limits begin, so every
# alert is told or counted, whatever comes between.
. "$(dirname "$0")/../lib.sh"

need python3
mkdir "$dir/files"
# $1: what the output begins with; $2: limits
files() {
	rule Numbered "evt.type in (open, openat) and fd.name contains /n-" "$1 %fd.name" | put "$dir/rules.yaml"
	printf 'rules_files: [%s]\nwatch_config_files: false\njson_output: true\nfile_output: {enabled: true, keep_alive: true, filename: %s}\nmonitor: {limits: %s}\n' \
		"$dir/rules.yaml" "$dir/alerts" "$2" | put "$dir/config.yaml"
}
loaded() {
	grep -c 'were loaded again' "$dir/err"
}
counted() {
	sed 's/^0*//' "$dir/files/count"
}
# some opens go by
some() {
	soon at_least $(($(counted) + 50)) counted
}
files first '[{alerts: 1, seconds: 3600}]'
in_background "$MONITOR" run --pidfile "$dir/pid" -c "$dir/config.yaml" -- python3 "$here/missing.py" "$dir/files" 1
soon [ -s "$dir/alerts" ]
supervisor=$(cat "$dir/pid")
some
files second '[{alerts: 2, seconds: 3600}]'
kill -HUP "$supervisor"
ok "other rules and limits" soon at_least 1 loaded
some
files third '[{alerts: x, seconds: 0}]'
kill -HUP "$supervisor"
ok "limits that are none" soon grep -q 'stays in force' "$dir/err"
some
files third '[]'
kill -HUP "$supervisor"
ok "no limits" soon at_least 2 loaded
some
files fourth '[{alerts: 1, seconds: 3600, key: [fd.name]}, {alerts: 1, seconds: 1}]'
kill -HUP "$supervisor"
ok "limits again" soon at_least 3 loaded
some
: >"$dir/files/done"
ok "the command ends well" wait "$pid"
ok "all are told or counted" python3 - "$dir/alerts" "$(counted)" <<'END'
import json
import sys

told, words = 0, {}
for line in open(sys.argv[1]):
    alert = json.loads(line)
    if alert["rule"] != "Numbered":
        continue  # that a set was refused
    held = (alert["output_fields"] or {}).get("monitor.held")
    told += held or 1
    word = [w for w in ("first", "second", "third", "fourth") if " %s /" % w in alert["output"]][0]
    words.setdefault(word, []).append(held)
assert told == int(sys.argv[2]), (told, words)
assert words["first"][0] is None and words["first"][1] > 1 and len(words["first"]) == 2, words
assert words["second"][:2] == [None, None] and words["second"][2] > 1 and len(words["second"]) == 3, words
assert set(words["third"]) == {None}
END
finish
