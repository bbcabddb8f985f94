#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What plugins say of events, source and state; another configuration while they work; and crashes and hangs, which name them.
. "$(dirname "$0")/../lib.sh"

cd "$dir" || exit 99
build_plugin words "$here/words.c"

rule any "words.given > 0" "by %evt.pluginname; %evt.plugininfo; config %words.config" NOTICE "source: words" "capture: true" >rules.yaml
# with INIT_CONFIG
with() {
	cat >falco.yaml <<YAML
engine: {kind: nodriver}
log_stderr: true
log_level: info
plugins:
  - {name: words, library_path: $dir/libwords.so, init_config: $1}
rules_files: [rules.yaml]
stdout_output: {enabled: true}
capture: {enabled: true, path_prefix: $dir/cap, mode: rules, default_duration: 100}
metrics: {enabled: true, interval: 200ms, output_rule: false, output_file: $dir/figures}
YAML
}

with '{say: one}'
ok "it is described" in_foreground "$MONITOR" falco -c falco.yaml --plugin-info words
ok "with its schema" grep -q '^Init config schema type: JSON$' out
ok "and what it can be opened with" grep -qx 'short: ten events' out

in_background "$MONITOR" falco -c falco.yaml -M 250
until_has() { # FILE TEXT
	soon grep -q "$2" "$1"
}
ok "it runs" until_has out 'config {"say":"one"}'
ok "the name of an event's plugin" grep -q 'Notice by words; ' out
ok "its words" until_has out 'by words; number [0-9]*[13579] of words;'
ok "the data where it has none" until_has out 'by words; datalen=7 data=e0[0-9]*;'
ok "how far its source is" until_has figures '"plugins.words.progress_percent":42.25'
with '{say: two}'
ok "it takes another configuration" until_has out 'config {"say":"two"}'
ok "which is told" until_has err "plugin words: it has its new configuration"
ok "and not as something for the next start" [ "$(grep -c 'plugins has changed' err)" = 0 ]
with '{say: refuse}'
ok "one that it refuses" until_has err "plugin words: it does not take its new configuration: its own words"
with '{say: [1]}'
ok "one that its schema refuses" until_has err "what was loaded before stays in force"
with '{say: three}'
ok "it goes on" until_has out 'config {"say":"three"}'
terminate
set -- cap_*.scap
ok "a capture" [ -f "$1" ]
in_foreground "$MONITOR" replay --plugin ./libwords.so -p '%evt.num %evt.source %evt.asynctype %evt.pluginname %evt.pluginname' "$1"
ok "it begins with what the plugin knew" sh -c 'head -1 out | grep -q "words known"'
ok "its events have their maker" grep -q "words <NA> words words" out

# in the source that is watched beside the first, on a thread of its own
sed -e 's/"words"/"verbs"/; s/\\"words\\"/\\"verbs\\"/; s/\\"words\./\\"verbs./g; s/PLUGIN_ID 905/PLUGIN_ID 906/' \
	-e '/get_event_source/s/words/verbs/' "$here/words.c" >verbs.c
build_plugin verbs verbs.c
both() {
	with "$1"
	sed -i "s,^plugins:,&\n  - {name: verbs\, library_path: $dir/libverbs.so}," falco.yaml
}
both '{say: one}'
in_background "$MONITOR" falco -c falco.yaml -M 250
ok "two sources run" until_has out 'config {"say":"one"}'
both '{say: two}'
ok "the plugin of the second takes another configuration" until_has out 'config {"say":"two"}'
ok "which is told" until_has err 'it has its new configuration'
ok "alone" [ "$(grep -c 'it has its new configuration\|plugins has changed' err)" = 1 ]
terminate

# a crash: status and words. The core is not wanted.
# shellcheck disable=SC3045 # dash has it
ulimit -c 0
places="init open next_batch extract_fields"
grep -q __asan_init "$MONITOR" && places= # which has handlers of its own
for at in $places; do
	with "{do: 'crash:$at;'}"
	in_foreground "$MONITOR" falco -c falco.yaml
	ok "a crash in $at is one" [ $? -eq 139 ]
	ok "a crash in $at is told" grep -q "plugin words: it crashes in $at() with SIGSEGV" err
done
with "{do: 'crash:thread;'}"
in_foreground "$MONITOR" falco -c falco.yaml
ok "a crash in a thread" [ $? -eq 134 ]

# a hang: told after a while; a request to end is met
with "{do: 'hang:next_batch;'}"
in_background "$MONITOR" falco -c falco.yaml -o monitor.plugin_call_seconds=2
ok "a hang is told" until_has err "plugin words: next_batch() has not returned for 2 s"
terminate
ok "a request to end is met" [ $? -eq 1 ]
ok "and told" grep -q "plugin words: next_batch() does not return; monitor ends without it" err
finish
