#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The dummy plugin under `monitor falco`: its events, its fields, the rules of its source, and what is refused.
. "$(dirname "$0")/../lib.sh"

cd "$dir" || exit 99
need_plugin dummy

{
	echo '- required_plugin_versions: [{name: dummy, version: 0.1.0}]'
	rule sevens "dummy.divisible[7] = true and dummy.value > 7 and evt.source = dummy" "got %dummy.value as %dummy.strvalue" NOTICE "source: dummy"
	rule calls "evt.type = open and fd.name = /x" opened # of another source
} >rules.yaml
cat >falco.yaml <<YAML
engine: {kind: nodriver}
log_stderr: true
plugins:
  - {name: dummy, library_path: $plugins/libdummy.so, init_config: {}, open_params: '{"start": 5, "maxEvents": 30}'}
rules_files: [rules.yaml]
stdout_output: {enabled: true}
YAML

ok "it ends when the plugin has no more" in_foreground "$MONITOR" falco -c falco.yaml
ok "the values that a rule asks for" [ "$(sed -n 's/.*Notice got \(.*\)/\1/p' out | tr '\n' ';')" = "14 as 14;21 as 21;28 as 28;" ]
ok "what it logs" grep -q "plugin dummy: ready to count" err
# shellcheck disable=SC2016 # the inner shell expands it
ok "it is listed" sh -c '"$1" falco -c falco.yaml --list-plugins | grep -q "ID=3, source=.dummy."' sh "$MONITOR"

# refused NAME TEXT: the run fails, and says so
refused() {
	"$MONITOR" falco -c falco.yaml >out 2>&1
	ok "$1 is refused" [ $? -eq 1 ]
	ok "$1 is told" grep -q "$2" out
}
sed -i 's/dummy.value > 7/fd.name = 7/' rules.yaml
refused "a field of another source" "no field fd.name"
sed -i 's/fd.name = 7/dummy.value > 7/; s/0.1.0/0.2.0/' rules.yaml
refused "an older plugin" "need version 0.2.0 of the plugin 'dummy'"
sed -i 's/0.2.0/0.1.0/' rules.yaml
sed -i "s/'{\"start.*}'/nonsense/" falco.yaml
refused "what it cannot be opened with" "plugin dummy: its event source cannot be opened: open_params must be"
finish
