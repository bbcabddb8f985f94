#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ssh connects to a port that is not ssh's.
. "$(dirname "$0")/../lib.sh"

need_root
need ssh
own="ssh to an unusual port"
official="Disallowed SSH Connection Non Standard Port"
wrap="$src/netns 198.51.100.1 443,8443,22"
options="-F /dev/null -o BatchMode=yes -o ConnectTimeout=1 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
# shellcheck disable=SC2086 # words
{
	fires "$own" "$official" -- ssh $options -p 443 198.51.100.1
	fires "$own" "$official" -- sh -c "exec ssh $options -p 8443 x@198.51.100.1"
	fires "$own" - -- "$src/calls" exec /usr/bin/ssh harmless $options -p 443 198.51.100.1 # with another argument zero
	quiet "$own" "$official" -- ssh $options 198.51.100.1
	quiet "$own" "$official" -- ssh $options -p 443 127.0.0.1
	quiet "$own" "$official" -- "$src/calls" connect 198.51.100.1 443
}

finish
