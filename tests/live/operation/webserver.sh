#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Health, versions and metrics: for curl, promtool and Prometheus; by TLS; with a token or a certificate; and what does not belong there is refused.
. "$(dirname "$0")/../lib.sh"

need python3 curl promtool prometheus openssl
port=$(free_port)
scrape=$(free_port)
rule 'Numbered "file" opened' "evt.type in (open, openat) and fd.name contains /n-" "opened %fd.name" NOTICE "tags: [a.b, maturity_stable]" \
	>"$dir/rules.yaml"
# further keys of webserver, keys of ours
start() {
	rm -f "$dir/phase-1"
	printf 'rules_files: [%s]\nfile_output: {enabled: true, filename: %s}\nmetrics: {enabled: true}\nwebserver: {enabled: true, listen_port: %s, %s, prometheus_metrics_enabled: true}\nmonitor: {webserver: {%s}}\n' \
		"$dir/rules.yaml" "$dir/alerts" "$port" "$1" "${2:-}" >"$dir/config.yaml"
	in_background "$MONITOR" run -c "$dir/config.yaml" -- python3 "$numbered" "$dir" 50 0
	soon listens "$port"
}
stop() {
	: >"$dir/phase-1"
	ok "the command ends well" wait "$pid"
}
# curl's arguments: the status alone
status() {
	curl -s -o "$dir/body" -w '%{http_code}' --max-time 60 "$@"
}
# expected, text, curl's arguments
answers() {
	want=$1
	text=$2
	shift 2
	equal "$text: the status" "$(status "$@")" "$want"
}

at=http://127.0.0.1:$port
begun=$(date +%s)
start "listen_address: 127.0.0.1"
answers 200 health "$at/healthz"
ok "the words of health" grep -qx '{"status": "ok"}' "$dir/body"
answers 200 versions "$at/versions"
ok "versions" python3 -c "import json; v = json.load(open('$dir/body')); assert v['falco_version'] and v['engine_version'] and v['monitor_version']"
page_has() { # TEXT URL
	status "$2" >/dev/null && grep -q "$1" "$dir/body"
}
soon page_has 'rules_matches_total.* 50$' "$at/metrics"
ok "a rule's count" grep -qF 'falcosecurity_falco_rules_matches_total{priority="5",rule_name="Numbered \"file\" opened",source="syscall",tag_a_b="true",tag_maturity_stable="true"} 50' "$dir/body"
ok "the version" grep -q 'falcosecurity_falco_version_info{version="[0-9.]*"} 1' "$dir/body"
ok "an output's count" grep -q 'monitor_output_alerts_total{output="file",.*result="delivered"} 50' "$dir/body"
ok "calls that were held" grep -q '^monitor_calls_held_total [1-9]' "$dir/body"
ok "each call of them" grep -q '^monitor_calls_total{call="openat",way="on-behalf"} [1-9]' "$dir/body"
ok "how long each waited" grep -q '^monitor_call_wait_seconds{call="openat",quantile="0.99"} [0-9]' "$dir/body"
# Falco's names have units that are not the base units; nothing else may be found
promtool check metrics <"$dir/body" >"$dir/promtool" 2>&1
readable=$?
ok "promtool cannot read it: $(head -n 3 "$dir/promtool")" [ $readable != 1 ]
ok "promtool: $(grep -v '^falcosecurity_.* use base unit' "$dir/promtool")" sh -c "! grep -qv '^falcosecurity_.* use base unit' '$dir/promtool'"

# Prometheus itself
mkdir "$dir/data"
printf 'global: {scrape_interval: 1s}\nscrape_configs: [{job_name: monitor, static_configs: [{targets: ["127.0.0.1:%s"]}]}]\n' "$port" >"$dir/prometheus.yml"
prometheus --config.file="$dir/prometheus.yml" --storage.tsdb.path="$dir/data" --web.listen-address="127.0.0.1:$scrape" >"$dir/prometheus.log" 2>&1 &
prometheus=$!
soon page_has '"50"' "http://127.0.0.1:$scrape/api/v1/query?query=monitor_alerts_total"
ok "Prometheus has the number of alerts" grep -q '"50"' "$dir/body"
kill $prometheus
wait $prometheus 2>/dev/null

# what does not belong there
answers 404 "another page" "$at/etc/passwd"
answers 404 "a way out" --path-as-is "$at/../../../../etc/passwd"
answers 404 "a way out, coded" --path-as-is "$at/healthz/%2e%2e/%2e%2e/etc/passwd"
answers 405 "another method" -X DELETE "$at/healthz"
answers 405 "a body" -d x=1 "$at/versions"
python3 -c "print('X: ' + 'a' * 100000)" >"$dir/header"
got=$(status -H "@$dir/header" "$at/healthz")
ok "a header without end: $got" [ "$got" = 431 -o "$got" = 413 -o "$got" = 000 ]
python3 - "$port" >"$dir/attack" 2>&1 <<'END'
import os, socket, sys, time
port = int(sys.argv[1])
def ask(end=time.monotonic() + 60):
    try:
        return ask_once()
    except ConnectionResetError:
        # as long as it has not seen the ends of the connections before, an address may have as many as it is allowed
        if time.monotonic() > end:
            raise
        time.sleep(0.1)
        return ask(end)
def ask_once():
    s = socket.create_connection(("127.0.0.1", port), 60)
    s.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
    answer = b""
    while True:
        d = s.recv(4096)
        if not d:
            return answer
        answer += d
