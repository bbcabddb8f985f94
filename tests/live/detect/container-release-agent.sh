#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A container sets what the host runs when a control group ends.
. "$(dirname "$0")/../lib.sh"

need_root
container=1

own="release_agent written in a container"
official="Detect release_agent File Container Escapes"
echo >"$dir/release_agent"
ln -s release_agent "$dir/harmless"
fires "$own" "$official" -- "$src/calls" append-open "$dir/release_agent"
fires "$own" "$official" -- "$src/calls" chdir "$dir" + create release_agent
fires "$own" "$official" -- sh -c "echo x >$dir/harmless"
quiet "$own" "$official" -- cat "$dir/release_agent"
quiet "$own" "$official" -- "$src/calls" create "$dir/notify_on_release"
container=
quiet "$own" "$official" -- "$src/calls" append-open "$dir/release_agent"

finish
