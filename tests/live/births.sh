#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Births that the kernel records, without a stop, and births that are learnt by stops: the same lineage, and the same to the workload.
. "$(dirname "$0")/lib.sh"

need_root
need python3 setsid strace taskset unshare

mark=$dir/mark
echo >"$mark"
cat >"$dir/rules.yaml" <<END
- rule: marked
  desc: who opens the marked file, and whose child it is
  condition: evt.type in (open, openat) and fd.name startswith $mark
  output: "%evt.arg.name %proc.name %proc.pname %proc.aname[2] %proc.aname[3] %proc.aname[4] main=%thread.ismain"
  priority: WARNING
- rule: replaced
  desc: the program's own name is read
  condition: evt.type = prctl and proc.name = never
  output: never
  priority: WARNING
END
# every way to have a child; each opens a file that says which way it was, with its parents alive
cat >"$dir/ways.py" <<'END'
import ctypes, os, signal, subprocess, sys, threading
libc = ctypes.PyDLL(None, use_errno=True)  # a child has the lock of the interpreter as who made it
mark = sys.argv[1]
FILES, FS, VM, PARENT, UNTRACED = 0x400, 0x200, 0x100, 0x8000, 0x800000
CHLD = int(signal.SIGCHLD)

def name(text):
    libc.prctl(15, text.encode(), 0, 0, 0)

def touch(way):
    try:
        os.close(os.open(mark + "." + way, os.O_RDONLY))
    except FileNotFoundError:
        pass

def born(way, flags, number=56):
    pid = libc.syscall(number, flags, 0, 0, 0, 0)
    if pid == 0:
        name(way)
        touch(way)
        os._exit(0)
    return pid

def deep(n):
    pid = os.fork()
    if pid == 0:
        name("deep%d" % n)
        if n:
            deep(n - 1)
        touch("deep%d" % n)
        os._exit(0)
    os.waitpid(pid, 0)

name("first")
os.waitpid(os.fork() or (name("forked"), touch("forked"), os._exit(0)), 0)
for way, flags in (("plain", CHLD), ("silent", 0), ("files", FILES | CHLD), ("fs", FS | CHLD), ("untraced", UNTRACED | CHLD)):
    os.waitpid(born(way, flags), 0x40000000)  # __WALL
deep(12)
def in_thread():
    name("thread")
    touch("thread")
    os.waitpid(born("of-thread", CHLD), 0)
    subprocess.run(["cat", mark + ".spawned"], stderr=subprocess.DEVNULL)
t = threading.Thread(target=in_thread)
t.start()
t.join()
# its parent's parent is its parent
pid = os.fork()
if pid == 0:
    name("between")
    os._exit(0 if born("sibling", PARENT | CHLD) > 0 else 1)
for _ in range(2):
    os.wait()
END

run() { # OPTION... -- CMD...: alerts go to $dir/alerts
	rm -f "$dir/alerts"
	"$MONITOR" run -v -r "$dir/rules.yaml" --output "$dir/alerts" "$@" 2>"$dir/err"
}
# alerts without their times, and without the order of processes that live at the same time
told() {
	sed 's/^[^ ]* //' "$dir/alerts" | sort
}

for way in stops records; do
	run --births $way -- python3 "$dir/ways.py" "$mark"
	ok "$way: status $?" [ -s "$dir/alerts" ]
	told >"$dir/told.$way"
done
# the one that ptrace does not tell of
ok "untraced: $(grep untraced "$dir/told.records")" grep -q 'mark.untraced python3 python3 ' "$dir/told.records"
sed -i '/untraced/d' "$dir/told.stops" "$dir/told.records"
ok "all ways are told: $(wc -l <"$dir/told.stops")" [ "$(wc -l <"$dir/told.stops")" = 22 ]
ok "the same lineage by records: $(diff "$dir/told.stops" "$dir/told.records")" cmp -s "$dir/told.stops" "$dir/told.records"
run -- true
ok "records are the default where they can be had" grep -q "births of processes are learnt by the kernel's records" "$dir/err"
run --births stops -- true
ok "stops on request" grep -q 'births of processes are learnt by their calls' "$dir/err"

# ---- many, one after the other and at the same time
# shellcheck disable=SC2016 # the workload's
many='for i in $(seq 100); do for j in 1 2 3; do (cat "$1.$i.$j" 2>/dev/null) & done; wait; done'
for way in stops records; do
	run --births $way -- sh -c "$many" - "$mark"
	ok "$way: 300 programs, three at a time: $(wc -l <"$dir/alerts")" [ "$(grep -c ' cat sh ' "$dir/alerts")" = 300 ]
