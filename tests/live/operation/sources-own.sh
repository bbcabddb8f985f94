#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Several event sources at once: each has limits and captures of its own. What limits hold back is counted and told at the end; a capture
# that an alert of any of them starts has events of that source alone, and gives the same alerts again.
. "$(dirname "$0")/../lib.sh"

need python3
need_plugin dummy
build_other
for source in dummy other; do
	rule "Each of $source" "$source.value > 0" "$source %$source.value" NOTICE "source: $source"
done >"$dir/rules.yaml"
# $1: more of the configuration
config() {
	cat >"$dir/config.yaml" <<YAML
rules_files: [$dir/rules.yaml]
engine: {kind: nodriver}
log_syslog: false
watch_config_files: false
json_output: true
plugins:
  - {name: dummy, library_path: $plugins/libdummy.so, open_params: '{"start": 1, "maxEvents": 1000}'}
  - {name: other, library_path: $dir/libother.so, open_params: '{"start": 1, "maxEvents": 2000}'}
file_output: {enabled: true, keep_alive: true, filename: $dir/alerts}
$1
YAML
	rm -f "$dir/alerts"
}

config 'monitor: {limits: [{alerts: 3, seconds: 3600}]}'
ok "limits" in_foreground "$MONITOR" falco -c "$dir/config.yaml"
ok "each source's are held back, and counted" python3 - "$dir/alerts" <<'END'
import json
import sys
alerts = [json.loads(line) for line in open(sys.argv[1])]
for source, events in ("dummy", 1000), ("other", 2000):
    own = [a for a in alerts if a["rule"] == "Each of " + source]
    assert len(own) == 4, (source, len(own))
    assert own[3]["output_fields"]["monitor.held"] == events - 3, own[3]
END

config "capture: {enabled: true, path_prefix: $dir/cap, mode: all_rules, default_duration: 3600000}"
ok "captures" in_foreground "$MONITOR" falco -c "$dir/config.yaml"
ok "one of each source" [ "$(ls "$dir"/cap*.scap | wc -l)" = 2 ]
for file in "$dir"/cap*.scap; do
	"$MONITOR" replay -r "$dir/rules.yaml" --plugin "$plugins/libdummy.so" --plugin "$dir/libother.so" --json "$file" 2>"$dir/err"
done >"$dir/again"
ok "which give the same alerts" python3 - "$dir/alerts" "$dir/again" <<'END'
import json
import sys
def read(name):
    return sorted((a["rule"], a["output"].split(": ", 1)[1], a["time"]) for a in map(json.loads, open(name)))
live, again = map(read, sys.argv[1:])
assert len(live) == 3000, len(live)
assert live == again, ([a for a in live if a not in again][:3], len(again))
END
finish
