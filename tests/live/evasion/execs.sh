#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Threads of a process that execute at once: one of them comes first, and its program has its alert, which is one.
. "$(dirname "$0")/../lib.sh"

times=100
cp /bin/true "$dir/payload"
rule executed "evt.type in (execve, execveat) and evt.res = SUCCESS and proc.exepath = $dir/payload" "number %proc.args." >"$dir/rules.yaml"
seq 0 $((times - 1)) | sort >"$dir/all"
for options in "" "--births stops" "--backend notify-only" "--backend ptrace"; do
	rm -f "$dir/alerts"
	# shellcheck disable=SC2086 # words
	timeout -k 1 120 "$MONITOR" run $options -r "$dir/rules.yaml" --output "$dir/alerts" -- "$src/executes" $times "$dir/payload" \
		>"$dir/out" 2>"$dir/err"
	equal "$options: $(cat "$dir/err")" "$(cat "$dir/out")" $times
	sed -n 's/.* number \([0-9]*\)\./\1/p' "$dir/alerts" | sort >"$dir/seen"
	ok "${options:-by default}: $(diff "$dir/all" "$dir/seen" | grep -c '^<') of $times not told, $(uniq -d "$dir/seen" | wc -l) twice" \
		cmp -s "$dir/all" "$dir/seen"
done

# a new program shows once, also to who looks at it while the kernel makes it
"$MONITOR" run --backend notify-only -r "$dir/rules.yaml" --output "$dir/beside" -- "$src/executes" 2000 "$dir/payload" beside \
	>"$dir/out" 2>"$dir/err"
equal "beside execs that fail: $(cat "$dir/err")" "$(cat "$dir/out")" 2000
equal "beside execs that fail: alerts" "$(grep -c ' number ' "$dir/beside")" 2000

# nor before its arguments are there, which takes a while where they are many
cat >"$dir/long.py" <<'END'
import os, sys
for i in range(150):
    os.waitpid(os.posix_spawn(sys.argv[1], ["x", "%d" % i] + 180000 * ["y"], {}), 0)
END
rule executed "evt.type = execve and evt.res = SUCCESS and proc.exepath = $dir/payload" "number %proc.args" >"$dir/long.yaml"
"$MONITOR" run --backend notify-only -r "$dir/long.yaml" --output "$dir/long" -- python3 "$dir/long.py" "$dir/payload" 2>"$dir/err"
equal "many arguments: alerts" "$(grep -c ' number' "$dir/long")" 150
equal "many arguments: told with them" "$(grep -c ' number [0-9]* y' "$dir/long")" 150

# who has ended, and is not waited for, has not executed another program for that
cat >"$dir/ended.py" <<'END'
import os, sys, time
for _ in range(3):
    pid = os.fork()
    if pid == 0:
        open(sys.argv[1]).close()
        os._exit(0)
    time.sleep(0.5)  # the monitor looks around meanwhile
    os.waitpid(pid, 0)
    print("ended", pid, flush=True)
END
rule any "evt.type = execve or (evt.type = openat and fd.name = $dir/any.yaml)" "call %evt.type by %proc.pid." >"$dir/any.yaml"
"$MONITOR" run --backend notify-only -r "$dir/any.yaml" --output "$dir/any" -- python3 "$dir/ended.py" "$dir/any.yaml" >"$dir/out" 2>"$dir/err"
for pid in $(sed -n 's/^ended //p' "$dir/out"); do
	equal "who has ended: its calls" "$(sed -n "s/.* \\([a-z]*\\) by $pid\\..*/\\1/p" "$dir/any")" openat
done
equal "who has ended: children" "$(grep -c ended "$dir/out")" 3

# ---- programs that the workload debugs itself, and that end without a caught call: no stop is ours, and the kernel's records tell
rule ended "evt.type in (execve, execveat) and evt.res = SUCCESS and proc.exepath in ($dir/short-lived, /memfd:short-lived)" \
	"number %proc.args of %proc.name." >"$dir/short.yaml"
echo 'int main(void) { return 0; }' >"$dir/short-lived.c"
cat >"$dir/memfd.py" <<'END'
import ctypes, os, sys
libc = ctypes.CDLL(None)
number = int(sys.argv[1])
with open(sys.argv[2], "rb") as f:
    program = f.read()
