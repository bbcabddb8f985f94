#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Datagrams and names of files: sent, made, moved and removed in the caller's place, or by the caller itself, they are what they are
# natively, errors included.
. "$(dirname "$0")/../lib.sh"

need python3
cat >"$dir/sends.py" <<'EOP'
import ctypes, errno, os, signal, socket, struct, time

def told(what, call, *args):
    try:
        print(what, call(*args))
    except OSError as e:
        print(what, errno.errorcode.get(e.errno, e.errno))
    except Exception as e:
        print(what, type(e).__name__)

libc = ctypes.CDLL(None, use_errno=True)
def raw(what, name, *args):
    ctypes.set_errno(0)
    r = getattr(libc, name)(*args)
    print(what, r, errno.errorcode.get(ctypes.get_errno(), 0) if r < 0 else "")

libc.mmap.restype = ctypes.c_void_p
page = os.sysconf("SC_PAGESIZE")
end_of_memory = ctypes.c_void_p(libc.mmap(None, ctypes.c_size_t(2 * page), 3, 0x22, -1, 0))
libc.mprotect(ctypes.c_void_p(end_of_memory.value + page), ctypes.c_size_t(page), 0)
for family, here, elsewhere in ((socket.AF_INET, "127.0.0.1", "::1"), (socket.AF_INET6, "::1", "127.0.0.1")):
    if family == socket.AF_INET6 and not os.path.exists("/proc/net/if_inet6"):
        continue
    r = socket.socket(family, socket.SOCK_DGRAM)
    r.bind((here, 0))
    r.settimeout(5)
    to = r.getsockname()
    s = socket.socket(family, socket.SOCK_DGRAM)
    told("sendto", s.sendto, b"one", to)
    told("got", r.recv, 99)
    told("sendmsg", s.sendmsg, [b"a", b"bc", b""], [], 0, to)
    told("got", r.recv, 99)
    told("empty", s.sendto, b"", to)
    told("got", r.recv, 99)
    told("longest", s.sendto, b"x" * 65000, to)
    told("got", lambda: len(r.recv(70000)))
    told("too long", s.sendto, b"x" * 65536, to)
    told("much too long", s.sendto, b"x" * 1000000, to)
    told("no address", s.sendmsg, [b"x"])
    told("by control", s.sendmsg, [b"x"], [(socket.IPPROTO_IP, 1, struct.pack("i", 16))] if family == socket.AF_INET else [], 0, to)
    told("got", r.recv, 99)
    told("wrong control", s.sendmsg, [b"x"], [(socket.SOL_SOCKET, 999, b"1234")], 0, to)
    told("more", s.sendto, b"first", socket.MSG_MORE, to)
    told("then", s.sendto, b"last", to)
    told("got", r.recv, 99)
    told("out of band", s.sendto, b"x", socket.MSG_OOB, to)
    told("no broadcast", socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto, b"x", ("255.255.255.255", 9))
    refused = socket.socket(family, socket.SOCK_DGRAM)
    gone = socket.socket(family, socket.SOCK_DGRAM)
    gone.bind((here, 0))
    address = gone.getsockname()
    gone.close()
    refused.connect(address)
    told("to nobody", refused.send, b"x")
    told("told of it", refused.sendmsg, [b"x"])
    told("elsewhere while connected", refused.sendto, b"y", to)
    told("got", r.recv, 99)
    raw("bad bytes", "sendto", s.fileno(), ctypes.c_void_p(8), 5, 0, struct.pack("HH12x", 2, 9), 16)
    raw("bad bytes, another family", "sendto", s.fileno(), ctypes.c_void_p(8), 5, 0, struct.pack("HH12x", 4, 9), 16)
    raw("bad bytes, no port", "sendto", s.fileno(), ctypes.c_void_p(8), 5, 0, struct.pack("HH24x", family, 0), 28)
    raw("bad address", "sendto", s.fileno(), b"abcde", 5, 0, ctypes.c_void_p(8), 16)
    raw("bad length", "sendto", s.fileno(), b"abcde", 5, 0, struct.pack("HH12x", 2, 9), 1000)
    raw("bad header", "sendmsg", s.fileno(), ctypes.c_void_p(8), 0)
    raw("longer than there is memory", "sendto", s.fileno(), end_of_memory, 100000, 0, struct.pack("HH12x", 2, 9), 16)
    raw("longer than there can be", "sendto", s.fileno(), end_of_memory, ctypes.c_size_t(2**63 + 5), 0, struct.pack("HH12x", 2, 9), 16)
    raw("no descriptor", "sendto", 999, b"abcde", 5, 0, struct.pack("HH12x", 2, 9), 16)

class iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_char_p), ("len", ctypes.c_size_t)]
class mmsghdr(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("namelen", ctypes.c_int), ("iov", ctypes.c_void_p), ("iovlen", ctypes.c_size_t),
                ("control", ctypes.c_void_p), ("controllen", ctypes.c_size_t), ("flags", ctypes.c_int), ("pad", ctypes.c_int), ("sent", ctypes.c_uint), ("end", ctypes.c_int)]
r = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
r.bind(("127.0.0.1", 0))
r.settimeout(5)
address = struct.pack("!2xH4s8x", r.getsockname()[1], socket.inet_aton("127.0.0.1"))
address = struct.pack("H", socket.AF_INET) + address[2:]
several = (mmsghdr * 5)()
pieces = [iovec(b"message%d" % i, 8) for i in range(5)]
for i, m in enumerate(several):
    m.name, m.namelen, m.iov, m.iovlen = (address, 16, ctypes.addressof(pieces[i]), 1)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
raw("several", "sendmmsg", s.fileno(), several, 5, 0)
print([m.sent for m in several], [r.recv(99) for _ in several])
several[3].namelen = 3
raw("one of them bad", "sendmmsg", s.fileno(), several, 5, 0)
print([r.recv(99) for _ in range(3)])
several[0].namelen = -1
raw("the first one bad", "sendmmsg", s.fileno(), several, 5, 0)
raw("none", "sendmmsg", s.fileno(), several, 0, 0)
# of the number the kernel takes 32 bits, of that of a message's pieces all
several[0].namelen = 16
number = {"x86_64": 307, "aarch64": 269}[os.uname().machine]
raw("none by half of the register", "syscall", number, s.fileno(), several, ctypes.c_ulong(1 << 32), 0)
several[0].iovlen = 1 << 32 | 1
raw("too many pieces", "sendmsg", s.fileno(), several, 0)
several[0].iovlen = 1
for several[0].controllen in (5, 2**31 - 1, 2**31):
    raw("no control, but its length", "sendmsg", s.fileno(), several, 0)
several[0].controllen, several[0].name = 24, None
pieces[0].base = ctypes.cast(8, ctypes.c_char_p)
raw("neither control nor bytes", "sendmsg", s.fileno(), several, 0)

# a socket without room: who may not wait is told, who may waits, for as long as its time limit says
a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
b.setblocking(False)
def fill():
    while True:
        b.send(b"x" * 1000)
told("full", fill)
t = socket.create_server(("127.0.0.1", 0))
c = socket.create_connection(t.getsockname())
told("stream with an address", c.sendto, b"x", ("127.0.0.1", 9))
told("message of a stream", c.sendmsg, [b"xy"])
n, _ = t.accept()
told("got", n.recv, 99)
n.close()
t.close()
signal.signal(signal.SIGPIPE, lambda *a: print("pipe signal"))
time.sleep(0.05)
told("gone", lambda: [c.sendmsg([b"z"]), time.sleep(0.05), c.sendmsg([b"z"])])
# what is sent while signals come
hits = []
signal.signal(signal.SIGALRM, lambda *a: hits.append(1))
signal.setitimer(signal.ITIMER_REAL, 0.0007, 0.0007)
for i in range(300):
    s.sendto(b"%d" % i, r.getsockname())
    if int(r.recv(99)) != i:
        print("lost", i)
signal.setitimer(signal.ITIMER_REAL, 0)
print("signals", bool(hits))
if os.getuid() == 0:
    os.setuid(65534)
    told("another user", s.sendto, b"user", r.getsockname())
    told("got", r.recv, 99)
EOP
cat >"$dir/names.py" <<'EOP'
import ctypes, errno, os, stat, sys, threading

libc = ctypes.CDLL(None, use_errno=True)
def raw(what, name, *args):
    ctypes.set_errno(0)
    r = getattr(libc, name)(*args)
    print(what, r, errno.errorcode.get(ctypes.get_errno(), 0) if r < 0 else "")
def show():
    for base, dirs, files in sorted(os.walk(".")):
        for f in sorted(dirs + files):
            st = os.lstat(os.path.join(base, f))
            print("   ", base, f, oct(st.st_mode), st.st_uid, st.st_gid, st.st_nlink)

