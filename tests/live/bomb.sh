#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# bomb.sh [SECONDS [PROCESSES]]: a fork bomb inside its limits, of a user (RLIMIT_NPROC) or of a control group that holds the monitor, too
# (pids.max), takes neither the monitor down nor its eyes: what comes after it is seen, its births are all counted, it gets the errors
# that it gets natively, the monitor's memory stays small, and nothing of the bomb is left. By hand: bomb.sh 60 2000.
. "$(dirname "$0")/lib.sh"

need_root
need python3 pgrep setpriv prlimit
seconds=${1:-3}
processes=${2:-60}
user=61234
births=$((processes * 3 + 1))
{
	# a file that is read behind the bomb
	rule watched "evt.type in (open, openat, openat2) and evt.rawres >= 0 and fd.name endswith /watched" "seen %fd.name" WARNING
	# each process of the bomb that wrote its mark, by the one call that it makes once
	rule born "evt.type = setpgid and evt.rawres = 0" "born %proc.pid"
} >"$dir/bomb.yaml"
echo text >"$dir/watched"
cat >"$dir/bomb.py" <<'END'
"""Forks without end; now and then one goes, so that there is always room for another. Each counts itself. It takes the seconds that it
was given and, on a machine that is busy with other things, as many more as its births need, up to a minute."""
import os, random, signal, sys, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
first = os.getpid()
count = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND)
refused = os.open(sys.argv[1] + ".refused", os.O_WRONLY | os.O_APPEND)
wanted = int(sys.argv[3])
start = time.monotonic()
end = start + float(sys.argv[2])
while time.monotonic() < end or (os.fstat(count).st_size < wanted and time.monotonic() < start + 60):
    try:
        if os.fork() == 0:
            random.seed(os.getpid())
            os.setpgid(0, 0)
            os.write(count, b".")
    except OSError as e:
        os.write(refused, b"%d\n" % e.errno)
        if os.getpid() != first and random.random() < 0.5:
            os._exit(0)
        time.sleep(random.random() / 100)
END
chmod 644 "$dir/bomb.py"
# what goes on in the limited place: the bomb, then the end of all of it, then a look at who watches (shells of the bomb's place fork, too)
cat >"$dir/work" <<'END'
user=$1 processes=$2 dir=$3 seconds=$4 births=$5
setpriv --reuid "$user" --regid "$user" --clear-groups env ${processes:+prlimit --nproc=$processes} python3 "$dir/bomb.py" "$dir/count" "$seconds" "$births"
while pgrep -u "$user" >/dev/null; do sleep 0.1; done
cat "$dir/watched"
read -r _ supervisor <<TRACER
$(grep TracerPid: /proc/self/status)
TRACER
[ "$supervisor" = 0 ] || grep VmHWM: "/proc/$supervisor/status" >"$dir/memory"
exit 3
END

# limited rlimit|group PROCESSES CMD...
limited() {
	how=$1
	: >"$dir/count"
	: >"$dir/count.refused"
	chmod 666 "$dir/count" "$dir/count.refused"
	if [ "$how" = rlimit ]; then
		nproc=$2
		shift 2
		timeout $((seconds * 3 + 120)) "$@" sh "$dir/work" $user "$nproc" "$dir" "$seconds" $births >"$dir/out" 2>"$dir/err" </dev/null
	else
		echo "$2" >"$group/pids.max"
		shift 2
		# shellcheck disable=SC2016 # for the inner shell
		timeout $((seconds * 3 + 120)) sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" \
			"$@" sh "$dir/work" $user "" "$dir" "$seconds" $births >"$dir/out" 2>"$dir/err" </dev/null
	fi
	status=$?
	sort -u "$dir/count.refused" >"$dir/errors"
}

# explode rlimit|group
explode() {
	limited "$1" "$processes" env
	mv "$dir/errors" "$dir/native-errors"
	ok "$1: natively the bomb meets its limit" [ -s "$dir/native-errors" ]
	rm -f "$dir/alerts" "$dir/memory"
	limited "$1" "$processes" "$MONITOR" run -v -r "$dir/bomb.yaml" --json --output "$dir/alerts" --
	born=$(($(wc -c <"$dir/count")))
	seen=$(grep -c '"rule":"born"' "$dir/alerts")
	memory=$(sed 's/[^0-9]//g' "$dir/memory" 2>/dev/null)
	ok "$1: status $status: $(tail -n 3 "$dir/err")" [ $status = 3 ]
	ok "$1: the bomb made $born processes" [ "$born" -ge $births ]
	ok "$1: $born processes, $seen seen" [ "$seen" = "$born" ]
	ok "$1: what came behind it was not seen" grep -q '"rule":"watched"' "$dir/alerts"
	ok "$1: errors natively $(tr '\n' ' ' <"$dir/native-errors"), under the monitor $(tr '\n' ' ' <"$dir/errors")" \
		cmp -s "$dir/native-errors" "$dir/errors"
	ok "$1: the monitor had ${memory:-?} KiB" [ "${memory:-9999999}" -lt $((20480 + processes * 16)) ]
	# shellcheck disable=SC2016 # for the inner shell
	ok "$1: something is left" sh -c '! pgrep -u "$1" >/dev/null' - $user
	echo "$1: $born processes, at most $processes at once, $(wc -l <"$dir/count.refused") forks refused, $memory KiB: $(tail -n 1 "$dir/err")"
}
explode rlimit
group=
for root in /sys/fs/cgroup/pids /sys/fs/cgroup; do
	[ -n "$group" ] || ! mkdir "$root/live-$$" 2>/dev/null && continue
	cgroups="$root/live-$$ ${cgroups:-}"
	[ -f "$root/live-$$/pids.max" ] && group=$root/live-$$
done
if [ -n "$group" ]; then
	explode group
else
	left_out=$((left_out + 1))
	echo "left out: no control group with a limit of processes can be made"
fi
finish
