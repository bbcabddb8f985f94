#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Addresses that calls give to sockets in other forms than a rule expects: of no family, of IPv4 to a socket of IPv6, to a socket that
# is connected elsewhere, by a send that connects. Each arrives natively, and is told as where it went.
. "$(dirname "$0")/../lib.sh"

rules_here=$here/rules.yaml

# sent SOCKET CALL ADDRESS; $place runs the monitor in a restricted place
place=
sent() {
	told="secret sent"
	[ "$2" = connect ] && told="secret connected"
	timeout -k 1 20 "$src/sends" "$@" >"$dir/native" 2>&1 </dev/null
	if ! grep -q arrived "$dir/native"; then
		left_out=$((left_out + 1))
		echo "left out, does not work natively here: $* ($(cat "$dir/native"))"
		return
	fi
	for backend in $backends; do
		monitor_options="--backend $backend"
		wrap="$place timeout -k 1 20" under "$rules_here" -- "$src/sends" "$@"
		ok "$backend $place: $*: $(cat "$dir/out")" cmp -s "$dir/native" "$dir/out"
		ok "$backend $place: missed: $*" "$src/alerts" "$alerts" --has "$told"
	done
}

backends="notify ptrace notify-only"
for call in sendto sendmsg sendmmsg; do
	for address in plain none long later; do
		sent udp $call $address
		sent connected $call $address
	done
	for address in plain ipv4 long; do
		sent udp6 $call $address
		sent connected6 $call $address
	done
	sent stream $call plain
	backends="notify notify-only"
done
# that the address could have been changed makes no difference: where to the socket has connected it tells itself
backends=notify
for call in sendto sendmsg sendmmsg; do
	sent shared-stream $call plain
	ok "doubt about where a stream of $call went: $(cat "$alerts")" sh -c '! grep "secret sent" "$1" | grep -q evt.raced=possible' - "$alerts"
done
# the call fails, or leaves out a message that it has sent
backends="notify ptrace ptrace-all notify-only"
sent udp unwritable plain
sent udp second plain
# the second of two, also where they are the caller's own to send
for address in plain later; do
	sent udp both $address
	ok "both $address: told once" [ "$(grep -c "secret sent" "$alerts")" = 1 ]
done
# also beside a file system whose server may not give a page, so that the monitor is wary of each
if [ "$(id -u)" = 0 ] && command -v fuse-overlayfs >/dev/null 2>&1; then
	mkdir "$dir/lower" "$dir/over"
	cat >"$dir/beside" <<END
#!/bin/sh
fuse-overlayfs -f -o lowerdir=$dir/lower $dir/over >/dev/null 2>&1 &
i=0
until grep -q ' $dir/over fuse' /proc/mounts || [ \$i -gt 200 ]; do i=\$((i + 1)); sleep 0.05; done
"\$@"
status=\$?
umount -l $dir/over
wait
exit \$status
END
	chmod 755 "$dir/beside"
	place="unshare -m $dir/beside"
	sent udp unwritable plain
	sent udp second plain
	place=
else
	left_out=$((left_out + 1))
fi

# a thread with descriptors of its own, also by a kernel that cannot name threads by descriptors, and without kcmp()
for place in "" "$src/refuse pidfd_open:1:0x80=EINVAL --" "$src/refuse pidfd_open:1:0x80=EINVAL kcmp=EPERM --"; do
	for call in sendto sendmsg sendmmsg both connect; do
		backends="notify ptrace notify-only"
		sent own $call plain
	done
done
# where no descriptor may be copied, as in containers
place="$src/refuse pidfd_getfd=EPERM kcmp=EPERM --"
for call in sendto sendmsg connect; do
	backends="notify ptrace ptrace-all notify-only"
	sent udp $call plain
	sent connected $call plain
	sent udp6 $call plain
	[ $call = connect ] || sent udp $call none
done
place=

# what is known of a connection where no result and no copy of the socket is to be had: where it goes, that this is not where it comes from
# (which the kernel has not chosen yet), and its kind; of unix sockets their names, also behind the call
cat >"$dir/ends.yaml" <<'END'
- rule: outbound
  desc: as Falco's macro looks at both ends
  condition: evt.type = connect and fd.typechar in ("4", "6") and fd.ip != "0.0.0.0" and fd.sip != "::" and fd.sport = 17790 and fd.l4proto = tcp
  output: outbound %fd.name %fd.rip %evt.arg.tuple
  priority: WARNING
