#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Secrets of a configuration are nowhere but where they belong: not in the log at its most talkative, in no listing, no figures and no message
# about what is wrong with them.
. "$(dirname "$0")/../lib.sh"

need python3 curl
secret=Zq7secretZq7
port=$(free_port)
rule Any "evt.type = open" open >"$dir/rules.yaml"
echo "token-$secret" >"$dir/token"
cat >"$dir/config.yaml" <<YAML
rules_files: [$dir/rules.yaml]
engine: {kind: nodriver}
log_stderr: true
log_syslog: false
log_level: debug
libs_logger: {enabled: true, severity: trace}
metrics: {enabled: true, interval: 200ms, output_rule: true, output_file: $dir/figures}
file_output: {enabled: true, filename: $dir/alerts}
http_output: {enabled: true, url: "http://user:$secret@127.0.0.1:1/x?token=$secret"}
program_output: {enabled: true, program: "exit 3; $secret"}
plugins: [{name: none, library_path: /none.so, init_config: "$secret", open_params: "$secret"}]
load_plugins: []
webserver: {enabled: true, listen_address: 127.0.0.1, listen_port: $port, prometheus_metrics_enabled: true}
monitor:
  http_output: {header: "X-Key: \${KEY}", headers: ["Authorization: Bearer $secret"], retry_seconds: 1, spool: $dir/spool}
  webserver: {token_file: $dir/token}
YAML
mkdir "$dir/spool"
KEY=$secret
export KEY
# WHAT FILE...: the secret is in none of them, and something is
hides() {
	what=$1
	shift
	ok "$what: there is something" [ "$(cat "$@" | wc -c)" -gt 40 ]
	ok "$what: without it" sh -c "! grep -l $secret $*"
}

in_background "$MONITOR" falco -c "$dir/config.yaml"
ok "the peer that is away was told" soon grep -q 'http output: ' "$dir/err"
ok "the program that fails was told" soon grep -q 'program output: ' "$dir/err"
curl -s -H "Authorization: Bearer wrong-$secret" "http://127.0.0.1:$port/metrics" >"$dir/refused"
curl -s -H "Authorization: Bearer token-$secret" "http://127.0.0.1:$port/metrics" >"$dir/metrics"
curl -s "http://user:$secret@127.0.0.1:$port/healthz?token=$secret" >"$dir/page"
curl -s "http://127.0.0.1:$port/no/$secret" >>"$dir/page"
ok "the right token opens" grep -q falcosecurity "$dir/metrics"
echo 'x: [' >>"$dir/rules.yaml"
ok "a broken file is told" soon grep -q 'stays in force' "$dir/err"
terminate
hides "the log" "$dir/err"
hides "standard output" "$dir/out"
hides "alerts" "$dir/alerts"
hides "figures" "$dir/figures" "$dir/metrics"
ok "pages that are refused" sh -c "! grep $secret '$dir/page' '$dir/refused'"
ok "what is spooled" sh -c "! grep -r $secret '$dir/spool'"
rule Any "evt.type = open" open >"$dir/rules.yaml"
"$MONITOR" config show --config "$dir/config.yaml" >"$dir/show" 2>&1 || "$MONITOR" config show "$dir/config.yaml" >"$dir/show" 2>&1
hides "config show" "$dir/show"
ok "it is the configuration" grep -q program_output "$dir/show"
"$MONITOR" falco -c "$dir/config.yaml" -o "http_output.url=http://a:$secret@h/" -o monitor.http_output.header="A: $secret" --support >"$dir/support" 2>&1
hides "--support" "$dir/support"
ok "with the command line" grep -q 'http_output.url=' "$dir/support"

# what is wrong with a secret is said without it
n=0
for wrong in "http_output.url=[$secret]" "http_output.url=ftp://u:$secret@h/" "http_output.url=http://u:$secret@h h/" "http_output.url=" \
	"program_output.program={a: $secret}" "monitor.http_output.header=$secret" "monitor.http_output.headers[]={a: $secret}" \
	"monitor.http_output.headers[]=a$secret" "plugins[0].init_config=[$secret" "plugins[0].open_params={a: $secret}" "load_plugins=[none]"; do
	n=$((n + 1))
	timeout 60 "$MONITOR" falco -c "$dir/config.yaml" -o "$wrong" -M 1 >>"$dir/wrong" 2>&1
	"$MONITOR" config check "$dir/config.yaml" --option "$wrong" >>"$dir/wrong" 2>&1
done
hides "messages about $n wrong ones" "$dir/wrong"
finish