os.makedirs(sys.argv[1])
os.chdir(sys.argv[1])
os.umask(0o26)
here = os.open(".", os.O_RDONLY)
path_only = os.open(".", os.O_PATH)
os.mkdir("d", 0o3777)
os.mkdir("d/e/", 0o700)
os.mkdir("f", dir_fd=here)
os.mkdir("g", dir_fd=path_only)
open("file", "w").close()
os.symlink("file", "link")
os.symlink("nowhere", "dangling")
os.symlink(".", "d/here")
os.symlink("/proc/self/cwd", "magic")
os.link("file", "second")
os.link("link", "link2", follow_symlinks=False)
os.link("link", "link3", follow_symlinks=True)
os.chmod("link", 0o4755)
os.chmod("file", 0o640, dir_fd=here)
os.chown("link", 1, 2)
os.chown("link", 3, 4, follow_symlinks=False)
os.rename("second", "d/here/third")
os.rename("f", "d/f", src_dir_fd=here, dst_dir_fd=here)
show()
b = lambda s: s.encode() if isinstance(s, str) else s
for what, name, *args in (
    ("unlink", "unlink", "none"), ("", "unlink", "d"), ("", "unlink", "link/"), ("", "unlink", "d/."), ("", "unlink", "d/.."), ("", "unlink", "/"),
    ("", "unlink", ""), ("", "unlink", "file/x"), ("", "unlink", "x" * 256), ("", "unlink", "x" * 255), ("", "unlink", "x/" * 2048), ("", "unlink", "./" * 2045 + "zzzz"),
    ("", "unlink", None), ("", "unlink", ctypes.c_void_p(8)), ("", "unlink", ctypes.c_void_p(-8 & (2**64 - 1))), ("", "unlink", "/proc/self/none"), ("", "unlink", "magic/none"), ("", "unlink", "magic/d/f"),
    ("at", "unlinkat", -100, "none", 0x4000), ("", "unlinkat", 999, "none", 0), ("", "unlinkat", -1, "none", 0), ("", "unlinkat", here, "d/e", 0x200), ("", "unlinkat", here, "file", 0x200), ("", "unlinkat", 0, "none", 0),
    ("rmdir", "rmdir", "d"), ("", "rmdir", "file"), ("", "rmdir", "link"), ("", "rmdir", "d/here"), ("", "rmdir", "."), ("", "rmdir", "d/f/."),
    ("rename", "rename", "none", "x"), ("", "rename", "file", "d"), ("", "rename", "d", "file"), ("", "rename", "d", "d/x"), ("", "rename", "file", "none/x"), ("", "rename", "", "x"), ("", "rename", "file/", "x"), ("", "rename", "g/", "h/"),
    ("", "renameat2", -100, "file", -100, "link", 1), ("", "renameat2", -100, "file", -100, "link", 3), ("", "renameat2", -100, "file", -100, "d", 2), ("", "renameat2", -100, "file", -100, "d", 2),
    ("link", "link", "none", "x"), ("", "link", "d", "x"), ("", "link", "file", "link"), ("", "linkat", -100, "dangling", -100, "x", 0x400), ("", "linkat", -100, "", -100, "x", 0x1000), ("", "link", "file/", "x"), ("", "link", "dangling", "also"),
    ("symlink", "symlink", "", "x"), ("", "symlink", "a", "file"), ("", "symlink", "a", "b/"), ("", "symlink", "y" * 4095, "long"), ("", "symlink", "y" * 4096, "long"), ("", "symlinkat", "a", 999, "x"), ("", "symlinkat", "magic", here, "x"),
    ("mkdir", "mkdir", "d", 0o777), ("", "mkdir", "none/x", 0o777), ("", "mkdir", "dangling", 0o777), ("", "mkdir", "k/", 0o1234567), ("", "mkdir", "/", 0o777), ("", "mkdir", "d/here/l", 0o777),
    ("chmod", "chmod", "none", 0), ("", "chmod", "dangling", 0), ("", "chmod", "file/", 0), ("", "chmod", "d/", 0o7700), ("", "chmod", "magic", 0o755), ("", "chmod", ".", 0o1755), ("", "fchmodat", here, "link", 0o600, 0x100), ("", "chmod", "/proc/self/none", 0),
    ("chown", "chown", "none", 1, 1), ("", "lchown", "dangling", 5, -1), ("", "chown", "dangling", 5, 5), ("", "fchownat", here, "", 6, 7, 0x1000), ("", "fchownat", here, "file", -1, 8, 0),
):
    raw(what or "  ..", name, *[b(a) for a in args])
    raw("    threads" if what else "  ..", "access", b"file", 0)
