#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The webhook of k8saudit: each answer, over http and https; certificates of clients; no event is lost when many are posted, nor when
# senders are told to come later.
. "$(dirname "$0")/../lib.sh"

need python3
need openssl
cd "$dir" || exit 99
plugins=$(cd "$BUILD" && pwd)/contrib/plugins
[ -f "$plugins/libk8saudit.so" ] || skip "contrib/plugins/libk8saudit.so is not built"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost -days 1 -keyout key.pem -out cert.pem 2>/dev/null || exit 99
cat key.pem cert.pem >both.pem
cat >rules.yaml <<'YAML'
- rule: all
  desc: all
  condition: ka.verb = get
  output: id=%ka.auditid;
  priority: INFO
  source: k8s_audit
YAML

# it listens, or has ended
up() {
	grep -q "^ *[0-9]*: 0100007F:$(printf %04X "$port") 00000000:0000 0A " /proc/net/tcp || ! kill -0 "$pid"
}

# serve SCHEME: the monitor in the background, $url is where
serve() {
	port=$(free_port)
	url=$1://127.0.0.1:$port/k8s-audit
	cat >falco.yaml <<-YAML
		engine: {kind: nodriver}
		plugins:
		  - name: k8saudit
		    library_path: $plugins/libk8saudit.so
		    init_config: {webhookMaxBatchSize: ${batch:-262144}, sslCertificate: both.pem, sslClientCA: '${client_ca:-}'}
		    open_params: $url
		rules_files: [rules.yaml]
		stdout_output: {enabled: true}
		outputs_queue: {capacity: 100000}
	YAML
	"$MONITOR" falco -c falco.yaml >out 2>err &
	pid=$!
	soon up
}

# What was accepted is on its way to the rules.
seen() {
	soon grep -q "$1" out
}

ended() {
	kill -TERM "$pid" # a shell in the background ignores INT
	wait "$pid"
}

for scheme in http https; do
	serve $scheme
	ok "$scheme: each request has its answer" python3 "$here/webhook.py" "$url" check
	seen 'id=id99;'
	ended
	ok "$scheme: the accepted events are seen" [ "$(sed -n 's/.*id=\(.*\);/\1/p' out | sort | tr '\n' ' ')" = "id1 id2 id3 id4 id99 " ]
done

serve http
ok "many are accepted" python3 "$here/webhook.py" "$url" load 20000 200
seen 'id=id19999;'
ended
ok "none is lost" [ "$(grep -c 'id=id[0-9]*;' out)" -eq 20000 ]

# room for eight bodies: many senders at once are too fast
batch=40000
serve http
LATER=1 python3 "$here/webhook.py" "$url" load 30000 100 24 >load 2>&1
status=$?
ok "some are told to come later: $(cat load)" [ $status = 0 ]
all_seen() {
	[ "$(grep -c 'id=id[0-9]*;' out)" -ge 30000 ]
}
soon all_seen
ended
ok "each is seen once all the same" [ "$(sed -n 's/.*id=id\([0-9]*\);/\1/p' out | sort -u | wc -l)" = 30000 ]
ok "and not twice" [ "$(grep -c 'id=id[0-9]*;' out)" = 30000 ]

# certificates of clients
for name in ca other; do
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout $name.key -subj "/CN=$name" -days 2 -out $name.crt 2>/dev/null
done
client() { # name, authority, use
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1.key" -subj "/CN=$1" -out "$1.csr" 2>/dev/null
	printf 'extendedKeyUsage=%s\n' "$3" >use
	openssl x509 -req -in "$1.csr" -CA "$2.crt" -CAkey "$2.key" -CAcreateserial -days 2 -extfile use -out "$1.crt" 2>/dev/null
}
client good ca clientAuth
client stranger other clientAuth
client server ca serverAuth
client_ca=ca.crt
serve https
ok "no certificate" python3 "$here/webhook.py" "$url" post 403 1
ok "one of a strange authority" python3 "$here/webhook.py" "$url" post 403 2 stranger.crt stranger.key
ok "one of a server" python3 "$here/webhook.py" "$url" post 403 3 server.crt server.key
ok "the right one" python3 "$here/webhook.py" "$url" post 200 4 good.crt good.key
seen 'id=id4;'
ended
ok "only what it posted is seen" [ "$(sed -n 's/.*id=\(.*\);/\1/p' out)" = id4 ]
client_ca=missing.crt
serve https
ok "a file that is missing is told" grep -q 'missing.crt' err
wait "$pid"
finish
