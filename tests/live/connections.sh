#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a rule is told of the two ends of sockets whose history nobody saw: each call by itself.
. "$(dirname "$0")/lib.sh"
need python3

rule ends "evt.type in (connect, sendto) and fd.typechar in (4, 6)" \
	"told %evt.type %evt.res %fd.l4proto %fd.name c=%fd.cip:%fd.cport s=%fd.sip:%fd.sport l=%fd.lip:%fd.lport r=%fd.rip:%fd.rport server=%fd.is_server" \
	>"$dir/rules.yaml"
cat >"$dir/ends.py" <<'END'
import ctypes, socket, sys

if len(sys.argv) > 1:  # userfaultfd()
    ctypes.CDLL(None).syscall(int(sys.argv[1]), 0)

def made(what, near, far):
    # each is one of the monitor's lines
    print(what, near[0], near[1], far[1], flush=True)

def ends(family, host, stream, datagram):
    listener = socket.socket(family)
    listener.bind((host, 0))
    listener.listen()
    far = listener.getsockname()
    for timeout in (None, 5):
        s = socket.socket(family, socket.SOCK_STREAM, stream)
        s.settimeout(timeout)
        s.connect(far)
        made("connect SUCCESS tcp" if timeout is None else "connect EINPROGRESS tcp", s.getsockname(), far)
    s = socket.socket(family, socket.SOCK_DGRAM, datagram)
    server = socket.socket(family, socket.SOCK_DGRAM, datagram)
    server.bind((host, 0))
    far = server.getsockname()
    s.sendto(b"x", far)
    near = s.getsockname()
    made("sendto SUCCESS udp", (host, near[1]), far)
    # one that has sent has a port, and connects all the same as a client
    s.connect(far)
    made("connect SUCCESS udp", s.getsockname(), far)
    s.send(b"y")
    made("sendto SUCCESS udp", s.getsockname(), far)

def has(*kind):
    try:
        socket.socket(*kind).close()
        return True
    except OSError:
        return False

TCP_OF_MANY_PATHS, UDP_LITE = 262, 136
for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    ends(family, host, 0, 0)
    if has(family, socket.SOCK_STREAM, TCP_OF_MANY_PATHS) and has(family, socket.SOCK_DGRAM, UDP_LITE):
        ends(family, host, TCP_OF_MANY_PATHS, UDP_LITE)
closed = socket.socket()
closed.bind(("127.0.0.1", 0))
try:
    socket.socket().connect(closed.getsockname())
except OSError:
    pass
END
case $(uname -m) in
x86_64) userfaultfd=323 ;;
*) userfaultfd=282 ;;
esac
# the last: as soon as others may hold the locks of sockets threads make the calls, on copies of their own
for monitor_options in "" "--backend ptrace" "--intercept state" threads; do
	feared=
	[ "$monitor_options" != threads ] || monitor_options='' feared=$userfaultfd
	# shellcheck disable=SC2086 # options are words
	"$MONITOR" run $monitor_options -r "$dir/rules.yaml" --output "$dir/alerts" -- python3 "$dir/ends.py" $feared >"$dir/made" 2>"$dir/err"
	sed 's/^.*told //' "$dir/alerts" >"$dir/told"
	rm -f "$dir/alerts"
	n=0
	while read -r call result l4 ip near far; do
		n=$((n + 1))
		equal "$monitor_options${feared:+threads} $n" "$(sed -n ${n}p "$dir/told")" \
			"$call $result $l4 $ip:$near->$ip:$far c=$ip:$near s=$ip:$far l=$ip:$near r=$ip:$far server=true"
	done <"$dir/made"
	ok "all were told" [ $n -ge 10 ]
	ok "a refused one has no ends: $(sed -n $((n + 1))p "$dir/told")" \
		sh -c "sed -n $((n + 1))p '$dir/told' | grep -q '^connect ECONNREFUSED <NA> *c=<NA>:<NA> s=<NA>:<NA>'"
done

finish
