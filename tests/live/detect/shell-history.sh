#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Removes what a shell remembers.
. "$(dirname "$0")/../lib.sh"

own="Shell history removed"
official="Delete or rename shell history"
allow=fd.name,evt.arg.name,evt.arg.path,evt.arg.oldpath
history=$dir/.bash_history
again() { echo ls >"$history"; }
again
fires "$own" - -- rm "$history"
again
fires - "$official" -- rm "$history"
again
fires "$own" - -- "$src/calls" chdir "$dir" + unlink .bash_history
again
fires - "$official" -- "$src/calls" chdir "$dir" + unlink .bash_history
again
fires "$own" "$official" -- sh -c "mv $history $dir/old; echo >$history"
again
# a write to a shell file is the rule that comes first in Falco's own order
fires "$own" "Modify Shell Configuration File" -- "$src/calls" truncate-open "$history"
again
fires "$own" - -- "$src/calls" creat "$history"
again
quiet "$own" "$official" -- "$src/calls" append-open "$history"
quiet "$own" "$official" -- cat "$history"
quiet "$own" "$official" -- sh -c "echo >$dir/history; rm $dir/history"

# a shell's first one
quiet "$own" - -- sh -c "mkdir $dir/home && : >$dir/home/.bash_history"

finish