done

# ---- where they cannot be had
"$src/refuse" perf_event_open=EPERM -- "$MONITOR" run -v -r "$dir/rules.yaml" --output "$dir/alerts" -- cat "$mark" 2>"$dir/err"
ok "no perf events: by stops" grep -q 'births of processes are learnt by their calls' "$dir/err"
"$src/refuse" perf_event_open=EPERM -- "$MONITOR" run --births records -r "$dir/rules.yaml" -- true 2>"$dir/err"
ok "no perf events, and they were asked for: status $?" [ $? != 0 ]
ok "and why: $(cat "$dir/err")" grep -q 'perf_event_open' "$dir/err"
for options in "--on-exit kill" "--backend ptrace" "--write $dir/c.scap"; do
	# shellcheck disable=SC2086
	"$MONITOR" run --births records -r "$dir/rules.yaml" $options -- true 2>"$dir/err"
	ok "not with $options: $(cat "$dir/err")" grep -q 'births cannot be learnt by records' "$dir/err"
	# shellcheck disable=SC2086
	run $options -- true
	ok "but as ever without the request" grep -q 'births of processes are learnt by their calls' "$dir/err"
done

# ---- the kernel has no room for more records, since nobody reads them: that is counted, and what comes then is seen
cat >"$dir/flood.py" <<'END'
import os, signal, sys, time
mark, pidfile, births = sys.argv[1], sys.argv[2], int(sys.argv[3])
os.close(os.open(mark, os.O_RDONLY))
while not os.path.exists(pidfile):
    time.sleep(0.01)

def fork(n):
    for _ in range(n):
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)

fork(5)  # then it is let go
print("ready", flush=True)
sys.stdin.readline()
processors = sorted(os.sched_getaffinity(0))
os.sched_setaffinity(0, processors[:1])
fork(births)
os.sched_setaffinity(0, processors[-1:])  # the full ring gets no record any more
print("done", flush=True)
sys.stdin.readline()
pid = os.fork()
if pid == 0:
    os.close(os.open(mark, os.O_RDONLY))
    os._exit(0)
os.waitpid(pid, 0)
END
fed "$MONITOR" run -v -r "$dir/rules.yaml" --output "$dir/lost" --births records --pidfile "$dir/pid" -- \
	python3 "$dir/flood.py" "$mark" "$dir/pid" 7000
unread "7000 births while nobody reads: a megabyte holds 6000" ready 'done'
echo >&3
fed_to_the_end
ok "a flood of births: status $status" [ "$(grep -c 'marked\|mark ' "$dir/lost")" = 2 ]
ok "lost records are told: $(tail -n 3 "$dir/err")" grep -q 'events\? could not be seen' "$dir/err"

# ---- an id that is another's by the time that births and ends are read again, and neither its end nor the other's birth is among them
cat >"$dir/reborn.py" <<'END'
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
mark, births = sys.argv[1], int(sys.argv[2])

def read(pipe):
    os.read(pipe[0], 1)

def write(pipe):
    os.write(pipe[1], b".")

def fork(n):
    for _ in range(n):
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)

def again(pid):  # clone3() with set_tid
    ids = (ctypes.c_int * 1)(pid)
    return libc.syscall(435, struct.pack("10Q", 0, 0, 0, 0, 17, 0, 0, 0, ctypes.addressof(ids), 1), 80)

go, opens, other = os.pipe(), os.pipe(), os.pipe()
second = os.fork()
if second == 0:
    fork(5)
    pid = int(os.read(other[0], 16))
    pid = again(pid)
    if pid == 0:
        write(go)
        read(opens)
        os.close(os.open(mark, os.O_RDONLY))
        os._exit(0)
    os._exit(0 if pid > 0 and os.waitpid(pid, 0)[1] == 0 else 1)
fork(5)  # then it is let go
end = os.pipe()
first = os.fork()
if first == 0:
    read(end)
    os._exit(0)
