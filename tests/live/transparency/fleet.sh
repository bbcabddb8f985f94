#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Threads that fork, vfork and posix_spawn, daemons, many processes, timers, stops and kills.
. "$(dirname "$0")/../lib.sh"

limit=250
for case in threads-fork exec-from-thread spawners daemons short-processes timer-restart timer-plain timer-newborn stop-and-go kill-any-time; do
	same "$src/fleet" "$case"
done
# the same for what has no rule to wait for: opens by path alone
monitor_options="--opens fast"
for case in timer-restart timer-plain stop-and-go; do
	same "$src/fleet" "$case"
done

finish