# two names that are bad: the kernel tells of one of them
bad = "none", "none/x", "file/x", "file/", "d", "z" * 256, "", "y" * 4096, None, ctypes.c_void_p(8)
for first in bad:
    for second in bad:
        for name, *args in (("rename", first, second), ("link", first, second), ("linkat", -100, first, -100, second, 0x400),
                            ("renameat", 999, first, -100, second), ("linkat", -100, first, 999, second, 0)):
            raw(f"both {bad.index(first)} {bad.index(second)}", name, *[b(a) for a in args])
# a link on the way leads to what is another thing for each process
os.symlink("/dev/fd/1", "output")
for first in "output/", "output/x", "output", "/dev/fd/6", "/dev/fd/60", "/dev/fd/6/x":
    for second in "none/x", "file/x", "d/.":
        for name, *args in ("rename", first, second), ("link", first, second), ("linkat", -100, first, -100, second, 0x400):
            raw(f"by a link {first} {second}", name, *[b(a) for a in args])
def in_threads():
    for i in range(100):
        os.mkdir(f"t{threading.get_ident()}")
        os.rename(f"t{threading.get_ident()}", f"u{threading.get_ident()}")
        os.rmdir(f"u{threading.get_ident()}")
threads = [threading.Thread(target=in_threads) for _ in range(4)]
[t.start() for t in threads]
[t.join() for t in threads]
show()
if os.getuid() == 0:
    os.chmod(".", 0o1777)
    os.mkdir("root", 0o700)
    open("root/file", "w").close()
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    for what, name, *args in (("user", "unlink", b"file"), ("", "unlink", b"root/file"), ("", "rename", b"file", b"x"), ("", "mkdir", b"mine", 0o777),
                              ("", "rename", b"root/file", None), ("", "rename", b"root/file", b"none/x"), ("", "link", b"root/file", b"none/x"),
                              ("", "chmod", b"file", 0), ("", "chown", b"mine", 0, 0), ("", "link", b"file", b"mine/x"), ("", "rmdir", b"root")):
        raw(what or "  ..", name, *args)
    show()
EOP
# names for files that are open, by their descriptors alone
cat >"$dir/linked.py" <<'EOP'
import errno, os, sys
from ctypes import CDLL, get_errno, set_errno

libc = CDLL(None, use_errno=True)
os.makedirs(sys.argv[1])
os.chdir(sys.argv[1])
os.chmod(".", 0o1777)
with open("theirs", "w") as f:
    f.write("theirs")
os.chmod("theirs", 0o666)
with open("readable", "w") as f:
    f.write("theirs, too")
def told(what, *args):
    set_errno(0)
    r = libc.linkat(*[a.encode() if isinstance(a, str) else a for a in args])
    print(what, r, errno.errorcode.get(get_errno(), 0) if r < 0 else "")
def links(who):
    own = os.open(who, os.O_RDWR | os.O_CREAT, 0o600)
    told("own", own, "", -100, who + "1", 0x1000)
    told("again", own, "", -100, who + "1", 0x1000)
    told("both flags", own, "", -100, who + "2", 0x1400)
    told("without the flag", own, "", -100, who + "3", 0)
    told("in no folder", own, "", -100, "none/x", 0x1000)
    told("no new name", own, "", -100, "", 0x1000)
    told("bad new name", own, "", -100, 8, 0x1000)
    told("no folder", own, "theirs", -100, who + "3", 0x1000)
    new = os.open(".", os.O_TMPFILE | os.O_RDWR, 0o640)
    told("new", new, "", -100, who + "4", 0x1000)
    closed = os.open(".", os.O_TMPFILE | os.O_EXCL | os.O_RDWR, 0o640)
    told("never to have one", closed, "", -100, who + "5", 0x1000)
    gone = os.open(who + "1", os.O_RDONLY)
    for name in who, who + "1", who + "2":
        if os.path.exists(name):
            os.unlink(name)
    told("gone", gone, "", -100, who + "6", 0x1000)
    folder = os.open(".", os.O_RDONLY)
    told("folder", folder, "", -100, who + "7", 0x1000)
    told("in a folder", folder, who + "4", -100, who + "8", 0x1000)
    told("nothing in a folder", folder, "none", -100, who + "9", 0x1000)
    told("theirs", os.open("theirs", os.O_RDWR), "", -100, who + "10", 0x1000)
    told("theirs, to be read", os.open("readable", os.O_RDONLY), "", -100, who + "11", 0x1000)
    told("a device", os.open("/dev/null", os.O_RDWR), "", -100, who + "12", 0x1000)
    told("a pipe", os.pipe()[0], "", -100, who + "13", 0x1000)
    told("no descriptor", 999, "", -100, who + "14", 0x1000)
    told("this folder", -100, "", -100, who + "15", 0x1000)
    for f in sorted(os.listdir(".")):
        st = os.lstat(f)
        print("   ", f, oct(st.st_mode), st.st_uid, st.st_gid, st.st_nlink)
