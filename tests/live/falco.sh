#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Falco's command line, by the name of falco: what each option prints, and its exit status, which is 0 or 1.
. "$(dirname "$0")/lib.sh"

need python3
falco=$dir/falco
ln -s "$(cd "$(dirname "$MONITOR")" && pwd)/$(basename "$MONITOR")" "$falco"
cd "$dir" || exit 99

cat >good.yaml <<'YAML'
- rule: open of a file
  desc: a file is opened
  condition: evt.type = openat
  output: opened %fd.name
  priority: NOTICE
  tags: [t1]
- rule: never
  desc: never
  condition: evt.type = openat and proc.name = nobody
  output: never
  priority: INFO
YAML
sed 's/evt.type = openat/evt.typ = openat/' good.yaml >bad.yaml
sed 's/%fd.name/%nosuch.name/' good.yaml >badout.yaml
printf -- '- list: unused\n  items: [a]\n' >warning.yaml
for c in net files; do
	gzip -dc "$top/tests/conformance/captures/$c.scap" >$c.scap
done
printf 'engine: {kind: replay, replay: {capture_file: net.scap}}\nstdout_output: {enabled: true}\nlog_stderr: true\nlog_syslog: false\nrules_files: [good.yaml]\n' >falco.yaml

# says STATUS PATTERN OPTION...: that exit status, and a line like this on standard output or standard error
says() {
	expected=$1
	pattern=$2
	shift 2
	checks=$((checks + 1))
	timeout -k 1 60 "$falco" "$@" >out 2>err </dev/null
	status=$?
	if [ $status != "$expected" ]; then
		fail "status $status instead of $expected: falco $*"
		tail -n 4 out err | sed 's/^/    /'
	elif [ -n "$pattern" ] && ! grep -qE -e "$pattern" out err; then
		fail "nothing like /$pattern/: falco $*"
		tail -n 4 out err | sed 's/^/    /'
	fi
}
# json PYTHON: standard output is one JSON value d of which this holds
json() {
	checks=$((checks + 1))
	python3 -c "import json,sys; d=json.load(open('out')); sys.exit(not ($1))" || fail "not in the JSON: $1"
}

# ---- what is printed
says 0 'usage: ' -h
says 0 'usage: ' --help
says 0 '^Falco version: 0\.44\.1' --version -c falco.yaml
says 0 '' --version -c falco.yaml -o json_output=true
json 'd["falco_version"] == "0.44.1" and d["engine_version"] == "62" and d["default_driver_version"]'
says 0 'Your system page size is: [0-9]+ bytes' --page-size -c falco.yaml
says 0 '' --config-schema
json 'd["properties"]["engine"]["properties"]["kind"]["type"] == "string"'
says 0 '' --rule-schema
json '"condition" in d["items"]["properties"]'
says 0 '^- read$' -i
says 0 '^proc\.name$' --list -N -c falco.yaml
says 0 'Field Class:' --list=syscall -c falco.yaml
says 0 '' --list --format json -c falco.yaml
json 'len(d["fieldclasses"]) > 5'
says 0 'Yes \| `>`' --list-events --markdown
says 0 '' --list-syscall-events --format JSON
says 1 'no event source' --list=nothing -c falco.yaml
says 1 'exclude each other' --list --markdown --format text
says 1 'text, markdown or json' --list --format yaml
says 0 'Field Class:' --list --format '' -c falco.yaml
says 0 '0 Plugins Loaded' --list-plugins -c falco.yaml
says 1 'plugin' --plugin-info nothing -c falco.yaml
says 0 '^open of a file  *a file is opened' -L -c falco.yaml
says 0 '^never  *never' -l never -c falco.yaml
says 1 'is not loaded' -l nothing -c falco.yaml
says 0 '' -L -c falco.yaml -o json_output=true
json 'd["rules"][0]["info"]["name"] == "open of a file" and d["rules"][0]["details"]["events"] == ["asyncevent", "openat"]'
says 0 '' --support -c falco.yaml -o http_output.url=https://secret
json 'd["version"] == "0.44.1" and d["rules_files"][0]["name"] == "good.yaml" and "secret" not in json.dumps(d)'

says 0 '' --support -c falco.yaml -Uohttp_output.url=secret1 --option=http_output.url=secret2
json '"secret" not in json.dumps(d)'

# ---- -V
says 0 '^good.yaml: Ok$' -V good.yaml -c falco.yaml
says 0 '^warning.yaml: Ok, with warnings$' -V warning.yaml -c falco.yaml
says 1 '^bad.yaml: Invalid$' -V bad.yaml -c falco.yaml
says 1 '^Error: bad.yaml: Invalid$' -V bad.yaml -c falco.yaml
says 1 '^bad.yaml: Invalid$' -V good.yaml -V bad.yaml -c falco.yaml
says 1 '' -V bad.yaml -c falco.yaml -o json_output=true
json 'd["falco_load_results"][0]["errors"][0]["code"] == "LOAD_ERR_COMPILE_CONDITION"'
says 0 '' -V good.yaml -L -c falco.yaml -o json_output=true
json 'len(d["falco_describe_results"]["rules"]) == 2 and d["falco_load_results"][0]["successful"]'
says 1 '' -V missing.yaml -c falco.yaml
mkdir barren
says 1 'no rules: barren is a folder without' -V barren -c falco.yaml

