#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A reload ends the bursts that limits count: what was held back is told with its number before other rules and limits begin, so every
# alert is told or counted, whatever comes between.
. "$(dirname "$0")/../lib.sh"

need python3
mkdir "$dir/files"
cat >"$dir/open.py" <<'END'
"""open.py FOLDER: tries to open, and says in FOLDER/count how often, until there is FOLDER/done."""
import os
import sys
import time

folder, n = sys.argv[1], 0
count = os.open(folder + "/count", os.O_WRONLY | os.O_CREAT)
while not os.path.exists(folder + "/done"):
    try:
        os.open("%s/n-%d-" % (folder, n), os.O_RDONLY)
    except FileNotFoundError:
        pass
    n += 1
    os.pwrite(count, b"%09d\n" % n, 0)
    time.sleep(0.002)
END
# $1: what the output begins with; $2: limits
files() {
	printf -- '- rule: Numbered\n  desc: each is one alert\n  condition: evt.type in (open, openat) and fd.name contains /n-\n  output: %s %%fd.name\n  priority: NOTICE\n' \
		"$1" >"$dir/new" && mv "$dir/new" "$dir/rules.yaml"
	printf 'rules_files: [%s]\nwatch_config_files: false\njson_output: true\nfile_output: {enabled: true, keep_alive: true, filename: %s}\nmonitor: {limits: %s}\n' \
		"$dir/rules.yaml" "$dir/alerts" "$2" >"$dir/new" && mv "$dir/new" "$dir/config.yaml"
}
loaded() { # TIMES
	[ "$(grep -c 'were loaded again' "$dir/err")" -ge "$1" ]
}
counted() {
	sed 's/^0*//' "$dir/files/count"
}
reached() { # COUNT
	[ "$(counted)" -ge "$1" ]
}
# some opens go by
some() {
	soon reached $(($(counted) + 50))
}
files first '[{alerts: 1, seconds: 3600}]'
"$MONITOR" run --pidfile "$dir/pid" -c "$dir/config.yaml" -- python3 "$dir/open.py" "$dir/files" >"$dir/out" 2>"$dir/err" &
run=$!
soon [ -s "$dir/alerts" ]
pid=$(cat "$dir/pid")
some
files second '[{alerts: 2, seconds: 3600}]'
kill -HUP "$pid"
ok "other rules and limits" soon loaded 1
some
files third '[{alerts: x, seconds: 0}]'
refused() {
	grep -q 'stays in force' "$dir/err"
}
kill -HUP "$pid"
ok "limits that are none" soon refused
some
files third '[]'
kill -HUP "$pid"
ok "no limits" soon loaded 2
some
files fourth '[{alerts: 1, seconds: 3600, key: [fd.name]}, {alerts: 1, seconds: 1}]'
kill -HUP "$pid"
ok "limits again" soon loaded 3
some
: >"$dir/files/done"
wait $run
ok "the command ends well" [ $? = 0 ]
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
