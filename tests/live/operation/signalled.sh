#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Signals to the monitor while many wait for it: the kernel has them break off its looks at the listener, whose lock is taken then, and
# nobody may be left waiting for ever.
. "$(dirname "$0")/../lib.sh"

need python3
loop=$BUILD/tests/bench/loop
[ -x "$loop" ] || { echo "$loop is not built: make live-programs"; exit 99; }
rule never 'evt.type in (open, openat) and fd.name = /never' 'never' >"$dir/rules.yaml"

# flooded OPENS: 8 threads open 5000 files each, while outputs are to be opened anew every few microseconds
flooded() {
	rm -f "$dir/pid"
	in_background timeout -s KILL 60 "$MONITOR" run -r "$dir/rules.yaml" --pidfile "$dir/pid" --opens "$1" -- "$loop" race 5000
	soon test -s "$dir/pid"
	python3 - "$(cat "$dir/pid")" <<'END'
import os, signal, sys, time
try:
    while True:
        os.kill(int(sys.argv[1]), signal.SIGUSR1)
        time.sleep(0.00002)
except ProcessLookupError:
    pass
END
	wait "$pid"
	equal "signals in numbers, $1: all come to an end" $? 0
}

flooded exact
flooded fast
finish
