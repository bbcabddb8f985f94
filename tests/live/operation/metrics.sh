#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Metrics snapshots: as alerts of Falco's internal rule and as lines in a file, with Falco's names; what the keys of metrics: change.
. "$(dirname "$0")/../lib.sh"

need python3 sha256sum
{
	rule 'A "numbered" file (opened)' "evt.type in (open, openat) and fd.name contains /n-" "opened %fd.name"
	rule Never "evt.type in (open, openat) and fd.name = /nowhere" never
} >"$dir/rules.yaml"
cat >"$dir/open.py" <<'END'
"""open.py FOLDER SNAPSHOTS: opens until that many snapshots have been made meanwhile, at most for a minute."""
import os
import sys
import time

def snapshots():
    try:
        with open(sys.argv[1] + "/figures") as f:
            return f.read().count("\n")
    except FileNotFoundError:
        return 0

wanted, end = snapshots() + int(sys.argv[2]), time.monotonic() + 60
n = 0
while n % 20 or (snapshots() < wanted and time.monotonic() < end):
    os.close(os.open("%s/n-%05d" % (sys.argv[1], n), os.O_RDONLY | os.O_CREAT))
    n += 1
    time.sleep(0.005)
END
# keys of metrics:, further keys, snapshots
measure() {
	rm -f "$dir/alerts" "$dir/figures"
	printf 'rules_files: [%s]\nfile_output: {enabled: true, filename: %s}\nmetrics: {enabled: true, output_file: %s, %s}\n%s\n' \
		"$dir/rules.yaml" "$dir/alerts" "$dir/figures" "$1" "$2" >"$dir/config.yaml"
	in_foreground "$MONITOR" run -c "$dir/config.yaml" -- python3 "$dir/open.py" "$dir" "${3:-3}"
}
# Python over the lines of the file (f) and the alerts (a)
holds() {
	text=$1
	shift
	ok "$text" python3 - "$dir/figures" "$dir/alerts" "$@" <<END
import json
import sys
lines = [json.loads(line) for line in open(sys.argv[1])]
f = [line["output_fields"] for line in lines]
alerts = open(sys.argv[2]).read().splitlines()
$checks_in_python
END
}

measure "interval: 300ms, output_rule: true, convert_memory_to_mb: false" "json_output: true" 8
checks_in_python='
assert len(lines) >= 8, len(lines)
assert [line["sample"] for line in lines] == list(range(len(lines)))
a = [json.loads(line) for line in alerts]
told = [x for x in a if x["rule"] == "Falco internal: metrics snapshot"]
assert [x["output_fields"] for x in told] == f
for x in told:
    assert sorted(x) == ["hostname", "output", "output_fields", "priority", "rule", "source", "time"], x
    assert x["output"] == "Falco metrics snapshot" and x["priority"] == "Informational" and x["source"] == "internal"
for x in f:
    assert list(x) == sorted(x)
    for name in """evt.time evt.hostname evt.source falco.version falco.start_ts falco.reload_ts falco.duration_sec falco.kernel_release
                   falco.host_boot_ts falco.host_num_cpus falco.outputs_queue_num_drops falco.num_evts falco.num_evts_prev scap.engine_name
                   scap.n_evts scap.n_evts_prev scap.evts_rate_sec scap.n_drops scap.n_drops_prev scap.evts_drop_rate_sec scap.n_drops_perc
                   falco.memory_rss_kb falco.memory_vsz_kb falco.memory_pss_kb falco.host_memory_used_kb falco.host_procs_running
                   falco.host_open_fds falco.n_threads falco.n_added_threads falco.rules.matches_total""".split():
        assert name in x, (name, x)
    assert x["evt.source"] == "syscall" and "falco.rules.Never" not in x
    assert 1000 < x["falco.memory_rss_kb"] < x["falco.memory_vsz_kb"]
last = f[-1]
assert 0 < last["falco.rules.A_numbered_file_opened"] == last["falco.rules.matches_total"] <= len(a)
assert last["falco.num_evts_prev"] == f[-2]["falco.num_evts"] and last["scap.n_evts"] >= last["scap.n_evts_prev"] > 0
for a, b in zip(f, f[1:]):
    rate = (b["scap.n_evts"] - a["scap.n_evts"]) / (b["evt.time"] - a["evt.time"]) * 1e9
    assert abs(b["scap.evts_rate_sec"] - rate) <= 0.1 and b["scap.evts_rate_sec"] == b["falco.evts_rate_sec"], (a, b)