print("ready", second, flush=True)
sys.stdin.readline()
fork(births)
write(end)
os.waitpid(first, 0)
os.write(other[1], b"%d" % first)
read(go)
print("done", flush=True)
sys.stdin.readline()
write(opens)
os._exit(os.waitpid(second, 0)[1] >> 8)
END
rule "Marked" "evt.type in (open, openat) and fd.name = $mark" "by a child of <%proc.ppid>" >"$dir/reborn.yaml"
rm -f "$dir/alerts"
fed taskset -c 0 "$MONITOR" run -r "$dir/reborn.yaml" --output "$dir/alerts" --births records --pidfile "$dir/pid" -- \
	python3 "$dir/reborn.py" "$mark" 7000
unread "an id is used again" ready 'done'
echo >&3
fed_to_the_end
equal "its status" "$status" 0
equal "whose child it is" "$(sed -n 's/.*<\(.*\)>/\1/p' "$dir/alerts")" "$(sed -n 's/ready //p' "$dir/out")"

# the same where nothing is recorded, and the end is not seen
cat >"$dir/unseen.py" <<'END'
import ctypes, os, signal, struct, sys, time
libc = ctypes.CDLL(None, use_errno=True)
mark = sys.argv[1]
opened, other = os.pipe(), os.pipe()
second = os.fork()
if second == 0:
    os.close(os.open(mark, os.O_RDONLY))
    ids = (ctypes.c_int * 1)(int(os.read(other[0], 16)))
    pid = libc.syscall(435, struct.pack("10Q", 0, 0, 0, 0, 17, 0, 0, 0, ctypes.addressof(ids), 1), 80)
    if pid == 0:
        os.close(os.open(mark, os.O_RDONLY))
        os._exit(0)
    os._exit(0 if pid > 0 and os.waitpid(pid, 0)[1] == 0 else 1)
first = os.fork()
if first == 0:
    os.close(os.open(mark, os.O_RDONLY))
    os.write(opened[1], b".")
    while True:
        signal.pause()
os.read(opened[0], 1)
time.sleep(0.03)
os.kill(first, signal.SIGKILL)
os.waitpid(first, 0)
os.write(other[1], b"%d" % first)
print(os.getpid(), os.getpid(), second, flush=True)
os._exit(os.waitpid(second, 0)[1] >> 8)
END
rm -f "$dir/alerts"
"$MONITOR" run --backend notify-only -r "$dir/reborn.yaml" --output "$dir/alerts" -- python3 "$dir/unseen.py" "$mark" >"$dir/out" 2>"$dir/err"
equal "its status" $? 0
# shellcheck disable=SC2046 # words
equal "whose children they are" "$(echo $(sed -n 's/.*<\(.*\)>/\1/p' "$dir/alerts"))" "$(cat "$dir/out")"
rm -f "$dir/alerts"

# the same at once, within a tick of the clock that tells when they began: the id of a thread, and then of a process
cat >"$dir/at-once.py" <<'END'
import ctypes, os, struct, sys, threading
libc = ctypes.CDLL(None, use_errno=True)
mark, told = sys.argv[1], []

def look():
    os.close(os.open(mark, os.O_RDONLY))

def again(pid):  # clone3() with set_tid: a thread that was joined may need a moment
    ids = (ctypes.c_int * 1)(pid)
    child = -1
    while child < 0:
        child = libc.syscall(435, struct.pack("10Q", 0, 0, 0, 0, 17, 0, 0, 0, ctypes.addressof(ids), 1), 80)
        if child < 0 and ctypes.get_errno() != 17:
            sys.exit("clone3: errno %d" % ctypes.get_errno())
    if child == 0:
        look()
        os.kill(os.getpid(), 9)
    os.waitpid(child, 0)

for _ in range(20):
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    told.append("%d-%d" % (os.getpid(), os.getppid()))
    again(thread.native_id)
    told.append("%d-%d" % (thread.native_id, os.getpid()))
    other = os.fork()
    if other == 0:
        again(thread.native_id)
        os._exit(0)
    os.waitpid(other, 0)
    told.append("%d-%d" % (thread.native_id, other))
print(*told)
END
rule "Marked" "evt.type in (open, openat) and fd.name = $mark and evt.rawres >= 0" "by <%proc.pid-%proc.ppid>" >"$dir/ids.yaml"
"$MONITOR" run --backend notify-only -r "$dir/ids.yaml" --output "$dir/alerts" -- python3 "$dir/at-once.py" "$mark" >"$dir/out" 2>"$dir/err"
equal "its status" $? 0
# shellcheck disable=SC2046 # words
equal "whose ids they are" "$(echo $(sed -n 's/.*<\(.*\)>/\1/p' "$dir/alerts"))" "$(cat "$dir/out")"
rm -f "$dir/alerts"