for i in range(200):
    pid = os.fork()
    if pid == 0:
        fd = os.memfd_create("short-lived")
        os.write(fd, program)
        libc.syscall(number, fd, b"", (ctypes.c_char_p * 3)(b"x", b"%d" % i, None), None, 0x1000)  # AT_EMPTY_PATH
        os._exit(1)
    if os.waitpid(pid, 0)[1] != 0:
        os._exit(1)
END
case $(uname -m) in
x86_64) execveat=322 ;;
*) execveat=281 ;;
esac
# shellcheck disable=SC2016 # the workload's
many='i=0; while [ $i -lt 200 ]; do "$0" $i; i=$((i + 1)); done'
seq 0 199 | sort >"$dir/all"
debugged() { # TEXT CMD...: a debugger with what it runs
	text=$1
	shift
	rm -f "$dir/alerts"
	timeout -k 1 120 "$MONITOR" run -r "$dir/short.yaml" --output "$dir/alerts" -- "$@" >"$dir/out" 2>"$dir/err"
	equal "$text: status: $(tail -n 1 "$dir/err")" $? 0
	sed -n 's/.* number \([0-9]*\) of \(short-lived\|memfd:short-liv\|[0-9]*\)\..*/\1/p' "$dir/alerts" | sort >"$dir/seen"
	ok "$text: $(diff "$dir/all" "$dir/seen" | grep -c '^<') of 200 not told, $(uniq -d "$dir/seen" | wc -l) twice" \
		cmp -s "$dir/all" "$dir/seen"
}
# the record of an exec that finds no room: it waits for a thread that its debugger has not reaped, until the ring is full
cat >"$dir/unrecorded.py" <<'END'
import ctypes, os, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long] * 4
program, births = sys.argv[1], int(sys.argv[2])
def fork(n):
    for _ in range(n):
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
processors = sorted(os.sched_getaffinity(0))
os.sched_setaffinity(0, processors[:1])
seized, go = os.pipe(), os.pipe()
child = os.fork()
if child == 0:
    os.read(seized[0], 1)
    threading.Thread(target=lambda: os.read(os.pipe()[0], 1), daemon=True).start()
    os.read(go[0], 1)
    os.execv(program, [program, "1"])
libc.ptrace(0x4206, child, 0, 8)  # PTRACE_SEIZE, TRACECLONE
os.write(seized[1], b".")
os.waitpid(child, 0x40000000)
libc.ptrace(7, child, 0, 0)
thread, = (int(t) for t in os.listdir("/proc/%d/task" % child) if int(t) != child)
os.waitpid(thread, 0x40000000)
libc.ptrace(7, thread, 0, 0)
os.write(go[1], b".")
def dead():
    with open("/proc/%d/task/%d/stat" % (child, thread)) as f:
        return f.read().rsplit(") ")[1][0] == "Z"
while not dead():
    time.sleep(0.01)
fork(5)  # then it is let go
print("ready", flush=True)
sys.stdin.readline()
fork(births)
os.waitpid(thread, 0x40000000)  # its exec goes on
os.waitpid(child, 0x40000000)
os.sched_setaffinity(0, processors[-1:])
print("done", flush=True)
END
if gcc -static -o "$dir/short-lived" "$dir/short-lived.c" 2>/dev/null && "$MONITOR" run --births records -r "$dir/short.yaml" -- true 2>/dev/null; then
	debugged "who asks to be traced" "$src/traced" traceme sh -c "$many" "$dir/short-lived"
	debugged "who is seized" "$src/traced" seize sh -c "$many" "$dir/short-lived"
	debugged "a file in memory" "$src/traced" traceme python3 "$dir/memfd.py" $execveat "$dir/short-lived"
	debugged "threads that execute at once" "$src/traced" traceme "$src/executes" 200 "$dir/short-lived"
	! command -v strace >/dev/null 2>&1 || debugged strace strace -f -o "$dir/strace" sh -c "$many" "$dir/short-lived"
	for births in 5 7000; do
		rm -f "$dir/alerts"
		fed "$MONITOR" run -v -r "$dir/short.yaml" --output "$dir/alerts" --births records --pidfile "$dir/pid" -- \
			python3 "$dir/unrecorded.py" "$dir/short-lived" $births
		unread "an exec, and $births births that nobody reads of" ready 'done'
		fed_to_the_end
		equal "its status" "$status" 0
		equal "$births births: the exec is told" "$(grep -c ' number 1 of ' "$dir/alerts")" 1
		[ $births = 5 ] || ok "and lost ones are: $(tail -n 2 "$dir/err")" grep -qE 'events? could not be seen' "$dir/err"
	done
