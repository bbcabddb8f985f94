#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An ordinary user's process asks for another identity.
. "$(dirname "$0")/../lib.sh"

own_mounts
private_copy /usr/sbin
own="Unprivileged process asks for root"
official="Non sudo setuid"
cp "$src/calls" "$dir/calls"
fires "$own" "$official" -- "$dir/calls" become 1 + setuid 0
fires "$own" "$official" -- sh -c "$dir/calls become 33 + setuid 0 & wait"
fires "$own" - -- "$dir/calls" become 1 + setresuid 0
fires - "$official" -- "$dir/calls" become 1 + setuid 2
quiet "$own" "$official" -- "$dir/calls" setuid 0
# the server of SSH makes sure that it cannot
cp "$src/calls" /usr/sbin/sshd
quiet "$own" - -- sh -c '! /usr/sbin/sshd become 1 + setuid 0 && ! /usr/sbin/sshd become 1 + setresuid 0'
cp "$src/calls" "$dir/sshd"
fires "$own" - -- "$dir/sshd" become 1 + setuid 0
quiet "$own" "$official" -- "$dir/calls" become 33 + open /etc/passwd

finish