# ---- processors that come on later have no ring: that is told, while there are any. Nothing here makes one come but a list of them
cp /sys/devices/system/cpu/online "$dir/online"
later() { # SHELL-COMMANDS
	unshare -m sh -c 'mount --bind "$1" /sys/devices/system/cpu/online && shift && exec "$@"' - "$dir/online" \
		"$MONITOR" run -v -r "$dir/rules.yaml" --births records -- sh -c "$1" - "$dir/online" 2>"$dir/err"
}
later 'sleep 1.5'
ok "nothing is lost: $(grep seen "$dir/err")" [ "$(grep -c 'events\? could not be seen' "$dir/err")" = 0 ]
# shellcheck disable=SC2016 # the workload's
later 'echo 0-63 >"$1"; sleep 1.5'
ok "other processors are told: $(tail -n 3 "$dir/err")" grep -q 'events\? could not be seen' "$dir/err"

# ---- a workload that is not traced stops, and goes on: so does who stands for it
cat >"$dir/pause.py" <<'END'
import os, signal
for _ in range(20):
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
with open(os.environ["PID"], "w") as f:
    f.write(str(os.getpid()))
for _ in range(20):
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
os.kill(os.getpid(), signal.SIGSTOP)
os._exit(7)
END
stopped() {
	grep -q '^State:.T' "/proc/$1/status"
}
PID=$dir/workload setsid "$MONITOR" run -r "$dir/rules.yaml" --output "$dir/alerts" -- python3 "$dir/pause.py" &
front=$!
ok "the command stops" soon test -s "$dir/workload"
ok "and the front with it" soon stopped $front
kill -CONT "$(cat "$dir/workload")"
wait $front
status=$?
ok "both go on: status $status" [ $status = 7 ]

# ---- in other pid namespaces /proc is read, and who has ended meanwhile tells nothing there: that is not the child's
cat >"$dir/orphan.py" <<'END'
import ctypes, os, sys, time
way = sys.argv[2] if len(sys.argv) > 2 else ""
libc = ctypes.CDLL(None, use_errno=True)
if way == "reaper":
    libc.prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
elif way == "namespace":
    if libc.unshare(0x20000000) != 0:  # CLONE_NEWPID
        os._exit(1)
    pid = os.fork()
    if pid != 0:
        os.waitpid(pid, 0)
        os._exit(0)
done, opened = os.pipe()
if os.fork() == 0:
    parent = os.getpid()
    if os.fork() == 0:
        while os.getppid() == parent:
            time.sleep(0.01)
        os.close(os.open(sys.argv[1], os.O_RDONLY))
        os.write(opened, b".")
    os._exit(0)
if way != "namespace":
    os.wait()
os.read(done, 1)  # in the namespace its parent is not reaped until then
if way == "namespace":
    for _ in range(2):
        os.wait()
END
cat >"$dir/inner.yaml" <<END
- rule: marked
  desc: what an orphan is
  condition: evt.type in (open, openat) and fd.name = $mark
  output: "<%proc.exepath %proc.cmdline %container.id>"
  priority: WARNING
END
rm -f "$dir/alerts"
for way in stops records; do
	"$MONITOR" run -r "$dir/inner.yaml" --output "$dir/alerts" --births $way -- \
		python3 "$dir/orphan.py" "$mark" namespace 2>"$dir/err"
	sed 's/.*</</' "$dir/alerts" >"$dir/told.$way"
	rm "$dir/alerts"
done
ok "an orphan in a pid namespace: $(cat "$dir/told.stops")" grep -q "orphan.py $mark" "$dir/told.stops"
ok "the same by records: $(cat "$dir/told.records")" cmp -s "$dir/told.stops" "$dir/told.records"

# ---- ids in a namespace that the caller has left for by itself
rule inner "evt.type in (open, openat) and fd.name startswith $mark" "<%proc.name %proc.vpid %thread.vtid>" >"$dir/ids.yaml"
for options in "--births stops" "--births records" "--backend ptrace" "--backend notify-only"; do
	rm -f "$dir/alerts"
	# shellcheck disable=SC2016,SC2086 # the workload's, words
	"$MONITOR" run -r "$dir/ids.yaml" --output "$dir/alerts" $options -- \
		unshare -pf sh -c ': <"$1"; (: <"$1"; cat "$1"); (cat "$1"); :' - "$mark" >"$dir/out" 2>"$dir/err"
	equal "$options: ids in a pid namespace" "$(sed -n 's/.*<\(.*\)>/\1/p' "$dir/alerts" | tr '\n' ',')" \
		"sh 1 1,sh 2 2,cat 2 2,cat 3 3,"
