#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# rsyslog receives alerts: by a datagram socket, by TCP, by TLS with certificates on both sides; it is stopped and started again.
. "$(dirname "$0")/../lib.sh"

need python3 rsyslogd openssl
number=2000
numbered_rule CRITICAL >"$dir/rules.yaml"
seq -f "$dir/n-%05.0f" 0 $((number - 1)) >"$dir/all"
tcp=$(free_port)
tls=$(free_port)
authority ca
authority other
certificate server ca subjectAltName=IP:127.0.0.1
certificate client ca subjectAltName=IP:127.0.0.1

cat >"$dir/rsyslog.conf" <<END
global(workDirectory="$dir" defaultNetstreamDriverCAFile="$dir/ca.crt"
       defaultNetstreamDriverCertFile="$dir/server.crt" defaultNetstreamDriverKeyFile="$dir/server.key")
module(load="imuxsock" SysSock.Use="off")
module(load="imtcp")
input(type="imuxsock" Socket="$dir/log" CreatePath="off" RateLimit.Interval="0")
input(type="imtcp" Address="127.0.0.1" Port="$tcp" Name="tcp")
input(type="imtcp" Address="127.0.0.1" Port="$tls" Name="tls" StreamDriver.Name="gtls" StreamDriver.Mode="1"
      StreamDriver.AuthMode="x509/certvalid")
template(name="line" type="string" string="%syslogfacility-text%.%syslogseverity-text% %programname% %msg%\n")
if \$inputname == "imuxsock" then { action(type="omfile" file="$dir/from-unix" template="line") }
if \$inputname == "tcp" then { action(type="omfile" file="$dir/from-tcp" template="line") }
if \$inputname == "tls" then { action(type="omfile" file="$dir/from-tls" template="line") }
END
start_rsyslog() {
	rsyslogd -n -f "$dir/rsyslog.conf" -i "$dir/pid" >"$dir/rsyslog.out" 2>&1 &
	rsyslog=$!
	soon [ -S "$dir/log" ]
	soon listens "$tls"
}
stop_rsyslog() {
	kill "$rsyslog"
	wait "$rsyslog" 2>/dev/null
}

# address, further keys, other arguments of the workload
send() {
	printf 'rules_files: [%s]\nsyslog_output: {enabled: true}\nmonitor: {syslog_output: {address: "%s", facility: local3, tag: falco%s}}\n' \
		"$dir/rules.yaml" "$1" "$2" >"$dir/config.yaml"
	# shellcheck disable=SC2086 # words
	"$MONITOR" run -c "$dir/config.yaml" -- python3 "$numbered" "$dir" ${3:-$number} >"$dir/out" 2>"$dir/err"
	cat "$dir/err"
}

# file: all alerts are there, in order
received() {
	soon at_least $number grep -c '' "$dir/$1"
	checks=$((checks + 2))
	sed 's/.*opened //' "$dir/$1" >"$dir/lines"
	cmp -s "$dir/all" "$dir/lines" || fail "$1: $(wc -l <"$dir/lines") of $number alerts, or not in order"
	[ "$(grep -c '^local3\.crit falco ' "$dir/$1")" = "$(wc -l <"$dir/lines")" ] || fail "$1: $(head -n 1 "$dir/$1")"
}

# a stock configuration where there is no syslog: nobody is waited for, and what is lost is told
number=3
send "unix://$dir/log" "" >/dev/null
ok "nobody is waited for: $(cat "$dir/err")" [ "$(grep -c 'one alert has taken' "$dir/err")" = 0 ]
ok "it is told why" grep -q "^monitor: syslog output: cannot reach $dir/log: No such file or directory" "$dir/err"
ok "and how many are lost" grep -q '^monitor: 3 alerts were lost in all' "$dir/err"
number=2000

start_rsyslog
send "unix://$dir/log" ""
received from-unix
send "tcp://127.0.0.1:$tcp" ""
received from-tcp
certificates=", ca_cert: $dir/ca.crt, client_cert: $dir/client.crt, client_key: $dir/client.key"
send "tls://127.0.0.1:$tls" "$certificates"
received from-tls

# a server whose authority is not ours gets nothing, and that is told
number=5
send "tls://127.0.0.1:$tls" ", ca_cert: $dir/other.crt" >/dev/null
ok "a strange authority is told: $(head -n 1 "$dir/err")" soon grep -q 'syslog output.*certificate' "$dir/err"

# away for some seconds: alerts wait. What the server had in its socket when it ended is lost to everybody.
number=2000
: >"$dir/from-unix" # rsyslog has it open, for appending
send "unix://$dir/log" "" "1000 1000 --rate 500" >/dev/null &
sender=$!
soon [ -s "$dir/from-unix" ]
stop_rsyslog
rm -f "$dir/log"
: >"$dir/phase-1"
before=$(wc -l <"$dir/from-unix")
sleep 2
start_rsyslog
wait $sender
ok "the last one came: $(tail -n 1 "$dir/from-unix")" soon grep -q 'n-01999$' "$dir/from-unix"
ok "in order" sort -c -k 5 "$dir/from-unix"
ok "those of the time without a server came: $(wc -l <"$dir/from-unix"), $before before" \
	[ $(($(wc -l <"$dir/from-unix") - before)) -gt $((2000 - before - 600)) ]
stop_rsyslog
finish
