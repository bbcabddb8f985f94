#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A reload ends the bursts that limits count: what was held back is told with its number before other rules and limits begin, so every
# alert is told or counted, whatever comes between.
. "$(dirname "$0")/../lib.sh"

need python3
mkdir "$dir/files"
cat >"$dir/open.py" <<'END'
import os
import sys
import time

for n in range(1200):
    try:
        os.open("%s/n-%d-" % (sys.argv[1], n), os.O_RDONLY)
    except FileNotFoundError:
        pass
    time.sleep(0.002)
END
# $1: what the output begins with; $2: limits
files() {
	printf -- '- rule: Numbered\n  desc: each is one alert\n  condition: evt.type in (open, openat) and fd.name contains /n-\n  output: %s %%fd.name\n  priority: NOTICE\n' \
		"$1" >"$dir/new" && mv "$dir/new" "$dir/rules.yaml"
	printf 'rules_files: [%s]\nwatch_config_files: false\njson_output: true\nfile_output: {enabled: true, keep_alive: true, filename: %s}\nmonitor: {limits: %s}\n' \
		"$dir/rules.yaml" "$dir/alerts" "$2" >"$dir/new" && mv "$dir/new" "$dir/config.yaml"
}
at_least() {
	tries=200
	while [ "$(grep -c "$1" "$dir/err")" -lt "$2" ] && [ $tries -gt 0 ]; do
		sleep 0.05
		tries=$((tries - 1))
	done
	[ $tries -gt 0 ]
}
files first '[{alerts: 1, seconds: 3600}]'
"$MONITOR" run --pidfile "$dir/pid" -c "$dir/config.yaml" -- python3 "$dir/open.py" "$dir/files" >"$dir/out" 2>"$dir/err" &
run=$!
tries=200
until [ -s "$dir/alerts" ] || [ $tries = 0 ]; do
	sleep 0.05
	tries=$((tries - 1))
done
pid=$(cat "$dir/pid")
sleep 0.2
files second '[{alerts: 2, seconds: 3600}]'
kill -HUP "$pid"
ok "other rules and limits" at_least 'were loaded again' 1
sleep 0.2
files third '[{alerts: x, seconds: 0}]'
kill -HUP "$pid"
sleep 0.2
files third '[]'
kill -HUP "$pid"
ok "no limits" at_least 'were loaded again' 2
sleep 0.2
files fourth '[{alerts: 1, seconds: 3600, key: [fd.name]}, {alerts: 1, seconds: 1}]'
kill -HUP "$pid"
ok "limits again" at_least 'were loaded again' 3
wait $run
ok "the command ends well" [ $? = 0 ]
ok "all are told or counted" python3 - "$dir/alerts" <<'END'
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
assert told == 1200, (told, words)
assert words["first"][0] is None and words["first"][1] > 1 and len(words["first"]) == 2, words
assert words["second"][:2] == [None, None] and words["second"][2] > 1 and len(words["second"]) == 3, words
assert set(words["third"]) == {None}
END
finish
