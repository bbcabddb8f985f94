#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Exit codes and signals come through; so do 126 and 127.
. "$(dirname "$0")/../lib.sh"

for code in 0 1 2 77 99 124 125 126 127 128 200 255; do
	same sh -c "exit $code"
done
for signal in HUP INT QUIT ABRT KILL USR1 SEGV PIPE ALRM TERM; do
	same sh -c "ulimit -c 0; kill -$signal \$\$"
done
same sh -c 'echo to stdout; echo to stderr >&2; exit 3'
same sh -c 'trap "echo caught; exit 5" TERM; kill -TERM $$'
# whether dash tells of it depends on when it sees it
same sh -c 'exec 2>/dev/null; sleep 10 & kill -KILL $!; wait $!; echo $?; exit 3'
echo input >"$dir/input"
# shellcheck disable=SC2016 # for the inner shell
ok "standard input" sh -c '[ "$("$1" run -r "$2" -- cat <"$3" 2>/dev/null)" = input ]' - "$MONITOR" "$own_rules" "$dir/input"

# a command that is not there, or that cannot be run
in_foreground "$MONITOR" run -r "$own_rules" -- "$dir/none"
ok "status 127 for a missing command" [ $? = 127 ]
ok "a message for a missing command" grep -q none "$dir/err"
echo text >"$dir/text"
in_foreground "$MONITOR" run -r "$own_rules" -- "$dir/text"
ok "status 126 for a file that cannot be executed" [ $? = 126 ]

# a signal to the monitor reaches the workload
in_background "$MONITOR" run -r "$own_rules" -- sh -c 'trap "echo got it; exit 9" TERM; echo ready; while :; do sleep 0.05; done'
soon grep -q ready "$dir/out"
terminate
ok "status after a signal that the workload handles" [ $? = 9 ]
ok "the workload's handler ran" grep -q "got it" "$dir/out"

finish
