#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Alerts to the standard input of a program: one for all, one for each; a program that hangs, dies, fails or floods.
. "$(dirname "$0")/../lib.sh"

need python3
numbered_rule >"$dir/rules.yaml"

# number of alerts, keep_alive, program; the command's status is untouched whatever the program does
outputs() {
	printf 'rules_files: [%s]\nprogram_output:\n  enabled: true\n  keep_alive: %s\n  program: >\n    %s\n' \
		"$dir/rules.yaml" "$2" "$3" >"$dir/config.yaml"
	timeout 200 "$MONITOR" run -c "$dir/config.yaml" -- python3 "$numbered" --status 7 "$dir" "$1" >"$dir/out" 2>"$dir/err"
	status=$?
	checks=$((checks + 1))
	[ $status = 7 ] || fail "$3: the command's status is $status"
	# the monitor itself may need some seconds more to give up
	ok "$3: the monitor does not end" soon nobody_runs "$dir/config.yaml"
}

for keep in true false; do
	outputs 300 $keep "cat >>$dir/kept-$keep"
	sed 's/.*opened //' "$dir/kept-$keep" >"$dir/lines"
	seq -f "$dir/n-%05.0f" 0 299 | cmp -s - "$dir/lines" || fail "keep_alive $keep: $(wc -l <"$dir/lines") of 300 alerts, or not in order"
	checks=$((checks + 1))
done

outputs 3000 true "sleep 1000.$$" # of this test alone
ok "one that hangs is told" grep -q 'program output: one alert has taken' "$dir/err"
ok "what it costs is told" grep -q 'alerts were lost' "$dir/err"
ok "it does not outlive the monitor" soon nobody_runs "sleep 1000[.]$$"

# a workload of root's that would end it
if [ "$(id -u)" = 0 ]; then
	cat >"$dir/aim.py" <<'EOP'
import ctypes, errno, os, signal, sys

folder, own = sys.argv[1], os.getpid()
libc = ctypes.CDLL(None, use_errno=True)
NUMBERS = {"x86_64": (234, 297, 434, 424), "aarch64": (131, 240, 434, 424)}
TGKILL, SIGQUEUE, PIDFD_OPEN, PIDFD_SEND_SIGNAL = NUMBERS[os.uname().machine]
os.close(os.open(folder + "/n-00000", os.O_RDONLY | os.O_CREAT))
while not os.path.exists(folder + "/program"):
    pass
pid = int(open(folder + "/program").read())
info = ctypes.create_string_buffer(128)
info[8:12] = (-1 & 0xffffffff).to_bytes(4, "little")
ways = {
    "kill": lambda: libc.kill(pid, signal.SIGKILL),
    "kill of its group": lambda: libc.kill(-pid, signal.SIGKILL),
    "tgkill": lambda: libc.syscall(TGKILL, pid, pid, signal.SIGKILL),
    "rt_tgsigqueueinfo": lambda: libc.syscall(SIGQUEUE, pid, pid, signal.SIGKILL, info),
    "pidfd_send_signal": lambda: libc.syscall(PIDFD_SEND_SIGNAL, libc.syscall(PIDFD_OPEN, pid, 0), signal.SIGKILL, None, 0),
    "ptrace": lambda: libc.ptrace(0x4206, pid, None, None),
    "prlimit": lambda: libc.prlimit(pid, 7, bytes(16), None),
}
for name, way in ways.items():
    print(name, "refused" if way() < 0 and ctypes.get_errno() == errno.EPERM else "PASSED")
os.close(os.open(folder + "/n-00001", os.O_RDONLY | os.O_CREAT))
EOP
	printf 'rules_files: [%s]\nprogram_output:\n  enabled: true\n  keep_alive: true\n  program: %s\n' \
		"$dir/rules.yaml" "echo \$\$ >$dir/program.new; mv $dir/program.new $dir/program; exec cat >>$dir/aimed" >"$dir/config.yaml"
	timeout -k 1 60 "$MONITOR" run -c "$dir/config.yaml" -- python3 "$dir/aim.py" "$dir" >"$dir/out" 2>"$dir/err"
	equal "a workload that aims at the program" "$(grep -c refused "$dir/out")" 7
	grep PASSED "$dir/out"
	equal "the program lives on" "$(wc -l <"$dir/aimed")" 2
fi

outputs 20 false "sleep 0; exit 3"
ok "one that fails is told" grep -q 'program output: the program ended with status 3' "$dir/err"

outputs 500 true "head -n 3 >>$dir/heads"
ok "one that dies is started again" [ "$(wc -l <"$dir/heads")" -ge 3 ]

outputs 20 true "cat >/dev/null; yes | head -c 1000000"
ok "what one writes goes where our own does" [ "$(tr -d 'y\n' <"$dir/out" | wc -c)" = 0 ]

finish
