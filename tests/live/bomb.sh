#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# bomb.sh [SECONDS [PROCESSES]]: a fork bomb inside its limits takes neither the monitor down nor its eyes: what comes after it is seen, its
# births are all counted, and nothing of it is left. By hand: bomb.sh 60 2000.
. "$(dirname "$0")/lib.sh"

need_root
need python3 pgrep setpriv prlimit
seconds=${1:-3}
processes=${2:-60}
user=61234
cat >"$dir/bomb.yaml" <<'END'
- rule: watched
  desc: a file that is read behind the bomb
  condition: evt.type in (open, openat, openat2) and evt.rawres >= 0 and fd.name endswith /watched
  output: seen %fd.name
  priority: WARNING
- rule: born
  desc: each process of the bomb that wrote its mark, by the one call that it makes once
  condition: evt.type = setpgid and evt.rawres = 0
  output: born %proc.pid
  priority: NOTICE
END
echo text >"$dir/watched"
cat >"$dir/bomb.py" <<'END'
"""Forks without end; now and then one goes, so that there is always room for another. Each counts itself."""
import os, random, signal, sys, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
first = os.getpid()
count = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND)
end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    try:
        if os.fork() == 0:
            random.seed(os.getpid())
            os.setpgid(0, 0)
            os.write(count, b".")
    except OSError:
        if os.getpid() != first and random.random() < 0.5:
            os._exit(0)
        time.sleep(random.random() / 100)
END
: >"$dir/count"
chmod 666 "$dir/count"
chmod 644 "$dir/bomb.py"
# shellcheck disable=SC2016 # for the inner shell
timeout $((seconds * 3 + 60)) "$MONITOR" run -v -r "$dir/bomb.yaml" --json --output "$dir/alerts" -- sh -c '
	setpriv --reuid "$1" --regid "$1" --clear-groups prlimit --nproc="$2" python3 "$3/bomb.py" "$3/count" "$4"
	while pgrep -u "$1" >/dev/null; do sleep 0.1; done
	cat "$3/watched"
	exit 3' - $user "$processes" "$dir" "$seconds" >"$dir/out" 2>"$dir/err" </dev/null
status=$?
born=$(($(wc -c <"$dir/count")))
seen=$(grep -c '"rule":"born"' "$dir/alerts")
ok "status $status: $(tail -n 3 "$dir/err")" [ $status = 3 ]
ok "the bomb made $born processes" [ "$born" -gt $((processes * 3)) ]
ok "$born processes, $seen seen" [ "$seen" = "$born" ]
ok "what came behind it was not seen" grep -q '"rule":"watched"' "$dir/alerts"
# shellcheck disable=SC2016 # for the inner shell
ok "something is left" sh -c '! pgrep -u "$1" >/dev/null' - $user
echo "$born processes, at most $processes at once: $(tail -n 1 "$dir/err")"
finish
