#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Stops and ends that wait for the monitor at the same time, and calls that a signal breaks off which natively reaches nobody: each
# call has its alert, one, as its parent's child, also if its caller is killed.
. "$(dirname "$0")/../lib.sh"

need python3

case $(uname -m) in
x86_64) connect=42 clone=56 openat=257 ;;
*) connect=203 clone=220 openat=56 ;;
esac
rule connected "evt.type = connect and evt.arg.addr startswith $dir/" '"%evt.res <%proc.ppid>"' >"$dir/connected.yaml"

watched() { # TEXT READY DONE OPTION... -- CMD...: between the two the monitor is stopped
	text=$1 ready=$2 said=$3
	shift 3
	rm -f "$dir/alerts"
	fed timeout -k 1 60 "$MONITOR" run --output "$dir/alerts" --pidfile "$dir/pid" "$@"
	ok "$text: the monitor runs" soon test -s "$dir/pid"
	unread "$text" "$ready" "$said"
	fed_to_the_end
}

# ---- whose parent ended while it waited in a call
cat >"$dir/orphan.py" <<'END'
import ctypes, os, signal, socket, sys
path, number = sys.argv[1], sys.argv[2].encode()
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen(0)
socket.socket(socket.AF_UNIX).connect(path)  # there is room for one
end, born, told = os.pipe(), os.pipe(), os.pipe()
if os.fork() == 0:
    child = os.fork()
    if child == 0:
        s = socket.socket(socket.AF_UNIX)
        os.read(told[0], 1)
        s.connect(path)
        os._exit(0)
    os.write(born[1], b"%d" % child)
    os.read(end[0], 1)
    os._exit(0)
child = os.read(born[0], 16).decode()

def state():
    with open("/proc/%s/stat" % child) as f:
        return f.read().rsplit(")", 1)[1].split()[0]

def calls():
    with open("/proc/%s/syscall" % child, "rb") as f:
        return state() == "S" and f.read().split()[0] == number

os.write(told[1], b".")
while not calls():
    os.sched_yield()
print("ready", os.getpid(), flush=True)
sys.stdin.readline()
os.write(end[1], b".")
while int(open("/proc/%s/stat" % child).read().rsplit(")", 1)[1].split()[1]) != os.getpid():
    os.sched_yield()
listener.accept()
while state() == "S":  # then it has stopped behind the call
    os.sched_yield()
print("done", flush=True)
for _ in range(2):
    os.wait()
END

# ---- who is killed before he has done anything: the kernel has his end before his parent's stop
cat >"$dir/unborn.py" <<'END'
import ctypes, mmap, os, signal, sys
number, path = int(sys.argv[1]), sys.argv[2]
page = mmap.mmap(os.open(path, os.O_RDWR), 4096)
where = ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(page)))
print("ready", flush=True)
sys.stdin.readline()
child = ctypes.CDLL(None).syscall(number, 0x100000 | signal.SIGCHLD, None, where, None, None)  # CLONE_PARENT_SETTID
if child == 0:
    os._exit(1)
sys.exit(os.waitpid(child, 0)[1] != signal.SIGKILL)
END
rule ended "evt.type = procexit" '"<%proc.pid %proc.ppid>"' >"$dir/ended.yaml"

read_child() {
	child=$(od -An -td4 -N4 "$dir/page" | tr -d ' ')
	[ "${child:-0}" -gt 1 ]
}

is_dead() {
	grep -q "^State:.Z" "/proc/$1/status"
}

