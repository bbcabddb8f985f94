#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Several event sources at once, each on a thread of its own: all take up other rules and outputs together, and lose no event. A capture
# takes up none. $RELOADS: how many times.
. "$(dirname "$0")/../lib.sh"

need python3
reloads=${RELOADS:-20}
need_plugin dummy
build_other

# $1: the word of the outputs
rules() {
	for source in dummy other; do
		rule "Each of $source" "$source.divisible[50000] = true" "$1 $source %$source.value" NOTICE "source: $source"
	done
}
loaded() {
	grep -c 'were loaded again' "$dir/err"
}
refused() {
	grep -c 'stays in force' "$dir/err"
}
descriptors() {
	ls "/proc/$pid/fd" | wc -l
}
config() {
	put "$dir/config.yaml" <<YAML
rules_files: [$dir/rules.yaml]
engine: {kind: nodriver}
log_stderr: true
log_syslog: false
watch_config_files: ${2:-false}
plugins:
  - {name: dummy, library_path: $plugins/libdummy.so, open_params: '{"start": 1, "maxEvents": 4000000000000}'}
  - {name: other, library_path: $dir/libother.so, open_params: '{"start": 1, "maxEvents": 4000000000000}'}
file_output: {enabled: true, keep_alive: true, filename: $1}
YAML
}
# WORD: both have it
word() {
	cat "$dir/alerts" "$dir/others" 2>/dev/null | tail -n 400 | grep -c " $1 dummy" >/dev/null &&
		cat "$dir/alerts" "$dir/others" 2>/dev/null | tail -n 400 | grep -c " $1 other" >/dev/null
}
rules first | put "$dir/rules.yaml"
config "$dir/alerts"
in_background "$MONITOR" falco -c "$dir/config.yaml"
ok "both sources run" soon word first
rules watched | put "$dir/rules.yaml"
kill -HUP "$pid"
ok "both sources have other rules" soon word watched
failed=0
i=0
while [ $i -lt "$reloads" ]; do
	i=$((i + 1))
	l=$(loaded)
	f=$(refused)
	case $((i % 4)) in
	0) echo '- rule: [' | put "$dir/rules.yaml" ;;
	2) rules "word$i" | sed 's/source: other/source: none/' | put "$dir/rules.yaml" ;; # in the last of the sources' sets
	*) rules "word$i" | put "$dir/rules.yaml" ;;
	esac
	[ $((i % 4)) != 3 ] || config "$dir/others"
	[ $((i % 4)) != 1 ] || config "$dir/alerts"
	kill -HUP "$pid"
	if [ $((i % 4)) != 0 ]; then soon at_least $((l + 1)) loaded; else soon at_least $((f + 1)) refused; fi || failed=$((failed + 1))
	[ $i = 4 ] && fds=$(descriptors)
done
ok "each was taken up or refused: $failed of $reloads were not" [ $failed = 0 ]
# what is loaded takes the place of another, whose descriptors are closed a moment later
ok "descriptors: $fds after 4, $(descriptors) at the end" soon at_most "$fds" descriptors
rules last | put "$dir/rules.yaml"
kill -HUP "$pid"
ok "and once more" soon word last
# in the middle of a reload
kill -HUP "$pid"
ok "it ends well" terminate
ok "nothing is lost, and nothing told twice" python3 - "$dir/alerts" "$dir/others" "$reloads" <<'END2'
import re
import sys
text = open(sys.argv[1]).read()
if int(sys.argv[3]) > 2:
    text += open(sys.argv[2]).read()
gaps = 0
for source in "dummy", "other":
    seen = sorted(int(n) for n in re.findall(r" %s (\d+)\n" % source, text))
    assert len(seen) > 50, len(seen)
    expected = list(range(50000, seen[-1] + 1, 50000))
    if source == "dummy":
        assert seen == expected, (source, len(seen), len(expected))
    else:
        # while its rules were for no source, it had none; nothing else is missing, and nothing is there twice
        assert len(seen) == len(set(seen)) and set(seen) <= set(expected), source
END2

# ---- a capture
capture=$MONITOR_SHARED/conformance/captures/files.scap
if [ -f "$capture" ]; then
	mkfifo "$dir/fifo"
	rule Any "evt.num > 0" any >"$dir/rules.yaml"
	printf 'stdout_output: {enabled: true}\nrules_files: [%s]\nengine: {kind: replay, replay: {capture_file: %s}}\nlog_stderr: true\nlog_syslog: false\n' \
		"$dir/rules.yaml" "$dir/fifo" >"$dir/config.yaml"
	in_background "$MONITOR" falco -c "$dir/config.yaml" -P "$dir/pid"
	exec 9>"$dir/fifo"
	head -c 20000 "$capture" >&9
	soon [ -s "$dir/pid" ]
	kill -HUP "$pid"
	tail -c +20001 "$capture" >&9
	exec 9>&-
	ok "a capture goes on to its end" wait "$pid"
	ok "and says that it loads nothing" grep -q 'SIGHUP loads nothing again' "$dir/err"
fi
finish
