#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Plugins under our own commands, named by --plugin or by a configuration: what they add to rules, captures and a running command.
. "$(dirname "$0")/../lib.sh"

cd "$dir" || exit 99
need_plugin dummy
build_plugin parts "$here/parts.c"
capture=$MONITOR_SHARED/conformance/captures/files.scap
[ -f "$capture" ] || skip "no captures"

{
	rule third "parts.seen = 3 and parts.comm = val(proc.name)" "third of %proc.name seen=%parts.seen" # a plugin's count of a thread's events
	rule sevens "dummy.divisible[7] = true" "got %dummy.value" NOTICE "source: dummy"
} >rules.yaml
printf 'plugins:\n  - {name: parts, library_path: %s}\n  - {name: dummy, library_path: %s}\nrules_files: [rules.yaml]\n' \
	"$dir/libparts.so" "$plugins/libdummy.so" >config.yaml
both="--plugin ./libparts.so --plugin $plugins/libdummy.so:{}"

"$MONITOR" check rules.yaml >out 2>&1
ok "without plugins their fields are refused" [ $? -ne 0 ]
# shellcheck disable=SC2086 # words
for how in "$both" "-c config.yaml"; do
	"$MONITOR" check $how rules.yaml >out 2>&1
	ok "check $how" [ $? -eq 0 ]
	ok "list $how has their fields" sh -c '"$1" list fields -N $2 | grep -cx "parts.seen\|dummy.value" | grep -qx 2' sh "$MONITOR" "$how"
	ok "list $how has their rules" sh -c '"$1" list rules $2 -r rules.yaml | grep -q third' sh "$MONITOR" "$how"
	ok "replay $how" in_foreground "$MONITOR" replay $how -r rules.yaml "$capture"
	ok "replay $how alerts" grep -q "third of .* seen=3" out
done
in_foreground "$MONITOR" replay -c config.yaml "$capture"
ok "a configuration's own rules" grep -q "third of .* seen=3" out
cp out out.replay
in_foreground "$MONITOR" replay --plugin ./libparts.so -p '%evt.num %parts.seen' "$capture"
ok "printing" grep -q '^[0-9]* 3$' out
number=$(sed -n 's/^\([0-9]*\) 3$/\1/p' out | head -1)
in_foreground "$MONITOR" explain --plugin ./libparts.so --plugin "$plugins/libdummy.so" -r rules.yaml --rule third -c "$capture" -e "$number"
ok "an explanation has their values" grep -q "parts.seen" out
in_foreground "$MONITOR" falco -c config.yaml --list=dummy
ok "Falco's list has their class" grep -q "^Field Class: *dummy (plugin)" out
ok "and its event sources" grep -q "^Event Sources: *dummy $" out
ok "a source's list has its fields alone" [ "$(grep -c '^Event Sources: *dummy $' out)" = "$(grep -c '^Event Sources:' out)" ]
in_foreground "$MONITOR" falco -c config.yaml --list=dummy -N
ok "and their names" sh -c 'grep -q "^evt.time$" out && grep -q "^dummy.value$" out && ! grep -q "^proc.name$" out'
in_foreground "$MONITOR" falco -c config.yaml --list=syscall -N
ok "as that of system calls" sh -c 'grep -q "^evt.time$" out && grep -q "^proc.name$" out && ! grep -q "^dummy.value$" out'
in_foreground "$MONITOR" falco -c config.yaml --list
ok "what all events have names all sources" grep -q "^Event Sources: *dummy syscall $" out

# what is loaded, for who asks
versions() { # PYTHON FILE: holds of v
	python3 -c "import json, sys; v = json.load(open(sys.argv[1])); sys.exit(not ($1))" "$2"
}
in_foreground "$MONITOR" falco -c config.yaml -o json_output=true --version
ok "no plugin is loaded for --version: $(cat out)" versions "'plugin_versions' not in v" out
in_foreground "$MONITOR" falco -c config.yaml --support
ok "--support has the versions of plugins" versions "sorted(v['engine_info']['plugin_versions']) == ['dummy', 'parts']" out
port=$(free_port)
printf 'plugins:\n  - {name: parts, library_path: %s}\nwebserver: {enabled: true, listen_address: 127.0.0.1, listen_port: %s}\n' "$dir/libparts.so" "$port" >web.yaml
in_foreground "$MONITOR" run -c web.yaml -r rules.yaml -- \
	python3 -c "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:$port/versions').read().decode())"