unborn() { # OPTION...
	truncate -s 4096 "$dir/page"
	rm -f "$dir/alerts"
	fed timeout -k 1 60 "$MONITOR" run --output "$dir/alerts" --pidfile "$dir/pid" -r "$dir/ended.yaml" "$@" -- \
		python3 "$dir/unborn.py" $clone "$dir/page"
	ok "$*: the command is ready" soon grep -q ready "$dir/out"
	supervisor=$(cat "$dir/pid")
	kill -STOP "$supervisor"
	echo >&3
	ok "$*: a child" soon read_child
	kill -KILL "$child"
	ok "$*: it is dead" soon is_dead "$child"
	kill -CONT "$supervisor"
	fed_to_the_end
	equal "$*: a dead child: status" $status 0
	equal "$*: a dead child: the monitor" "$(ps -o pid= -p "$supervisor")" ""
	equal "$*: a dead child: its end" "$(grep -c "<$child " "$dir/alerts")" 1
	rm -f "$dir/page"
}

# ---- broken off by a signal that natively reaches nobody: it has no handler
cat >"$dir/ignored.py" <<'END'
import os, signal, socket, sys, time
path, number, way = sys.argv[1], sys.argv[2].encode(), sys.argv[3]
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen(0)
socket.socket(socket.AF_UNIX).connect(path)  # there is room for one
handled = os.pipe()
os.set_blocking(handled[1], False)
if way == "handler":
    signal.signal(signal.SIGWINCH, lambda *_: None)
    signal.set_wakeup_fd(handled[1])
    signal.siginterrupt(signal.SIGWINCH, False)
elif way == "ignored":
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
parent = os.getpid()

def waits():
    with open("/proc/%d/stat" % parent) as f:
        state = f.read().rsplit(")", 1)[1].split()[0]
    with open("/proc/%d/syscall" % parent, "rb") as f:
        return state == "S" and f.read().split()[0] == number

def wait():
    while not waits():
        os.sched_yield()

if os.fork() == 0:
    for _ in range(3):
        wait()
        os.kill(parent, signal.SIGUSR1 if way == "ignored" else signal.SIGWINCH)
        if way == "handler":
            os.read(handled[0], 1)
        else:
            time.sleep(0.02)
    wait()
    listener.accept()
    os._exit(0)
s = socket.socket(socket.AF_UNIX)
s.connect(path)
os.wait()
END

# ---- broken off by a handler, and made again: that one is broken off before the monitor has received it
cat >"$dir/again.py" <<'END'
import ctypes, os, select, signal, socket, struct, sys
path, number = sys.argv[1], sys.argv[2].encode()
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen(0)
socket.socket(socket.AF_UNIX).connect(path)  # there is room for one
libc = ctypes.CDLL(None, use_errno=True)
address = struct.pack("H", socket.AF_UNIX) + path.encode() + b"\0"
go, told = os.pipe(), os.pipe()
child = os.fork()
if child == 0:
    signal.signal(signal.SIGURG, lambda *_: None)  # the one signal that may be sent while the monitor is stopped
    signal.siginterrupt(signal.SIGURG, True)
    s = socket.socket(socket.AF_UNIX)
    for _ in range(2):
        os.read(go[0], 1)
        r = libc.connect(s.fileno(), address, len(address))
        os.write(told[1], b"%-3d" % (ctypes.get_errno() if r < 0 else 0))
    os._exit(0)

def state():
    with open("/proc/%d/stat" % child) as f:
        return f.read().rsplit(")", 1)[1].split()[0]

def waits():
    with open("/proc/%d/syscall" % child, "rb") as f:
        return state() == "S" and f.read().split()[0] == number

os.write(go[1], b".")
while not select.select([told[0]], [], [], 0.02)[0]:  # until one comes while it waits in the call itself
    os.kill(child, signal.SIGURG)
first = int(os.read(told[0], 3))
print("ready", flush=True)
sys.stdin.readline()
os.write(go[1], b".")
while not waits():
    os.sched_yield()
os.kill(child, signal.SIGURG)
while state() == "S":  # then its signal waits for the monitor
    os.sched_yield()
print("done", flush=True)
listener.accept()
print("told", first, int(os.read(told[0], 3)), flush=True)
os.wait()
END

