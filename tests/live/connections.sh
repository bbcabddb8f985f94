#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a rule is told of the two ends of sockets whose history nobody saw: each call by itself.
. "$(dirname "$0")/lib.sh"
need python3

rule ends "evt.type in (connect, sendto) and fd.typechar in (4, 6)" \
	"told %evt.type %evt.res %fd.l4proto %fd.name c=%fd.cip:%fd.cport s=%fd.sip:%fd.sport l=%fd.lip:%fd.lport r=%fd.rip:%fd.rport server=%fd.is_server" \
	>"$dir/rules.yaml"
cat >"$dir/ends.py" <<'END'
import socket

def numbers(near, far):
    # each number is one of the monitor's lines, which has them in place of N (near) and F (far)
    print(near[1], far[1], flush=True)

for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    listener = socket.socket(family)
    listener.bind((host, 0))
    listener.listen()
    far = listener.getsockname()
    for timeout in (None, 5):
        s = socket.socket(family)
        s.settimeout(timeout)
        s.connect(far)
        numbers(s.getsockname(), far)
    s = socket.socket(family, socket.SOCK_DGRAM)
    server = socket.socket(family, socket.SOCK_DGRAM)
    server.bind((host, 0))
    far = server.getsockname()
    s.sendto(b"x", far)
    near = s.getsockname()
    numbers(near, far)
    # one that has sent has a port, and connects all the same as a client
    s.connect(far)
    numbers(near, far)
    s.send(b"y")
    numbers(near, far)
closed = socket.socket()
closed.bind(("127.0.0.1", 0))
try:
    socket.socket().connect(closed.getsockname())
except OSError:
    pass
END
for monitor_options in "" "--backend ptrace"; do
	# shellcheck disable=SC2086 # options are words
	"$MONITOR" run $monitor_options -r "$dir/rules.yaml" --output "$dir/alerts" -- python3 "$dir/ends.py" >"$dir/ports" 2>"$dir/err"
	sed 's/^.*told //' "$dir/alerts" >"$dir/told"
	rm -f "$dir/alerts"
	n=0
	while read -r near far; do
		n=$((n + 1))
		case $n in
		1 | 6) what="connect SUCCESS tcp" ;;
		2 | 7) what="connect EINPROGRESS tcp" ;;
		3 | 8 | 5 | 10) what="sendto SUCCESS udp" ;;
		*) what="connect SUCCESS udp" ;;
		esac
		ip=127.0.0.1
		[ $n -le 5 ] || ip=::1
		equal "$monitor_options $n" "$(sed -n ${n}p "$dir/told")" \
			"$what $ip:$near->$ip:$far c=$ip:$near s=$ip:$far l=$ip:$near r=$ip:$far server=true"
	done <"$dir/ports"
	ok "all were told" [ $n = 10 ]
	ok "a refused one has no ends: $(sed -n 11p "$dir/told")" grep -q "^connect ECONNREFUSED <NA> *c=<NA>:<NA> s=<NA>:<NA>" "$dir/told"
done

finish
