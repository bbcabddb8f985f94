#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Where a thread may run is what the workload says, whatever the monitor does around its opens.
. "$(dirname "$0")/../lib.sh"

echo text >"$dir/file"
rule "file of the folder" "evt.type in (open, openat) and fd.name startswith $dir" "opened %fd.name" >"$dir/rules.yaml"

look() {
	"$MONITOR" run -v -r "$dir/rules.yaml" --output /dev/null -- "$@" >"$dir/out" 2>"$dir/err"
}

ok "others see no difference" look "$BUILD/tests/live/src/processors" "$dir/file"
ok "it looked" grep -q "looked 140 times: as expected" "$dir/out"
grep "other processors" "$dir/out"

# the monitor is killed, perhaps while its caller is bound: the command's calls fail from then on, and it may run anywhere
kill_monitor() { # TIMES, at any moment while the command opens files
	for _ in $(seq "$1"); do
		"$MONITOR" run -r "$dir/rules.yaml" --output /dev/null -- "$BUILD/tests/live/src/processors" "$dir/file" until-it-fails \
			>>"$dir/killed" 2>/dev/null &
		pid=$!
		soon find_supervisor "$pid"
		sleep 0.1
		kill -KILL "$supervisor"
		wait "$pid" # what the monitor did not see to its end is no success
		status=$?
		[ $status = 1 ] || echo "status $status" >>"$dir/killed"
	done
}

kill_monitor 20
ok "a killed monitor leaves nobody bound" [ ! -s "$dir/killed" ]
head -n 3 "$dir/killed"

# who starts all of this may be bound to some of the processors himself
if command -v taskset >/dev/null 2>&1; then
	look_bound() {
		taskset -c "$1" "$MONITOR" run -r "$dir/rules.yaml" --output /dev/null -- sh -c "
			i=0; while [ \$i -lt 300 ]; do : <'$dir/file'; i=\$((i + 1)); done
			taskset -cp \$\$ | sed 's/.*: //'; sh -c 'taskset -cp \$\$' | sed 's/.*: //'"
	}
	first=$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')
	ok "a bound workload stays bound" [ "$(look_bound "$first")" = "$(printf '%s\n%s' "$first" "$first")" ]
fi
finish
