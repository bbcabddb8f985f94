#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Counts of calls and how long they waited: --verbose, the web server and snapshots say what the workload has counted and measured itself.
. "$(dirname "$0")/../lib.sh"

need python3
rule never "evt.type = unlinkat and evt.args contains nowhere-at-all" never >"$dir/rules.yaml"
cat >"$dir/work.py" <<'END'
"""work.py FOLDER PORT SNAPSHOTS: counts and times removals of a name that is not there, then reads what the monitor tells of them."""
import json, os, sys, time, urllib.request

folder = os.open(sys.argv[1], os.O_RDONLY)
times = []
for _ in range(3000):
    begin = time.perf_counter_ns()
    try:
        os.unlink("missing", dir_fd=folder)
        sys.exit("it was there")
    except FileNotFoundError:
        times.append(time.perf_counter_ns() - begin)
text, end = "", time.monotonic() + 60
while 'wait_seconds_count{call="unlinkat"} 3000' not in text and time.monotonic() < end:  # figures are made public now and then
    time.sleep(0.1)
    with urllib.request.urlopen("http://127.0.0.1:%s/metrics" % sys.argv[2]) as f:
        text = f.read().decode()
snapshots = lambda: open(sys.argv[3]).read().count("\n") if os.path.exists(sys.argv[3]) else 0
before = snapshots()
while snapshots() < before + 2 and time.monotonic() < end:  # one of them was begun behind the calls
    time.sleep(0.1)
print(json.dumps({"times": times, "metrics": text}))
END
cat >"$dir/compare.py" <<'END'
"""compare.py WORKLOAD VERBOSE SNAPSHOTS: the three agree."""
import json, re, sys

told = json.load(open(sys.argv[1]))
verbose, snapshots = open(sys.argv[2]).read(), [json.loads(line)["output_fields"] for line in open(sys.argv[3])]
times = sorted(t / 1e9 for t in told["times"])
n = len(times)
metrics = {m[1]: float(m[2]) for m in re.finditer(r"^(monitor_\S+) (\S+)$", told["metrics"], re.M)}
calls = [(k, v) for k, v in metrics.items() if k.startswith('monitor_calls_total{call="unlinkat"')]
assert sum(v for _, v in calls) == n, calls
wait = {q: metrics['monitor_call_wait_seconds{call="unlinkat",quantile="%s"}' % q] for q in ("0.5", "0.99", "1")}
total = metrics['monitor_call_wait_seconds_sum{call="unlinkat"}']
assert metrics['monitor_call_wait_seconds_count{call="unlinkat"}'] == n
# a bucket is an eighth wide; what the monitor sees of a wait is a part of what the caller sees
assert 0 < wait["0.5"] <= wait["0.99"] <= wait["1"] * 1.13, wait
assert wait["0.5"] <= times[n // 2] * 1.13 and wait["0.99"] <= times[n * 99 // 100] * 1.13 and wait["1"] <= times[-1], (wait, times[-1])
assert wait["0.5"] * n / 2 / 1.13 <= total <= sum(times), (wait, total, sum(times))
line = re.search(r"unlinkat +(\d+) let go at entry, (\d+) done on behalf, (\d+) followed to the result, (\d+) refused\n"
                 r".*?(\d+) waits of calls: half up to ([\d.]+) us, 99 % up to ([\d.]+) us, the longest ([\d.]+) us, ([\d.]+) ms", verbose)
assert sum(map(int, line.groups()[:4])) == n == int(line[5]), line[0]
for at, said in enumerate((wait["0.5"], wait["0.99"], wait["1"])):
    assert abs(float(line[6 + at]) / 1e6 - said) < 1e-6, (line[0], wait)
assert abs(float(line[9]) / 1e3 - total) < 1e-5, (line[0], total)
last = snapshots[-1]
assert last["monitor.stall_sec"] >= total * 0.99 and last["monitor.stall_max_sec"] >= wait["1"] * 0.99, (last["monitor.stall_sec"], total, last["monitor.stall_max_sec"], wait)
END
for backend in notify ptrace ptrace-all notify-only; do
	port=$(free_port)
	rm -f "$dir/figures"
	cat >"$dir/config.yaml" <<END
rules_files: [$dir/rules.yaml]
stdout_output: {enabled: false}
webserver: {enabled: true, listen_address: 127.0.0.1, listen_port: $port, prometheus_metrics_enabled: true}
metrics: {enabled: true, interval: 200ms, output_file: $dir/figures}
END
	in_foreground "$MONITOR" run -v --backend $backend -c "$dir/config.yaml" -- python3 "$dir/work.py" "$dir" "$port" "$dir/figures"
	ok "$backend: $(python3 "$dir/compare.py" "$dir/out" "$dir/err" "$dir/figures" 2>&1 | tail -n 1 | cut -c1-400)" \
		python3 "$dir/compare.py" "$dir/out" "$dir/err" "$dir/figures" 2>/dev/null
done
finish