- rule: unix
  desc: a name that only the call gives
  condition: evt.type in (connect, sendto) and evt.rawres >= 0 and fd.type = unix and fd.name endswith /ends-socket
  output: unix %fd.name
  priority: WARNING
- rule: bound
  desc: the port of a socket that nothing is known of but this call
  condition: evt.type = bind and fd.sport = 17790 and fd.type = ipv4
  output: bound %fd.name
  priority: WARNING
END
cat >"$dir/ends.py" <<'END'
import socket, sys
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.66", 17790))
server.listen(5)
for family, address in (socket.AF_INET, "127.0.0.66"), (socket.AF_INET6, "::ffff:127.0.0.66"):
    s = socket.socket(family)
    s.connect((address, 17790))
    print(s.getpeername()[1])
for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
    path = sys.argv[1] + "/%d/ends-socket" % kind
    server = socket.socket(socket.AF_UNIX, kind)
    server.bind(path)
    if kind == socket.SOCK_STREAM:
        server.listen(5)
        socket.socket(socket.AF_UNIX, kind).connect(path)
    else:
        socket.socket(socket.AF_UNIX, kind).sendto(b"x", path)
END
for place in "" "$src/refuse docker --"; do
	for backend in notify ptrace notify-only; do
		rm -rf "$dir/ends"
		mkdir -p "$dir/ends/1" "$dir/ends/2"
		monitor_options="--backend $backend"
		wrap="$place timeout -k 1 20" under "$dir/ends.yaml" -- python3 "$dir/ends.py" "$dir/ends"
		equal "$backend $place: both arrived" "$(tr '\n' ' ' <"$dir/out")" "17790 17790 "
		equal "$backend $place: told of both kinds" "$(grep -c '"rule":"outbound"' "$alerts")" 2
		equal "$backend $place: told of unix sockets" "$(grep -c '"rule":"unix"' "$alerts")" 2
		equal "$backend $place: told of the port" "$(grep -c '"rule":"bound"' "$alerts")" 1
		ok "$backend $place: the far end: $(cat "$alerts")" sh -c '! grep "outbound" "$1" | grep -qv "fd.rip\":\"127.0.0.66"' - "$alerts"
	done
done
place=

# of who nobody sees return no number is known, and what is at another one is not told as his
cat >"$dir/numbers.yaml" <<'END'
- rule: redirected
  desc: a connection instead of a standard stream
  condition: evt.type in (dup, dup2, dup3) and evt.rawres in (0, 1, 2) and fd.type = ipv4
  output: redirected %fd.name
  priority: WARNING
- rule: accepted
  desc: where
  condition: evt.type in (accept, accept4) and evt.rawres >= 0
  output: accepted %fd.sport
  priority: WARNING
- rule: kept
  desc: what is standard input
  condition: evt.type = unlink
  output: kept %proc.stdin.name
  priority: WARNING
END
cat >"$dir/numbers.py" <<'END'
import ctypes, os, socket
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen(5)
port = server.getsockname()[1]
clients = [socket.socket(), socket.socket()]
clients[0].connect(server.getsockname())
server.accept()
os.dup2(clients[0].fileno(), 40)
os.dup2(clients[0].fileno(), 0)
print("accepted", port)
print("redirected 127.0.0.1:%d->127.0.0.1:%d" % (clients[0].getsockname()[1], port))
os.dup2(1, 50)
os.close(1)
libc = ctypes.CDLL(None)
libc.dup(clients[0].fileno())
os.dup2(50, 1)
print("redirected 127.0.0.1:%d->127.0.0.1:%d" % (clients[0].getsockname()[1], port))
clients[1].connect(server.getsockname())
server.accept()
print("accepted", port)
try:
    os.unlink("/nonexistent/name")
except OSError:
    pass
print("kept 127.0.0.1:%d->127.0.0.1:%d" % (clients[0].getsockname()[1], port), flush=True)
END
for place in "" "$src/refuse docker --"; do
	for backend in notify ptrace notify-only; do
		rm -f "$dir/numbers"
		# shellcheck disable=SC2086 # words
		$place timeout -k 1 20 "$MONITOR" run --backend $backend -r "$dir/numbers.yaml" --output "$dir/numbers" -- python3 "$dir/numbers.py" \
			</dev/null >"$dir/out" 2>"$dir/err"
		sed 's/^[^ ]* Warning //; s/ evt.raced=possible$//' "$dir/numbers" >"$dir/got"
		equal "$backend $place: what was done: $(cat "$dir/err")" "$(wc -l <"$dir/out")" 5
		ok "$backend $place: as it was done: $(diff "$dir/out" "$dir/got")" cmp -s "$dir/out" "$dir/got"
	done
