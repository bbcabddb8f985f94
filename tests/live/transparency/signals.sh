#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Calls by which a process could aim at the monitor do natively what they do, for whoever means others: also from a process whose other
# threads could change what they name (every program in Go has such), as another user and in mounts of its own.
. "$(dirname "$0")/../lib.sh"

need_root
need python3
cat >"$dir/signals.py" <<'EOP'
import ctypes, errno, fcntl, os, platform, signal, socket, struct, sys, threading, time

USER = 23456 # nobody else's
PIDFD_OPEN, PIDFD_SEND_SIGNAL = 434, 424
FIOSETOWN, SIOCSPGRP = 0x8901, 0x8902
F_SETOWN, F_GETOWN, F_SETOWN_EX, OWNER_PID = 8, 9, 15, 1
libc = ctypes.CDLL(None, use_errno=True)

def told(what, result):
    print("   ", what, result if result >= 0 else errno.errorcode[ctypes.get_errno()])

def to_child():
    child = os.fork()
    if child == 0:
        time.sleep(20)
        os._exit(0)
    fd = libc.syscall(PIDFD_OPEN, child, 0)
    told("pidfd_send_signal", libc.syscall(PIDFD_SEND_SIGNAL, fd, signal.SIGTERM, None, 0))
    told("no such signal", libc.syscall(PIDFD_SEND_SIGNAL, fd, 999, None, 0))
    print("    ended by", os.waitpid(child, 0)[1] & 127)
    os.close(fd)

def owners():
    here, there = socket.socketpair()
    end = os.pipe()[0]
    for name, fd in (("socket", here.fileno()), ("pipe", end)):
        told(name + " FIOSETOWN", libc.ioctl(fd, FIOSETOWN, struct.pack("i", os.getpid())))
        told(name + " SIOCSPGRP", libc.ioctl(fd, SIOCSPGRP, struct.pack("i", -os.getpgrp())))
        told(name + " F_SETOWN", libc.fcntl(fd, F_SETOWN, os.getpid()))
        told(name + " F_SETOWN, no such number", libc.fcntl(fd, F_SETOWN, -2**31))
        told(name + " F_SETOWN_EX", libc.fcntl(fd, F_SETOWN_EX, struct.pack("ii", OWNER_PID, os.getpid())))
        print("   ", fcntl.fcntl(fd, F_GETOWN) == os.getpid())

def everybody():
    """Of this user there is nobody else, so all that there is refuses."""
    told("kill(-1)", libc.kill(-1, signal.SIGWINCH))
    told("kill(-1), no such signal", libc.kill(-1, 999))

if sys.argv[1] == "threads":
    threading.Thread(target=signal.pause, daemon=True).start()
if sys.argv[2] == "user":
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)
    everybody()
to_child()
owners()
EOP
chmod -R a+rX "$dir"

for threads in single threads; do
	same python3 "$dir/signals.py" $threads root
	same python3 "$dir/signals.py" $threads user
	same unshare -m python3 "$dir/signals.py" $threads root
	same setpriv --bounding-set -kill python3 "$dir/signals.py" $threads root
done
# root that may signal its own processes only: to all that there are, in a pid namespace of their own
cat >"$dir/all-root.py" <<'EOP'
import os, signal, sys, threading, time

if sys.argv[1] == "threads":
    threading.Thread(target=signal.pause, daemon=True).start()
children = []
for user in 0, 23456:
    children.append(os.fork())
    if children[-1] == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.setresuid(user, user, user)
        time.sleep(1.5)
        os._exit(3)
time.sleep(0.5)
os.kill(-1, signal.SIGTERM)
print([os.waitpid(child, 0)[1] for child in children])
EOP
weak="setpriv --bounding-set -kill python3 $dir/all-root.py"
for threads in single threads; do
	# shellcheck disable=SC2086 # words
	equal "kill(-1) of root without CAP_KILL, $threads" \
		"$(unshare -pf --mount-proc "$MONITOR" run -r "$own_rules" -o /dev/null -- $weak $threads 2>&1)" \
		"$(unshare -pf --mount-proc $weak $threads 2>&1)"
done
# a monitor that is the user's own
cp "$MONITOR" "$dir/monitor"
cp "$own_rules" "$dir/rules.yaml"
printf 'import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nfor s in 28, 999: print(libc.kill(-1, s), ctypes.get_errno())\n' >"$dir/all.py"
as_user="setpriv --reuid 23456 --regid 23456 --clear-groups"
equal "kill(-1) of the monitor's own user" "$($as_user "$dir/monitor" run -r "$dir/rules.yaml" -- /usr/bin/python3 "$dir/all.py")" \
	"$($as_user /usr/bin/python3 "$dir/all.py")"

finish
