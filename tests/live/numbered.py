#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""numbered.py FOLDER COUNT...: opens FOLDER/n-00000, FOLDER/n-00001 ...: COUNT files, and then makes FOLDER/done-0. Before each further
COUNT of files it waits for FOLDER/phase-1, FOLDER/phase-2 ..., and makes FOLDER/done-1, FOLDER/done-2 ... behind them. It waits no longer
than a script may take, so that nothing stays behind one that was broken off."""
import argparse
import os
import sys
import time

options = argparse.ArgumentParser()
options.add_argument("folder")
options.add_argument("counts", nargs="+", type=int)
options.add_argument("--rate", type=float, help="how many a second, at most")
options.add_argument("--status", type=int, default=0, help="what it exits with")
told = options.parse_args()

end = time.monotonic() + 300
n = 0
for phase, count in enumerate(told.counts):
    while phase and not os.path.exists("%s/phase-%d" % (told.folder, phase)) and time.monotonic() < end:
        time.sleep(0.02)
    begin = time.monotonic()
    for i in range(count):
        os.close(os.open("%s/n-%05d" % (told.folder, n), os.O_RDONLY | os.O_CREAT))
        n += 1
        if told.rate:
            time.sleep(max(0, begin + (i + 1) / told.rate - time.monotonic()))
    open("%s/done-%d" % (told.folder, phase), "w").close()
sys.exit(told.status)