# ---- a thread's, broken off by what stops another thread, and made again or ended there
cat >"$dir/held.py" <<'END'
import os, signal, socket, sys, threading
path, number, way = sys.argv[1], sys.argv[2].encode(), sys.argv[3]
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen(0)
socket.socket(socket.AF_UNIX).connect(path)  # there is room for one
child = os.fork()
if child == 0:
    os.setpgid(0, 0)  # its parent is beside its group, so the terminal's signal stops it
    thread = threading.Thread(target=socket.socket(socket.AF_UNIX).connect, args=(path,))
    thread.start()
    thread.join()
    os._exit(0)

def wait():
    while True:
        for tid in os.listdir("/proc/%d/task" % child):
            with open("/proc/%s/stat" % tid) as f:
                state = f.read().rsplit(")", 1)[1].split()[0]
            with open("/proc/%s/syscall" % tid, "rb") as f:
                if state == "S" and f.read().split()[0] == number:
                    return
        os.sched_yield()

for sent in signal.SIGSTOP, signal.SIGTSTP:
    wait()
    os.kill(child, sent)
    os.waitid(os.P_PID, child, os.WSTOPPED)
    os.kill(child, signal.SIGCONT if way == "stopped" else signal.SIGKILL)
    if way == "killed":
        break
    os.waitid(os.P_PID, child, os.WCONTINUED)
else:
    wait()
    listener.accept()
os.waitpid(child, 0)
END

# ---- who waits is woken up by such signals again and again, and killed meanwhile
cat >"$dir/woken.py" <<'END'
import os, random, signal, socket, sys, time
path, way, numbers, times, why_is_told = sys.argv[1], sys.argv[2], sys.argv[3].split(), int(sys.argv[4]), sys.argv[5]
if way == "open":
    os.mkfifo(path)
else:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(0)
    socket.socket(socket.AF_UNIX).connect(path)  # there is room for one

def read(pid, name):
    with open("/proc/%d/%s" % (pid, name)) as f:
        return f.read()

def waits(pid):  # in the call itself, not for the monitor
    if read(pid, "syscall").split()[0] not in numbers:
        return False
    if not why_is_told:
        return read(pid, "stat").rsplit(")", 1)[1].split()[0] == "S"
    why = read(pid, "wchan")
    return why != "0" and "seccomp" not in why and "ptrace" not in why

for _ in range(times):
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        if way == "open":
            os.open(path, os.O_RDONLY)
        else:
            socket.socket(socket.AF_UNIX).connect(path)
        os._exit(1)
    while not waits(child):
        os.sched_yield()
    until = time.monotonic() + random.random() * 0.002
    while time.monotonic() < until:
        os.kill(child, random.choice([signal.SIGWINCH, signal.SIGUSR1]))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
END
# ---- and goes on as another call
cat >"$dir/goes-on.py" <<'END'
import os, select, signal
parent = os.getpid()
go = os.pipe()
if os.fork() == 0:
    for _ in range(3):
        while open("/proc/%d/stat" % parent).read().rsplit(")", 1)[1].split()[0] != "S":
            os.sched_yield()
        os.kill(parent, signal.SIGWINCH)
    while open("/proc/%d/stat" % parent).read().rsplit(")", 1)[1].split()[0] != "S":
        os.sched_yield()
    os.write(go[1], b".")
    os._exit(0)
input = select.poll()
input.register(go[0], select.POLLIN)
input.poll(60000)
os.wait()
END
rule polled "evt.type in (poll, ppoll) and evt.rawres = 1" '"%evt.res"' >"$dir/polled.yaml"
rule opened "evt.type in (open, openat) and evt.arg.name = $dir/socket" '"%evt.res"' >"$dir/opened.yaml"
woken=40
# whether the kernel says what is waited for
says_why() {
	[ "$(cat "/proc/$1/wchan")" != 0 ]
}
sleep 60 &
patience=5
why=
soon says_why $! && why=1
patience=
kill $!


