#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What monitor falco says of itself goes to syslog, by level; a syslog that is away, anew or does not read holds up nothing.
. "$(dirname "$0")/../lib.sh"

need python3
{
	printf -- '- macro: never_used\n  condition: evt.type = open\n'
	rule Any "evt.type = open" open
} >"$dir/rules.yaml"
# log.py ACTION CONFIG-KEYS...: runs monitor falco to its end by SIGTERM, prints what syslog got
cat >"$dir/log.py" <<'END'
import os
import socket
import subprocess
import sys
import time

monitor, folder, action, *keys = sys.argv[1:]
path = folder + "/log"
config = folder + "/config.yaml"
with open(config, "w") as f:
    f.write("rules_files: [%s/rules.yaml]\nengine: {kind: nodriver}\nstdout_output: {enabled: true}\nmonitor: {log: {syslog_socket: %s}}\n" % (folder, path))
    f.write("".join(k + "\n" for k in keys))

def listen():
    if os.path.exists(path):
        os.unlink(path)
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind(path)
    return s

def drain(s):
    s.setblocking(False)
    try:
        while True:
            print(s.recv(8192).decode())
    except BlockingIOError:
        pass

s = listen() if action != "away" else None
if action == "full":
    filler = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    filler.setblocking(False)
    filler.connect(path)
    try:
        while True:
            filler.send(b"x")
    except BlockingIOError:
        pass
ready = folder + "/ready"
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
if os.path.exists(ready):
    os.unlink(ready)
manager.bind(ready)
manager.settimeout(60)
with open(folder + "/err", "wb") as err:
    child = subprocess.Popen([monitor, "falco", "-c", config], stdout=subprocess.DEVNULL, stderr=err,
                             env=dict(os.environ, NOTIFY_SOCKET=ready))
    try:
        def until(word):
            while word not in manager.recv(4096).decode().split("\n"):
                pass
        until("READY=1")
        if action == "anew":
            drain(s)
            s.close()
            s = listen()
        if action == "full":
            drain(s)
        if action in ("anew", "full"):
            child.send_signal(1)
            until("RELOADING=1")
            until("READY=1")
    finally:
        child.terminate()
    assert child.wait(timeout=60) == 0
if s:
    drain(s)
END

logged() { # ACTION KEYS...
	timeout 200 python3 "$dir/log.py" "$MONITOR" "$dir" "$@" >"$dir/out" || fail "$*: $(tail -n 3 "$dir/err")"
}

logged normal "log_level: info"
ok "a line has facility, severity and name" grep -qE '^<14>[A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8} falco: Falco version: ' "$dir/out"
ok "log_stderr is apart" [ ! -s "$dir/err" ]
logged normal "log_level: warning" "log_stderr: true"
ok "the level counts" sh -c "! grep -q '^<14>' '$dir/out'"
for level in emergency alert critical error; do
	logged normal "log_level: $level"
	ok "nothing at $level" [ ! -s "$dir/out" ]
done
logged normal "log_level: DEBUG"
ok "any case of letters" grep -q '^<14>.*Falco version' "$dir/out"
logged normal "log_syslog: false" "log_stderr: true"
ok "switched off" sh -c "[ ! -s '$dir/out' ] && grep -q 'Falco version' '$dir/err'"
logged away "log_stderr: true"
ok "a syslog that is away is told once" [ "$(grep -c "the log does not reach syslog: .*$dir/log" "$dir/err")" = 1 ]
rule Any "evt.type = open" open >"$dir/rules.yaml" # no warning, which has more lines than a socket's queue has room
logged anew
ok "one that was started anew gets the next lines" grep -q 'falco: .*loaded again' "$dir/out"
logged full
ok "one that did not read hears how much it lost" grep -qE 'falco: \([0-9]+ lines before this one were lost\) ' "$dir/out"
dummy=$plugins/libdummy.so
if [ -f "$dummy" ]; then
	load="plugins: [{name: dummy, library_path: $dummy, open_params: '{\"start\": 5, \"maxEvents\": 3}'}]"
	plugin_says() { # LEVEL SEVERITY ENABLED
		logged normal "$load" 'load_plugins: [dummy]' "log_level: $1" "libs_logger: {severity: $2, enabled: $3}"
		grep -q 'plugin dummy: ready to count' "$dir/out"
	}
	ok "plugins by a level of their own" plugin_says warning info true
	plugin_is_silent() { ! plugin_says "$@"; }
	ok "their level leaves out" plugin_is_silent info warning true
	ok "they are switched off" plugin_is_silent info info false
fi
printf 'monitor: {log: {syslog_socket: here}}\nrules_files: []\n' >"$dir/bad.yaml"
"$MONITOR" config check "$dir/bad.yaml" >"$dir/out" 2>&1
ok "no path of a socket" grep -q "absolute path of a socket" "$dir/out"
finish
