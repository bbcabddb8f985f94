#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The file system debugger in a container.
. "$(dirname "$0")/../lib.sh"

need_root
container=1

own="File system debugger in a container"
official="Debugfs Launched in Privileged Container"
cp "$src/spawn" "$dir/debugfs" # what counts is the name
fires "$own" - -- "$dir/debugfs" true
fires "$own" - -- "$src/calls" exec "$dir/debugfs" harmless true # with another argument zero
fires "$own" - -- sh -c "$dir/debugfs true & wait"
# Falco's rule also wants container.privileged, which only a container runtime can tell: a control group does not
quiet "$own" "$official" -- dumpe2fs -V
container=
quiet "$own" "$official" -- "$dir/debugfs" true

finish