done

# ---- orphans are given to the nearest ancestor that has asked for them
rule adopted "evt.type in (open, openat) and fd.name = $mark" "parent=%proc.pcmdline" >"$dir/adopted.yaml"
for way in stops records; do
	for reaper in "" reaper; do
		adopted=0
		[ -z "$reaper" ] || adopted=1
		"$MONITOR" run -r "$dir/adopted.yaml" --output "$dir/adopted" --births $way -- \
			python3 "$dir/orphan.py" "$mark" $reaper 2>"$dir/err" >"$dir/out"
		ok "an orphan's parent is known, by $way: $(cat "$dir/adopted")" \
			[ "$(grep -c "parent=python3 $dir/orphan.py" "$dir/adopted")" = "$adopted" ]
		rm -f "$dir/adopted"
	done
done

# ---- who has ended has no children any more: also where its end and a call of its child's wait for the monitor at the same time
cat >"$dir/given.py" <<'END'
import ctypes, os, signal, sys
libc = ctypes.CDLL(None, use_errno=True)
mark, number = sys.argv[1], sys.argv[2].encode()
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])  # which would have who watches stop
libc.prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
end, born, opened = os.pipe(), os.pipe(), os.pipe()
if os.fork() == 0:
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        while os.getppid() == parent:
            os.sched_yield()
        os.close(os.open(mark, os.O_RDONLY))
        os.write(opened[1], b".")
        os._exit(0)
    os.write(born[1], b"%d" % child)
    os.read(end[0], 1)
    os._exit(0)
call = os.open("/proc/%d/syscall" % int(os.read(born[0], 16)), os.O_RDONLY)
print("ready", os.getpid(), flush=True)
sys.stdin.readline()
os.write(end[1], b".")
while os.pread(call, 64, 0).split()[0] != number:
    os.sched_yield()
print("done", flush=True)
os.read(opened[0], 1)
for _ in range(2):
    os.wait()
END
case $(uname -m) in
x86_64) openat=257 ;;
*) openat=56 ;;
esac
for way in stops records; do
	rm -f "$dir/alerts"
	fed "$MONITOR" run -r "$dir/reborn.yaml" --output "$dir/alerts" --births $way --pidfile "$dir/pid" -- \
		python3 "$dir/given.py" "$mark" $openat
	unread "by $way: an end, and an orphan's call" ready 'done'
	fed_to_the_end
	equal "by $way: its status" "$status" 0
	equal "by $way: whose child it is" "$(sed -n 's/.*<\(.*\)>/\1/p' "$dir/alerts")" "$(sed -n 's/ready //p' "$dir/out")"
done

# ---- killed between its call and our look at it
cat >"$dir/killed.py" <<'END'
import os, signal, sys, time
sys.stdin.readline()
for i in range(20):
    pid = os.fork()
    if pid == 0:
        os.open(sys.argv[1], os.O_RDONLY)
        os._exit(0)
    time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
END
fed "$MONITOR" run -r "$dir/rules.yaml" --output "$dir/alerts" --births records --pidfile "$dir/pid" -- python3 "$dir/killed.py" "$mark"
ok "the monitor runs" soon test -s "$dir/pid"
# each of its ioctls takes 20 ms, as on a machine that is busy
strace -f -qq -o "$dir/strace" -e trace=ioctl -e inject=ioctl:delay_exit=20000 -p "$(cat "$dir/pid")" &
tracing=$!
traced() {
	grep -q '^TracerPid:.[1-9]' "/proc/$1/status"
}
ok "and is slow" soon traced "$(cat "$dir/pid")"
echo >&3
fed_to_the_end
wait $tracing
ok "callers that were killed: status $status" [ $status = 0 ]
ok "calls were received: $(grep -c NOTIF_RECV "$dir/strace")" grep -q NOTIF_RECV "$dir/strace"
ok "and the monitor lives on: $(tail -n 1 "$dir/strace")" [ "$(grep -c 'killed by\|SIGSEGV\|SIGABRT' "$dir/strace")" = 0 ]

