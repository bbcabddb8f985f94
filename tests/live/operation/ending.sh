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
finish
