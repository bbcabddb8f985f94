#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The monitor as the first process: of a pid namespace, and as the entry point of containers. It reaps, passes signals on, ends as its
# command ends, and alerts.
. "$(dirname "$0")/lib.sh"

need_root
need unshare python3
own="Password or sudo file read"

# zombies wait for the first process; what is orphaned before the look has been reaped, but for one that has just ended
cat >"$dir/orphans" <<'END'
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
	(sh -c 'sleep 0.1; echo >>"$1"; exit 1' - "$1" &)
done
# until all have ended, and but one is reaped: at most a minute
tries=0 ended=0 zombies=12
while [ $tries -lt 600 ] && { [ $ended -lt 12 ] || [ $zombies -gt 1 ]; }; do
	tries=$((tries + 1)) ended=0 zombies=0
	sleep 0.1
	while read -r _; do ended=$((ended + 1)); done <"$1"
	for status in /proc/[0-9]*/status; do
		while read -r name value _; do
			[ "$name$value" = State:Z ] && zombies=$((zombies + 1))
		done <"$status"
	done
done 2>/dev/null
echo "zombies $zombies"
cat /etc/shadow >/dev/null
sleep 1000 &
exit 3
END
cat >"$dir/waits" <<'END'
trap 'echo got; exit 7' "$1"
echo >"$2/ready"
i=0
while [ $i -lt 1200 ]; do sleep 0.05; i=$((i + 1)); done
echo never
END

place() { # CMD...: in a pid namespace, as its first process, without the SIGINT that the shell keeps from what is in the background
	# shellcheck disable=SC2086
	exec unshare -p -f --kill-child --mount-proc env --default-signal=INT "$MONITOR" run -r "$own_rules" --json --output "$alerts" \
		$monitor_options -- "$@"
}

for backend in notify ptrace ptrace-all notify-only; do
	monitor_options="--backend $backend"
	rm -f "$alerts"
	: >"$dir/ended"
	(place sh "$dir/orphans" "$dir/ended") >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	ok "$backend: status $status: $(tail -n 1 "$dir/err")" [ $status = 3 ]
	ok "$backend: orphans are not reaped: $(cat "$dir/out")" grep -q '^zombies [01]$' "$dir/out"
	checks=$((checks + 1))
	"$src/alerts" "$alerts" --has "$own" || fail "$backend: no alert"

	for signal in TERM INT HUP USR1 RTMIN+3; do
		rm -f "$dir/ready"
		(place sh "$dir/waits" $signal "$dir") >"$dir/out" 2>"$dir/err" </dev/null &
		outside=$!
		soon [ -e "$dir/ready" ]
		read -r first _ <"/proc/$outside/task/$outside/children"
		kill -$signal "$first"
		wait $outside
		status=$?
		ok "$backend: $signal: status $status, $(cat "$dir/out")" [ "$status$(cat "$dir/out")" = 7got ]
	done
	# who dies by a signal cannot be imitated here: the shell's number for it
	(place sh -c 'ulimit -c 0; kill -SEGV $$') >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	ok "$backend: status $status of a command that a signal ended" [ $status = 139 ]
done
monitor_options=

# entry RUNTIME WRAP...: the monitor as the entry point of a container, with what runtimes give one by default
entry() {
	runtime=$1
	shift
	root=$dir/$runtime
	rm -f "$dir/share/"*
	"$@" "$runtime" --root "$root" run --bundle "$dir/bundle" "first-$$" >"$dir/out" 2>"$dir/err" </dev/null &
	outside=$!
	if ! soon [ -e "$dir/share/ready" ]; then
		wait $outside
		fail "$runtime: does not start: $(tail -n 2 "$dir/err")"
		return
	fi
	"$runtime" --root "$root" kill "first-$$" TERM
	wait $outside
	status=$?
	ok "$runtime: status $status: $(tail -n 1 "$dir/err")" [ $status = 7 ]
	ok "$runtime: the signal arrives: $(cat "$dir/out")" grep -q '^got$' "$dir/out"
	checks=$((checks + 1))
	"$src/alerts" "$dir/share/alerts" --has "$own" || fail "$runtime: no alert"
}

if command -v runc >/dev/null 2>&1; then
	mkdir -p "$dir/bundle/rootfs" "$dir/share"
	cp "$MONITOR" "$own_rules" "$dir/waits" "$dir/bundle/rootfs/"
	(cd "$dir/bundle" && runc spec && python3 -c "
import json
c = json.load(open('config.json'))
c['process'].update(terminal=False, args=['/monitor', 'run', '-r', '/monitor_rules.yaml', '--json', '--output', '/share/alerts', '--',
    '/bin/sh', '-c', 'cat /etc/shadow >/dev/null; exec /bin/sh /waits TERM /share'])
c['root']['readonly'] = False
for d in ('/usr', '/bin', '/lib', '/lib64', '/etc'):
    c['mounts'].insert(1, {'destination': d, 'type': 'bind', 'source': d, 'options': ['rbind', 'ro']})
c['mounts'].append({'destination': '/share', 'type': 'bind', 'source': '$dir/share', 'options': ['rbind']})
json.dump(c, open('config.json', 'w'))")
	entry runc env
	# crun takes no hybrid of both versions of control groups
	command -v crun >/dev/null 2>&1 &&
		entry crun unshare -m sh -c 'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"' -
else
	left_out=$((left_out + 1))
fi
# a script without "#!", which is the shell's: with all that it is given
# shellcheck disable=SC2016
echo 'echo $# "${3000}"' >"$dir/plain-script"
chmod 755 "$dir/plain-script"
# shellcheck disable=SC2046
equal "arguments of a script without a first line" "$("$MONITOR" run -r "$own_rules" -- "$dir/plain-script" $(seq 3000) 2>"$dir/err")" "3000 3000"

finish
