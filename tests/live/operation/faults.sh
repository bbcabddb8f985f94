#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A system call that the sandbox refuses is told by SIGSYS, and who blocks that is killed by it: no thread of the monitor does, whatever the
# signal mask that it was started with.
. "$(dirname "$0")/../lib.sh"

need_root
need python3
rule noise "evt.type in (open, openat) and fd.name endswith /noise" noise NOTICE >"$dir/rules.yaml"
: >"$dir/noise"
cat >"$dir/crowd.py" <<'PY'
import os, signal, sys, threading

with open(sys.argv[1] + "/mask", "w") as f:
    print(*sorted(s.name for s in signal.pthread_sigmask(signal.SIG_BLOCK, [])), file=f)

def work():
    while not os.path.exists(sys.argv[1] + "/go"):
        os.close(os.open(sys.argv[1] + "/noise", os.O_RDONLY))

for _ in range(8):
    threading.Thread(target=work).start()
PY
faults=$(python3 -c 'import signal; print(sum(1 << s - 1 for s in (signal.SIGSYS, signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)))')

threads() { # PID
	ls "/proc/$1/task"
}
# blocking PID: the threads that block a signal of these
blocking() {
	for t in /proc/"$1"/task/*; do
		mask=$(sed -n 's/^SigBlk:\t*//p' "$t/status")
		# the first 32 signals: shells have 63 bits
		[ $((0x${mask#????????} & faults)) = 0 ] || echo "$(cat "$t/comm") $mask"
	done
}
several() {
	[ "$(threads "$1" | wc -l)" -gt 1 ]
}
sandboxed() {
	[ "$possible" = no ] || grep -q '^Seccomp:.2' "/proc/$1/status"
}
# refused WHAT PID: a call that the sandbox has no row for, in each thread
refused() {
	[ "$possible" = yes ] && command -v gdb >/dev/null || return
	prlimit --core=0 gdb -nx -q -batch -p "$2" -ex 'handle SIGSYS nostop noprint pass' -ex 'set scheduler-locking on' \
		-ex 'thread apply all print (int)setns(-1, 0)' >"$dir/gdb" 2>&1
	ok "$1: each thread goes on" [ "$(grep -c '^\$[0-9]* = ' "$dir/gdb")" = "$(threads "$2" | wc -l)" ]
	ok "$1: it lives" kill -0 "$2"
}

cat >"$dir/config.yaml" <<YAML
rules_files: [$dir/rules.yaml]
engine: {kind: nodriver}
log_syslog: false
file_output: {enabled: true, keep_alive: true, filename: $dir/file}
YAML
possible=yes
in_foreground "$MONITOR" falco -c "$dir/config.yaml" -o monitor.sandbox=true -M 1 || possible=no

# masked BLOCKED WANTED: "" = none
masked() {
	rm -f "$dir/go" "$dir/pid"
	in_background env ${1:+--block-signal="$1"} "$MONITOR" run --pidfile "$dir/pid" -r "$dir/rules.yaml" -o "$dir/alerts" -- \
		python3 "$dir/crowd.py" "$dir"
	soon test -s "$dir/pid"
	supervisor=$(cat "$dir/pid")
	soon several "$supervisor"
	soon sandboxed "$supervisor"
	equal "run, blocked \"$1\": threads that block faults" "$(blocking "$supervisor")" ""
	[ "$1" ] || refused run "$supervisor"
	: >"$dir/go"
	wait "$pid"
	equal "run, blocked \"$1\": status" $? 0
	equal "run, blocked \"$1\": the command's mask" "$(cat "$dir/mask")" "$2"
}
masked "" ""
masked BUS,FPE,ILL,SEGV,SYS,TERM "SIGBUS SIGFPE SIGILL SIGSEGV SIGSYS SIGTERM"

in_background env --block-signal=SYS,SEGV,BUS,FPE,ILL "$MONITOR" falco -c "$dir/config.yaml" --pidfile "$dir/pid"
soon several "$pid"
soon sandboxed "$pid"
equal "falco: threads that block faults" "$(blocking "$pid")" ""
refused falco "$pid"
ok "falco: it ends well" terminate
finish
