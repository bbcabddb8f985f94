#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The monitor keeps nothing open that the command has closed: readers see the end of a pipe, writers that nobody reads, and a lock is
# free. So `x=$(monitor run -- start-a-server)` ends when the command does, and the server is still watched.
. "$(dirname "$0")/../lib.sh"

need python3
# a file that the test opens
rule watched "evt.type in (open, openat) and fd.name endswith /watched" "seen %fd.name by %proc.name" >"$dir/watched.yaml"
: >"$dir/watched"
cat >"$dir/ends.py" <<'END'
"""ends.py WAY WATCHED RUN...: says what of a command's descriptors cannot be told from a closed one once the command closed it."""
import fcntl, os, select, subprocess, sys, tempfile

way, watched, run = sys.argv[1], sys.argv[2], sys.argv[3:]
closing = "exec 7>&-; exec 0<&- 1>&- 2>&- 5>&-; while [ ! -e %s/go ]; do sleep 0.05; done; : <%s"
folder = tempfile.mkdtemp()
work = closing % (folder, watched)
if way == "after":  # all that is left of the command has closed them, and the command itself has ended
    work = "{ %s; } & exit 3" % work
ours, theirs = {}, {}
for fd in (0, 1, 5) if way == "during" else (0, 1, 2, 5):  # as long as the command runs the monitor may have to say something
    read, write = os.pipe()
    ours[fd], theirs[fd] = (write, read) if fd == 0 else (read, write)
lock = os.open(folder + "/lock", os.O_RDWR | os.O_CREAT)
theirs[7] = os.open(folder + "/lock", os.O_RDWR)
fcntl.flock(theirs[7], fcntl.LOCK_EX)


def give():
    high = {fd: fcntl.fcntl(here, fcntl.F_DUPFD, 20) for fd, here in theirs.items()}
    for fd, here in high.items():
        os.dup2(here, fd, inheritable=True)


p = subprocess.Popen(run + ["sh", "-c", work], preexec_fn=give, pass_fds=(5, 7))
for here in theirs.values():
    os.close(here)
poll = select.poll()
for here in ours.values():
    poll.register(here, 0)
ended = set()
if way == "after":
    print("status", p.wait(100))
while len(ended) < len(ours):
    found = poll.poll(60000)
    if not found:
        break
    for here, what in found:
        ended.add(here)
        poll.unregister(here)
print("still open:", *sorted(fd for fd, here in ours.items() if here not in ended))
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    print("lock free")
except OSError:
    print("lock held")
open(folder + "/go", "w").close()
if way == "during":
    print("status", p.wait(100))
END

# closed during|after: natively, and with each backend
closed() {
	TMPDIR=$dir python3 "$dir/ends.py" "$1" "$dir/watched" >"$dir/native"
	ok "natively: $(cat "$dir/native")" grep -q "lock free" "$dir/native"
	for backend in notify ptrace ptrace-all notify-only; do
		rm -f "$alerts"
		TMPDIR=$dir python3 "$dir/ends.py" "$1" "$dir/watched" "$MONITOR" run --backend $backend -r "$dir/watched.yaml" --output "$alerts" -- \
			>"$dir/out" 2>"$dir/err"
		ok "$backend, $1: $(tr '\n' ';' <"$dir/out")$(tail -n 1 "$dir/err")" cmp -s "$dir/native" "$dir/out"
		ok "$backend, $1: what the command left behind is not watched" soon grep -qs watched "$alerts"
	done
}
closed during
closed after

# what the monitor opened for the command it has closed before the command's call returns: a lock taken and given up is free at once
cat >"$dir/locks.py" <<'END'
import fcntl, os, sys

path, held = sys.argv[1], 0
other = os.open(path, os.O_RDWR)
for i in range(1000):
    fd = os.open(path, os.O_RDONLY if i % 4 else os.O_RDWR | os.O_CREAT)
    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(fd)
    try:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        held += 1
    fcntl.flock(other, fcntl.LOCK_UN)
print("still held:", held)
END
for opens in exact fast; do
	rm -f "$alerts"
	"$MONITOR" run --opens $opens -r "$dir/watched.yaml" --output "$alerts" -- python3 "$dir/locks.py" "$dir/watched" >"$dir/out" 2>"$dir/err"
	ok "a lock given up, $opens: $(cat "$dir/out" "$dir/err")" grep -qx "still held: 0" "$dir/out"
	ok "a lock given up, $opens: its open is not watched" soon grep -qs watched "$alerts"
done

# alerts on standard error keep that open, and nothing else
# shellcheck disable=SC2016 # for the inner shell
timeout 100 sh -c 'x=$("$1" run -r "$2" -- sh -c "{ while [ ! -e $4.go ]; do sleep 0.05; done; : <$3; } >/dev/null 2>&1 & echo started" 2>"$4"); [ "$x" = started ] && ! grep -q seen "$4"' \
	- "$MONITOR" "$dir/watched.yaml" "$dir/watched" "$dir/later"
ok "a command substitution waits for what the command left behind" [ $? = 0 ]
: >"$dir/later.go"
ok "an alert of what the command left behind" soon grep -q seen "$dir/later"
finish
