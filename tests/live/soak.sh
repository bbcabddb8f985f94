#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# soak.sh [PROCESSES [CALLS]]: many processes and many calls. The workload counts what it does and the monitor has counted the same; its
# memory and descriptors do not grow. By hand: soak.sh 2000000 0, soak.sh 0 100000000.
. "$(dirname "$0")/lib.sh"

need python3
processes=${1:-8000}
calls=${2:-160000}
: >"$dir/counted"
cat >"$dir/watch.py" <<'EOP'
"""watch.py MONITOR FRONT SAMPLES: resident memory (KiB), descriptors and number of the monitor's processes, until they end."""
import os, sys, time

monitor, front, samples = os.path.realpath(sys.argv[1]), sys.argv[2], open(sys.argv[3], "w")


def ours(pid):
    """The process and those below it that run the monitor's program: not the command, nor what it starts."""
    if os.readlink(f"/proc/{pid}/exe") != monitor:
        return []
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [pid] + [p for child in f.read().split() for p in ours(child)]


def look(pid):
    with open(f"/proc/{pid}/status") as f:
        return int(f.read().split("VmRSS:")[1].split()[0]), len(os.listdir(f"/proc/{pid}/fd")), 1


while os.path.exists(f"/proc/{front}"):
    try:
        print(*map(sum, zip(*map(look, ours(front)))), file=samples)
    except (OSError, IndexError):
        pass  # one of them has just ended
    time.sleep(0.1)
EOP

# counted NAME: how many the monitor has counted; the way does not matter
counted() {
	sed -n "s/^monitor:   $1 *\([0-9]*\) let go at entry, \([0-9]*\) done on behalf, \([0-9]*\) followed.*/\1 \2 \3/p" "$dir/err" |
		awk '{ print $1 + $2 + $3 }'
}

# run PROCESSES CALLS
run() {
	rm -f "$dir/alerts"
	# shellcheck disable=SC2086 # words
	"$MONITOR" run -v -r "$here/soak.yaml" ${monitor_options:-} --json --output "$dir/alerts" -- "$src/soak" "$dir" "$1" "$2" \
		>"$dir/out" 2>"$dir/err" </dev/null &
	front=$!
	python3 "$dir/watch.py" "$MONITOR" $front "$dir/samples"
	wait $front
	status=$?
}

# soak WHAT PROCESSES CALLS
soak() {
	run 0 0
	base_opens=$(counted openat)
	run "$2" "$3"
	ok "$1: status $status: $(head -n 3 "$dir/err")" [ $status = 0 ]
	while read -r what wanted; do
		case $what in
		exits) got=$(($(wc -l <"$dir/alerts") - 1)) ;; # the first process has one, too
		openat) got=$(($(counted openat) - base_opens)) ;;
		*) got=$(counted "$what") ;;
		esac
		ok "$1: $wanted $what made, ${got:-0} counted" [ "${got:-0}" = "$wanted" ]
	done <"$dir/out"
	echo "$1: $(tr '\n' ' ' <"$dir/out")$(tail -n 1 "$dir/err")"
	# the first fifth fills tables; from then on nothing grows
	ok "$1: grows" python3 - "$dir/samples" <<'EOP'
import sys

samples = [tuple(map(int, line.split())) for line in open(sys.argv[1])]
both = max((s[2] for s in samples), default=0)
samples = [s for s in samples if s[2] == both]
rest = samples[len(samples) // 5:] or [(0, 0, 0)]
early, late = rest[: len(rest) // 3 or 1], rest[-(len(rest) // 3 or 1):]
memory = [max(s[0] for s in part) for part in (early, late)]
fds = [max(s[1] for s in part) for part in (early, late)]
print("    %d samples of %d processes: at most %d, later %d KiB; %d, later %d descriptors" % (len(samples), both, *memory, *fds))
print("    over time, KiB/descriptors: %s" % ", ".join("%d/%d" % samples[len(samples) * i // 10][:2] for i in range(10) if samples))
sys.exit(len(samples) < 5 or both < 2 or memory[1] > memory[0] + 2048 + memory[0] // 20 or fds[1] > fds[0] + 16)
EOP
}
[ "$processes" -gt 0 ] && soak processes "$processes" 0
[ "$calls" -gt 0 ] && soak calls 0 "$calls"
finish
