#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Alerts on what others could have changed say evt.raced=possible: threads, processes that share memory or descriptors, and
# arguments in shared memory. Alerts on what nobody could have changed do not.
. "$(dirname "$0")/../lib.sh"

secret=$dir/evasion-secret
echo text-of-the-secret >"$secret"

# doubts OPTIONS yes|no WAY; below $below
below=
doubts() {
	checks=$((checks + 1))
	monitor_options=$1
	# shellcheck disable=SC2086 # $below is words
	wrap="timeout -k 1 60" under "$here/rules.yaml" -- $below "$src/evade" "$3" "$secret"
	grep -q '"rule":"secret opened"' "$alerts" || {
		fail "$3 ($1): no alert: $(tail -n 2 "$dir/err")"
		return
	}
	if [ "$2" = yes ]; then
		grep '"rule":"secret opened"' "$alerts" | grep -q 'evt.raced=possible' || fail "$3 ($1): no doubt: $(cat "$alerts")"
	else
		grep '"rule":"secret opened"' "$alerts" | grep -q 'evt.raced=possible' && fail "$3 ($1): doubt: $(cat "$alerts")"
	fi
}

# doubt yes|no WAY: under a backend that looks behind the call
doubt() {
	doubts "--backend ptrace" "$@"
	doubts "--backend ptrace-all" "$@"
}
doubt no junk-bits
doubt no fchdir
doubt yes in-thread
doubt yes sharing-memory
doubt yes sharing-fds
doubt yes shared-page
doubt yes file-page
# a child that its parent waits for is alone
doubt no vfork-like
# whose birth nobody saw may share, unlike who did not hide it
doubts "--backend notify --births stops" yes untraced-sharing
doubts "--backend notify --births stops" yes keeping
doubts "--backend notify --births stops" yes keeping-anew
doubts "--backend notify --births stops" yes keeping-then-fork
doubts "--backend notify --births stops" yes keeping-then-anew
doubts "--backend notify --births stops" yes thread-keeping
# who had threads has hidden nobody
doubts "--backend notify --births stops" no former-threads
doubts "--backend notify --births stops" no former-threads-spawning
doubts "--backend notify --births stops" no interrupted-births
doubts "--backend notify --births stops" no asking
doubts "--backend notify --births stops" no root-link
# whose flags could be written to behind a look; with ptrace alone they may not be in memory then
doubts "--backend notify --births stops" yes forged-birth
# a debugger may change what it likes
below="$src/traced traceme"
doubts "--backend notify" yes root-link
below=
monitor_options=
# opened on behalf: no doubt, wherever the path was
checks=$((checks + 1))
[ "$(id -u)" != 0 ] || for way in in-thread sharing-memory sharing-fds shared-page file-page; do
	under "$here/rules.yaml" -- "$src/evade" $way "$secret"
	grep '"rule":"secret opened"' "$alerts" | grep -q 'evt.raced=possible' && fail "$way: doubt about what was opened on behalf"
done

# unix sockets: what a socket tells of itself is certain; where a datagram went nothing tells, and doctor's closed list says so
cat >"$dir/sockets.py" <<'END'
import os, socket, sys, threading
what, path = sys.argv[1:]
threading.Thread(target=threading.Event().wait, daemon=True).start() # memory is shared
there, here = (socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2))
there.bind(path)
if what == "connect":
    here.connect(path)
elif what == "send":
    here.sendto(b"text", path)
os.unlink(path)
END
for what in bind connect send; do
	checks=$((checks + 1))
	under "$here/rules.yaml" -- python3 "$dir/sockets.py" $what "$dir/socket-secret"
	if [ $what = send ]; then
		grep '"rule":"secret named"' "$alerts" | grep -q 'evt.raced=possible' || fail "$what: no doubt: $(cat "$alerts")"
	else
		grep -q '"rule":"secret named"' "$alerts" || fail "$what: no alert: $(tail -n 2 "$dir/err")"
		grep '"rule":"secret named"' "$alerts" | grep -q 'evt.raced=possible' && fail "$what: doubt: $(cat "$alerts")"
	fi
done
# shellcheck disable=SC2016 # for the inner shell
ok "doctor's closed list has it" sh -c '"$1" doctor -r "$2" | tr -s " \n" " " | grep -q "names of unix sockets that datagrams are sent to"' - "$MONITOR" "$here/rules.yaml"
finish
