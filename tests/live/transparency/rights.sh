#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Callers with other users, groups and capabilities than the monitor: what is opened and made in their place is what they natively
# get, refusals, owners and modes included, and it is done in their place.
. "$(dirname "$0")/../lib.sh"

need_root
need python3
cat >"$dir/rights.py" <<'EOP'
import ctypes, errno, os, socket, struct, sys, threading

USER, GROUP, OTHER_GROUP = 12345, 12346, 12347
DAC_OVERRIDE, FOWNER, FSETID, SETUID, SETGID, NET_BIND_SERVICE, ALL = 1, 3, 4, 7, 6, 10, -1
libc = ctypes.CDLL(None, use_errno=True)

def told(what, call, *args):
    try:
        fd = call(*args)
        st = os.fstat(fd) if isinstance(fd, int) else None
        print("   ", what, oct(st.st_mode) if st else "", (st.st_uid, st.st_gid, st.st_size) if st else "")
        if isinstance(fd, int):
            os.close(fd)
    except OSError as e:
        print("   ", what, errno.errorcode.get(e.errno, e.errno))

def capabilities(*kept):
    """The effective set of the calling thread."""
    mask = sum(1 << c for c in kept)
    header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    libc.capget(header, data)
    for half in range(2):
        data[half * 3] = data[half * 3 + 1] & (mask >> 32 * half & 0xffffffff)
    if libc.capset(header, data):
        print("capset", errno.errorcode[ctypes.get_errno()])

def file(name, mode, user=0, group=0):
    os.close(os.open(name, os.O_CREAT | os.O_WRONLY, 0o600))
    os.chown(name, user, group)
    os.chmod(name, mode)

def prepare_names():
    """What names() takes away; by root."""
    file("sticky/of-root", 0o666)
    file("sticky/own", 0o666, USER, GROUP)
    for name in ("sticky/folder", "closed/folder"):
        os.path.isdir(name) or os.mkdir(name, 0o777)

def prepare(top):
    os.makedirs(top)
    os.chmod(top, 0o755)
    os.chdir(top)
    os.umask(0)
    for name, mode, user, group in (("closed", 0o700, 0, 0), ("shared", 0o2777, 0, OTHER_GROUP), ("sticky", 0o1777, 0, 0),
                                    ("ours", 0o2770, 0, GROUP), ("open", 0o777, 0, 0)):
        os.mkdir(name)
        os.chown(name, user, group)
        os.chmod(name, mode)
    file("secret", 0o600)
    file("public", 0o644)
    file("of-group", 0o640, 0, GROUP)
    file("of-other-group", 0o640, 0, OTHER_GROUP)
    file("not-of-group", 0o604, 0, GROUP)
    file("own", 0o400, USER, GROUP)
    file("closed/file", 0o666)
    file("suid", 0o6777)
    prepare_names()
    os.symlink("../public", "sticky/link")
    os.symlink("closed/file", "through")

def names(who):
    """What decides here: owners of folders and files, sticky and set-group-id bits, groups, protected links."""
    told("unlink, not its owner", os.unlink, "sticky/of-root")
    told("rmdir, closed", os.rmdir, "closed/folder")
    told("rmdir, not its owner", os.rmdir, "sticky/folder")
    told("rename, not its owner", os.rename, "sticky/of-root", "sticky/taken")
    told("rename over, not its owner", os.rename, "sticky/own", "sticky/of-root")
    told("rename there and back", lambda: (os.rename("sticky/own", "open/own"), os.rename("open/own", "sticky/own")) and None)
    told("link of what is writable", os.link, "public", "open/public-" + who)
    told("link of its own", os.link, "sticky/own", "open/own-" + who)
    told("symlink", os.symlink, "anything", "shared/symlink-" + who)
    told("symlink, closed", os.symlink, "anything", "closed/symlink-" + who)
    for folder in ("closed", "shared", "sticky", "ours"):
        told("mkdir in " + folder, os.mkdir, "%s/folder-%s" % (folder, who), 0o1777)
    for name in ("sticky/own", "sticky/of-root", "suid", "of-group"):
        if not os.path.lexists(name):
            print("   ", name, "is gone")
            continue
        mode = os.lstat(name).st_mode & 0o7777
        told("chmod " + name, os.chmod, name, 0o6775)
        print("   ", oct(os.lstat(name).st_mode), os.lstat(name).st_uid)
        told("chmod back", os.chmod, name, mode)
        told("chown to a group of its own", os.chown, name, -1, GROUP)
        told("chown to another group", os.chown, name, -1, OTHER_GROUP)
        print("   ", oct(os.lstat(name).st_mode), os.lstat(name).st_gid)