# ---- running
says 0 'Notice opened ' -c falco.yaml
says 0 'Notice opened ' -c falco.yaml -r good.yaml -U -M 100000
says 0 'schema validation: ok' -c falco.yaml --dry-run
says 1 'cannot read' -c missing.yaml
says 1 'cannot read rules' -c falco.yaml -r missing.yaml
# without rules it starts: they may come to a folder that is watched; without an output it does not
says 0 'no rules: missing is not there; name a file or folder with -r' -c falco.yaml -r missing
says 0 'Events detected: 0' -c falco.yaml -r missing
mkdir empty
says 0 'no rules: empty is a folder without' -c falco.yaml -r empty -L
says 0 'no rules: empty is a folder without' -c falco.yaml -o rules_files=empty
says 1 'no rules: missing is not there' -c falco.yaml -o rules_files=missing
says 1 'no output is enabled' -c falco.yaml -o stdout_output.enabled=false
says 1 'no output is enabled' -c falco.yaml -o stdout_output.enabled=false --dry-run
says 0 '^open of a file' -c falco.yaml -o stdout_output.enabled=false -L
says 1 'metrics.enabled: nobody would be told' -c falco.yaml -o metrics.enabled=true -o metrics.output_rule=false
says 0 'schema validation: ok' -c falco.yaml -o metrics.enabled=true -o metrics.output_rule=true -o 'metrics.interval=2h 5m' --dry-run
says 1 'metrics.interval: "5" is no time' -c falco.yaml -o metrics.enabled=true -o metrics.interval=5 --dry-run
says 0 'Notice opened ' -c falco.yaml -o metrics.enabled=true -o metrics.output_rule=true
says 0 'Notice opened ' -c falco.yaml -o metrics.enabled=true -o metrics.output_rule=false -o webserver.prometheus_metrics_enabled=true
says 1 '^bad.yaml: Invalid$' -c falco.yaml -r bad.yaml
says 1 '^    condition expression: ' -c falco.yaml -r bad.yaml
says 0 '^warning.yaml: Ok, with warnings$' -c falco.yaml -r warning.yaml
says 1 'unknown option' -c falco.yaml --no-such-option
says 1 'no KEY=VALUE' -c falco.yaml -o json_output
says 1 'outputs_queue: it is a map of keys' -c falco.yaml -o outputs_queue=5
says 1 'takes a value in brackets for a text; write rules_files\[\]=ENTRY' -c falco.yaml -o 'rules_files=[good.yaml]'
says 0 'rules.0. of the configuration disables nothing: no rule has the name "nosuch"' -c falco.yaml -o 'rules[]={disable: {rule: nosuch}}'
says 0 'rules.0. of the configuration enables nothing: no rule has the tag "t2"' -c falco.yaml -o 'rules[]={enable: {tag: t2}}'
says 0 '' -c falco.yaml -o 'rules[]={disable: {rule: "nev*"}}' -o 'rules[]={disable: {tag: t1}}'
ok "what is about rules is not told of" sh -c '! grep -q nothing err'
printf 'json_output: true\njson_output: false\n' >twice.yaml
says 0 'twice.yaml:2:1: json_output is written twice in an included file' -c falco.yaml -o 'config_files[]=twice.yaml'
says 1 'web server: the certificate: cannot open .*none.pem' -c falco.yaml -o engine.kind=nodriver -o webserver.enabled=true \
	-o webserver.ssl_enabled=true -o webserver.ssl_certificate=none.pem -M 1
says 0 'Notice opened ' -c falco.yaml -o 'rules_files[0]=good.yaml' -o 'append_output[].extra_output=more'
says 1 '-o engine.kind: kmod: there is no kernel module' -c falco.yaml -o engine.kind=kmod
says 0 'no plugin gives events' -c falco.yaml -o engine.kind=nodriver -M 1
says 0 'Events detected: 0' -c falco.yaml -o engine.kind=nodriver -M 1 -o metrics.enabled=true -o metrics.interval=100ms -o metrics.output_rule=true
says 0 '' -c falco.yaml -P pid --dry-run
says 0 '' -c falco.yaml -P pid
says 0 'Notice opened ' -c falco.yaml -P ''
ok "the pid file goes with it" [ ! -e pid ]
says 1 'in what append_output .or -p. adds to the output: .nosuch.name. is no field' -c falco.yaml -p '%nosuch.name'
says 1 "LOAD_ERR_COMPILE_OUTPUT.*: 'nosuch.name' is no field" -c falco.yaml -r badout.yaml
says 0 'Notice opened .*from ' -c falco.yaml -p 'from %evt.num'
says 0 '' -c falco.yaml -o engine.kind=nodriver -M 1 --enable-source syscall
says 1 'at least one' -c falco.yaml -o engine.kind=nodriver --disable-source syscall
says 1 'no event source' -c falco.yaml -o engine.kind=nodriver --enable-source nothing
says 1 'exclude each other' -c falco.yaml -o engine.kind=nodriver --enable-source syscall --disable-source syscall

# as with Falco, the table's size is for live events
ok "a capture's processes are all known" [ "$("$falco" -c falco.yaml -o engine.replay.capture_file=files.scap -o falco_libs.thread_table_size=1 2>&1 | grep -c 'found no room')" = 0 ]

# ---- flags of older versions
says 0 'Notice opened ' -c falco.yaml -o engine.kind=nodriver -e net.scap
says 0 '^[^E].*-e is of older versions' -c falco.yaml -e net.scap
says 0 'Events detected: 0' -c falco.yaml -T t1
says 0 'Events detected: 0' -c falco.yaml -D file
says 0 'Notice opened ' -c falco.yaml -t t1
says 0 'Events detected: 0' -c falco.yaml -t t2
says 1 'cannot be combined' -c falco.yaml -t t1 -D x
says 0 'Notice opened ' -c falco.yaml -A -S 100 -b --cri /run/x --disable-cri-async
says 0 '' -c falco.yaml -d
says 1 'monitor run' -c falco.yaml -u
finish
