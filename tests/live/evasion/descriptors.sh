#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Calls that wait, each with a socket that the monitor holds meanwhile: they do not use up its descriptors. Below an ordinary user's limit; root
# raises its own.
. "$(dirname "$0")/../lib.sh"

need_root
need python3
need prlimit
rules_here=$here/rules.yaml
chmod 755 "$dir"
cp "$MONITOR" "$dir/monitor"
cp "$rules_here" "$dir/rules.yaml"
cp /bin/echo "$dir/evasion-payload"
echo text-of-the-secret >"$dir/evasion-secret"
chmod -R a+rX "$dir"
cat >"$dir/many.py" <<'END_OF_PROGRAM'
# processes whose threads wait in connect(), as there is no room at the other end; then the attacks
import os, socket, subprocess, sys, threading, time
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen(0)
def wait():
    try:
        socket.socket().connect(server.getsockname())
    except OSError:
        pass
ready, begun = os.pipe()
children = []
for _ in range(20):
    child = os.fork()
    if child == 0:
        for _ in range(16):
            threading.Thread(target=wait, daemon=True).start()
        os.write(begun, b"x")
        time.sleep(30)
        os._exit(0)
    children.append(child)
for _ in children:
    os.read(ready, 1)
time.sleep(0.5)
folder = os.path.dirname(sys.argv[0])
print(open(folder + "/evasion-secret").read())
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("127.0.0.66", 9))
subprocess.run([folder + "/evasion-payload", "run"])
for child in children:
    os.kill(child, 9)
END_OF_PROGRAM
for backend in notify ptrace ptrace-all notify-only; do
	: >"$alerts"
	chmod 666 "$alerts"
	prlimit --nofile=256:256 setpriv --reuid 65534 --regid 65534 --clear-groups timeout -k 1 60 "$dir/monitor" run --backend $backend \
		-r "$dir/rules.yaml" --json --output "$alerts" -- python3 "$dir/many.py" >"$dir/out" 2>"$dir/err" </dev/null
	equal "$backend: status, $(tail -n 2 "$dir/err")" $? 0
	equal "$backend: what it got" "$(tr '\n' ' ' <"$dir/out")" "text-of-the-secret  run "
	for rule in "secret opened" "secret connected" "payload run"; do
		ok "$backend: missed: $rule" "$src/alerts" "$alerts" --has "$rule"
	done
	ok "$backend: not all was seen" sh -c '! grep -q "could not be seen" "$1"' - "$dir/err"
done
finish
