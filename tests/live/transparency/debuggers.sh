#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# gdb and strace work inside.
. "$(dirname "$0")/../lib.sh"

if command -v strace >/dev/null; then
	filter='s/[0-9a-f]\{6,\}/N/g; s/[0-9][0-9]*/N/g; s/  */ /g; s: /\* N\.N s \*/::g' # columns are as wide as a number of a process, and times of 10 ms have a comment
	# in a file of its own: strace and what it traces would write over each other
	# shellcheck disable=SC2016
	same sh -c 'strace -f -qq -e trace=chdir,exit_group -o "$0" sh -c "cd /; cat /etc/hostname; exit 4"; echo $?; cat "$0"' "$dir/trace"
	same strace -qq -e trace=openat -e inject=openat:error=EACCES:when=3 -o /dev/null cat /etc/hostname
	# one that is there already, until strace has seen something of it
	# shellcheck disable=SC2016
	same sh -c 'rm -f "$0"; sh -c "while [ ! -s \"\$0\" ]; do sleep 0.05; done; exit 6" "$0" & p=$!; strace -qq -o "$0" -p $p & wait $p; echo $?; wait' "$dir/seen"
fi
if command -v gdb >/dev/null; then
	filter='s/process [0-9]* */process N /g; s/0x[0-9a-f]*/X/g; /warning: Error disabling address space/d; /debuginfod/d'
	same gdb -nx -q -batch -ex 'set startup-with-shell off' -ex 'break main' -ex run -ex 'info inferiors' -ex continue --args "$src/spawn" sh -c 'exit 5'
	same gdb -nx -q -batch -ex 'catch fork' -ex run -ex continue -ex continue --args "$src/spawn" true
fi
[ "$checks" -gt 0 ] || skip "neither strace nor gdb is installed"

finish