done
place=

# a socket is bound by such an address, too
rule "bound" 'evt.type = bind and evt.rawres >= 0 and evt.arg.addr = "0.0.0.0:45454"' "bound %evt.args" WARNING >"$dir/bound.yaml" # by the address that is given
cat >"$dir/bound.py" <<'END'
import ctypes, socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
print(ctypes.CDLL(None).bind(s.fileno(), struct.pack("=H", 0) + struct.pack(">H", 45454) + bytes(12), 16), s.getsockname()[1])
END
for backend in notify ptrace ptrace-all notify-only; do
	monitor_options="--backend $backend"
	wrap="timeout -k 1 20" under "$dir/bound.yaml" -- python3 "$dir/bound.py"
	ok "$backend: the port: $(cat "$dir/out")" grep -q "^0 45454" "$dir/out"
	ok "$backend: missed: bound by an address of no family" "$src/alerts" "$alerts" --has bound
done
# sockets of other families, which have no addresses in /proc: their family is their name, as Falco tells it
rule "other family" 'evt.type in (bind, connect) and evt.arg.addr startswith "family "' \
	"<%evt.type %evt.res %fd.typechar %fd.name>" >"$dir/families.yaml"
cat >"$dir/families.py" <<'END'
import errno, socket
for family, kind, address in (16, 3, (0, 0)), (17, 3, ("lo", 0)), (40, 1, (0xffffffff, 0xffffffff)):
    try:
        s = socket.socket(family, kind)
    except OSError:
        continue
    s.setblocking(False)
    for call in "bind", "connect":
        try:
            getattr(s, call)(address)
            how = "SUCCESS"
        except OSError as e:
            how = errno.errorcode[e.errno].replace("ENOTSUP", "EOPNOTSUPP")
        print(call, how, "n" if family == 16 else "o", "family %d" % family if call == "bind" and how == "SUCCESS" else "")
END
for backend in notify ptrace ptrace-all notify-only; do
	rm -f "$dir/alerts"
	"$MONITOR" run --backend $backend -r "$dir/families.yaml" --output "$dir/alerts" -- python3 "$dir/families.py" >"$dir/want" 2>"$dir/err"
	sed -n 's/.*<\(.*\)>.*/\1/p' "$dir/alerts" >"$dir/got"
	[ $backend != notify-only ] || sed -i 's/ E[A-Z]* / SUCCESS /' "$dir/want" # no result is seen
	ok "$backend: other families: $(diff "$dir/want" "$dir/got")" cmp -s "$dir/want" "$dir/got"
	ok "$backend: none was bound" grep -q '^bind SUCCESS' "$dir/got"
done

# who connects is the client, whatever port it has: one of its own, seen or not, below those that the kernel gives, and the other's
rule "connected" 'evt.type = connect and fd.sip = "127.0.0.66"' "connected %fd.name" WARNING >"$dir/connected.yaml"
rule "bound" 'evt.type = bind' "bound %evt.args" >"$dir/bind-too.yaml"
cat >"$dir/connected.py" <<'END'
import socket, sys
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.66", int(sys.argv[2])))
listener.listen(5)
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.5", int(sys.argv[1])))
s.connect(("127.0.0.66", int(sys.argv[2])))
print("%s:%d" % s.getpeername())
END
for backend in notify ptrace notify-only; do
	monitor_options="--backend $backend"
	for ports in "0 17781" "17782 17781" "17782 47781" "17781 17781"; do
		for rules in "$dir/connected.yaml" "$dir/connected.yaml $dir/bind-too.yaml"; do
			# shellcheck disable=SC2086 # words
			wrap="timeout -k 1 20" under $rules -- python3 "$dir/connected.py" $ports
			ok "$backend: ports $ports: $(cat "$dir/out" "$dir/err")" grep -q "^127.0.0.66:${ports#* }" "$dir/out"
			ok "$backend: missed: connected from a port of its own ($ports, $rules)" \
				"$src/alerts" "$alerts" --has connected
		done
	done
done
ok "too few of them work natively" [ $checks -ge 150 ]
finish
