#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A shell on a terminal in a container.
. "$(dirname "$0")/../lib.sh"

need_root
container=1
need script
own="Terminal shell in a container"
official="Terminal shell in container"
cp "$src/spawn" "$dir/runc"
cp "$src/spawn" "$dir/containerd-shim"
cp "$src/spawn" "$dir/worker"
fires "$own" "$official" -- script -qec "exec $dir/runc sh -c id" /dev/null
fires "$own" "$official" -- script -qec "exec $dir/containerd-shim bash -c id" /dev/null
fires "$own" "$official" -- script -qec "exec $dir/runc $src/calls exec /bin/dash harmless -c id" /dev/null
quiet "$own" "$official" -- script -qec "exec $dir/worker sh -c id" /dev/null
quiet "$own" "$official" -- "$dir/runc" sh -c id # no terminal
container=
quiet "$own" "$official" -- script -qec "exec $dir/runc sh -c id" /dev/null # no container

finish
