#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Who is somebody else inside a user namespace than outside: rules go by who it is outside, whatever numbers its calls name. Another
# process, which has not entered it, says who that is.
. "$(dirname "$0")/../lib.sh"

need python3
umask 0
unshare -U true 2>/dev/null || skip "no user namespaces here"
chmod 777 "$dir"
cat >"$dir/enter.py" <<'END_OF_PROGRAM'
import ctypes, os, sys

NEWUSER, SYS_CLONE = 0x10000000, {"x86_64": 56, "aarch64": 220}[os.uname().machine]
libc = ctypes.CDLL(None, use_errno=True)
folder = sys.argv[1]


def call(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return result


def status(pid):
    lines = dict(line.split(":", 1) for line in open(f"/proc/{pid}/status"))
    return [lines["Uid"].split()[1], lines["Gid"].split()[1], bin(int(lines["CapEff"], 16)).count("1")]


# who stays outside: says who asks, then lets go on
questions, answers = os.pipe(), os.pipe()
if os.fork() == 0:
    os.close(questions[1])
    for line in os.fdopen(questions[0]):
        pid, step = line.split()
        print(step, *status(pid), flush=True)
        os.write(answers[1], b".")
    os._exit(0)


def look(step):
    os.write(questions[1], f"{os.getpid()} {step}\n".encode())
    os.read(answers[0], 1)
    os.close(os.open(f"{folder}/evasion-secret-{step}", os.O_RDONLY))


# the process that has made a namespace gets its maps from one that it has forked before
def ids(*uids):
    call(libc.prctl(4, 1))  # dumpable, though it has changed its user: else its maps are root's
    ready = os.pipe()
    pid = os.getpid()
    mapper = os.fork()
    if mapper == 0:
        os.read(ready[0], 1)
        open(f"/proc/{pid}/setgroups", "w").write("deny") if os.getuid() else None
        open(f"/proc/{pid}/gid_map", "w").write("\n".join(uids))
        open(f"/proc/{pid}/uid_map", "w").write("\n".join(uids))
        os._exit(0)
    call(libc.unshare(NEWUSER))
    yield
    os.write(ready[1], b".")
    assert os.waitpid(mapper, 0)[1] == 0


def enter(step, *uids):
    mapping = ids(*uids)
    next(mapping)
    look(step + "-entered")
    next(mapping, None)
    look(step + "-mapped")


def forked(work):
    pid = os.fork()
    if pid == 0:
        work()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0


def one():
    enter("one", "1000 0 1")
    os.setresgid(-1, 1000, -1)
    look("one-group")
    os.setresuid(-1, 1000, -1)
    look("one-user")


def many():
    enter("many", "0 100000 65536")
    os.setgid(0)
    os.setuid(0)
    look("many-root")
    forked(lambda: look("many-child"))
    os.setresgid(33, 33, 0)
    os.setresuid(33, 33, 0)
    look("many-user")
    os.setreuid(-1, 0)
    look("many-again")
    forked(nested)
    forked(given)
    os.setregid(44, 44)
    os.setuid(1)
    look("many-given-up")
    os.setresuid(-1, -1, -1)
    look("many-stays")


def nested():
    enter("nested", "5 7 2")
    os.setresgid(6, 6, 6)
    os.setresuid(5, 6, 5)
    look("nested-user")


# a program that gives rights, of a user of the namespace
def given():
    os.execv(f"{folder}/cat", ["cat", f"{folder}/evasion-secret-given"])


def joined():
    ready, over = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        mapping = ids("0 200000 10")
        next(mapping)
        next(mapping, None)
        os.write(ready[1], b".")
        os.read(over[0], 1)
        os._exit(0)
    os.read(ready[0], 1)
    call(libc.setns(os.open(f"/proc/{pid}/ns/user", os.O_RDONLY), 0))
    look("joined-entered")
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)
    look("joined-root")
    os.write(over[1], b".")


# born in it
def born():
    ready = os.pipe()
    pid = call(libc.syscall(SYS_CLONE, NEWUSER | 17, 0, 0, 0, 0))
    if pid == 0:
        os.read(ready[0], 1)
        look("born-in")
        os.setresuid(0, 9, 0)
        look("born-user")
        os._exit(0)
    open(f"/proc/{pid}/uid_map", "w").write("0 300000 10")
    os.write(ready[1], b".")
    assert os.waitpid(pid, 0)[1] == 0


