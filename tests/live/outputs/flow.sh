#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What becomes of lost events (pretended here): the log, an alert with Falco's fields, the end; the token bucket holds alerts
# back. And SIGUSR1 to the supervisor opens the file of alerts anew.
. "$(dirname "$0")/../lib.sh"

numbered_rule >"$dir/rules.yaml"
# opens a file every tenth of a second until there is a file "done", at most three minutes
cat >"$dir/open.sh" <<'END'
n=0
while [ ! -e "$1/done" ] && [ $n -lt 1800 ]; do
	: >"$1/n-$n"
	n=$((n + 1))
	sleep 0.1
done
END

# configure ACTIONS BURST
configure() {
	cat >"$dir/conf.yaml" <<END
json_output: true
file_output: {enabled: true, keep_alive: true, filename: $dir/alerts.log}
syscall_event_drops: {actions: $1, rate: 0.0001, max_burst: $2, simulate_drops: true}
END
	rm -f "$dir/alerts.log" "$dir/done"
}

drop_rule='"rule":"Falco internal: syscall event drop"'
configure '[log, alert]' 2
in_background "$MONITOR" run --pidfile "$dir/pid" -c "$dir/conf.yaml" -r "$dir/rules.yaml" -w "$dir/all.scap" -- sh "$dir/open.sh" "$dir"
ok "two alerts of drops" soon at_least 2 grep -c "$drop_rule" "$dir/alerts.log"
ok "Falco's fields" grep -q '"n_drops":"1".*"n_evts":"[0-9]' "$dir/alerts.log"
ok "the log tells them" grep -q '1 system calls dropped in last second' "$dir/err"

# rotation: what comes after the signal is in the new file
ok "the supervisor is found" [ -s "$dir/pid" ]
mv "$dir/alerts.log" "$dir/alerts.1"
kill -USR1 "$(cat "$dir/pid")"
ok "the file is opened anew" soon at_least 10 grep -c opened "$dir/alerts.log"
sleep 2 # two more looks at drops, for which the bucket has no tokens
touch "$dir/done"
wait "$pid"
ok "the command is not disturbed" [ $? = 0 ]
ok "the bucket holds alerts back" [ "$(cat "$dir/alerts.1" "$dir/alerts.log" | grep -c "$drop_rule")" = 2 ]
opened=$(cat "$dir/alerts.1" "$dir/alerts.log" | grep -c '"rule":"Numbered file opened"')
ok "no alert is lost between the files" [ "$opened" = "$(find "$dir" -name 'n-*' | wc -l)" ]
rm -f "$dir"/n-*

configure '[exit]' 1
timeout -k 5 200 "$MONITOR" run -c "$dir/conf.yaml" -r "$dir/rules.yaml" --on-exit kill -- sh "$dir/open.sh" "$dir" 2>"$dir/err"
ok "exit ends the run" [ $? != 0 ]
ok "it says why" grep -q 'system calls dropped in last second. Exiting.' "$dir/err"

# a capture's time counts
# shellcheck disable=SC2120 # ok passes them
replay() { "$MONITOR" falco -c "$dir/conf.yaml" -r "$dir/rules.yaml" -o engine.kind=replay -o "engine.replay.capture_file=$dir/all.scap" "$@" >/dev/null 2>"$dir/err"; }
configure '[alert]' 2
ok "a replay goes to its end" replay
ok "two alerts of its drops" [ "$(grep -c "$drop_rule" "$dir/alerts.log")" = 2 ]
configure '[alert]' 2
ok "one without losses" replay -o syscall_event_drops.simulate_drops=false
ok "says nothing" sh -c "grep -q opened '$dir/alerts.log' && ! grep -q '$drop_rule' '$dir/alerts.log'"
configure '[exit]' 1
replay
ok "exit ends a replay" [ $? = 1 ]
ok "and says why" grep -q 'system calls dropped in last second. Exiting.' "$dir/err"
finish
