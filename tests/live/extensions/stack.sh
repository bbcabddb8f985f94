#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# thread.ustack: the functions that a call was made from, taken behind the call, and of an exec before it.
. "$(dirname "$0")/../lib.sh"

{
	rule made "evt.type in (mkdir, mkdirat) and fs.path.name = $dir/made" "stack=%thread.ustack"
	rule opened "evt.type in (open, openat) and fd.name = $dir/text" "stack=%thread.ustack"
	rule ran "evt.type in (execve, execveat) and proc.name = true" "stack=%thread.ustack"
} >"$dir/rules.yaml"
echo text >"$dir/text"
! grep -q 'define HAVE_LIBUNWIND' "$BUILD/config.h" 2>/dev/null && skip "built without libunwind"
for monitor_options in "" "--backend ptrace"; do
	under "$dir/rules.yaml" -- "$src/frames" "$dir/made"
	judge fires made our "$src/frames $monitor_options"
	judge fires ran our "$src/frames $monitor_options"
	ok "the frames of a call ($monitor_options)" grep -q 'rule":"made' "$alerts"
	ok "innermost first ($monitor_options)" grep -q '"thread.ustack":\["mkdir.*","inner_call+.*","outer_call+.*","main+' "$alerts"
	ok "the frames of an exec ($monitor_options)" grep -q '"thread.ustack":\["exec.*","main+0x[0-9a-f]* ([^"]*frames[^"]*)"' "$alerts"
	under "$dir/rules.yaml" -- cat "$dir/text"
	judge fires opened our "cat $monitor_options"
	ok "the frames of an open ($monitor_options)" grep -q 'open' "$alerts"
	# code without tables, on a stack that leads nowhere
	under "$dir/rules.yaml" -- "$src/region" anonymous mkdir "$dir/made"
	rmdir "$dir/made"
	judge fires made our "region anonymous $monitor_options"
	ok "memory without a file is told ($monitor_options)" grep -q 'anonymous memory' "$alerts"
done
finish