# slow ones from another address of the loopback, as many as they get
slow = []
for i in range(200):
    try:
        s = socket.socket()
        s.bind(("127.0.0.9", 0))
        s.settimeout(2)
        s.connect(("127.0.0.1", port))
        s.sendall(b"GET /healthz HTTP/1.1\r\nX-")
        slow.append(s)
    except OSError:
        pass
assert b"200 OK" in ask(), "not served beside slow clients"
# noise
for i in range(50):
    s = socket.create_connection(("127.0.0.1", port), 60)
    try:
        s.sendall(os.urandom(2000))
    except ConnectionError:
        pass # it has read enough, or has no room for one more
    s.close()
assert b"200 OK" in ask(), "not served after noise"
# a scan: connections that say nothing, many at once and one after the other
for i in range(300):
    s = socket.create_connection(("127.0.0.1", port), 60)
    s.close()
scan = []
for i in range(100):
    s = socket.socket()
    s.bind(("127.0.0.8", 0))
    s.settimeout(2)
    try:
        s.connect(("127.0.0.1", port))
        scan.append(s)
    except OSError:
        pass
assert b"200 OK" in ask(), "not served beside a scan"
# what holds connections open is thrown out after ten seconds
def held(s):
    try:
        s.settimeout(0.01)
        return s.recv(1000) != b"" and s.recv(1000) != b""
    except socket.timeout:
        return True
    except OSError:
        return False
end = time.monotonic() + 60
while slow and time.monotonic() < end:
    time.sleep(0.2)
    slow = [s for s in slow if held(s)]
assert not slow, "%d slow clients are still connected" % len(slow)
print("fine")
END
ok "slow clients and noise: $(tail -n 1 "$dir/attack")" grep -q fine "$dir/attack"
ok "refused requests are told" soon grep -q 'web server: requests refused: [0-9]* (the last one with status 40[0-9], from 127.0.0.1)' "$dir/err"
ok "connections that were given up are told" soon grep -q 'web server: .*\([1-9][0-9]* connections given up\|connections given up: [1-9]\)' "$dir/err"
lasted=$(($(date +%s) - begun))
ok "one line in ten seconds, of $lasted" [ "$(grep -c 'web server: .*given up' "$dir/err")" -le $((lasted / 10 + 2)) ]
status "$at/metrics" >/dev/null
ok "and counted" grep -q '^monitor_web_requests_refused_total [1-9]' "$dir/body"
ok "both" grep -q '^monitor_web_connections_given_up_total [1-9]' "$dir/body"
stop

# without metrics
start "listen_address: 127.0.0.1, prometheus_metrics_enabled: false"
answers 200 "versions without metrics" "$at/versions"
answers 404 "no metrics" "$at/metrics"
ok "and why" grep -q 'metrics.enabled and webserver.prometheus_metrics_enabled' "$dir/body"
stop

# with a token
echo geheim >"$dir/token"
start "listen_address: 0.0.0.0" "token_file: $dir/token"
answers 200 "health without a token" "$at/healthz"
answers 401 "no token" "$at/metrics"
answers 401 "a wrong token" -H 'Authorization: Bearer geheim2' "$at/metrics"
answers 401 "half a token" -H 'Authorization: Bearer gehei' "$at/versions"
answers 200 "the token" -H 'Authorization: Bearer geheim' "$at/versions"
ok "the token is told to nobody" sh -c "! grep -q geheim '$dir/err' '$dir/out'"
stop
start "listen_address: 0.0.0.0"
answers 200 "health for all" "$at/healthz"
answers 403 "the rest for nobody" "$at/metrics"
ok "which is told" grep -q 'monitor.webserver.token_file' "$dir/err"
ok "who asks is told, too" grep -q 'not served: .*listen_address.* monitor.webserver.token_file' "$dir/body"
answers 403 "the versions neither" "$at/versions"
stop
start "listen_address: 0.0.0.0" "open: true"
answers 200 "open for all" "$at/versions"
stop

# TLS
authority ca
authority other
certificate web ca subjectAltName=IP:127.0.0.1
cat "$dir/web.crt" "$dir/web.key" >"$dir/both.pem"
start "listen_address: 127.0.0.1, ssl_enabled: true, ssl_certificate: $dir/both.pem"
answers 200 "by TLS" --cacert "$dir/ca.crt" "https://127.0.0.1:$port/versions"
answers 000 "without TLS" "$at/versions"
stop

# certificates of clients beside the token
certificate good ca extendedKeyUsage=clientAuth
certificate stranger other extendedKeyUsage=clientAuth
certificate server ca extendedKeyUsage=serverAuth
certificate late ca extendedKeyUsage=clientAuth -1
start "listen_address: 0.0.0.0, ssl_enabled: true, ssl_certificate: $dir/both.pem" "client_ca: $dir/ca.crt, token_file: $dir/token"
at=https://127.0.0.1:$port
with() { # name, status, text
	answers "$2" "$3" --cacert "$dir/ca.crt" --cert "$dir/$1.crt" --key "$dir/$1.key" "$at/metrics"
}
answers 200 "health without a certificate" --cacert "$dir/ca.crt" "$at/healthz"
answers 401 "no certificate" --cacert "$dir/ca.crt" "$at/metrics"
with good 200 "the certificate"
with stranger 401 "of a strange authority"
with server 401 "of a server"
with late 401 "of yesterday"
answers 200 "the token" --cacert "$dir/ca.crt" -H 'Authorization: Bearer geheim' "$at/metrics"
stop
start "listen_address: 0.0.0.0, ssl_enabled: true, ssl_certificate: $dir/both.pem" "client_ca: $dir/ca.crt"
answers 401 "without a token no certificate, no page" --cacert "$dir/ca.crt" "$at/metrics"
with good 200 "the certificate alone"
stop

finish
