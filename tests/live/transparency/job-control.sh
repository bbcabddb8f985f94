#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Job control of an interactive shell on a terminal.
. "$(dirname "$0")/../lib.sh"

need python3 bash
for shell in bash dash; do
	# a key that is pressed before the shell listens is lost: on a busy machine the session may need another try
	for try in 1 2 3; do
		TMPDIR=$dir python3 "$here/terminal.py" "$shell" >"$dir/native" 2>&1 && break
		[ "$try" -lt 3 ] || skip "the session does not work natively: $(tail -n 1 "$dir/native")"
	done
	checks=$((checks + 1))
	if ! TMPDIR=$dir timeout 280 python3 "$here/terminal.py" "$shell" "$MONITOR" run -r "$own_rules" --output "$alerts" -- >"$dir/watched" 2>&1; then
		fail "$shell: the session did not end well under the monitor"
		tail -n 5 "$dir/watched"
	elif ! cmp -s "$dir/native" "$dir/watched"; then
		fail "$shell: another session than natively"
		diff "$dir/native" "$dir/watched" | head -n 20
	fi
done

# a shell below another one leaves the job's group, and goes on all the same when the job does
python3 "$here/suspended.py" >"$dir/native" 2>&1 || skip "a suspended shell does not go on natively: $(tail -n 1 "$dir/native")"
for options in "" "--births stops" "--backend ptrace" "--backend ptrace-all" "--backend notify-only"; do
	# shellcheck disable=SC2086 # words
	python3 "$here/suspended.py" "$MONITOR" run -r "$own_rules" $options --output "$alerts" -- >"$dir/watched" 2>&1
	ok "a shell that suspends itself ($options): $(tail -n 1 "$dir/watched")" cmp -s "$dir/native" "$dir/watched"
done

# a job that is stopped goes on, or ends: its shell hears of that as natively, whoever sees the stop and what comes behind it
for what in killed ended again quickly; do
	python3 "$here/jobs.py" $what >"$dir/native"
	for options in "" "--births stops" "--backend ptrace" "--backend ptrace-all" "--backend notify-only"; do
		# between two looks at what is not traced nothing is heard
		[ "$what $options" = "quickly --backend notify-only" ] && continue
		# shellcheck disable=SC2086 # words
		python3 "$here/jobs.py" $what "$MONITOR" run -r "$own_rules" $options --output "$alerts" -- >"$dir/watched" 2>"$dir/err"
		ok "a stopped job is $what ($options): $(tr '\n' ' ' <"$dir/watched")" cmp -s "$dir/native" "$dir/watched"
	done
done

# the terminal goes: the kernel tells who leads its session, which is the front
cat >"$dir/runs" <<'END'
sleep 100 &
trap 'kill $!; exit 7' HUP
echo ready
wait
END
echo 'echo ready; sleep 100; exit 3' >"$dir/unready"
# shellcheck disable=SC2016 # for the inner shell
echo 'echo ready; kill -STOP $$; exit 3' >"$dir/stopped"
for what in runs unready stopped; do
	python3 "$here/hangup.py" $what sh "$dir/$what" >"$dir/native"
	for backend in notify ptrace ptrace-all notify-only; do
		python3 "$here/hangup.py" $what "$MONITOR" run -r "$own_rules" --backend $backend --output "$alerts" -- sh "$dir/$what" >"$dir/watched"
		equal "the terminal goes, $what, $backend" "$(cat "$dir/watched")" "$(cat "$dir/native")"
	done
done
finish
