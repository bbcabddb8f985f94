#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Plugins that work on the events of others: parsing, tables, asynchronous events, listening; several event sources at once.
. "$(dirname "$0")/../lib.sh"

cd "$dir" || exit 99
need_plugin dummy
build_plugin parts "$here/parts.c"
capture=$MONITOR_SHARED/conformance/captures/files.scap
[ -f "$capture" ] || skip "no captures"

# a plugin's own count of a thread's events, after it was shown this one
rule third "parts.seen = 3 and parts.comm = val(proc.name)" "third of %proc.name seen=%parts.seen fd=%parts.fd0" >rules.yaml
cat >falco.yaml <<YAML
engine: {kind: replay, replay: {capture_file: $capture}}
log_stderr: true
log_level: info
plugins:
  - {name: parts, library_path: $dir/libparts.so}
rules_files: [rules.yaml]
stdout_output: {enabled: true}
YAML
ok "a capture is parsed" in_foreground "$MONITOR" falco -c falco.yaml
ok "what parsing wrote is read when fields are" grep -q "third of .* seen=3" out
ok "a table inside of a thread" grep -q "fd=[^ ]" out
ok "it listens, and its routine runs" grep -q "plugin parts: closing, the routine ran: yes" err

# two sources, each with rules, and an asynchronous event in one
{
	rule sevens "dummy.divisible[7] = true and evt.source = dummy" "got %dummy.value" NOTICE "source: dummy"
	rule second "other.value = 11" "other %other.value" WARNING "source: other"
	rule sent "evt.asynctype = part" "async %evt.asynctype in %evt.source" NOTICE "source: dummy"
} >>rules.yaml
build_other
cat >falco.yaml <<YAML
engine: {kind: nodriver}
log_stderr: true
plugins:
  - {name: dummy, library_path: $plugins/libdummy.so, open_params: '{"start": 5, "maxEvents": 20000}'}
  - {name: other, library_path: $dir/libother.so, open_params: '{"start": 9, "maxEvents": 30}'}
  - {name: parts, library_path: $dir/libparts.so}
rules_files: [rules.yaml]
stdout_output: {enabled: true}
YAML
ok "two sources end" in_foreground "$MONITOR" falco -c falco.yaml
ok "rules of the first" [ "$(grep -c 'Notice got' out)" -ge 40 ]
ok "rules of the second" grep -q "Warning other 11" out
ok "an asynchronous event" grep -q "Notice async part in dummy" out
ok "one that was not announced is refused" grep -q "has a name that it did not announce" err
ok "the counts are of both" grep -q "second: 1" out

# without any source of events: those that a plugin sends are all there is
cat >alone.yaml <<YAML
engine: {kind: nodriver}
log_stderr: true
plugins:
  - {name: parts, library_path: $dir/libparts.so}
rules_files: [alone_rules.yaml]
stdout_output: {enabled: true}
YAML
rule sent "evt.type = part" "alone in %evt.source" >alone_rules.yaml
ok "a plugin without a source, alone" in_foreground "$MONITOR" falco -c alone.yaml -M 1
ok "its event" grep -q "Notice alone in syscall" out
ok "what there will be is told" grep -q "there will be none but those that plugins send by themselves" err

# a field may not have a name that is taken
sed -e 's/parts\.comm/proc.name/g' "$here/parts.c" >taken.c
build_plugin taken taken.c
sed -e 's/libparts/libtaken/' falco.yaml >taken.yaml
in_foreground "$MONITOR" falco -c taken.yaml
ok "a field that is there already is refused" [ $? -ne 0 ]
ok "and named" grep -q "plugin parts: its field proc.name is another one's already for the event source syscall" err

# figures: snapshots, and the page of Prometheus
sed -e 's/"maxEvents": 20000/"maxEvents": 4000000000/' -e 's/"maxEvents": 30}/"maxEvents": 4000000000}/' \
	-e 's/rules.yaml/never.yaml/' falco.yaml >long.yaml
port=$(free_port)
cat >>long.yaml <<YAML
metrics: {enabled: true, interval: 300ms, output_rule: false, output_file: $dir/figures}
webserver: {enabled: true, listen_address: 127.0.0.1, listen_port: $port, prometheus_metrics_enabled: true}
YAML
rule never "other.value = 0" o NOTICE "source: other" >never.yaml
in_background "$MONITOR" falco -c long.yaml -M 100
complete() {
	curl -s "http://127.0.0.1:$port/metrics" >page && grep -q '_plugins_parts_rounds_total' page && grep -q 'parts.rounds_total' figures &&
		grep -q 'parts.half.other' figures
}
soon complete
terminate
ok "a snapshot has a plugin's figures" grep -q '"plugins.parts.below.zero":-3,.*"plugins.parts.rounds_total":18446744073709551615,' figures
ok "those of another source's copy" grep -q '"plugins.parts.half.other":0.5' figures
ok "not what is 0" [ "$(grep -c parts.nothing figures)" = 0 ]
ok "Falco's names for Prometheus" grep -q '^falcosecurity_plugins_parts_rounds_total{evt_source="dummy"} 18446744073709551615$' page
ok "a counter" grep -q '^# TYPE falcosecurity_plugins_parts_nothing_total counter$' page
finish