def ordinary():
    enter("ordinary", f"0 {os.getuid()} 1")
    os.setgid(0)
    os.setuid(0)
    look("ordinary-root")


for work in sys.argv[2:]:
    forked(globals()[work])
END_OF_PROGRAM
for step in one-entered one-mapped one-group one-user many-entered many-mapped many-root many-child many-user many-again many-given-up \
	many-stays nested-entered nested-mapped nested-user given joined-entered joined-root born-in born-user ordinary-entered \
	ordinary-mapped ordinary-root; do
	echo text >"$dir/evasion-secret-$step"
done

rule opens "evt.type in (open, openat) and fd.name contains /evasion-secret- and user.uid >= 0 and group.gid >= 0" \
	"of %fd.name %user.uid %group.gid" >"$dir/ids.yaml"
rule opens "evt.type in (open, openat) and fd.name contains /evasion-secret- and user.uid >= 0 and thread.cap_effective exists" \
	"of %fd.name %user.uid %group.gid %thread.cap_effective" >"$dir/caps.yaml"
rule calls "evt.type in (setuid, setgid, setreuid, setregid, setresuid, setresgid) and user.uid >= 0" \
	"called %evt.type %evt.rawarg.gid %evt.rawarg.uid %evt.rawarg.egid %evt.rawarg.euid %user.uid" >"$dir/calls.yaml"

# what the rule saw, in the form in which the program says it
cat >"$dir/seen.py" <<'END_OF_PROGRAM'
import json, sys

for line in open(sys.argv[1]):
    alert = json.loads(line)
    fields = alert["output_fields"]
    if alert["rule"] == "opens":
        step = fields["fd.name"].split("evasion-secret-")[1]
        caps = [len((fields["thread.cap_effective"] or "").split())] if "thread.cap_effective" in fields else []
        print(step, fields["user.uid"], fields["group.gid"], *caps)
    elif alert["rule"] == "calls":
        names = ("gid", "uid", "egid", "euid")
        given = [f"{name}={fields['evt.rawarg.' + name]}" for name in names if fields["evt.rawarg." + name] is not None]
        print(fields["evt.type"], *given, fields["user.uid"])
END_OF_PROGRAM

# told RULES WORK...: opens are told to be of whom the process outside has seen
told() {
	checks=$((checks + 1))
	asked=$1
	shift
	under "$dir/$asked.yaml" -- python3 "$dir/enter.py" "$dir" "$@"
	[ "$status" = 0 ] || fail "$monitor_options: $asked: does not work: $(tail -n 3 "$dir/err")"
	case " $* " in *" many "*) echo "given 100033 100033 0" >>"$dir/out" ;; esac
	grep -v '^text' "$dir/out" | sort >"$dir/true"
	python3 "$dir/seen.py" "$alerts" | sort >"$dir/seen"
	[ "$asked" = caps ] || { cut -d' ' -f1-3 "$dir/true" >"$dir/new" && mv "$dir/new" "$dir/true"; }
	ok "$monitor_options: $asked: $(diff "$dir/true" "$dir/seen" | tr '\n' ' ')" cmp -s "$dir/true" "$dir/seen"
}

# the arguments of calls are what the caller gave
if [ "$(id -u)" = 0 ]; then
	for monitor_options in "" "--backend ptrace" "--backend notify-only"; do
		under "$dir/calls.yaml" -- python3 "$dir/enter.py" "$dir" many
		python3 "$dir/seen.py" "$alerts" >"$dir/seen"
		equal "$monitor_options: arguments" "$(head -n 4 "$dir/seen" | tr '\n' ' ')" \
			"setgid gid=0 0 setuid uid=0 100000 setresgid egid=33 100000 setresuid euid=33 100033 "
	done
fi

ordinary="setpriv --reuid 65534 --regid 65534 --clear-groups"
for monitor_options in "" "--opens fast" "--births stops" "--backend ptrace" "--backend ptrace-all" "--backend notify-only"; do
	if [ "$(id -u)" = 0 ]; then
		cp /bin/cat "$dir/cat"
		chown 100033:100033 "$dir/cat"
		chmod 6755 "$dir/cat"
		told ids one many joined born
		[ "$monitor_options" = "--backend notify-only" ] || told caps one many joined born
	fi
	wrap=$([ "$(id -u)" != 0 ] || echo "$ordinary")
	told ids ordinary
	wrap=
done
finish
