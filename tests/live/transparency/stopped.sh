#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The monitor is stopped and goes on, as when its container is paused: the command's opens give what they give natively.
. "$(dirname "$0")/../lib.sh"

need python3
echo text >"$dir/file"
touch "$dir/flag"
rule "file of the folder" "evt.type in (open, openat) and fd.name = $dir/file" "opened %fd.name" >"$dir/rules.yaml"
cat >"$dir/opens.py" <<'EOP'
import os, sys, threading

flag, file = sys.argv[1:]
numbers = [0] * 1024

def opens():
    while os.path.exists(flag):
        fd = os.open(file, os.O_RDONLY)
        numbers[fd] += 1
        if fd > 2:
            os.close(fd)

threads = [threading.Thread(target=opens) for _ in range(3)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print("other numbers" if sum(numbers[:3]) or sum(numbers[9:]) else "as natively", sum(numbers) > 1000)
EOP

in_background "$MONITOR" run -r "$dir/rules.yaml" --output "$dir/alerts" -- python3 "$dir/opens.py" "$dir/flag" "$dir/file"
ok "the monitor is there" soon find_supervisor "$pid"
soon test -s "$dir/alerts"
for _ in $(seq 100); do
	kill -STOP "$supervisor"
	sleep 0.01
	kill -CONT "$supervisor"
	sleep 0.02
done
rm "$dir/flag"
wait "$pid"
ok "the command ended well" [ $? = 0 ]
ok "opens gave what they give natively" grep -qx "as natively True" "$dir/out"
cat "$dir/out" "$dir/err"
finish
