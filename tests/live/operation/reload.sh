#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Rules and configuration are loaded again while events come: no event is lost, no descriptor and no memory stays behind; what cannot be
# used leaves the old ones in force. $RELOADS: how many times (1000 is a good number by hand).
. "$(dirname "$0")/../lib.sh"

need python3
reloads=${RELOADS:-40}
mkdir "$dir/files" "$dir/rules.d" "$dir/conf.d"

# $1: the word of the output; more follows
rules() {
	rule Numbered "evt.type in (open, openat) and fd.name contains /n-" "$1 %fd.name"
}
config() {
	printf 'rules_files: [%s]\nconfig_files: [%s]\nfile_output: {enabled: true, keep_alive: true, filename: %s}\nmonitor: {run: {intercept: %s}}\n%s\n' \
		"$dir/rules.d" "$dir/conf.d" "$dir/alerts" "${scope:-rules}" "${1:-}" | put "$dir/config.yaml"
}
start() {
	rm -f "$dir/files/done" "$dir/pid" "$dir/alerts" "$dir/err"
	in_background "$MONITOR" run --pidfile "$dir/pid" -c "$dir/config.yaml" -- python3 "$here/missing.py" "$dir/files" 20
	soon test -s "$dir/alerts"
	supervisor=$(cat "$dir/pid")
}
stop() {
	: >"$dir/files/done"
	ok "the command ends well" wait "$pid"
	ok "no alert is lost: $(cat "$dir/files/count") calls" python3 - "$dir/alerts" "$dir/files/count" <<'END'
import re
import sys
seen = [int(n) for n in re.findall(r"/n-(\d+)-", open(sys.argv[1]).read())]
assert seen == list(range(int(open(sys.argv[2]).read()))), (len(seen), open(sys.argv[2]).read())
END
	ok "its number is taken away" [ ! -e "$dir/pid" ]
}
loaded() {
	grep -c 'were loaded again' "$dir/err"
}
refused() {
	grep -c 'stays in force' "$dir/err"
}

# ---- by the files' changes
rules first | put "$dir/rules.d/1.yaml"
config
start
rules second | put "$dir/rules.d/1.yaml"
ok "a rules file that is replaced is loaded" soon grep -q ' second ' "$dir/alerts"
{ rules first; echo 'nonsense: ['; } | put "$dir/rules.d/1.yaml"
ok "one that is broken is refused" soon at_least 1 refused
ok "and says why" grep -q '1.yaml:.*LOAD_ERR' "$dir/err"
ok "the internal alert" grep -q 'Critical Falco internal: hot restart failure' "$dir/alerts"
rule Mode "evt.type = fchmod" o | put "$dir/rules.d/2.yaml"
rules second | put "$dir/rules.d/1.yaml"
ok "a call that is not caught: the rule and the call are named" soon grep -q 'need the call fchmod, for "Mode"' "$dir/err"
rm "$dir/rules.d/2.yaml"
ok "a file that goes" soon at_least 2 loaded
echo 'append_output: [{extra_output: appended}]' | put "$dir/conf.d/a.yaml"
ok "a configuration file that comes" soon grep -q ' appended$' "$dir/alerts"
echo "file_output: {enabled: true, filename: $dir/other, keep_alive: true}" | put "$dir/conf.d/a.yaml"
ok "another file for alerts" soon test -s "$dir/other"
n=$(refused)
echo "file_output: {enabled: true, filename: $dir/none/other, keep_alive: true}" | put "$dir/conf.d/a.yaml"
ok "one that cannot be opened" soon at_least $((n + 1)) refused
rm "$dir/conf.d/a.yaml"
ok "and back" soon at_least 5 loaded
n=$(refused)
mv "$dir/rules.d/1.yaml" "$dir/kept"
ok "no rules are left: those in force stay" soon at_least $((n + 1)) refused
ok "and it is said why" grep -q 'no rules: .*rules.d is a folder without' "$dir/err"
mv "$dir/kept" "$dir/rules.d/1.yaml"
was=$(wc -l <"$dir/alerts")
ok "the first file has alerts again" soon at_least $((was + 1)) grep -c '' "$dir/alerts"
: >"$dir/files/done"
wait "$pid"
cat "$dir/alerts" "$dir/other" | grep -o '/n-[0-9]*-' | sort >"$dir/seen"
ok "each call has its alert in one of the files" python3 - "$dir/seen" "$dir/files/count" <<'END'
import sys
seen = [int(line[3:-2]) for line in open(sys.argv[1])]
assert seen == list(range(int(open(sys.argv[2]).read()))), (len(seen), open(sys.argv[2]).read())
END

