#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who opens a file and is killed in the middle of that: what is left of it, a descriptor that is shared, a file that was cut off or made,
# has its alert. So has what other calls left.
. "$(dirname "$0")/../lib.sh"

{
	rule opened "evt.type in (open, openat) and fd.name startswith $dir/files/ and evt.rawres >= 0" "opened %fd.name."
	rule removed "evt.type in (unlink, unlinkat) and fs.path.name startswith $dir/files/ and evt.rawres >= 0" "removed %fs.path.name."
	rule moved "evt.type in (rename, renameat, renameat2) and fs.path.source startswith $dir/files/ and evt.rawres >= 0" "moved %fs.path.source."
	rule bound "evt.type = bind and evt.arg.addr startswith $dir/files/ and evt.rawres >= 0" "bound %evt.arg.addr."
} >"$dir/rules.yaml"
need python3
times=${1:-400}

# killed WAY OPTION...
killed() {
	way=$1
	shift
	rm -rf "$dir/files"
	mkdir "$dir/files"
	i=0
	while [ "$way" != made ] && [ "$way" != bound ] && [ $i -lt "$times" ]; do
		echo text >"$dir/files/$way-$i"
		i=$((i + 1))
	done
	rm -f "$dir/alerts"
	# shellcheck disable=SC2016 # for the inner shell
	timeout -k 1 120 "$MONITOR" run "$@" -r "$dir/rules.yaml" --output "$dir/alerts" -- \
		sh -c '[ -z "$1" ] || while :; do : <"$0"; done & "$2" "$3" "$4" "$5"; status=$?; kill $!; exit $status' \
		"$dir/rules.yaml" "${crowd:-}" "$src/killed" "$dir/files" "$times" "$way" >"$dir/left" 2>"$dir/err"
	status=$?
	ok "$way $*: status $status: $(tail -n 1 "$dir/err")" [ $status = 0 ]
	ok "$way $*: nothing was left" [ -s "$dir/left" ]
	sed -n 's/.* \(opened\|removed\|moved\|bound\) \([^ ]*\)\..*/\2/p' "$dir/alerts" | sort -u >"$dir/seen"
	missed=$(sort "$dir/left" | comm -23 - "$dir/seen" | wc -l)
	echo "$way $*: $(wc -l <"$dir/left") of $times, $missed missed"
	ok "$way $*: missed" [ "$missed" -le "${tolerated:-0}" ]
}

for way in shared cut made; do
	killed $way
done
# in a crowd a thread hands descriptors over
crowd=1
killed shared
# what is looked at behind the call is told by the caller's end; a kill may still come when the call is neither at its entry nor in its stop
crowd=
tolerated=$((times / 50))
for way in removed moved ended bound; do
	killed $way
	killed $way --backend ptrace
	killed $way --backend ptrace-all
done
for way in shared cut; do
	killed $way --opens fast
	killed $way --backend ptrace
	killed $way --backend ptrace-all
done

# who is killed while it waits for others has got nothing, and its call is told as broken off
{
	rule accepted "evt.type in (accept, accept4) and evt.rawres >= 0" "accepted"
	rule broken "evt.type in (accept, accept4) and evt.rawres < 0" "broken off"
} >"$dir/waits.yaml"
cat >"$dir/waits.py" <<'END'
import os, signal, socket, sys, time
server = socket.create_server(("127.0.0.1", 0))
pid = os.fork()
if pid == 0:
    server.accept()
    os._exit(0)
while open("/proc/%d/syscall" % pid).read().split()[0] not in sys.argv[1:]:
    time.sleep(0.01)
os.kill(pid, signal.SIGKILL)
os.waitpid(pid, 0)
END
for backend in notify ptrace; do
	rm -f "$dir/alerts"
	timeout -k 1 60 "$MONITOR" run --backend $backend -r "$dir/waits.yaml" --output "$dir/alerts" -- python3 "$dir/waits.py" 288 242
	equal "$backend: a server that is killed" "$(sed 's/.*Notice //' "$dir/alerts")" "broken off evt.raced=possible"
done
finish
