#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# connect() and bind() of internet sockets, made in the caller's place or followed, behave as natively.
. "$(dirname "$0")/../lib.sh"

need python3
cat >"$dir/sockets.py" <<'EOP'
import errno, os, select, signal, socket, sys, threading

def told(what, call, *args):
    try:
        r = call(*args)
        print(what, "ok" if r is None else r)
    except OSError as e:
        print(what, errno.errorcode.get(e.errno, type(e).__name__))

for family, here in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    if family == socket.AF_INET6 and not os.path.exists("/proc/net/if_inet6"):
        continue
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        s = socket.socket(family, kind)
        told("bind", s.bind, (here, 0))
        told("bind again", s.bind, (here, 0))
        other = socket.socket(family, kind)
        told("bind in use", other.bind, s.getsockname()[:2])
        told("bind elsewhere", socket.socket(family, kind).bind, ("192.0.2.1" if family == socket.AF_INET else "2001:db8::1", 0))
        if kind == socket.SOCK_STREAM:
            s.listen(1)
        c = socket.socket(family, kind)
        told("connect", c.connect, s.getsockname()[:2])
        told("connect again", c.connect, s.getsockname()[:2])
        print("peer", c.getpeername()[0])
        if kind == socket.SOCK_STREAM:
            n = socket.socket(family, kind)
            n.setblocking(False)
            print("nonblocking", errno.errorcode[n.connect_ex(s.getsockname()[:2]) or errno.EINPROGRESS])
            select.select([], [n], [], 5)
            print("then", n.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
            port = s.getsockname()[1]
            s.close()
            told("refused", socket.socket(family, kind).connect, (here, port))

# a listener without room: who connects waits
full = socket.socket()
full.bind(("127.0.0.1", 0))
full.listen(0)
first = [socket.socket() for _ in range(3)]
for f in first:
    f.setblocking(False)
    f.connect_ex(full.getsockname())
late = socket.socket()
late.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, b"\x00" * 8 + (200000).to_bytes(8, "little"))
print("timeout", errno.errorcode[late.connect_ex(full.getsockname())])
# only the one that was first is before it then: who comes in after the signal, on a busy machine, gets on, too
for f in first[1:] + [late]:
    f.close()
ran = []
signal.signal(signal.SIGALRM, lambda *a: ran.append(full.accept()))
signal.setitimer(signal.ITIMER_REAL, 0.2)
waits = socket.socket()
waits.settimeout(None)
told("through a signal", waits.connect, full.getsockname())
print("handler", len(ran))
told("bad descriptor", lambda: socket.socket(fileno=os.dup(0)).connect(("127.0.0.1", 1)))
u = socket.socket(socket.AF_UNIX)
told("unix", u.connect, "/proc/nowhere/socket")
if os.getuid() == 0:
    os.setuid(65534)
    told("low port", socket.socket().bind, ("127.0.0.1", 7))
EOP
# everything that gives a socket an address
rule addresses 'evt.type in (connect, bind) and (fd.sip = "192.0.2.77" or fd.sport = 1)' "seen %evt.type" WARNING >"$dir/all.yaml"
/usr/bin/env python3 "$dir/sockets.py" >"$dir/native" 2>&1
for backend in notify ptrace ptrace-all notify-only; do
	monitor_options="--backend $backend"
	checks=$((checks + 1))
	wrap="timeout -k 1 60" under "$dir/all.yaml" -- python3 "$dir/sockets.py"
	diff "$dir/native" "$dir/out" || fail "$backend: other results than natively: $(head -n 3 "$dir/err")"
done
ok "nothing was tried: $(head -n 5 "$dir/native")" [ "$(wc -l <"$dir/native")" -gt 20 ]
finish
