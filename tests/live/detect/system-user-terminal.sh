#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An account of a service uses a terminal.
. "$(dirname "$0")/../lib.sh"

need_root
need script
own="System account on a terminal"
official="System user interactive"
cp "$src/spawn" "$dir/sshd"
cp "$src/spawn" "$dir/worker"
cp "$src/calls" "$dir/calls"

# 1 is daemon, 33 is www-data, in each Debian
fires "$own" "$official" -- script -qec "$dir/sshd $dir/calls become 1 + exec /bin/ls ls /" /dev/null
fires "$own" "$official" -- script -qec "$dir/sshd sh -c '$dir/calls become 33 + exec /usr/bin/env env id'" /dev/null
fires "$own" - -- script -qec "$dir/calls become 33 + exec /usr/bin/id id" /dev/null
quiet "$own" "$official" -- "$dir/worker" "$dir/calls" become 1 + exec /bin/ls ls / # no terminal, no login
quiet "$own" "$official" -- script -qec "$dir/sshd ls /" /dev/null # root
quiet "$own" "$official" -- script -qec "$dir/sshd $dir/calls become 54321 + exec /bin/ls ls /" /dev/null

finish
