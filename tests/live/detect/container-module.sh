#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A container loads a kernel module.
. "$(dirname "$0")/../lib.sh"

need_root
container=1
grep -q '^CapEff:.*[13579bdf]....$' /proc/self/status || skip "this needs CAP_SYS_MODULE"
own="Kernel module loaded from a container"
official="Linux Kernel Module Injection Detected"
allow=proc.args
fires "$own" "$official" -- "$src/calls" init-module
fires "$own" "$official" -- "$src/calls" finit-module
fires "$own" "$official" -- sh -c "$src/calls init-module & wait"
quiet "$own" "$official" -- "$src/calls" delete-module
container=
quiet "$own" "$official" -- "$src/calls" init-module

finish
