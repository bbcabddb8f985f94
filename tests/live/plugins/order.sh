#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# In which order plugins are called, and with what; as by Falco's libraries.
. "$(dirname "$0")/../lib.sh"

cd "$dir" || exit 99
build_plugin giver "$here/order.c" -DNAME='"giver"' -DSOURCE
build_plugin taker "$here/order.c" -DNAME='"taker"'

rule each "taker.data exists" "got %giver.data" NOTICE "source: order" >rules.yaml
cat >falco.yaml <<YAML
engine: {kind: nodriver}
log_stderr: true
log_level: notice
plugins:
  - {name: giver, library_path: $dir/libgiver.so}
  - {name: taker, library_path: $dir/libtaker.so, init_config: {a: 1}, open_params: nobody's}
rules_files: [rules.yaml]
stdout_output: {enabled: true}
append_output: [{suggested_output: true}]
metrics: {enabled: true, interval: 100ms, output_rule: false, output_file: $dir/figures}
YAML
cat >expected <<'TEXT'
giver: init 
taker: init {"a":1}
giver: open 
giver: async yes
taker: async yes
giver: begin 
taker: begin 
giver: parse one
taker: parse one
taker: extract one
giver: extract one
giver: parse two
taker: parse two
taker: extract two
giver: extract two
giver: close NULL
giver: async NULL
taker: async NULL
giver: end 
taker: end 
taker: the end: destroy 
giver: the end: destroy 
TEXT
in_foreground "$MONITOR" falco -c falco.yaml
ok "it ends with the source's failure" [ $? -eq 1 ]
ok "which is told" grep -q "plugin giver: its event source failed: its own words" err
sed -n 's/^.*plugin \([a-z]*: \(init\|open\|async\|begin\|parse\|extract\|close\|end\|the end: destroy\) .*\)$/\1/p' err | awk '!seen[$0]++' >calls # an output extracts again
ok "each call in its place" diff expected calls
ok "the event that came with the failure" grep -q "Notice got two" out
ok "suggested fields of all that have some" grep -q "giver_data=two taker_data=two" out

# the same plugins where no event source of theirs is: they work on system calls that a capture has
capture=$MONITOR_SHARED/conformance/captures/files.scap
if [ -f "$capture" ]; then
	sed -e "s|^engine:.*|engine: {kind: replay, replay: {capture_file: $capture}}|" falco.yaml >replay.yaml
	ok "a capture" in_foreground "$MONITOR" falco -c replay.yaml
	ok "nobody sends events of its own there" [ "$(grep -c ': async' err)" = 0 ]
	ok "nor is a source opened" [ "$(grep -c ': open\|: close' err)" = 0 ]
	ok "all are told of begin and end" [ "$(grep -c ': begin\|: end ' err)" = 4 ]
fi

# two of one id
build_plugin double "$here/order.c" -DNAME='"double"' -DSOURCE
sed "s,^plugins:,&\n  - {name: double\, library_path: $dir/libdouble.so}," falco.yaml >double.yaml
in_foreground "$MONITOR" falco -c double.yaml
ok "two plugins of one id are refused" [ $? -ne 0 ]
ok "and named" grep -q "plugin giver: its id 907 is that of the plugin double" err
finish
