#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# systemd's journal gets alerts with fields to look for, however long they are, also after it was started anew; and the levels of our own log.
. "$(dirname "$0")/../lib.sh"

need python3 unshare journalctl systemd-cat
journald=/lib/systemd/systemd-journald
[ -x $journald ] || skip "$journald is not installed"
need_root

{
	numbered_rule CRITICAL "tags: [first_tag, second]"
	rule Long "evt.type in (open, openat) and fd.name endswith /long" "$(printf '%0300000d' 0) %fd.name" # beyond a datagram
	rule Lines "evt.type in (open, openat) and fd.name contains /two" '"two\nlines %fd.name"' # a control character ends no field
} >"$dir/rules.yaml"
cat >"$dir/open.py" <<'END'
import os
import sys
for name in ["n-%03d" % i for i in range(int(sys.argv[2]))] + sys.argv[3:]:
    os.close(os.open(sys.argv[1] + "/" + name, os.O_RDONLY | os.O_CREAT))
END
cat >"$dir/config.yaml" <<END
rules_files: [$dir/rules.yaml]
engine: {kind: nodriver}
json_output: \${JSON}
log_level: info
log_stderr: true
log_syslog: false
monitor: {journal_output: {enabled: true, identifier: ours}}
END
cat >"$dir/inside.sh" <<'END'
set -u
mount -t tmpfs tmpfs /run || exit 1
mkdir -p /run/systemd/journal /run/log/journal
start() {
	rm -f /run/systemd/journal/socket
	"$1" >"$dir/journald" 2>&1 &
	journal=$!
	until [ -S /run/systemd/journal/socket ]; do sleep 0.1; done
}
run() {
	JSON=$1 "$MONITOR" run -c "$dir/config.yaml" -r "$dir/rules.yaml" -- python3 "$dir/open.py" "$dir" $2 >"$dir/out" 2>"$dir/err" || echo "run: $?"
}
start "$1"
run false "500 long two"
# systemd-cat does not name the stream as services have it named
# shellcheck disable=SC2016 # the inner shell's
JSON=false systemd-cat --identifier=log sh -c 'JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec "$@"' - \
	"$MONITOR" falco -c "$dir/config.yaml" -M 1 -r "$dir/rules.yaml"
kill $journal
wait $journal
# away while alerts come
(
	sleep 2
	exec "$1"
) >"$dir/journald" 2>&1 &
journal=$!
run true 1
entries() {
	journalctl -D /run/log/journal --no-pager -a -o json >"$dir/entries"
}
# it writes what it has read in its own time; the one that came last is the 501st
i=0
until entries && [ "$(grep -c '"MONITOR_RULE":"Numbered file opened"' "$dir/entries")" -ge 501 ] || [ $i = 300 ]; do
	sleep 0.2
	i=$((i + 1))
done
kill $journal
END
export dir MONITOR
unshare -m sh "$dir/inside.sh" "$journald" >"$dir/log" 2>&1
ok "it ran: $(head -c 300 "$dir/log")" [ ! -s "$dir/log" ]
ok "entries" python3 - "$dir/entries" <<'END'
import json
import sys
entries = [json.loads(line) for line in open(sys.argv[1], errors="replace")]
def text(value): # not all bytes are text to journalctl
    return bytes(value).decode() if isinstance(value, list) and value and isinstance(value[0], int) else value
ours = [e for e in entries if e.get("SYSLOG_IDENTIFIER") == "ours"]
numbered = [e for e in ours if e.get("MONITOR_RULE") == "Numbered file opened"]
assert len(numbered) == 501, len(numbered)
for i, e in enumerate(numbered[:500]):
    assert e["PRIORITY"] == "2" and e["MONITOR_SOURCE"] == "syscall" and e["_TRANSPORT"] == "journal", e
    assert sorted(e["MONITOR_TAG"]) == ["first_tag", "second"], e
    fields = json.loads(text(e["MONITOR_FIELDS"]))
    assert fields["fd.name"].endswith("/n-%03d" % i), (i, fields)
    assert text(e["MESSAGE"]).endswith("Critical opened " + fields["fd.name"]), e
    assert abs(int(e["MONITOR_TIME_NS"]) / 1e3 - int(e["__REALTIME_TIMESTAMP"])) < 30e6, e
assert json.loads(text(numbered[500]["MESSAGE"]))["rule"] == "Numbered file opened" # while the journal was away
long = [e for e in ours if e.get("MONITOR_RULE") == "Long"]
assert len(long) == 1 and len(text(long[0]["MESSAGE"])) > 300000, len(long)
lines = [e for e in ours if e.get("MONITOR_RULE") == "Lines"]
assert len(lines) == 1 and "two" in text(lines[0]["MESSAGE"]) and text(lines[0]["MESSAGE"]).endswith("/two"), lines
log = [e for e in entries if e.get("SYSLOG_IDENTIFIER") == "log"]
levels = {e["PRIORITY"] for e in log}
assert "4" in levels and not any(text(e["MESSAGE"]).startswith("<") for e in log), [(e["PRIORITY"], e["MESSAGE"]) for e in log]
END
finish
