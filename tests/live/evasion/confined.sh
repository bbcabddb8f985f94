#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What a process confines itself by holds under the monitor, too, which makes calls in the places of others: Landlock, also for children that the
# monitor did not see born and for programs that are executed, and the process's own seccomp filters.
. "$(dirname "$0")/../lib.sh"

rules_here=$here/rules.yaml
secret=$dir/removal-secret/evasion-secret
mkdir "$dir/removal-secret"

# confined WAY OPTION...
confined() {
	way=$1
	shift
	echo text-of-the-secret >"$secret"
	timeout -k 1 20 "$src/confined" "$way" "$secret" >"$dir/native" 2>/dev/null </dev/null
	if [ $? = 77 ]; then
		left_out=$((left_out + 1))
		echo "left out, this kernel has it not: $way"
		return
	fi
	ok "$way is no confinement natively: $(cat "$dir/native")" [ -f "$secret" ]
	ok "$way is no confinement natively: $(cat "$dir/native")" sh -c '! grep -q text-of-the-secret "$1"' - "$dir/native"
	for backend in $backends; do
		monitor_options="--backend $backend $*"
		wrap="timeout -k 1 20" under "$rules_here" -- "$src/confined" "$way" "$secret"
		status=$?
		# where filters are in force there is no strict mode
		[ "$way-$status" = strict-77 ] && [ "$backend" != ptrace-all ] && cp "$dir/native" "$dir/out"
		# nobody can debug where every thread is the monitor's
		case $way-$backend in debugged-*-ptrace*) cp "$dir/native" "$dir/out" ;; esac
		ok "$way $monitor_options: $(cat "$dir/out")" cmp -s "$dir/native" "$dir/out"
		ok "$way $monitor_options: the file is gone" [ -f "$secret" ]
	done
}

backends="notify ptrace ptrace-all notify-only"
for way in itself child grandchild exec child-exec untraced debugged-exec debugged-child strict errno trap kill; do
	confined $way
done
backends=notify
for way in child untraced debugged-exec debugged-child; do
	confined $way --births stops
done
finish
