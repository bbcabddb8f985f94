#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The webhook of k8saudit: each answer, over http and https; certificates of clients; no event is lost when many are posted, nor when
# senders are told to come later.
. "$(dirname "$0")/../lib.sh"

need python3 openssl
cd "$dir" || exit 99
need_plugin k8saudit
authority localhost
cat localhost.key localhost.crt >both.pem
rule all "ka.verb = get" "id=%ka.auditid;" INFO "source: k8s_audit" >rules.yaml

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
	in_background "$MONITOR" falco -c falco.yaml
	soon up
}

# What was accepted is on its way to the rules.
seen() {
	soon grep -q "$1" out
}

for scheme in http https; do
	serve $scheme
	ok "$scheme: each request has its answer" python3 "$here/webhook.py" "$url" check
	seen 'id=id99;'
	terminate
	ok "$scheme: the accepted events are seen" [ "$(sed -n 's/.*id=\(.*\);/\1/p' out | sort | tr '\n' ' ')" = "id1 id2 id3 id4 id99 " ]
done

serve http
ok "many are accepted" python3 "$here/webhook.py" "$url" load 20000 200
seen 'id=id19999;'
terminate
ok "none is lost" [ "$(grep -c 'id=id[0-9]*;' out)" -eq 20000 ]

# room for eight bodies: many senders at once are too fast
batch=40000
serve http
LATER=1 python3 "$here/webhook.py" "$url" load 30000 100 24 >load 2>&1
status=$?
ok "some are told to come later: $(cat load)" [ $status = 0 ]
soon at_least 30000 grep -c 'id=id[0-9]*;' out
terminate
ok "each is seen once all the same" [ "$(sed -n 's/.*id=id\([0-9]*\);/\1/p' out | sort -u | wc -l)" = 30000 ]
ok "and not twice" [ "$(grep -c 'id=id[0-9]*;' out)" = 30000 ]

# certificates of clients
authority ca
authority other
certificate good ca extendedKeyUsage=clientAuth
certificate stranger other extendedKeyUsage=clientAuth
certificate server ca extendedKeyUsage=serverAuth
client_ca=ca.crt
serve https
ok "no certificate" python3 "$here/webhook.py" "$url" post 403 1
ok "one of a strange authority" python3 "$here/webhook.py" "$url" post 403 2 stranger.crt stranger.key
ok "one of a server" python3 "$here/webhook.py" "$url" post 403 3 server.crt server.key
ok "the right one" python3 "$here/webhook.py" "$url" post 200 4 good.crt good.key
seen 'id=id4;'
terminate
ok "only what it posted is seen" [ "$(sed -n 's/.*id=\(.*\);/\1/p' out)" = id4 ]
client_ca=missing.crt
serve https
ok "a file that is missing is told" grep -q 'missing.crt' err
wait "$pid"
finish