links("a")
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    links("b")
EOP
cat >"$dir/all.yaml" <<END
- rule: sends and names
  desc: everything that is done in the caller's place
  condition: >
    evt.type in (sendto, sendmsg, sendmmsg, unlink, unlinkat, rename, renameat, renameat2, link, linkat, symlink, symlinkat,
    mkdir, mkdirat, rmdir, chmod, fchmodat, chown, lchown, fchownat)
  output: seen %evt.type %evt.args
  priority: WARNING
END
python3 "$dir/sends.py" >"$dir/native-sends" 2>&1
python3 "$dir/names.py" "$dir/native-names.d/x" >"$dir/native-names" 2>&1
for backend in notify ptrace ptrace-all notify-only; do
	for what in sends names; do
		monitor_options="--backend $backend"
		checks=$((checks + 1))
		rm -rf "$dir/place"
		wrap="timeout -k 1 100" under "$dir/all.yaml" -- python3 "$dir/$what.py" "$dir/place/x"
		diff "$dir/native-$what" "$dir/out" >"$dir/diff" || fail "$backend, $what: $(head -n 12 "$dir/diff") $(head -n 3 "$dir/err")"
		ok "$backend, $what: seen" [ "$(wc -l <"$alerts")" -gt 30 ]
		[ $what = sends ] || ok "$backend: a mode of what is not there" grep -q 'seen chmod res=-2(ENOENT).*filename=[^ ]*none' "$alerts"
	done
done
ok "what was tried: $(tail -n 3 "$dir/native-sends")" grep -q "signals True" "$dir/native-sends"
ok "what was tried: $(tail -n 3 "$dir/native-names")" [ "$(wc -l <"$dir/native-names")" -gt 150 ]

# descriptors that were opened in the caller's place are as good as its own, whether or not a rule asks for links
rule opens 'evt.type in (open, openat) and fd.name startswith /nowhere' o >"$dir/opened.yaml"
rule both 'evt.type in (open, openat, link, linkat) and evt.res != NONE' 'o %evt.args' >"$dir/linked.yaml"
python3 "$dir/linked.py" "$dir/native-linked.d/x" >"$dir/native-linked" 2>&1
ok "what was tried: $(tail -n 3 "$dir/native-linked")" [ "$(wc -l <"$dir/native-linked")" -gt 20 ]
for backend in notify ptrace notify-only; do
	for rules in opened linked; do
		monitor_options="--backend $backend"
		checks=$((checks + 1))
		rm -rf "$dir/place"
		wrap="timeout -k 1 100" under "$dir/$rules.yaml" -- python3 "$dir/linked.py" "$dir/place/x"
		diff "$dir/native-linked" "$dir/out" >"$dir/diff" || fail "$backend, $rules: $(head -n 40 "$dir/diff") $(head -n 3 "$dir/err")"
	done
	ok "$backend, links: seen" [ "$(grep -c AT_EMPTY_PATH "$alerts")" -gt 10 ]
done
monitor_options=

# a program that was just written, in the caller's place, is executed: whether or not its exec is a call that we catch
written='evt.type in (open, openat, creat) and evt.is_open_write=true and fd.typechar=f'
for more in "" " or evt.type in (execve, execveat)"; do
	rule r "($written$more) and fd.name startswith /nowhere" o >"$dir/written.yaml"
	ok "executed at once${more:+, caught}: $("$MONITOR" run --opens exact -r "$dir/written.yaml" -- "$src/calls" fresh "$dir/fresh" 300 2>&1)" \
		"$MONITOR" run --opens exact -r "$dir/written.yaml" -- "$src/calls" fresh "$dir/fresh" 300
done
finish