# ---- when a process was born that was there before: within the hundredth of a second that /proc knows it to
rule "Parent's start" "evt.type in (open, openat) and fd.name = $mark" "born %proc.ppid.ts" >"$dir/before.yaml"
sh -c 'date +%s%N >"$1"; shift; "$@"; :' - "$dir/before" "$MONITOR" run -r "$dir/before.yaml" --output "$dir/born" -- cat "$mark" >"$dir/out" 2>"$dir/err"
born=$(($(sed -n 's/.*born //p' "$dir/born") / 1000000 - $(cat "$dir/before") / 1000000))
ok "the parent's start: $born ms off" [ "${born#-}" -le 1000 ]

# ---- an id that is another's as soon as it is free, before we have looked at the end of whose it was: we hear of the birth, and so
# ---- when it was, not only of the next process's first call
cat >"$dir/again.py" <<'END'
import ctypes, os, struct, sys, time
libc = ctypes.CDLL(None, use_errno=True)
sys.stdin.readline()

for i in range(5):
    pid = os.fork()
    if pid == 0:
        os.chdir("/")
        os._exit(0)
    os.waitpid(pid, 0)
    ids = (ctypes.c_int * 1)(pid)
    now = time.time_ns()
    again = libc.syscall(435, struct.pack("10Q", 0, 0, 0, 0, 17, 0, 0, 0, ctypes.addressof(ids), 1), 80)  # clone3, SIGCHLD, set_tid
    if again == 0:
        libc.chdir(b"%s.%d" % (sys.argv[1].encode(), now))
        os._exit(0)
    if again < 0:
        print(os.strerror(ctypes.get_errno()), flush=True)
    else:
        os.waitpid(again, 0)
END
rule "Somewhere else" "evt.type = chdir and evt.arg.path startswith $mark" "born %proc.pid.ts in %evt.arg.path" >"$dir/again.yaml"
rm -f "$dir/alerts"
fed "$MONITOR" run -r "$dir/again.yaml" --output "$dir/alerts" --births records --pidfile "$dir/pid" -- python3 "$dir/again.py" "$mark.again"
ok "the monitor runs" soon test -s "$dir/pid"
# it goes on late behind each waitpid()
strace -f -qq -o "$dir/strace" -e trace=wait4 -e inject=wait4:delay_exit=30000 -p "$(cat "$dir/pid")" &
tracing=$!
ok "and is slow" soon traced "$(cat "$dir/pid")"
echo >&3
fed_to_the_end
wait $tracing
ok "ids that are used again: $(cat "$dir/out" "$dir/alerts")" \
	[ "$(sed -n 's/.*born \([0-9]*\) in .*\.\([0-9]*\)$/\1 \2/p' "$dir/alerts" | awk 'length($1) == length($2) && $1 "" > $2 ""' | wc -l)" = 5 ]

# ---- an exec that fails when there is no way back, by a thread that is not the first: it dies with the first one's id
cat >"$dir/fails.py" <<'END'
import os, signal, struct, sys, threading
program = sys.argv[1]
with open(program, "wb") as f:  # a segment that no address space has room for
    f.write(b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, int(sys.argv[2]), 1, 0x400000, 64, 0, 0, 64, 56, 1, 64, 0, 0))
    f.write(struct.pack("<IIQQQQQQ", 1, 5, 0, 1 << 59, 1 << 59, 4096, 4096, 4096) + bytes(4096))
os.chmod(program, 0o755)
pid = os.fork()
if pid == 0:
    threading.Thread(target=lambda: os.execv(program, [program])).start()
    signal.pause()
os._exit(0 if os.WIFSIGNALED(os.waitpid(pid, 0)[1]) else 1)
END
gone() {
	! kill -0 "$1" 2>/dev/null
}
case $(uname -m) in
x86_64) machine=62 ;;
*) machine=183 ;;
esac
for way in stops records; do
	rm -f "$dir/pid"
	run --births $way --pidfile "$dir/pid" -- sh -c 'cp "$1" "$2"; shift 2; exec "$@"' - "$dir/pid" "$dir/supervisor" \
		python3 "$dir/fails.py" "$dir/program" $machine
	ok "$way: a thread died in exec: status $?" test -s "$dir/supervisor"
	ok "$way: the monitor ends" soon gone "$(cat "$dir/supervisor")"
done

