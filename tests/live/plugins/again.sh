#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Events of plugins, captured while they happen and replayed: the same alerts, byte by byte. The plugins extract, parse and send events by
# themselves, then and now. One tells system calls.
. "$(dirname "$0")/../lib.sh"

cd "$dir" || exit 99
need_plugin dummy
for own in parts calls; do
	build_plugin $own "$here/$own.c"
done

# configure RULES PLUGIN...: each in YAML
configure() {
	{
		printf 'engine: {kind: nodriver, replay: {capture_file: none}}\nlog_stderr: true\njson_output: true\nrule_matching: all\n'
		printf 'rules_files: [%s]\nstdout_output: {enabled: true}\n' "$1"
		printf 'capture: {enabled: true, path_prefix: %s/cap, mode: all_rules, default_duration: 3600000}\nplugins:\n' "$dir"
		shift
		printf '  - %s\n' "$@"
	} >falco.yaml
}

# again WHAT AT-LEAST: lives, keeps the capture as WHAT.scap, and replays it by both commands
again() {
	rm -f cap_*
	ok "$1 runs" in_foreground "$MONITOR" falco -c falco.yaml
	grep '^{' out >live.json
	ok "$1 alerts" [ "$(wc -l <live.json)" -ge "$2" ]
	set -- "$1" cap_*
	ok "$1 is captured" [ -f "$2" ]
	mv "$2" "$1.scap"
	ok "$1 is replayed" in_foreground "$MONITOR" falco -c falco.yaml -o capture.enabled=false -o engine.kind=replay -o "engine.replay.capture_file=$1.scap"
	grep '^{' out >again.json
	ok "$1: the same alerts" cmp live.json again.json
	"$MONITOR" replay -c falco.yaml --json "$1.scap" >again.json 2>err
	ok "$1: the same by replay" cmp live.json again.json
}

# of a source, with extraction
{
	rule sevens "dummy.divisible[7] = true" "got %dummy.value at %evt.num of %evt.plugininfo from %evt.source" NOTICE "source: dummy"
	rule part "evt.asynctype = part" "async %evt.asynctype in %evt.source" NOTICE "source: dummy" # by another plugin's thread
} >dummy.yaml
source="{name: dummy, library_path: $plugins/libdummy.so, open_params: '{\"start\": 5, \"maxEvents\": 2000}'}"
configure dummy.yaml "$source"
again dummy 285
# with events that another plugin sends by itself: they are in the capture, and that plugin does not send them again
configure dummy.yaml "$source" "{name: parts, library_path: $dir/libparts.so}"
again sent 286
ok "what a plugin sends is there once" [ "$(grep -c 'async part in dummy' again.json)" -eq 1 ]
# without that plugin what it sent is an event nonetheless
grep -v 'name: parts' falco.yaml >without.yaml
"$MONITOR" replay -c without.yaml --json sent.scap >without.json 2>err
ok "without the plugin that sent it" cmp again.json without.json
# without the plugin of the source there are no fields, but there are the events
in_foreground "$MONITOR" replay -p '%evt.num %evt.type' sent.scap
ok "without the plugin of the source" [ "$(grep -c pluginevent out)" -eq 2000 ]

# two sources of fields, one of which parses: a burst is seen by what came before
cp "$here/audit.jsonl" .
configure "$top/rules/k8s_audit_rules.yaml" "{name: k8saudit, library_path: $plugins/libk8saudit.so, open_params: audit.jsonl}" \
	"{name: json, library_path: $plugins/libjson.so}"
again audit 20
ok "what is parsed counts" grep -q 'Burst of failed authentication' again.json

# system calls, of a process that is older than the plugin
echo some >named
{
	# by a path below the folder that the process is in; from what it had, and from what it opened
	rule opened "evt.type = openat and fd.name endswith /named" \
		"'%proc.name (%proc.pid) of %user.name (%user.uid) opens %fd.name from %proc.cwd'"
	rule read "evt.type = read" "'%proc.name reads %fd.name (%fd.typechar), child of %proc.pname'"
} >calls.yaml
# shellcheck disable=SC2217 # what it has is asked, not what it reads
sleep 300 <audit.jsonl &
old=$!
configure calls.yaml "{name: calls, library_path: $dir/libcalls.so, open_params: '$old'}"
again calls 4
kill $old
ok "what the process is" grep -q "sleep ($old) of $(id -un) ($(id -u)) opens $dir/named from $dir/" live.json
ok "a descriptor that it had" grep -q "sleep reads $dir/audit.jsonl (f), child of $(cat /proc/$$/comm)" live.json
ok "one that it opened" grep -q "sleep reads $dir/named (f)" live.json
ok "a process that nobody told the birth of" grep -q "monitor reads  (o), child of monitor" live.json
finish
