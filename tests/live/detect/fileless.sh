#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a program that is in no file.
. "$(dirname "$0")/../lib.sh"

own="Program run from memory"
official="Fileless execution via memfd_create"
allow=fd.name
fires "$own" "$official" -- "$src/calls" memfd /bin/true
fires "$own" "$official" -- "$src/calls" memfd-path /bin/true
fires "$own" "$official" -- sh -c "$src/calls memfd /bin/true; true"
quiet "$own" "$official" -- "$src/calls" exec /bin/true true
quiet "$own" "$official" -- python3 -c 'import os; os.write(os.memfd_create("data"), b"x")'

finish
