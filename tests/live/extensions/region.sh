#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# evt.ip.region: the memory that a call was made from, whichever way the monitor comes by the event.
. "$(dirname "$0")/../lib.sh"

below="(fs.path.name startswith $dir/ or fd.name startswith $dir/ or proc.exepath startswith $dir/)"
for kind in file anonymous stack; do
	rule $kind "evt.type in (mkdir, mkdirat, open, openat, execve) and evt.ip.region = $kind and $below" region=%evt.ip.region
done >"$dir/rules.yaml"
echo text >"$dir/text"

# from MEMORY WANTED [thread]
from() {
	for call in mkdir open exec; do
		for monitor_options in "" "--backend ptrace"; do
			path=$dir/text
			[ $call = mkdir ] && path=$dir/made
			[ $call = exec ] && path=$dir/true
			rmdir "$dir/made" 2>/dev/null
			under "$dir/rules.yaml" -- "$src/region" "$1" $call "$path" ${3:-}
			judge fires "$2" our "$src/region $1 $call $path ${3:-} $monitor_options"
		done
	done
}

cp /bin/true "$dir/true"
from file file
from anonymous anonymous
from memfd anonymous
from written anonymous
from stack stack
from stack stack thread

# an output alone asks, too, and nothing is asked where no rule has the field
# in the output only
rule printed "evt.type in (mkdir, mkdirat) and fs.path.name = $dir/made" "region=%evt.ip.region" >"$dir/rules.yaml"
rmdir "$dir/made" 2>/dev/null
under "$dir/rules.yaml" -- "$src/region" anonymous mkdir "$dir/made"
ok "the output has the region" grep -q region=anonymous "$alerts"
finish
