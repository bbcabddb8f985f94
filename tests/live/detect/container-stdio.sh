#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Standard streams become a network connection in a container.
. "$(dirname "$0")/../lib.sh"

need_root
container=1

own="Standard streams on a network connection in a container"
official="Redirect STDOUT/STDIN to Network Connection in Container"
wrap="$src/netns 198.51.100.1 443"
fires "$own" "$official" -- "$src/calls" dup-socket 198.51.100.1 443
fires "$own" "$official" -- "$src/calls" dup-lowest 198.51.100.1 443
fires "$own" "$official" -- bash -c 'exec 5<>/dev/tcp/198.51.100.1/443; exec 0<&5'
quiet "$own" "$official" -- "$src/calls" dup-high 198.51.100.1 443
quiet "$own" "$official" -- sh -c 'echo x >/dev/null 2>&1'
container=
quiet "$own" "$official" -- "$src/calls" dup-socket 198.51.100.1 443

finish