def messages():
    """Marks ask for a capability, and so do names of sockets for permissions; a unix socket tells who its peer is."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        there.bind(("127.0.0.1", 0))
        told("send", lambda: here.sendto(b"text", there.getsockname()) and None)
        told("send a mark", lambda: here.sendmsg([b"text"], [(socket.SOL_SOCKET, 36, struct.pack("I", 7))], 0, there.getsockname()) and None)
        told("broadcast", lambda: here.sendto(b"text", ("255.255.255.255", 9)) and None)
        told("connect", lambda: here.connect(there.getsockname()))
    with socket.socket(socket.AF_UNIX) as there, socket.socket(socket.AF_UNIX) as here:
        name = "open/socket-%d-%d" % (os.geteuid(), os.getegid())
        there.bind(name)
        there.listen(1)
        st = os.stat(name)
        print("    socket", oct(st.st_mode), st.st_uid, st.st_gid)
        here.connect(name)
        peer = there.accept()[0]
        for s in (peer, here):
            pid, uid, gid = struct.unpack("3i", s.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
            print("    peer", pid == os.getpid(), uid, gid)
        peer.close()
        os.unlink(name)

def look(who):
    print(who)
    for name in ("secret", "public", "of-group", "of-other-group", "not-of-group", "own", "closed/file", "closed/none", "none", "through",
                 "sticky/link", "public/x", "closed", "open"):
        told(name, os.open, name, os.O_RDONLY)
        told(name + " w", os.open, name, os.O_WRONLY)
    told("directory", os.open, "closed", os.O_RDONLY | os.O_DIRECTORY)
    told("no atime", os.open, "public", os.O_RDONLY | os.O_NOATIME)
    told("path", os.open, "secret", os.O_PATH)
    told("truncated", os.open, "suid", os.O_WRONLY | os.O_TRUNC)
    os.umask(0o27)
    for folder in ("closed", "shared", "sticky", "ours", "open", "none"):
        told("made in " + folder, os.open, "%s/by-%s" % (folder, who), os.O_CREAT | os.O_RDWR, 0o666)
        told("again", os.open, "%s/by-%s" % (folder, who), os.O_CREAT | os.O_RDWR | os.O_TRUNC, 0o666)
        told("with ids", os.open, "%s/ids-%s" % (folder, who), os.O_CREAT | os.O_RDWR | os.O_EXCL, 0o6775)
    told("sticky", os.open, "sticky/of-root", os.O_CREAT | os.O_RDWR, 0o666)
    told("sticky", os.open, "sticky/own", os.O_CREAT | os.O_RDWR | os.O_TRUNC, 0o666)
    told("mkdir", os.mkdir, "shared/d-" + who)
    told("unlink", os.unlink, "sticky/of-root-none")
    told("link", os.link, "secret", "open/link-" + who)
    told("rename", os.rename, "sticky/of-root", "sticky/of-root")
    told("chmod", os.chmod, "own", 0o400)
    told("chown", os.chown, "public", USER, -1)
    told("chown back", os.chown, "public", 0, -1)
    names(who)
    messages()
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            told("low port", s.bind, ("127.99.1.2", 97))

def user(groups, keep=()):
    if keep:
        libc.prctl(8, 1, 0, 0, 0) # the permitted set stays
    os.setgroups(groups)
    os.setresgid(GROUP, GROUP, GROUP)
    os.setresuid(USER, USER, USER)
    if keep:
        capabilities(*keep)

def in_child(who, become):
    os.umask(0)
    prepare_names()
    sys.stdout.flush()
    if os.fork() == 0:
        become()
        look(who)
        sys.stdout.flush()
        os.execvp("python3", ["python3", sys.argv[0], "again", who])
    os.wait()
    told("root again", os.open, "secret", os.O_RDONLY)

def toggled():
    for _ in range(3):
        os.seteuid(USER)
        told("as user", os.open, "secret", os.O_RDONLY)
        os.seteuid(0)
        told("as root", os.open, "secret", os.O_RDONLY)

def in_thread():
    """The C library would change all threads."""
    def other():
        libc.syscall(123, GROUP) if os.uname().machine == "x86_64" else libc.syscall(152, GROUP)
        libc.syscall(122, USER) if os.uname().machine == "x86_64" else libc.syscall(151, USER)
        told("thread", os.open, "secret", os.O_RDONLY)
        told("thread", os.open, "open/of-thread", os.O_CREAT | os.O_WRONLY, 0o644)
    t = threading.Thread(target=other)
    t.start()
    t.join()
    told("the others", os.open, "secret", os.O_RDONLY)

if sys.argv[1] == "many":
    user([])
    to = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    to.bind(("127.0.0.1", 0))
    for i in range(500):
        os.close(os.open(sys.argv[2], os.O_RDONLY))
        os.mkdir("%s/%d" % (sys.argv[3], i))
        os.rmdir("%s/%d" % (sys.argv[3], i))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(("127.0.0.1", 0))
            s.sendto(b"text", to.getsockname())
            s.connect(to.getsockname())
    sys.exit()
if sys.argv[1] == "again":
    look("executed-" + sys.argv[2])
    sys.exit()
prepare(sys.argv[1])
look("root")
in_child("user", lambda: user([]))
in_child("member", lambda: user([OTHER_GROUP, 7, 8]))
in_child("overriding", lambda: user([], [DAC_OVERRIDE]))
in_child("owner", lambda: user([], [FOWNER, FSETID]))
in_child("binding", lambda: user([], [NET_BIND_SERVICE]))
in_child("helpless-root", lambda: capabilities())
in_child("root-of-group", lambda: os.setgroups([OTHER_GROUP]))
toggled()
in_thread()
for base, dirs, files in sorted(os.walk(".")):
    for f in sorted(dirs + files):
        st = os.lstat(os.path.join(base, f))
        print(base, f, oct(st.st_mode), st.st_uid, st.st_gid, st.st_nlink)
EOP
cat >"$dir/all.yaml" <<END
- rule: opens and names
  desc: everything that is done in the caller's place
  condition: >
    evt.type in (open, openat, openat2, creat, unlink, unlinkat, rename, renameat, renameat2, link, linkat, mkdir, mkdirat, chmod,
    fchmodat, chown, fchownat, lchown, rmdir, symlink, symlinkat, bind, connect, sendto, sendmsg)
  output: seen %evt.type %evt.res %fd.name
  priority: WARNING
END
python3 "$dir/rights.py" "$dir/native.d/x" >"$dir/native" 2>&1
ok "what was tried: $(tail -n 3 "$dir/native")" [ "$(grep -c EACCES "$dir/native")" -gt 50 ]
for backend in notify ptrace notify-only; do
	monitor_options="--backend $backend"
	checks=$((checks + 1))
	rm -rf "$dir/place"
	wrap="timeout -k 1 100" under "$dir/all.yaml" -- python3 "$dir/rights.py" "$dir/place/x"
	diff "$dir/native" "$dir/out" >"$dir/diff" || fail "$backend: $(head -n 12 "$dir/diff") $(head -n 3 "$dir/err")"
done

# who gave up its privileges has its calls made in its place
monitor_options="--backend notify --verbose"
chmod 644 "$dir/rights.py"
mkdir -m 777 "$dir/room"
wrap="timeout -k 1 100" under "$dir/all.yaml" -- python3 "$dir/rights.py" many "$dir/rights.py" "$dir/room"
for call in openat mkdir rmdir bind sendto connect; do
	placed=$(sed -n "s/^monitor:   $call .* \([0-9]*\) done on behalf.*/\1/p" "$dir/err")
	ok "$call: of 500 of a user ${placed:-0} were done in its place" [ "${placed:-0}" -ge 500 ]
done
finish
