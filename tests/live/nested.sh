#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Sandboxes and monitors below the monitor, and the monitor in them: all run as natively, and a read of /etc/shadow alerts.
. "$(dirname "$0")/lib.sh"

need_root
own="Password or sudo file read"
read_it='cat /etc/shadow >/dev/null; echo in; exit 3'
inner="$MONITOR run -r $own_rules --output $dir/inner"

# shellcheck disable=SC2086 # the words of $inner
for monitor_options in "" "--backend ptrace" "--backend ptrace-all"; do
	fires "$own" - -- $inner -- sh -c "$read_it"
	ok "status of the inner command ($monitor_options)" [ $status = 3 ]
	ok "the inner monitor saw it, too ($monitor_options)" grep -q "$own.*process=cat" "$dir/inner"
	rm -f "$dir/inner"
done
monitor_options=
fires "$own" - -- unshare -Urpf --mount-proc sh -c "$read_it"
if command -v bwrap >/dev/null 2>&1; then
	fires "$own" - -- bwrap --ro-bind / / --proc /proc --dev /dev --unshare-all sh -c "$read_it"
	ok "status through bwrap" [ $status = 3 ]
else
	left_out=$((left_out + 1))
fi
if command -v sudo >/dev/null 2>&1; then
	same sudo -n id -u
else
	left_out=$((left_out + 1))
fi

# without privileges a set-uid command stays powerless, and that is said
cp "$MONITOR" "$own_rules" "$dir"
chmod a+r "$dir"/*
setpriv --reuid 65534 --regid 65534 --clear-groups "$dir/monitor" run -r "$dir/monitor_rules.yaml" -- su --version >"$dir/out" 2>"$dir/err"
ok "a word about set-uid: $(cat "$dir/err")" grep -q "set-uid" "$dir/err"

# as the first process of a pid namespace: orphans are reaped, the command's status is the place's
wrap="unshare -p -f --mount-proc"
fires "$own" - -- sh -c "(sleep 0.2 &) ; $read_it"
ok "status as the first process" [ $status = 3 ]
wrap=

# in gVisor there is neither a notification nor PTRACE_GET_SYSCALL_INFO
if command -v runsc >/dev/null 2>&1; then
	checks=$((checks + 1))
	timeout 100 runsc --platform=ptrace --network=none --ignore-cgroups "do" --force-overlay=true \
		"$MONITOR" run -r "$own_rules" --output-fd 1 -- sh -c "$read_it" >"$dir/out" 2>"$dir/err"
	status=$?
	if grep -q '^in$' "$dir/out"; then
		ok "status in gVisor: $status" [ $status = 3 ]
		ok "alert in gVisor: $(cat "$dir/out" "$dir/err")" grep -q "$own" "$dir/out"
	else
		echo "left out: gVisor does not start the command here: $(tail -n 2 "$dir/err")"
		left_out=$((left_out + 1))
	fi
else
	left_out=$((left_out + 1))
fi
finish
