#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A service manager is told that monitor falco is ready, alive, loads again and stops; programs that it starts are not the service.
. "$(dirname "$0")/../lib.sh"

need python3
rule Any "evt.type = open" open >"$dir/rules.yaml"
printf 'rules_files: [%s]\nengine: {kind: nodriver}\nlog_stderr: true\nmetrics: {enabled: true, interval: 300ms, output_rule: true}\nprogram_output: {enabled: true, program: "env >%s"}\n' \
	"$dir/rules.yaml" "$dir/environment" >"$dir/config.yaml"
cat >"$dir/manager.py" <<'END'
import os
import signal
import socket
import subprocess
import sys
import time

monitor, config, address = sys.argv[1:]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("\0" + address[1:] if address[0] == "@" else address)
s.settimeout(60)
child = subprocess.Popen([monitor, "falco", "-c", config], stdout=subprocess.DEVNULL,
                         env=dict(os.environ, NOTIFY_SOCKET=address, WATCHDOG_USEC="1500000"))

def until(word):
    alive = 0
    while True:
        words = s.recv(4096).decode().split("\n")
        alive += "WATCHDOG=1" in words
        if word in words:
            return words, alive

assert until("READY=1")[1] == 0
begin = time.monotonic()
for _ in range(4):
    until("WATCHDOG=1")
assert time.monotonic() - begin < 20
child.send_signal(signal.SIGHUP)
words = until("RELOADING=1")[0]
usec = [int(w.split("=")[1]) for w in words if w.startswith("MONOTONIC_USEC=")]
assert abs(usec[0] / 1e6 - time.monotonic()) < 60, usec
until("READY=1")
child.send_signal(signal.SIGTERM)
until("STOPPING=1")
assert child.wait(timeout=60) == 0
END
for address in "$dir/notify" "@monitor-live-$$"; do
	ok "$address" python3 "$dir/manager.py" "$MONITOR" "$dir/config.yaml" "$address" 2>"$dir/err"
	[ $failures = 0 ] || tail -n 5 "$dir/err"
	ok "programs do not have it" sh -c "grep -q ^PATH= '$dir/environment' && ! grep -E '^(NOTIFY|WATCHDOG)_' '$dir/environment'"
done
# signals in bad moments: as soon as the number is known, all at once, twice
for _ in 1 2 3 4 5; do
	rm -f "$dir/pid"
	in_background "$MONITOR" falco -c "$dir/config.yaml" -P "$dir/pid"
	until [ -s "$dir/pid" ] || ! kill -0 "$pid"; do :; done
	kill -HUP "$pid"
	kill -USR1 "$pid"
	ok "what was asked for before it was ready is done then" soon grep -q 'were loaded again' "$dir/err"
	kill -HUP "$pid"
	kill "$pid"
	kill -USR1 "$pid"
	ok "it ends well" terminate
done
# what a process that may not be dumped has in /proc is root's
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	mkdir -m 777 "$dir/numbers"
	chmod a+r "$dir/config.yaml" "$dir/rules.yaml"
	cp "$MONITOR" "$dir/monitor" # where an ordinary user may come, too
	in_background setpriv --reuid 65534 --clear-groups "$dir/monitor" falco -c "$dir/config.yaml" -o program_output.enabled=false -o stdout_output.enabled=true \
		-o webserver.enabled=false -P "$dir/numbers/pid"
	guarded() { # in this order: setpriv itself belongs to root in /proc until its exec
		[ "$(readlink /proc/$pid/exe)" = "$(realpath "$dir/monitor")" ] && [ "$(stat -c %u /proc/$pid/environ)" = 0 ]
	}
	soon guarded
	ok "memory is nobody else's" [ "$(stat -c %u /proc/$pid/environ)" = 0 ]
	soon [ -s "$dir/numbers/pid" ]
	ok "a user's run works with it" terminate
	ok "without a complaint" sh -c "! grep -E '^Error' '$dir/err'"
fi
if command -v systemd-analyze >/dev/null; then
	sed "s,@bindir@/monitor,$MONITOR," "$top/contrib/systemd/monitor-falco.service.in" >"$dir/monitor-falco.service"
	ok "the unit file" sh -c "! systemd-analyze verify '$dir/monitor-falco.service' 2>&1 | grep -v \"Command 'man \" | grep monitor-falco.service:"
fi
finish
