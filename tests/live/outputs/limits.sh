#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# monitor.limits: of each rule and key at most so many alerts in a while, by the events' time; what is held back is counted, in
# all. On a capture, where every count is known, and live, where the end of a burst comes without a further event.
. "$(dirname "$0")/../lib.sh"

need python3
{
	rule Opened "evt.type in (open, openat, openat2) and evt.dir = <" '"%evt.type by %proc.name of %fd.name"' NOTICE "tags: [a, b]"
	rule Executed "evt.type in (execve, execveat) and evt.dir = <" '"%proc.cmdline"' INFO
} >"$dir/rules.yaml"
capture=$top/tests/conformance/captures/mixed.scap

# play LIMITS: the capture's alerts go to $dir/alerts
play() {
	cat >"$dir/conf.yaml" <<END
engine: {kind: replay, replay: {capture_file: $capture}}
rules_files: [$dir/rules.yaml]
rule_matching: all
json_output: true
file_output: {enabled: true, filename: $dir/alerts}
monitor: {limits: $1}
END
	rm -f "$dir/alerts"
	"$MONITOR" falco -c "$dir/conf.yaml" >"$dir/out" 2>"$dir/err"
}

# What limits say against what a model of a few lines says of all alerts: EVERY GOT LIMITS (as JSON)
cat >"$dir/model.py" <<'END'
import calendar
import fnmatch
import json
import sys
import time

def stamp(a):
    whole, fraction = a["time"].rstrip("Z").split(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) * 10**9 + int(fraction)

def read(name):
    return [json.loads(line) for line in open(name)]

every, limits = read(sys.argv[1]), json.loads(sys.argv[3])
want, bursts = [], {}
for a in every:
    now = stamp(a)
    for k in [k for k, b in bursts.items() if now >= b["start"] + b["limit"]["seconds"] * 10**9]:
        b = bursts.pop(k)
        if b["held"]:
            want.append((b["last"]["rule"], b["last"]["time"], b["held"], b["since"]))
    limit = next((l for l in limits if fnmatch.fnmatchcase(a["rule"], l.get("rule", "*"))), None)
    if not limit:
        want.append((a["rule"], a["time"], None, None))
        continue
    key = (a["rule"],) + tuple(a["output_fields"].get(f) for f in limit.get("key", []))
    b = bursts.setdefault(key, {"start": now, "limit": limit, "n": 0, "held": 0})
    b["n"] += 1
    if b["n"] <= limit.get("alerts", 1):
        want.append((a["rule"], a["time"], None, None))
    else:
        b["held"] += 1
        b["since"] = b.get("since", now)
        b["last"] = a
want += [(b["last"]["rule"], b["last"]["time"], b["held"], b["since"]) for b in bursts.values() if b["held"]]
got = [(a["rule"], a["time"], a["output_fields"].get("monitor.held"), a["output_fields"].get("monitor.held_since")) for a in read(sys.argv[2])]
print(len(every), len(got), sum(1 for g in got if g[2]))

def order(x):
    return tuple(str(v) for v in x)

if sorted(want, key=order) != sorted(got, key=order):
    sys.exit("differs: %s / %s" % (sorted(set(want) - set(got), key=order)[:3], sorted(set(got) - set(want), key=order)[:3]))
if sum(g[2] or 0 for g in got) + sum(1 for g in got if not g[2]) != len(every):
    sys.exit("alerts are missing")
END

play '[]'
mv "$dir/alerts" "$dir/every"
ok "the capture has alerts" [ "$(wc -l <"$dir/every")" -gt 100 ]
for limits in '[{"seconds": 1}]' '[{"rule": "Open*", "seconds": 1, "alerts": 3, "key": ["proc.name"]}]' \
	'[{"rule": "Executed", "seconds": 86400, "alerts": 0}, {"seconds": 2, "alerts": 5, "key": ["proc.name", "fd.name"]}]' \
	'[{"rule": "None", "seconds": 1}]'; do
	play "$limits"
	ok "as the model says: $limits" python3 "$dir/model.py" "$dir/every" "$dir/alerts" "$limits"
done
play '[{"seconds": 86400}]'
ok "the text tells, too" grep -q 'held back by a limit: [0-9]* alerts since 20' "$dir/alerts"
play '[{"key": [proc.nam], "seconds": 1}]'
ok "a key that is no field is told" grep -q 'monitor.limits\[0\].key.*proc.nam' "$dir/err"
play '[{"rule": x}]'
ok "a limit without a time is told" grep -q 'monitor.limits\[0\].*it needs seconds' "$dir/err"

# live: the burst ends while the workload makes no call at all
cat >"$dir/live.yaml" <<END
json_output: true
rules_files: [$dir/rules.yaml]
file_output: {enabled: true, filename: $dir/alerts}
monitor: {limits: [{rule: Opened, seconds: 5, key: [fd.name]}]}
END
rm -f "$dir/alerts"
cat >"$dir/work.py" <<'END'
import os
import re
import sys
import time
for i in range(20):
    os.close(os.open(sys.argv[1] + "/mine", os.O_RDONLY | os.O_CREAT))
end, text = time.monotonic() + 60, ""
with open(sys.argv[1] + "/alerts") as f:  # once: opening is what is counted
    # of this file: others are opened more than once, too
    while not re.search('/mine.*"monitor.held":[0-9]+,', text) and time.monotonic() < end:
        time.sleep(0.1)
        text += f.read()
sys.stdout.write(text)
END
"$MONITOR" run -c "$dir/live.yaml" -- python3 "$dir/work.py" "$dir" >"$dir/out" 2>"$dir/err"
ok "one alert of a burst" [ "$(grep '/mine' "$dir/out" | grep -vc monitor.held)" = 1 ]
ok "its end comes by itself" grep -q '/mine.*"monitor.held":19,' "$dir/out"
# what a key alone reads is known, too: nobody but the limit looks at sessions
rule Opened "evt.type in (open, openat, openat2) and fd.name = $dir/mine" opened >"$dir/named.yaml"
sed -e "s|$dir/rules.yaml|$dir/named.yaml|" -e 's/fd.name/proc.sid/' "$dir/live.yaml" >"$dir/key.yaml"
cat >"$dir/session.py" <<'END'
import os
import sys

def look():
    for i in range(5):
        os.close(os.open(sys.argv[1] + "/mine", os.O_RDONLY))

child = os.fork()
if child:
    sys.exit(os.waitpid(child, 0)[1])
look()
os.setsid()
look()
END
rm -f "$dir/alerts"
"$MONITOR" run -c "$dir/key.yaml" -- python3 "$dir/session.py" "$dir" >"$dir/out" 2>"$dir/err"
ok "a key that no rule reads is not stale" [ "$(grep -vc monitor.held "$dir/alerts")" = 2 ]
finish
