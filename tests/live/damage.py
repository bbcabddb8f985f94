#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""damage.py --monitor PROG --rules FILE --cuts N --flips N --work DIR CAPTURE...

Replays each capture cut at N offsets (spread over the file, and close together at its head; with --random all of them
anywhere) and with random bytes changed. With --says a replay that fails must tell where, and how many events it read.
Every run has to end by itself with status 0 to 2, quickly, and without a sanitizer's report. The captures are shortened to
their first part, so that a run is short; seeds are fixed, so that a failure can be had again (it is kept in DIR/bad.scap).
"""
import argparse, concurrent.futures, gzip, os, random, re, subprocess, sys

HEAD = 200_000      # bytes of the unpacked capture that are used: its tables and some thousand events
REPORT = re.compile(rb"Sanitizer|runtime error:")
# at the very start nothing was read yet
SAYS = re.compile(rb"offset 0: |the compressed file|\d+ events? (was|were) read(.*\n)*.*offset \d+")

def runs(path, a):
    with open(path, "rb") as f:
        raw = f.read()
    data = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    data = data[:HEAD]
    rng = random.Random(os.path.basename(path))
    near = 0 if a.random else a.cuts // 4
    for n in range(near):
        yield "cut at %d" % n, data[:n]
    for _ in range(a.cuts - near):
        n = rng.randrange(near, len(data))
        yield "cut at %d" % n, data[:n]
    for turn in range(a.flips):
        damaged = bytearray(data[:rng.randrange(1000, len(data))])
        for _ in range(rng.choice((1, 4, 32, 256))):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        yield "random bytes, turn %d" % turn, bytes(damaged)
    packed = gzip.compress(data)
    for _ in range(a.cuts if a.random and raw[:2] == b"\x1f\x8b" else max(1, a.cuts // 50)):
        yield "packed, cut", packed[:rng.randrange(len(packed))]
    for _ in range(max(1, a.flips // 10)):
        damaged = bytearray(packed)
        damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
        yield "packed, one bit", bytes(damaged)

def judge(a, data):
    try:
        p = subprocess.run([a.monitor, "replay", "-r", a.rules, "-"], input=data, stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE, timeout=60)
    except subprocess.TimeoutExpired:
        return "hangs"
    if p.returncode not in (0, 1, 2):
        return "status %d: %s" % (p.returncode, p.stderr[-1500:].decode("utf-8", "replace"))
    if REPORT.search(p.stderr):
        return p.stderr[-1500:].decode("utf-8", "replace")
    if a.says and p.returncode and not SAYS.search(p.stderr):
        return "does not say what it read: " + p.stderr.decode("utf-8", "replace")
    if a.says and not p.returncode and p.stderr:
        return "says something and succeeds: " + p.stderr.decode("utf-8", "replace")
    return None

def main():
    ap = argparse.ArgumentParser(description=__doc__)
    for name in ("monitor", "rules", "work"):
        ap.add_argument("--" + name, required=True)
    ap.add_argument("--cuts", type=int, default=2000)
    ap.add_argument("--flips", type=int, default=300)
    ap.add_argument("--random", action="store_true")
    ap.add_argument("--says", action="store_true")
    ap.add_argument("captures", nargs="+")
    a = ap.parse_args()
    bad = count = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as ex:
        for path in a.captures:
            todo = list(runs(path, a))
            for (what, data), problem in zip(todo, ex.map(lambda t: judge(a, t[1]), todo)):
                count += 1
                if problem:
                    bad += 1
                    if bad <= 5:
                        kept = os.path.join(a.work, "bad.scap")
                        with open(kept, "wb") as f:
                            f.write(data)
                        print("%s, %s: %s" % (os.path.basename(path), what, problem))
    print("%d damaged captures, %d not handled" % (count, bad))
    return 1 if bad or not count else 0

if __name__ == "__main__":
    sys.exit(main())
