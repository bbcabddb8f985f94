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

# what the monitor copies or opens for calls it gives back: it has as many descriptors before many of them as behind
cat >"$dir/many.py" <<'END'
import ctypes, os, signal, socket, sys

libc = ctypes.CDLL(None, use_errno=True)
folder = sys.argv[1]
os.close(os.open(folder + "/watched", os.O_RDONLY))
udp, tcp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.create_server(("127.0.0.1", 0))
taker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
taker.bind(("127.0.0.1", 0))
unix = socket.socket(socket.AF_UNIX)
unix.bind(folder + "/socket")
unix.listen()
here, there = socket.socketpair()
here.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, b"\0" * 8 + (20000).to_bytes(8, "little"))
signal.signal(signal.SIGALRM, signal.SIG_IGN)
address = b"\2\0\0\1\x7f\0\0\1" + bytes(8)  # port 1 of 127.0.0.1

def connects():
    with socket.socket() as s:
        s.connect_ex(("127.0.0.1", 1))
    with socket.socket() as s:
        s.connect(tcp.getsockname())
        tcp.accept()[0].close()
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(folder + "/socket")
    udp.connect(taker.getsockname())

def binds():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        socket.socket().connect_ex(s.getsockname())

def of_no_socket():
    libc.connect(0, address, 16)
    libc.bind(0, address, 16)

def asked_for():
    os.close(os.dup(udp.fileno()))

def disturbed():
    signal.setitimer(signal.ITIMER_REAL, 0.005)
    libc.recv(here.fileno(), ctypes.create_string_buffer(1), 1, 0)

def names():
    os.mkdir(folder + "/made")
    os.rmdir(folder + "/made")
    os.close(os.open(folder + "/new", os.O_CREAT | os.O_WRONLY | os.O_TRUNC))
    os.unlink(folder + "/new")
    udp.sendto(b"x", taker.getsockname())

if len(sys.argv) > 2:  # from now on threads make what may have to wait
    libc.syscall(int(sys.argv[2]), 0)
for way in connects, binds, of_no_socket, asked_for, disturbed, names:
    way()
print("ready", flush=True)
sys.stdin.readline()
for way in connects, binds, of_no_socket, asked_for, disturbed, names:
    for _ in range(20):
        way()
    print("done", way.__name__, flush=True)
    sys.stdin.readline()
END
{
	rule calls "evt.type in (connect, bind, mkdir, rmdir, sendto, unlink) and evt.arg.fd = 999999" never
	rule made "evt.type in (open, openat) and fd.name = $dir/new" "made %fd.name"
	rule asked "evt.type = dup and fd.sip = 192.0.2.77" never
} >"$dir/many.yaml"
case $(uname -m) in
x86_64) userfaultfd=323 ;;
*) userfaultfd=282 ;;
esac
held() {
	ls "/proc/$(cat "$dir/pid")/fd" | wc -l
}
for threads in "" $userfaultfd; do
	rm -f "$dir/socket"
	# shellcheck disable=SC2086 # nothing, or a number
	fed "$MONITOR" run -r "$dir/many.yaml" --pidfile "$dir/pid" -- python3 "$dir/many.py" "$dir" $threads
	ok "many calls${threads:+ by threads}: ready" soon grep -q ready "$dir/out"
	before=$(held)
	for way in connects binds of_no_socket asked_for disturbed names; do
		echo >&3
		ok "$way: done" soon grep -q "done $way" "$dir/out"
		after=$(held)
		ok "$way${threads:+ by threads}: $before descriptors before, $after behind" [ "$after" -lt $((before + 10)) ]
	done
	echo >&3
	fed_to_the_end
	equal "many calls: $(cat "$dir/err")" $status 0
done
finish
