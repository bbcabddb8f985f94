#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Plugins that work on the events of others: parsing, tables, asynchronous events, listening; several event sources at once.
. "$(dirname "$0")/../lib.sh"

here=$(cd "$(dirname "$0")" && pwd)
cd "$dir" || exit 99
dummy=$(cd "$BUILD" && pwd)/contrib/plugins/libdummy.so
[ -f "$dummy" ] || skip "contrib/plugins/libdummy.so is not built"
${CC:-cc} -shared -fPIC -I"$here/../../../src" -o libparts.so "$here/parts.c" -lpthread || skip "no C compiler"
capture=$MONITOR_SHARED/conformance/captures/files.scap
[ -f "$capture" ] || skip "no captures"

cat >rules.yaml <<'YAML'
- rule: third
  desc: a plugin's own count of a thread's events, after it was shown this one
  condition: parts.seen = 3 and parts.comm = val(proc.name)
  output: third of %proc.name seen=%parts.seen fd=%parts.fd0
  priority: NOTICE
YAML
cat >falco.yaml <<YAML
engine: {kind: replay, replay: {capture_file: $capture}}
log_stderr: true
log_level: info
plugins:
  - {name: parts, library_path: $dir/libparts.so}
rules_files: [rules.yaml]
stdout_output: {enabled: true}
YAML
"$MONITOR" falco -c falco.yaml >out 2>err
ok "a capture is parsed" [ $? -eq 0 ]
ok "what parsing wrote is read when fields are" grep -q "third of .* seen=3" out
ok "a table inside of a thread" grep -q "fd=[^ ]" out
ok "it listens, and its routine runs" grep -q "plugin parts: closing, the routine ran: yes" err

# two sources, each with rules, and an asynchronous event in one
cat >>rules.yaml <<'YAML'
- rule: sevens
  desc: of another source
  condition: dummy.divisible[7] = true and evt.source = dummy
  output: got %dummy.value
  priority: NOTICE
  source: dummy
- rule: second
  desc: of a third source
  condition: other.value = 11
  output: other %other.value
  priority: WARNING
  source: other
- rule: sent
  desc: by a plugin's thread
  condition: evt.asynctype = part
  output: async %evt.asynctype in %evt.source
  priority: NOTICE
  source: dummy
YAML
sed -e 's/"dummy"/"other"/g' -e 's/"dummy\./"other./g' -e 's/\\"dummy\./\\"other./g' -e 's/PLUGIN_ID 3/PLUGIN_ID 904/' \
	"$here/../../../contrib/plugins/dummy.c" >other.c
${CC:-cc} -shared -fPIC -I"$here/../../../src" -o libother.so other.c -lcjson || skip "cjson cannot be linked"
cat >falco.yaml <<YAML
engine: {kind: nodriver}
log_stderr: true
plugins:
  - {name: dummy, library_path: $dummy, open_params: '{"start": 5, "maxEvents": 300}'}
  - {name: other, library_path: $dir/libother.so, open_params: '{"start": 9, "maxEvents": 30}'}
  - {name: parts, library_path: $dir/libparts.so}
rules_files: [rules.yaml]
stdout_output: {enabled: true}
YAML
"$MONITOR" falco -c falco.yaml >out 2>err
ok "two sources end" [ $? -eq 0 ]
ok "rules of the first" [ "$(grep -c 'Notice got' out)" -ge 40 ]
ok "rules of the second" grep -q "Warning other 11" out
ok "an asynchronous event" grep -q "Notice async part in dummy" out
ok "one that was not announced is refused" grep -q "has a name that it did not announce" err
ok "the counts are of both" grep -q "second: 1" out
finish
