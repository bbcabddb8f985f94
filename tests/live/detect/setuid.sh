#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An ordinary user's process asks for another identity.
. "$(dirname "$0")/../lib.sh"

need_root
own="Unprivileged process asks for root"
official="Non sudo setuid"
cp "$src/calls" "$dir/calls"
fires "$own" "$official" -- "$dir/calls" become 1 + setuid 0
fires "$own" "$official" -- sh -c "$dir/calls become 33 + setuid 0 & wait"
fires "$own" - -- "$dir/calls" become 1 + setresuid 0
fires - "$official" -- "$dir/calls" become 1 + setuid 2
quiet "$own" "$official" -- "$dir/calls" setuid 0
quiet "$own" "$official" -- "$dir/calls" become 33 + open /etc/passwd

finish
