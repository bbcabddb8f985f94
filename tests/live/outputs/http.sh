#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# https alerts to nginx, which wants a certificate of the client: all of them, in order, also when it is away for some seconds, with
# and without a spool on the disk, which holds them over the monitor's end and over damage; not to a server of a strange authority;
# compressed; by plain http to one that answers with errors. AWAY=30 is the whole test.
. "$(dirname "$0")/../lib.sh"

need python3 nginx openssl
away=${AWAY:-3} # seconds
number=$((500 * (away + 3)))
numbered_rule >"$dir/rules.yaml"
# what comes to it: a line of each body; the path says what it answers
cat >"$dir/peer.py" <<'END'
import gzip
import http.server
import os
import sys

class Peer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    asked = 0

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        Peer.asked += 1
        status = 503 if self.path == "/sometimes" and Peer.asked % 3 else 404 if self.path == "/never" else 200
        if status == 200:
            with open(sys.argv[1] + "/bodies", "ab") as f:
                f.write(b"%s %s%s%s %s\n" % (self.headers["Content-Type"].encode(), *[(self.headers.get(h) or "-").encode() for h in ("X-Token", "X-Tenant", "X-Rack")], body))
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *unused):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Peer)
open(sys.argv[1] + "/new", "w").write(str(server.server_address[1]))
os.rename(sys.argv[1] + "/new", sys.argv[1] + "/port")
server.serve_forever()
END
python3 "$dir/peer.py" "$dir" &
peer=$!
soon [ -s "$dir/port" ]
port=$(cat "$dir/port")
tls=$(free_port)
authority ca
authority other
certificate server ca subjectAltName=IP:127.0.0.1
certificate client ca subjectAltName=IP:127.0.0.1
cat >"$dir/nginx.conf" <<END
daemon off;
pid $dir/nginx.pid;
error_log $dir/nginx.log;
worker_processes 1;
events {}
http {
	access_log off;
	client_body_temp_path $dir/body;
	proxy_temp_path $dir/proxy;
	fastcgi_temp_path $dir/fastcgi;
	uwsgi_temp_path $dir/uwsgi;
	scgi_temp_path $dir/scgi;
	server {
		listen 127.0.0.1:$tls ssl;
		ssl_certificate $dir/server.crt;
		ssl_certificate_key $dir/server.key;
		ssl_client_certificate $dir/ca.crt;
		ssl_verify_client on;
		location / { proxy_pass http://127.0.0.1:$port; }
	}
}
END
start_nginx() {
	nginx -p "$dir" -c "$dir/nginx.conf" >"$dir/nginx.out" 2>&1 &
	nginx=$!
}
stop_nginx() {
	kill -QUIT "$nginx"
	wait "$nginx" 2>/dev/null
}

# keys of http_output, other arguments of the workload
send() {
	printf 'json_output: %s\nrules_files: [%s]\nhttp_output: {enabled: true, %s}\nmonitor: {http_output: {%s}}\n' \
		"${json:-false}" "$dir/rules.yaml" "$1" "header: 'X-Token: t', headers: ['X-Tenant: a', 'X-Rack: 7']${ours:-}" >"$dir/config.yaml"
	# shellcheck disable=SC2086 # words
	"$MONITOR" run -c "$dir/config.yaml" -- python3 "$numbered" "$dir" ${2:-$number} >"$dir/out" 2>"$dir/err"
	soon nobody_runs "$dir/config.yaml"
}
all_received() { # text
	seq -f "$dir/n-%05.0f" 0 $((number - 1)) >"$dir/all"
	sed 's/.*opened \([^"]*\).*/\1/; s/["}].*//' "$dir/bodies" >"$dir/lines"
	checks=$((checks + 1))
	cmp -s "$dir/all" "$dir/lines" || fail "$1: $(wc -l <"$dir/lines") of $number alerts, or not in order ($(head -n 2 "$dir/err" | tr '\n' ' '))"
	rm -f "$dir/bodies"
}
certificates="mtls: true, client_cert: $dir/client.crt, client_key: $dir/client.key"

# nginx is there until it got something, away until that was noticed and for some seconds, and there again
away_for_a_while() {
	start_nginx
	rm -f "$dir/phase-1" "$dir/err"
	(
		soon [ -s "$dir/bodies" ]
		kill -QUIT "$nginx"
		while kill -0 "$nginx" 2>/dev/null; do sleep 0.05; done
		: >"$dir/phase-1"
		[ -z "$ours" ] || soon grep -q 'alerts wait in' "$dir/err"
		sleep "$away"
		exec nginx -p "$dir" -c "$dir/nginx.conf" >"$dir/nginx.out" 2>&1
	) &
	again=$!
	send "url: 'https://127.0.0.1:$tls/', ca_cert: $dir/ca.crt, $certificates" "100 $((number - 100)) --rate 500"
	all_received "nginx away for $away s, $1"
	kill -QUIT "$again" 2>/dev/null
	wait "$again" "$nginx" 2>/dev/null
}
ours=
[ "$away" -lt 10 ] || away_for_a_while "without a spool"
spool=$dir/spool
ours=", spool: $spool"
away_for_a_while "with a spool"
ok "which is told" grep -q "http output: .*; alerts wait in $spool" "$dir/err"
ok "the spool is empty again" [ -z "$(find "$spool" -name '*.spool')" ]
ok "it is for its owner only" [ "$(stat -c %a "$spool")" = 700 ]

# the peer is away until after the monitor's end; its alerts are for the next one, before its own
number=300
url="url: 'http://127.0.0.1:1/'"
send "$url"
ok "alerts stay for the next start" grep -q "http output: 300 alerts stay in $spool" "$dir/err"
printf '%024d' 0 | dd of="$(ls "$spool"/*.spool)" bs=1 seek=30 conv=notrunc 2>/dev/null
number=10
send "url: 'http://127.0.0.1:$port/'"
ok "damage is told" grep -q 'http output: [0-9]* bytes in .*/spool are damaged and left out; 299 alerts are good' "$dir/err"
{
	seq -f "$dir/n-%05.0f" 1 299
	seq -f "$dir/n-%05.0f" 0 9
} >"$dir/all"
sed 's/.*opened //' "$dir/bodies" >"$dir/lines"
ok "those of the last run first, but for the damaged one" cmp -s "$dir/all" "$dir/lines"
rm -f "$dir/bodies"

# a monitor that is killed with alerts in its spool
number=300
mkfifo "$dir/end" # the command waits for a line of it, and so ends when it is told to, also without its monitor
exec 9<>"$dir/end"
"$MONITOR" run --pidfile "$dir/pid" -c "$dir/config.yaml" --option "http_output.url=http://127.0.0.1:1/" -- \
	sh -c "python3 $numbered $dir $number; : >$dir/opened; read -r _" <"$dir/end" 2>"$dir/err" 9>&- &
soon [ -e "$dir/opened" ]
soon grep -aqs n-00299 "$spool"/*.spool
checks=$((checks + 1))
"$MONITOR" run -c "$dir/config.yaml" -- true 2>"$dir/err2" && fail "two monitors use one spool"
ok "a spool that is in use is told" grep -q 'is used by another process' "$dir/err2"
kill -9 "$(cat "$dir/pid")"
echo >&9
exec 9>&-
wait $!
number=0
send "url: 'http://127.0.0.1:$port/'"
number=300
all_received "killed with alerts in the spool"

# no room in the spool: the others wait in memory
ours=", spool: $spool, spool_max_bytes: 4096, retry_seconds: 60"
number=200
(
	sleep 2
	exec nginx -p "$dir" -c "$dir/nginx.conf" >"$dir/nginx.out" 2>&1
) &
again=$!
send "url: 'https://127.0.0.1:$tls/', ca_cert: $dir/ca.crt, $certificates"
all_received "a small spool"
kill -QUIT "$again"
wait "$again" 2>/dev/null
ours=

number=300
start_nginx
soon listens "$tls"
json=true send "url: 'https://127.0.0.1:$tls/', ca_cert: $dir/ca.crt, compress_uploads: true, $certificates"
ok "JSON, compressed, with a header" grep -q '^application/json ta7 {' "$dir/bodies"
all_received "compressed"
number=3
send "url: 'https://127.0.0.1:$tls/', ca_cert: $dir/other.crt, $certificates"
ok "a strange authority gets nothing" [ ! -s "$dir/bodies" ]
ok "a strange authority is told" grep -q 'http output: .*certificate' "$dir/err"
send "url: 'https://127.0.0.1:$tls/', ca_cert: $dir/ca.crt"
ok "nginx takes nothing without a certificate" [ ! -s "$dir/bodies" ]
ok "which is told" grep -q 'http output: .*status 400' "$dir/err"
stop_nginx

number=20
send "url: 'http://127.0.0.1:$port/sometimes'"
ok "plain text" grep -q '^text/plain ta7 [0-9:.]*: Notice opened' "$dir/bodies"
all_received "a server that is busy"
send "url: 'http://127.0.0.1:$port/never'"
ok "one that refuses is told" grep -q 'http output: the peer answers with status 404' "$dir/err"
ok "what that costs is told" grep -q '20 alerts were lost' "$dir/err"
send "url: 'ftp://127.0.0.1/'"
ok "other protocols are refused" grep -q 'http output: ' "$dir/err"

kill "$peer"
finish
