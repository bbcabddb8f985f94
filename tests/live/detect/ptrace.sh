#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Attaches to another process, and asks to be traced.
. "$(dirname "$0")/../lib.sh"

own="ptrace of another process"
official="PTRACE attached to process"
fires "$own" "$official" -- "$src/calls" attach
fires "$own" "$official" -- "$src/calls" seize
fires "$own" "$official" -- sh -c "$src/calls attach & wait"
fires "$own" "$official" -- "$src/calls" traceme-seize # who is let go for a tracer of its own is seen all the same
quiet "$own" "$official" -- "$src/calls" peek

own="Program asks to be traced"
official="PTRACE anti-debug attempt"
fires "$own" "$official" -- "$src/calls" traceme
fires "$own" "$official" -- sh -c "$src/calls traceme & wait"
quiet "$own" "$official" -- "$src/calls" peek

finish
