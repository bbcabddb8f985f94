#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""missing.py FOLDER NUMBER: tries to open FOLDER/n-0000000-, FOLDER/n-0000001- ..., which are not there, until there is FOLDER/done. After
each NUMBER of them it waits for a moment, and says in FOLDER/count how many there have been; at the end it is all of them."""
import os
import sys
import time

folder, number, n = sys.argv[1], int(sys.argv[2]), 0
count = os.open(folder + "/count", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
while n % number or not os.path.exists(folder + "/done"):
    try:
        os.open("%s/n-%07d-" % (folder, n), os.O_RDONLY)
    except FileNotFoundError:
        pass
    n += 1
    if n % number == 0:
        os.pwrite(count, b"%09d\n" % n, 0)
        time.sleep(0.002)