# ---- all calls are caught: any rule may come
scope=all
rm -f "$dir/rules.d"/*
rules first | put "$dir/rules.d/1.yaml"
config
start
rule Mode "evt.type = fchmod" o | put "$dir/rules.d/2.yaml"
ok "a rule for a call that no rule was for" soon at_least 1 loaded
ok "nothing is refused" [ "$(refused)" = 0 ]
stop
scope=
rm "$dir/rules.d/2.yaml"

# ---- by SIGHUP, many times, good and bad ones
config 'watch_config_files: false'
start
rss() {
	awk '$1 == "VmRSS:" { print $2 }' "/proc/$supervisor/status"
}
descriptors() {
	ls "/proc/$supervisor/fd" | wc -l
}
i=0
failed=0
while [ $i -lt "$reloads" ]; do
	i=$((i + 1))
	l=$(loaded)
	f=$(refused)
	case $((i % 4)) in
	1) rules second | put "$dir/rules.d/1.yaml" ;;
	2) echo '- rule: [' | put "$dir/rules.d/1.yaml" ;;
	3) { rules third; rules third | sed 's/Numbered/Other/; s,/n-,/nothing/,'; } | put "$dir/rules.d/1.yaml" ;;
	0) echo '- macro: broken' | put "$dir/rules.d/1.yaml" ;;
	esac
	kill -HUP "$supervisor"
	if [ $((i % 2)) = 1 ]; then soon at_least $((l + 1)) loaded; else soon at_least $((f + 1)) refused; fi || failed=$((failed + 1))
	[ $i = 8 ] && { fds=$(descriptors); kib=$(rss); }
done
ok "each was taken up or refused: $failed of $reloads were not" [ $failed = 0 ]
ok "good ones: $(loaded)" [ "$(loaded)" = $((reloads / 2)) ]
# what is loaded takes the place of another, whose descriptors are closed a moment later
ok "descriptors: $fds after 8, $(descriptors) at the end" soon at_most "$fds" descriptors
ok "memory: $kib KiB after 8, $(rss) at the end" [ "$(rss)" -le $((kib + 4096)) ]
echo "$reloads reloads: $fds descriptors, $kib KiB, then $(descriptors), $(rss)"
stop

# ---- a Falco installation, whose rules come after its start
rm "$dir/rules.d"/*
config 'engine: {kind: nodriver}
log_stderr: true'
rm -f "$dir/alerts" "$dir/err" "$dir/pid"
in_background "$MONITOR" falco -P "$dir/pid" -c "$dir/config.yaml"
ok "falco starts" soon test -s "$dir/pid"
watching() {
	grep -qs '^inotify' "/proc/$pid/fdinfo"/*
}
soon watching
ok "falco: it says that there are no rules" grep -q 'no rules: .*rules.d is a folder without' "$dir/err"
rules second | put "$dir/rules.d/1.yaml"
ok "falco: a change" soon at_least 1 loaded
rm "$dir/rules.d/1.yaml"
ok "falco: rules that go leave those in force" soon at_least 1 refused
echo 'x: y' | put "$dir/rules.d/1.yaml"
ok "falco: a broken file" soon at_least 2 refused
ok "falco: the internal alert" soon grep -q 'hot restart failure' "$dir/alerts"
rules third | put "$dir/rules.d/1.yaml"
ok "falco: another change" soon at_least 2 loaded
kill -HUP "$(cat "$dir/pid")"
ok "falco: SIGHUP" soon at_least 3 loaded

# ---- what only one can have: an address, a spool; the one before it ends in its own time, and nothing waits for it
listens() {
	python3 -c 'import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])' "$dir/grpc.sock"
}
# $1: what differs
holds() {
	config "engine: {kind: nodriver}
log_stderr: true
metrics: {enabled: true, interval: 100ms, output_rule: true}
grpc: {enabled: true, bind_address: 'unix://$dir/grpc.sock', threadiness: $1}
grpc_output: {enabled: true}
http_output: {enabled: true, url: 'http://127.0.0.1:1/', user_agent: '$1'}"
	sed -i "s,^monitor: .*,monitor: {http_output: {spool: $dir/spool}}," "$dir/config.yaml"
}
if [ ! -f "$BUILD/config.h" ] || grep -q '^#define HAVE_GRPC' "$BUILD/config.h"; then
	mkdir "$dir/spool"
	holds 1
	ok "an address and a spool" soon listens
	# a client that reads nothing keeps the old server for two seconds. What it sees of the time is what the machine leaves to anybody.
	cat >"$dir/client.py" <<'END'
import socket
import sys
import time
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
while True:
    print(time.monotonic(), flush=True)
    time.sleep(0.1)
END
	python3 "$dir/client.py" "$dir/grpc.sock" >"$dir/ticks" &
	client=$!
	soon [ -s "$dir/ticks" ]
	n=$(loaded)
	holds 2
	ok "others with the same" soon at_least $((n + 1)) loaded
	was=$(grep -c 'metrics snapshot' "$dir/alerts")
	ok "alerts come behind it" soon at_least $((was + 10)) grep -c 'metrics snapshot' "$dir/alerts"
	ok "no alert was late" python3 - "$dir/alerts" "$dir/ticks" <<'END'
import re
import sys
times = [int(h) * 3600 + int(m) * 60 + float(s) for h, m, s in
         re.findall(r"^(\d\d):(\d\d):([\d.]+): Informational Falco metrics snapshot", open(sys.argv[1]).read(), re.M)]
ticks = [float(line) for line in open(sys.argv[2]).read().splitlines()[:-1]]
longest = lambda t: max(b - a for a, b in zip(t, t[1:]))
assert longest(times) < 2 + 2 * longest(ticks), (longest(times), longest(ticks))
END
	ok "the address" soon listens
	ok "nobody complains" [ "$(grep -c 'ddress already in use\|used by another' "$dir/err")" = 0 ]
	kill $client
fi
ok "falco: SIGTERM ends it well" terminate
finish