# ---- births that are recorded and stop, too: the end of a child may be known before its parent's stop is
left=0
for _ in 1 2 3 4 5 6 7 8; do
	rm -f "$dir/pid"
	# shellcheck disable=SC2016 # the workload's
	run --births records --pidfile "$dir/pid" -- sh -c 'cp "$1" "$2"; shift 2; exec "$@"' - "$dir/pid" "$dir/supervisor" \
		"$src/acts" signal-births-in-storm >/dev/null
	soon gone "$(cat "$dir/supervisor")" || left=$((left + 1))
done
ok "monitors that did not end: $left of 8" [ $left = 0 ]

# ---- a signal that comes before the first caught call of a thread is received: who makes timers, has files send or is sent signals
# ---- is ours before
for way in interval before timer thread born file alarm kill queue; do
	times=300
	[ $way != alarm ] || times=4 # of a second, and 60 alarms, each
	run --births records -- "$src/struck" "$dir/rules.yaml" $times $way >"$dir/out"
	status=$?
	ok "first calls: status $status: $(cat "$dir/out")" [ $status = 0 ]
done

# ---- waits that a stop breaks off natively, of who is ours from his birth on, and so was made to wait on when the signal came
(cd "$dir" && exec "$src/acts" waits-stopped) >"$dir/native" 2>&1
(cd "$dir" && exec "$MONITOR" run --births stops -r "$own_rules" -- "$src/acts" waits-stopped) >"$dir/out" 2>&1
ok "waits of who stops: $(diff "$dir/native" "$dir/out")" cmp -s "$dir/native" "$dir/out"

# ---- how a command ended that is not traced, its parent says
cat >"$dir/ends.py" <<'END'
import os, signal, sys
for _ in range(20):
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
if sys.argv[1] == "signal":
    os.kill(os.getpid(), signal.SIGTERM)
if sys.argv[1] == "child" and os.fork() == 0:  # who lives on
    os.setsid()
    for fd in range(3):
        os.close(fd)
    os.open(sys.argv[2], os.O_RDONLY)
    os._exit(0)
os._exit(5)
END
mkfifo "$dir/end"
for options in "--births stops" "--births records" "--backend notify-only"; do
	for end in status signal child; do
		# shellcheck disable=SC2086
		run $options --summary "$dir/summary" --pidfile "$dir/pid" -- sh -c 'cp "$1" "$2"; shift 2; exec "$@"' - "$dir/pid" "$dir/supervisor" \
			python3 "$dir/ends.py" $end "$dir/end"
		status=$?
		[ $end != child ] || : >"$dir/end" # who opened it may be gone before it could read
		soon gone "$(cat "$dir/supervisor")"
		case $end in
		signal) said='"ended":"signal","status":null,"signal":"SIGTERM","exit_status":143' wanted=143 ;;
		*) said='"ended":"exit","status":5,"signal":null,"exit_status":5' wanted=5 ;;
		esac
		ok "$options, $end: status $status" [ $status = $wanted ]
		ok "$options, $end: $(cat "$dir/summary")" grep -qF "$said" "$dir/summary"
	done
done

# ---- whom the workload begins to trace is not seized between our answer and its call: both callers wait already, on one processor
cat >"$dir/attach.py" <<'END'
import ctypes, os, signal, sys
libc = ctypes.CDLL(None, use_errno=True)
call = os.open("/proc/self/syscall", os.O_RDONLY)
for _ in range(20):
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
print("ready", flush=True)
sys.stdin.readline()
pid = os.fork()
if pid == 0:
    while os.pread(call, 64, 0).split()[0] != sys.argv[2].encode():
        os.sched_yield()
    print("both", flush=True)
    os.open(sys.argv[1], os.O_RDONLY)
    signal.pause()
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))  # the monitor goes on before us
r = libc.ptrace(0x4206, pid, 0, 0)  # PTRACE_SEIZE
print("seized" if r == 0 else os.strerror(ctypes.get_errno()), flush=True)
os.kill(pid, signal.SIGKILL)
os.waitpid(pid, 0)
END
case $(uname -m) in
x86_64) ptrace=101 ;;
*) ptrace=117 ;;
esac
first=$(python3 -c 'import os; print(sorted(os.sched_getaffinity(0))[0])')
fed taskset -c "$first" "$MONITOR" run -r "$dir/rules.yaml" --output "$dir/alerts" --births records --pidfile "$dir/pid" -- \
	python3 "$dir/attach.py" "$mark" $ptrace
unread "both call" ready both
fed_to_the_end
ok "a debugger gets its child: $(tail -n 1 "$dir/out")" grep -qx seized "$dir/out"
finish