assert max(x["scap.evts_rate_sec"] for x in f[1:]) > 0
assert "falco.evts_rate_sec" not in f[0]
assert last["falco.sha256_rules_file.rules_yaml"] == sys.argv[3] and last["falco.sha256_config_file.config_yaml"] == sys.argv[4]
# one for each interval at most; one that is late has the next one at its own time
assert f[-1]["evt.time"] - f[0]["evt.time"] > (len(f) - 2) * 300e6, [x["evt.time"] for x in f]
'
holds "both ways, Falco's names, counts and rates" "$(sha256sum <"$dir/rules.yaml" | cut -d' ' -f1)" "$(sha256sum <"$dir/config.yaml" | cut -d' ' -f1)"

measure "interval: 400ms, include_empty_values: true, output_rule: true" ""
checks_in_python='
assert f and f[-1]["falco.rules.Never"] == 0 and "falco.n_drops_full_threadtable" in f[-1]
assert isinstance(f[-1]["falco.memory_rss_mb"], float) and "falco.memory_rss_kb" not in f[-1]
told = [x for x in alerts if " Informational Falco metrics snapshot (evt.hostname=\"" in x]
assert len(told) == len(f) and " falco.num_evts=" in told[0] and told[0].endswith(")")
'
holds "empty values, megabytes, a text alert"

measure "interval: 0s400ms, rules_counters_enabled: false, resource_utilization_enabled: false, state_counters_enabled: false, kernel_event_counters_enabled: false" ""
checks_in_python='
assert f and not any(n.startswith("falco.rules.") or "memory" in n or "n_threads" in n or "n_evts" in n for n in f[-1]), f[-1]
assert f[-1]["falco.num_evts"] > 0 and not any("snapshot" in x for x in alerts)
'
holds "groups that are switched off, no alert"

# what the command does to /proc changes nothing about what the monitor knows of itself
if [ "$(id -u)" = 0 ] && unshare -m mount -t tmpfs none /proc 2>/dev/null; then
	measure "interval: 200ms" "" 0
	rm -f "$dir/figures"
	unshare -m --propagation private "$MONITOR" run -c "$dir/config.yaml" -- sh -c 'mount -t tmpfs none /proc; sleep 2; umount /proc' 2>"$dir/err"
	checks_in_python='
assert len(f) > 2 and all(x[n] > 0 for x in f for n in ("falco.memory_rss_mb", "falco.host_memory_used_mb", "falco.host_open_fds")), f
'
	holds "figures of a monitor whose /proc is hidden: $(cat "$dir/err")"
else
	left_out=$((left_out + 1))
fi

# what an output fails at is lost, and only what finds no room is a drop of the queue
measure "interval: 400ms, include_empty_values: true" "program_output: {enabled: true, program: exit 3}"
checks_in_python='
assert f[-1]["monitor.alerts_lost"] > 0 and f[-1]["falco.outputs_queue_num_drops"] == 0, f[-1]
'
holds "alerts that are lost"
measure "interval: 400ms" "outputs_queue: {capacity: 2}
program_output: {enabled: true, program: sleep 0.3}"
checks_in_python='
assert 0 < f[-1]["falco.outputs_queue_num_drops"] <= f[-1]["monitor.alerts_lost"], f[-1]
'
holds "alerts without room"

for bad in 400 99ms 1x 1s1h h "''" 5m3; do
	measure "interval: $bad" "" 0
	ok "an interval of $bad is refused" [ $? != 0 ]
	ok "and named: $bad" grep -q 'metrics.interval' "$dir/err"
done
measure "interval: 1h" "" 0
ok "an hour is one" [ $? = 0 ]
"$MONITOR" run -c "$dir/config.yaml" -o "metrics.output_file=$dir/none/figures" -- true 2>"$dir/err"
ok "a file that cannot be opened" [ $? != 0 ]
ok "and is named" grep -q "$dir/none/figures" "$dir/err"
finish
