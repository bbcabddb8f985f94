#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A shell talks to the network.
. "$(dirname "$0")/../lib.sh"

need_root
need bash
own="System program on the network"
official="System procs network activity"
wrap="$src/netns 198.51.100.1 443"
fires "$own" "$official" -- bash -c 'exec 3<>/dev/tcp/198.51.100.1/443'
fires "$own" "$official" -- sh -c 'bash -c "echo x >/dev/tcp/198.51.100.1/443"; true'
fires "$own" "$official" -- "$src/calls" exec /bin/bash harmless -c 'exec 3<>/dev/tcp/198.51.100.1/443' # another argument zero
quiet "$own" "$official" -- bash -c 'exec 3<>/dev/tcp/127.0.0.1/443'
quiet "$own" "$official" -- "$src/calls" connect 198.51.100.1 443

finish