ok "and so has the web server: $(cat out)" versions "v['plugin_versions'] == {'container': '0.7.1', 'parts': '1.0.0'}" out

# the plugin that is built in has the version that rules ask for
printf 'plugins:\n  - {name: container, library_path: libcontainer.so}\nload_plugins: [container]\nstdout_output: {enabled: true}\n' >container.yaml
in_foreground "$MONITOR" falco -c container.yaml --list-plugins
listed=$(sed -n 's/^Version: //p' out)
in_foreground "$MONITOR" falco -c container.yaml --plugin-info container
ok "--plugin-info tells it alike" [ "$(sed -n 's/^Version: //p' out)" = "$listed" ]
printf -- '- required_plugin_versions: [{name: container, version: %s}]\n' "$listed" >needs.yaml
rule one "evt.num = 1" one >>needs.yaml
in_foreground "$MONITOR" falco -c container.yaml -r needs.yaml --support
ok "and so does --support: $(cat err)" versions "v['engine_info']['plugin_versions'] == {'container': '$listed'}" out
sed -i 's/version: 0\.\([0-9]*\)/version: 0.9\1/' needs.yaml
in_foreground "$MONITOR" falco -c container.yaml -r needs.yaml --support
ok "what is newer is refused with it" grep -q "this one has $listed" err

# a plugin that is missing is told, and not what is unknown without it
{
	printf -- '- required_plugin_versions: [{name: parts, version: 0.1.0}]\n'
	rule third "parts.seen = 3" "third"
} >needs.yaml
for how in "run -r needs.yaml -- true" "falco -r needs.yaml -o engine.kind=nodriver -M 1"; do
	# shellcheck disable=SC2086 # words
	in_foreground "$MONITOR" $how
	ok "$how without the plugin: $(cat err)" grep -q 'need a plugin that is not loaded: parts 0.1.0' err
	ok "what it has is no matter: $(cat err)" sh -c '! grep -q "no field" err'
done

cat >test.yaml <<YAML
tests:
  - name: a capture, in a world of its own
    capture: $capture
    only: third
    expect: []
YAML
sed -n 's/^.*third of/third of/p' out.replay | while read -r line; do echo "      - {rule: third, output: \"$line\"}"; done >expected
sed '/expect: /{s/ \[\]//;r expected
}' test.yaml >full.yaml
sed 's/a capture, /the same again, /' full.yaml | sed 1d >again
cat again >>full.yaml
ok "tests of a capture, each from the start" in_foreground "$MONITOR" test --plugin ./libparts.so --plugin "$plugins/libdummy.so" -r rules.yaml full.yaml
in_foreground "$MONITOR" test -v --config config.yaml -r rules.yaml test.yaml
ok "and they can fail" [ $? -eq 1 ]

# beside a running command
{
	# read of a thread's table after each call that the plugin has seen; sent by a plugin's thread
	rule parsed "evt.type in (open, openat, openat2) and fd.name endswith /marker and parts.seen >= 1" \
		"seen=%parts.seen comm=%parts.comm fd=%parts.fd0 of %proc.name"
	rule sent "evt.asynctype = part" "async %evt.asynctype in %evt.source"
} >run.yaml
echo x >marker
"$MONITOR" run --plugin ./libparts.so -r run.yaml -o out -- sh -c 'cat marker; exit 3' >said 2>err
ok "the command's status" [ $? -eq 3 ]
ok "its output" [ "$(cat said)" = x ]
ok "a plugin parses its calls, and its fields are read" grep -q "seen=[1-9][0-9]* comm=cat .*of cat" out
ok "events of the plugin's own" grep -q "async part in syscall" out
ok "it is told of the end" grep -q "plugin parts: closing, the routine ran: yes" err
"$MONITOR" run --plugin "$dir/nothing.so" -- true >out 2>&1
ok "a library that is not there ends it before the command" [ $? -ne 0 ]
ok "and is named" grep -q "nothing.so" out
"$MONITOR" run --plugin ./libparts.so --plugin ./libparts.so -- true >out 2>&1
ok "one that is loaded twice is refused" grep -q "plugin parts: it is loaded twice" out
finish
