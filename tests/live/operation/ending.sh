#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# All processes of a service are asked to end at once, as systemd does: the command ends in its own time, watched, and as it would natively.
. "$(dirname "$0")/../lib.sh"

cat >"$dir/rules.yaml" <<END
- rule: written
  desc: a file of the test
  condition: evt.type in (open, openat, openat2) and fd.name = $dir/saved
  output: written %fd.name
  priority: WARNING
END
# what a server does: at SIGTERM it saves what it has, opens that fail leave it as it is; SIGUSR1 tells us that it lives
cat >"$dir/server" <<'END'
trap 'sleep 0.2; (echo state >"$1/saved") 2>/dev/null && exit 7' TERM
trap '(echo lives >"$1/lives") 2>/dev/null || echo failed >&2' USR1
echo $$ >"$1/begun"
while :; do
	read -r x <&3
done
END
mkfifo "$dir/fifo"
exec 5<>"$dir/fifo"

# begins OPTIONS: $front, $supervisor and $command run
begins() {
	rm -f "$dir/begun" "$dir/saved" "$dir/lives" "$alerts"
	"$MONITOR" run -r "$dir/rules.yaml" -j -o "$alerts" --pidfile "$dir/pid" "$@" -- sh "$dir/server" "$dir" >"$dir/out" 2>"$dir/err" 3<&5 </dev/null &
	front=$!
	soon [ -s "$dir/begun" ] || fail "does not begin: $(cat "$dir/err")"
	supervisor=$(cat "$dir/pid")
	command=$(cat "$dir/begun")
}

gone() {
	! grep -qs '^State:.*[^ZX ] (' "/proc/$1/status"
}

# waits FRONT: its $supervisor is there, and waits for the reader of a FIFO
waits() {
	find_supervisor "$1" && grep -qs wait_for_partner "/proc/$supervisor/wchan"
}

for backend in notify ptrace ptrace-all notify-only; do
	begins --backend $backend
	# the supervisor first, and long before the command opens anything
	kill -TERM "$supervisor" "$command" "$front"
	wait $front
	status=$?
	ok "$backend: status $status: $(tail -n 2 "$dir/err")" [ $status = 7 ]
	ok "$backend: nothing was saved" [ "$(cat "$dir/saved" 2>/dev/null)" = state ]
	ok "$backend: what is done at the end is not seen: $(cat "$alerts" "$dir/err")" grep -q '"rule":"written"' "$alerts"
	soon gone "$supervisor" || fail "$backend: the supervisor lives"
done

# asked twice it ends, and the command's calls fail
begins
kill -TERM "$supervisor"
kill -USR1 "$command"
echo >&5
ok "after one request: $(cat "$dir/err")" soon [ -s "$dir/lives" ]
kill -TERM "$supervisor"
ok "it does not end when it is asked twice" soon gone "$supervisor"
ok "the reason is not told: $(cat "$dir/err")" soon grep -q "no longer watched: the monitor was asked to end" "$dir/err"
kill -USR1 "$command"
echo >&5
ok "calls do not fail: $(cat "$dir/err")" soon grep -q failed "$dir/err"
kill -KILL "$command"
wait $front

# an output that waits for its reader: who ends the run then ends all of it, and nothing waits on
mkfifo "$dir/unread"
for signal in TERM INT KILL; do
	# the script's own children ignore SIGINT
	python3 -c 'import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])' \
		"$MONITOR" run -r "$dir/rules.yaml" -o "$dir/unread" -- sh -c ': >"$1"' - "$dir/begun" >"$dir/out" 2>"$dir/err" </dev/null &
	front=$!
	rm -f "$dir/begun"
	ok "$signal: it does not wait for a reader" soon waits $front
	kill -$signal $front
	ok "$signal: it does not end" soon gone $front
	wait $front
	status=$?
	ok "$signal: status $status: $(cat "$dir/err")" [ "$(kill -l $status)" = $signal ]
	ok "$signal: the supervisor waits on" soon gone "$supervisor"
	ok "$signal: the command began" [ ! -e "$dir/begun" ]
	kill -KILL "$supervisor" $front 2>/dev/null
done
finish