for options in "--backend ptrace" "--backend ptrace-all" "--births stops" ""; do
	rm -f "$dir/socket"
	# where every call stops nobody could do anything while the monitor is stopped
	if [ "$options" != "--backend ptrace-all" ]; then
		# shellcheck disable=SC2086 # words
		watched "$options: an end, and an orphan's call" ready 'done' -r "$dir/connected.yaml" $options -- \
			python3 "$dir/orphan.py" "$dir/socket" $connect
		equal "$options: an orphan: status" "$status" 0
		equal "$options: whose child it is" "$(sed -n '2,$s/.*\(SUCCESS <.*>\).*/\1/p' "$dir/alerts")" \
			"SUCCESS <$(sed -n 's/ready //p' "$dir/out")>"
	fi
	case $options in
	"--backend ptrace" | "--births stops")
		# shellcheck disable=SC2086 # words
		unborn $options
		;;
	esac
	case $options in
	--backend*) ;; # without notifications no call waits to be received
	*)
		rm -f "$dir/socket"
		# shellcheck disable=SC2086 # words
		watched "$options: broken off before it was received" ready 'done' -r "$dir/connected.yaml" $options -- \
			python3 "$dir/again.py" "$dir/socket" $connect
		equal "$options: broken off twice: status" $status 0
		equal "$options: broken off twice: results" "$(sed -n 's/^told //p' "$dir/out")" "4 0"
		equal "$options: broken off twice: calls" "$(sed -n 's/.* "*\([A-Z]*\) <.*/\1/p' "$dir/alerts" | tr '\n' ' ')" \
			"SUCCESS ERESTARTSYS SUCCESS "
		;;
	esac
	ways="unheeded ignored"
	# beside notifications who waits for the monitor and who waits in the call look alike
	[ "$options" = "${options#--backend}" ] || ways="$ways handler stopped killed"
	for way in $ways; do
		program=ignored.py wanted="SUCCESS SUCCESS "
		case $way in
		handler) wanted="SUCCESS ERESTARTSYS ERESTARTSYS ERESTARTSYS SUCCESS " ;;
		stopped) program=held.py wanted="SUCCESS ERESTARTSYS ERESTARTSYS SUCCESS " ;;
		killed) program=held.py wanted="SUCCESS ERESTARTSYS " ;;
		esac
		rm -f "$dir/socket" "$dir/alerts"
		# shellcheck disable=SC2086 # words
		timeout -k 1 60 "$MONITOR" run $options -r "$dir/connected.yaml" --output "$dir/alerts" -- \
			python3 "$dir/$program" "$dir/socket" $connect "$way" >"$dir/out" 2>"$dir/err"
		equal "$options: $way: status" $? 0
		equal "$options: $way: calls" "$(sed -n 's/.* "*\([A-Z]*\) <.*/\1/p' "$dir/alerts" | tr '\n' ' ')" "$wanted"
	done
	# shellcheck disable=SC2086 # words
	timeout -k 1 60 "$MONITOR" run $options -r "$dir/polled.yaml" --output-fd 1 -- python3 "$dir/goes-on.py" >"$dir/out" 2>"$dir/err"
	equal "$options: goes on as another call: status" $? 0
	equal "$options: goes on as another call" "$(wc -l <"$dir/out")" 1
	[ "$options" != "${options#--backend}" ] || [ -n "$why" ] || continue
	for way in connect open; do
		others=0
		[ $way = open ] || others=1
		rm -f "$dir/socket" "$dir/alerts"
		# shellcheck disable=SC2086 # words
		timeout -k 1 60 "$MONITOR" run $options -r "$dir/connected.yaml" -r "$dir/opened.yaml" --output "$dir/alerts" -- \
			python3 "$dir/woken.py" "$dir/socket" $way "$connect $openat" $woken "$why" >"$dir/out" 2>"$dir/err"
		equal "$options: $way, woken and killed: status" $? 0
		equal "$options: $way, woken and killed: calls" "$(wc -l <"$dir/alerts")" $((woken + others))
	done
done
finish
