#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Python's multiprocessing and subprocess.
. "$(dirname "$0")/../lib.sh"

need python3
cat >"$dir/pool.py" <<'PY'
import multiprocessing, os, subprocess, sys, threading

def work(n):
    with open("/etc/hostname") as f:
        f.read()
    return n * n

def run(method):
    with multiprocessing.get_context(method).Pool(4) as pool:
        return sum(pool.map(work, range(200)))

if __name__ == "__main__":
    print([run(m) for m in ("fork", "spawn", "forkserver")])
    codes = [subprocess.run([sys.executable, "-c", "raise SystemExit(%d)" % n]).returncode for n in range(5)]
    print(codes)
    threads = [threading.Thread(target=lambda: subprocess.check_call(["true"])) for _ in range(20)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    print(subprocess.run("echo $((1 + 1)); kill -9 $$", shell=True, stdout=subprocess.PIPE).returncode)
    r, w = os.pipe()
    if os.fork() == 0:
        os.write(w, b"child")
        os._exit(0)
    print(os.read(r, 5), os.WEXITSTATUS(os.wait()[1]))
PY
limit=120
same python3 "$dir/pool.py"

finish