else
	left_out=$((left_out + 1))
fi

# one that fails is told once, with its error: by the process itself, by a child that ends then, and by one that is made by vfork()
mkdir "$dir/fails-folder"
echo 'no program' >"$dir/fails-text"
cp "$dir/fails-text" "$dir/fails-mode"
chmod 755 "$dir/fails-text"
cat >"$dir/fails.py" <<'END'
import errno, os, sys
def execute(path, who):
    try:
        os.execv(path, ["x", "y"])
    except OSError as e:
        print(who, os.getpid(), path, errno.errorcode[e.errno], flush=True)
for name in 10 * ["folder", "text", "mode", "gone", "mode/gone"]:
    path = sys.argv[1] + "/fails-" + name
    execute(path, "failed")
    pid = os.fork()
    if pid == 0:
        execute(path, "failed")
        execute(path, "failed")
        os._exit(0)
    os.waitpid(pid, 0)
    try:
        os.posix_spawn(path, ["x", "y"], {})
    except OSError as e:
        print("spawned", path, errno.errorcode[e.errno], flush=True)
END
rule failed "evt.type = execve and evt.failed = true and evt.arg.filename startswith $dir/fails-" "<%proc.pid %evt.arg.filename %evt.res>" \
	>"$dir/fails.yaml"
for options in "--backend notify" "--backend ptrace" "--backend notify-only"; do
	rm -f "$dir/alerts"
	# shellcheck disable=SC2086 # words
	timeout -k 1 120 "$MONITOR" run $options -r "$dir/fails.yaml" --output "$dir/alerts" -- python3 "$dir/fails.py" "$dir" >"$dir/out" 2>"$dir/err"
	sed -n 's/^failed //p' "$dir/out" | sort >"$dir/all"
	sed -n 's/.*<\(.*\)>.*/\1/p' "$dir/alerts" >"$dir/seen"
	# who was made by vfork() has an id that nobody else has
	cut -d' ' -f1 "$dir/all" | sort -u >"$dir/ids"
	awk 'NR == FNR { known[$1] = 1; next } known[$1]' "$dir/ids" "$dir/seen" | sort >"$dir/own"
	awk 'NR == FNR { known[$1] = 1; next } !known[$1] { print "spawned", $2, $3 }' "$dir/ids" "$dir/seen" | sort >"$dir/others"
	equal "$options: how many failed" "$(wc -l <"$dir/all")" 150
	ok "$options: failed executions: $(diff "$dir/all" "$dir/own" | head -n 4)" cmp -s "$dir/all" "$dir/own"
	ok "$options: of children by vfork(): $(grep '^spawned' "$dir/out" | sort | diff - "$dir/others" | head -n 4)" \
		sh -c 'grep "^spawned" "$1" | sort | cmp -s - "$2"' - "$dir/out" "$dir/others"
done

# one whose end the next call shows comes before that, by its time, too
cat >"$dir/then.py" <<'END'
import os, socket, sys
for _ in range(20):
    try:
        os.execv(sys.argv[1] + "/fails-text", ["x"])
    except OSError:
        pass
    socket.socket(socket.AF_UNIX).connect_ex(sys.argv[1] + "/gone")
END
rule called "evt.type in (execve, connect) and evt.args contains $dir/" '"<%evt.rawtime %evt.type>"' >"$dir/called.yaml"
for options in "--backend notify" "--backend notify-only"; do
	rm -f "$dir/alerts"
	# shellcheck disable=SC2086 # words
	timeout -k 1 60 "$MONITOR" run $options -r "$dir/called.yaml" --output "$dir/alerts" -- python3 "$dir/then.py" "$dir" 2>"$dir/err"
	sed -n 's/.*<\([0-9]*\) .*>.*/\1/p' "$dir/alerts" >"$dir/times"
	equal "$options: calls behind execs" "$(grep -c " connect>" "$dir/alerts")" 20
	ok "$options: times go back" sort -n -c "$dir/times"
done
finish
