#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Alerts by gRPC, fetched by two implementations that share no code: all of them, in order, by get and by sub, over a unix
# socket and by TLS, with a client that is slow, one that is killed, one with a wrong certificate, and two at once.
. "$(dirname "$0")/../lib.sh"

need openssl node npm /usr/bin/python3
protos=$top/src/output/proto
number=10000

/usr/bin/python3 -m grpc_tools.protoc -I "$protos" --python_out="$dir" --grpc_python_out="$dir" \
	"$protos/outputs.proto" "$protos/schema.proto" "$protos/version.proto" >"$dir/log" 2>&1 ||
	skip "python3-grpc-tools: $(tail -n 1 "$dir/log")"
cp "$here/package.json" "$dir"
(cd "$dir" && npm install --no-audit --no-fund --ignore-scripts --loglevel=error >log 2>&1) || skip "npm: $(tail -n 1 "$dir/log")"

python_client() {
	target=$1
	shift
	/usr/bin/python3 "$here/grpc_client.py" "$dir" "$target" "$@"
}

node_client() (
	target=$1
	shift
	cd "$dir" && exec node "$here/grpc_client.js" "$protos" "$target" "$@"
)

authority ca
authority other
certificate server ca subjectAltName=IP:127.0.0.1
certificate client ca subjectAltName=IP:127.0.0.1
certificate stranger other subjectAltName=IP:127.0.0.1

numbered_rule >"$dir/rules.yaml"
seq -f 'opened '"$dir"'/n-%05.0f' 0 $((number - 1)) >"$dir/all"

# starts the monitor on an address with a workload that gives all alerts and then waits
start() { # address
	rm -f "$dir/phase-1"
	printf 'stdout_output: {enabled: false}\ngrpc: {enabled: true, bind_address: "%s", cert_chain: %s, private_key: %s, root_certs: %s}\ngrpc_output: {enabled: true}\nrules_files: [%s]\n' \
		"$1" "$dir/server.crt" "$dir/server.key" "$dir/ca.crt" "$dir/rules.yaml" >"$dir/config.yaml"
	"$MONITOR" run -c "$dir/config.yaml" -- python3 "$numbered" --status 7 "$dir" $number 0 >"$dir/out" 2>&1 &
	monitor=$!
}

# ends the workload; the monitor must end with its status
stop() { # text
	: >"$dir/phase-1"
	wait "$monitor"
	status=$?
	checks=$((checks + 1))
	[ $status = 7 ] || { fail "$1: the monitor ended with $status"; tail -n 3 "$dir/out"; }
}

same_as_all() { # text, file
	checks=$((checks + 1))
	sed -i 's/^[0-9:.T+-]*: Notice //' "$2"
	cmp -s "$dir/all" "$2" || fail "$1: $(wc -l <"$2") of $number alerts: $(diff "$dir/all" "$2" | head -n 3 | tr '\n' ' ')"
}

socket=unix://$dir/grpc.sock
for client in python_client node_client; do
	for way in get sub; do
		start "$socket"
		soon [ -S "$dir/grpc.sock" ]
		$client "$socket" $way $number >"$dir/$client.$way" 2>"$dir/log" || fail "$client $way ended with $?: $(tail -n 1 "$dir/log")"
		same_as_all "$client $way" "$dir/$client.$way"
		stop "$client $way"
	done
done

# two at once share the alerts: each in order, none twice, none lost
start "$socket"
soon [ -S "$dir/grpc.sock" ]
python_client "$socket" sub $number "until=$dir/shared" >"$dir/first" 2>"$dir/log" &
first=$!
node_client "$socket" sub $number "until=$dir/shared" >"$dir/second" 2>"$dir/log2" &
second=$!
shared() {
	cat "$dir/first" "$dir/second" | wc -l
}
soon at_least $number shared
: >"$dir/shared"
wait $first $second
ok "the first of two has its alerts in order" sort -c "$dir/first"
ok "the second of two has its alerts in order" sort -c "$dir/second"
sort "$dir/first" "$dir/second" >"$dir/both"
same_as_all "two clients" "$dir/both"
stop "two clients"

# one that stops reading delays nobody: another is answered, and then it gets the rest
start "$socket"
soon [ -S "$dir/grpc.sock" ]
python_client "$socket" sub $number "pause=$dir/awake" wait=100 >"$dir/slow" 2>"$dir/log" &
slow=$!
soon [ -s "$dir/slow" ]
ok "another client is served while one sleeps" node_client "$socket" version
ok "it sleeps" [ "$(wc -l <"$dir/slow")" = 1 ]
: >"$dir/awake"
ok "the slow one comes to its end" wait $slow
same_as_all "slow client" "$dir/slow"
stop "slow client"

# one that is killed: what it had not taken comes to the next
start "$socket"
soon [ -S "$dir/grpc.sock" ]
# no function: $! would name a shell before it, whose end a client outlives
/usr/bin/python3 "$here/grpc_client.py" "$dir" "$socket" sub $number "pause=$dir/never" wait=600 >"$dir/cut" 2>"$dir/log" &
cut=$!
soon [ -s "$dir/cut" ]
kill -KILL $cut
wait $cut 2>/dev/null
ok "it is dead, not its shell" sh -c "! pgrep -f '^/usr/bin/python3 .*grpc_client.py $dir .*pause=$dir/never'"
python_client "$socket" get 1 wait=60 >"$dir/rest" 2>"$dir/log" || fail "after a cut connection: $(tail -n 1 "$dir/log")"
while ! tail -n 1 "$dir/rest" | grep -q "n-0*$((number - 1))\$"; do
	python_client "$socket" get 1 wait=60 >>"$dir/rest" 2>"$dir/log" || { fail "the last alert did not come"; break; }
done
ok "the rest is in order" sort -c -u "$dir/rest"
first=$(sed -n '1s/.*n-0*\([0-9]\)/\1/p' "$dir/rest")
# what was under way on the connection is as much as a flow control window and a socket's buffer hold
ok "most of what a killed client had not read comes again (from $first)" [ "${first:-$number}" -le 6000 ]
stop "cut connection"

# TLS: only with a certificate of the right authority
port=$(free_port)
start "127.0.0.1:$port"
soon python_client "127.0.0.1:$port" version 0 "ca=$dir/ca.crt" "cert=$dir/client.crt" "key=$dir/client.key" wait=20 >"$dir/version"
ok "the version by TLS" grep -q '^[0-9.]*$' "$dir/version"
for client in python_client node_client; do
	checks=$((checks + 3))
	$client "127.0.0.1:$port" get 1 "ca=$dir/ca.crt" "cert=$dir/stranger.crt" "key=$dir/stranger.key" wait=3 >"$dir/none" 2>&1 &&
		fail "$client: a stranger's certificate was taken"
	$client "127.0.0.1:$port" get 1 "ca=$dir/ca.crt" wait=3 >>"$dir/none" 2>&1 && fail "$client: no certificate was asked for"
	$client "127.0.0.1:$port" get 1 wait=3 >>"$dir/none" 2>&1 && fail "$client: served without TLS"
	grep '^opened' "$dir/none" && fail "$client: a stranger got alerts"
done
ok "the right certificate" sh -c "[ -s '$dir/version' ]"
node_client "127.0.0.1:$port" get $number "ca=$dir/ca.crt" "cert=$dir/client.crt" "key=$dir/client.key" >"$dir/tls" 2>"$dir/log" ||
	fail "by TLS: $(tail -n 1 "$dir/log")"
same_as_all "by TLS" "$dir/tls"
stop "by TLS"

finish
