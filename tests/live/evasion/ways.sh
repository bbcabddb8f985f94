#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Ways to a file or to a program that a monitor may overlook. Each entry: the attack runs natively and must succeed, which its
# output proves; then under the monitor, where it must succeed and be alerted, or be refused ("refused" in its column).
. "$(dirname "$0")/../lib.sh"

need_root
wanted_text=text-of-the-secret
rules_here=$here/rules.yaml
secret=$dir/evasion-secret
payload=$dir/evasion-payload
echo "$wanted_text" >"$secret"
printf '#!/bin/sh\necho %s\n' "$wanted_text" >"$dir/script"
cp /bin/echo "$payload"
chmod 755 "$dir/script" "$payload"
chmod 644 "$secret"

# entry seen|refused RULE -- CMD...; $around is what both turns run in
around=
entry() {
	how=$1
	rule=$2
	shift 3
	checks=$((checks + 1))
	# shellcheck disable=SC2086 # words
	timeout -k 1 60 $around "$@" >"$dir/native" 2>&1 </dev/null
	if [ $? = 77 ] || ! grep -aq "$wanted_text" "$dir/native"; then
		left_out=$((left_out + 1))
		echo "left out, does not work natively here: $* ($(head -c 200 "$dir/native"))"
		return
	fi
	wrap="timeout -k 1 60 $around" under "$rules_here" -- "$@"
	if [ "$how" = refused ]; then
		grep -aq "$wanted_text" "$dir/out" && fail "was to be refused: $*"
		return
	fi
	grep -aq "$wanted_text" "$dir/out" || {
		fail "does not succeed under the monitor: $*"
		head -n 3 "$dir/err"
		return
	}
	"$src/alerts" "$alerts" --has "$rule" || fail "missed: $*"
}

# links and folders
mkdir "$dir/a" "$dir/a/b"
ln -s evasion-secret "$dir/plain-link"
ln -s plain-link "$dir/link-of-link"
ln -s a/b "$dir/deep"
ln -s . "$dir/same"
ln "$secret" "$dir/a/evasion-secret"
ln -s /proc/self/root "$dir/magic"
long=$dir/$(printf './%.0s' $(seq 1 1500))evasion-secret
s="secret opened"
for path in "$dir/plain-link" "$dir/link-of-link" "$dir/deep/../../evasion-secret" "$dir/deep/../evasion-secret" \
	"$dir/same/same/same/plain-link" "$dir//a/..//evasion-secret" "$dir/magic$secret" "$dir/magic$dir/plain-link" \
	"/proc/thread-self/root$secret" "/proc/self/task/../root$secret" "/dev/fd/../root$dir/plain-link" "$long"; do
	entry seen "$s" -- cat "$path"
done
entry seen "$s" -- sh -c "cd $dir && cat plain-link"
entry seen "$s" -- sh -c "cd $dir/a/b && cat ../../evasion-secret"
entry seen "$s" -- sh -c "cd -P $dir/deep && cat ../evasion-secret"
entry seen "$s" -- sh -c "ln -sf $secret $dir/fresh && cat $dir/fresh"
entry seen "$s" -- sh -c "ln -sf /etc/hostname $dir/fresh && cat $dir/fresh && ln -sf $secret $dir/fresh && cat $dir/fresh"
entry seen "$s" -- sh -c "mv $dir $dir-moved && cat $dir-moved/evasion-secret; mv $dir-moved $dir"
entry seen "$s" -- sh -c "cat <$secret"
entry seen "$s" -- sh -c "exec 9<$secret; cat <&9"
entry seen "$s" -- sh -c "exec 9<$dir; cat /proc/self/fd/9/plain-link"
entry seen "$s" -- sh -c "cp $dir/plain-link $dir/taken && cat $dir/taken"
entry seen "$s" -- sh -c "(setsid sh -c 'cat $secret' & wait)"
entry seen "$s" -- sh -c "while read -r l; do echo \"\$l\"; done <$dir/plain-link"
entry seen "$s" -- tar -cOC "$dir" evasion-secret
entry seen "$s" -- dd "if=$dir/plain-link" status=none
entry seen "$s" -- chroot / cat "$secret"
entry seen "$s" -- unshare -m cat "$secret"
entry seen "$s" -- unshare -p -f cat "$secret"
entry seen "$s" -- python3 -c "import mmap; f = open('$secret'); print(mmap.mmap(f.fileno(), 0, prot=1).read())"
entry seen "$s" -- python3 -c "import threading as t; x = t.Thread(target=lambda: print(open('$secret').read())); x.start(); x.join()"

for way in root-link cwd-link path-fd reopen fchdir chroot handle openat2 junk-bits sendfile splice copy-range shared-cwd shared-fds \
	untraced vfork-like daemon new-root undumpable other-name received-fd full-table full-memory; do
	entry seen "$s" -- "$src/evade" "$way" "$secret"
done
# whose folder it is: a relative name is judged by its text here
sed "s|fd.name endswith /evasion-secret|fd.name = $secret|" "$here/rules.yaml" >"$dir/whole.yaml"
rules_here=$dir/whole.yaml
for monitor_options in "" "--births stops" "--backend ptrace" "--backend ptrace-all" "--backend notify-only"; do
	monitor_options="--opens fast $monitor_options"
	for way in shared-cwd parents-cwd vfork-like memory-only thread-apart apart-from-thread child-of-apart; do
		entry seen "$s" -- "$src/evade" "$way" "$secret"
	done
done
rules_here=$here/rules.yaml
monitor_options=
# who asks for a child that nobody traces has one that is seen all the same, or none
for backend in ptrace ptrace-all; do
	monitor_options="--backend $backend"
	for way in untraced untraced-anew; do
		entry seen "$s" -- "$src/evade" $way "$secret"
	done
	entry refused "$s" -- "$src/evade" untraced-flip "$secret"
done
monitor_options=
# links of /proc lead by themselves, and who makes the call may not be looked at behind it
monitor_options="--backend notify-only"
for path in "$dir/magic$dir/plain-link" "/proc/self/root$dir/plain-link" "/proc/thread-self/root$dir/plain-link" "/dev/fd/../root$dir/plain-link"; do
	entry seen "$s" -- cat "$path"
done
entry seen "$s" -- sh -c "exec 9<$dir; cat /proc/self/fd/9/plain-link"
entry seen "$s" -- sh -c "cd $dir && cat /proc/self/cwd/plain-link"
entry seen "$s" -- sh -c "cat /proc/\$PPID/root$dir/plain-link; true"
monitor_options=
# a child of one's parent (CLONE_PARENT) is not that parent's copy
sed "s|fd.name endswith|proc.name = evade and proc.exepath = $src/evade and proc.args startswith sibling and &|" "$here/rules.yaml" \
	>"$dir/copied.yaml"
rules_here=$dir/copied.yaml
for monitor_options in "--backend notify" "--backend notify --births stops" "--backend ptrace" "--backend ptrace-all" "--backend notify-only"; do
	entry seen "$s" -- sh -c "$src/evade sibling $secret; true"
done
monitor_options=
rules_here=$here/rules.yaml
# below a debugger of its own, which a thread may have but one of
for debugger in traceme seize detach; do
	entry seen "$s" -- "$src/traced" $debugger cat "$secret"
	# shellcheck disable=SC2016
	entry seen "$s" -- "$src/traced" $debugger sh -c 'cat "$1"; true' - "$secret"
	entry seen "payload run" -- "$src/traced" $debugger "$payload" $wanted_text
	entry seen "argument seen" -- "$src/traced" $debugger sh -c "$payload $wanted_text telling-argument; true"
done
# one that begins as the one before it did: who has another's debugger, or none can be had, is looked at for what exec changes
mkdir "$dir/alike"
cp "$src/mimic" "$dir/alike/evasion-payload"
cp "$src/mimic" "$dir/alike/evasion-harmles"
for monitor_options in "" "--births stops" "--backend ptrace" "--backend ptrace-all" "--backend notify-only"; do
	for how in fork vfork threads; do
		entry seen "payload run" -- setarch -R "$dir/alike/evasion-harmles" $how "$dir/alike/evasion-payload" $wanted_text
	done
done
monitor_options=
# names that a terminal or a log would take amiss
for odd in "$(printf 'a\nb')" "$(printf '\033[2J\033[31m')" "$(printf '\377\376')" "$(printf '\302\200\342\200\256')" " " "%fd.name" '"' "\\"; do
	mkdir "$dir/$odd"
	cp "$secret" "$dir/$odd/evasion-secret"
	entry seen "$s" -- cat "$dir/$odd/evasion-secret"
done
# a hard link has a name of its own: what tells is the path that the rule names
# the file by its whole path
rule "secret opened" "evt.type in (open, openat, openat2, creat) and evt.rawres >= 0 and fd.name = $secret" \
	"secret opened %fd.name" WARNING >"$dir/exact.yaml"
ln "$secret" "$dir/a/hard"
ln -s hard "$dir/a/link-to-hard"
rules_here=$dir/exact.yaml
entry seen "$s" -- cat "$dir/a/hard"
entry seen "$s" -- cat "$dir/a/link-to-hard"
entry seen "$s" -- sh -c "ln -f $secret $dir/a/harder && cat $dir/a/harder"
# a mount shows the file, which has one name, by another path
lone=$dir/lone-secret
echo "$wanted_text" >"$lone"
sed -i "s|fd.name = .*|fd.name = $lone|" "$dir/exact.yaml"
for monitor_options in "--backend notify" "--backend ptrace" "--backend notify-only"; do
	entry seen "$s" -- "$src/evade" bind-mount "$lone"
	entry seen "$s" -- "$src/evade" move-mount "$lone"
done
monitor_options=
entry seen "$s" -- unshare -m sh -c "mount --bind $dir $dir/a && cat $dir/a/lone-secret"
# the file is what the path led to in the beginning, whatever it leads to now, and for whom
for monitor_options in "" "--births stops" "--backend ptrace" "--backend ptrace-all" "--backend notify-only"; do
	entry seen "$s" -- sh -c "mv $lone $dir/a/moved; cat $dir/a/moved; mv $dir/a/moved $lone"
	entry seen "$s" -- unshare -m sh -c "mount -t tmpfs none /mnt && echo >/mnt/shown && mount --bind $lone /mnt/shown &&
		mount -t tmpfs none $dir && cat /mnt/shown"
	[ "$monitor_options" = "--backend notify-only" ] && continue # looks from its own root, past overlays
	entry seen "$s" -- python3 -c "import os; os.link('$lone', '$dir/a/link'); os.chroot('$dir/a'); print(open('/link').read()); os.unlink('/link')"
	entry seen "$s" -- unshare -m sh -c "mount -t tmpfs none /mnt && mkdir /mnt/upper /mnt/work /mnt/all &&
		mount -t overlay none -o lowerdir=$dir,upperdir=/mnt/upper,workdir=/mnt/work /mnt/all && cat /mnt/all/lone-secret"
done
monitor_options=
# what is made or cut short by another name is told by the path where it lies
made=$dir/a/b/made
ln -s a/b/made "$dir/link-to-made"
sed -i "s|fd.name = .*|fd.name = $made and evt.is_open_write = true|" "$dir/exact.yaml"
for name in "$dir/deep/made" "$dir/link-to-made" "$dir/same/deep/made" "$dir/a/b/../b/made" "$made"; do
	entry seen "$s" -- sh -c "rm -f $made; echo $wanted_text >$name; cat $made"
	entry seen "$s" -- sh -c "echo $wanted_text >$name; cat $made"
done
entry seen "$s" -- sh -c "cd $dir/a && rm -f b/made; echo $wanted_text >./b/made; cat b/made"
rules_here=$here/rules.yaml
# judged by the path alone, a directory that no rule asked for must still be known
monitor_options="--opens fast"
for cat in "cat $secret" "cd $dir && cat evasion-secret" "cd $dir/a/b && cat ../../evasion-secret" "tar -cOC $dir evasion-secret"; do
	entry seen "$s" -- sh -c "$cat"
done
entry seen "$s" -- python3 -c "import os; d = os.open('$dir/a', os.O_DIRECTORY); print(os.read(os.open('../evasion-secret', 0, dir_fd=d), 99))"
entry seen "$s" -- python3 -c "import os; d = os.dup(os.open('$dir', os.O_PATH)); print(os.read(os.open('evasion-secret', 0, dir_fd=d), 99))"
monitor_options=
# a file that a mount shows by another path alone: to rules that do not compare with the whole of its own the mount is what can be seen
entry seen "secret mounted" -- "$src/evade" bind-mount "$secret"
entry refused "$s" -- "$src/evade" int80 "$secret"
entry refused "$s" -- "$src/evade" x32 "$secret"

# programs
p="payload run"
ln -s "$payload" "$dir/innocent"
loader=
for file in /lib64/ld-linux-x86-64.so.2 /lib/ld-linux-aarch64.so.1; do
	[ -x "$file" ] && loader=$file
done
entry seen "$p" -- "$payload" "$wanted_text"
entry seen "$p" -- "$dir/innocent" "$wanted_text"
entry seen "$p" -- bash -c "exec -a sshd $payload $wanted_text"
entry seen "$p" -- "/proc/self/root$payload" "$wanted_text"
entry seen "$p" -- sh -c "cd $dir && ./innocent $wanted_text"
entry seen "$p" -- sh -c "printf '#!%s %s\n' $payload $wanted_text >$dir/by-line; chmod 755 $dir/by-line; $dir/by-line"
entry seen "$p" -- python3 -c "import os; os.execve(os.open('$payload', os.O_RDONLY), ['x', '$wanted_text'], {})"
entry seen "$p" -- env -i "$payload" "$wanted_text"
# what is known of a program besides its path, which is longer than the kernel tells
# a program that whoever runs it may write to
rule "writable run" "evt.type in (execve, execveat) and evt.rawres = 0 and proc.is_exe_writable = true and proc.name = evasion-payload" \
	"writable run %proc.name" WARNING >"$dir/writable.yaml"
rules_here=$dir/writable.yaml
cat >"$dir/far.py" <<'END'
import os, shutil, sys
folder, program, word = sys.argv[1:]
os.chdir(folder)
for _ in range(25):
    os.makedirs("f" * 200, exist_ok=True)
    os.chdir("f" * 200)
shutil.copy(program, ".")
os.execv("./evasion-payload", ["./evasion-payload", word])
END
for backend in notify ptrace ptrace-all notify-only; do
	monitor_options="--backend $backend"
	entry seen "writable run" -- python3 "$dir/far.py" "$dir" "$payload" "$wanted_text"
done
monitor_options=
rules_here=$here/rules.yaml
entry seen "run from memory" -- "$src/calls" memfd "$payload" "$wanted_text"
entry seen "run from memory" -- "$src/calls" memfd-path "$payload" "$wanted_text"
for monitor_options in "--backend notify" "--backend ptrace" "--backend ptrace-all" "--backend notify-only"; do
	entry seen "run from memory" -- "$src/calls" memory-map "$payload" "$wanted_text"
	entry seen "run from memory" -- "$src/calls" memory-shm "$payload" "$wanted_text"
done
monitor_options=

# arguments: none hides what comes after it
a="argument seen"
entry seen "$a" -- "$payload" telling-argument "$wanted_text"
entry seen "$a" -- "$payload" "$(printf 'a\nb\033[2J\377')" telling-argument "$wanted_text"
entry seen "$a" -- "$payload" "" "" telling-argument "$wanted_text"
[ -n "$loader" ] && entry seen "$a" -- "$loader" "$payload" telling-argument "$wanted_text"

# more arguments than an event of Falco's holds: proc.full_cmdline has what proc.args was cut at
# a program with the telling argument
rule "argument seen" "evt.type in (execve, execveat) and evt.rawres = 0 and proc.full_args contains telling-argument" \
	"argument seen %proc.name" WARNING >"$dir/full.yaml"
rules_here=$dir/full.yaml
for each in 60000 65536 120000; do
	entry seen "$a" -- "$payload" "$(head -c "$each" /dev/zero | tr '\0' a)" "$wanted_text" telling-argument
done
entry seen "$a" -- sh -c "$payload $(yes argument | head -n 12000 | tr '\n' ' ') $wanted_text telling-argument"
rules_here=$here/rules.yaml

# names and limits: of processes, of the monitor's tables
for way in set-mm ends-early many-fds many-processes mount-over move-mount; do
	entry seen "$s" -- "$src/evade" $way "$secret"
done

# what the monitor itself looks at, where it shares the mounts
around="unshare -m --propagation private unshare -m --propagation shared" # shared with nobody yet
for backend in notify ptrace ptrace-all notify-only; do
	monitor_options="--backend $backend"
	for hidden in "mount -t tmpfs none /proc" "umount -l /proc" "mount --bind $dir /proc"; do
		entry seen "$s" -- sh -c "$hidden; (cat $secret; true)"
		entry seen "$p" -- sh -c "$hidden; ($payload $wanted_text; true)"
	done
	entry seen "$p" -- sh -c "mount --bind /etc/hostname /proc/\$\$/status; $payload $wanted_text; true"
	entry seen "$p" -- sh -c "mount --bind /etc/hostname /proc/\$\$/stat; exec $payload $wanted_text"
done
# where there is one /proc for all (before Linux 5.8) a copy of its mount, which nothing comes into; where that is refused, too, it stays
monitor_options=
shared=$around
for older in fsopen=ENOSYS "fsopen=ENOSYS open_tree=EPERM"; do
	around="$shared $src/refuse $older --"
	for hidden in "mount -t tmpfs none /proc" "umount -l /proc" "mount --bind $dir /proc"; do
		entry seen "$p" -- sh -c "$hidden; ($payload $wanted_text; true)"
	done
done
around="$shared $src/refuse fsopen=ENOSYS --"
entry seen "$p" -- sh -c "mount --bind /etc/hostname /proc/\$\$/status; $payload $wanted_text; true"
entry seen "$p" -- sh -c "mount --bind /etc/hostname /proc/\$\$/stat; exec $payload $wanted_text"
around=

# What /proc says of a process is long where it has many groups, and a process that nobody saw being born is known by that alone.
sed 's/fd.name endswith/thread.cap_effective contains CAP_KILL and &/' "$here/rules.yaml" >"$dir/capable.yaml"
monitor_options="--births stops"
for each in 500 65536; do
	for rules_here in "$here/rules.yaml" "$dir/capable.yaml"; do
		entry seen "$s" -- python3 -c 'import os, sys
os.setgroups([4294900000 + i % 1000 for i in range(int(sys.argv[1]))])
os.execv(sys.argv[2], sys.argv[2:])' "$each" "$src/evade" untraced "$secret"
	done
done
rules_here=$here/rules.yaml
monitor_options=

# aimed at the monitor: natively there is none, so no native turn either
at_monitor() {
	checks=$((checks + 1))
	wrap="${1:-} timeout -k 1 60" under "$rules_here" -- "$src/aim" "$2" "$secret"
	status=$?
	[ $status = 0 ] || fail "$2 ($monitor_options): status $status: $(head -n 5 "$dir/err")"
	"$src/alerts" "$alerts" --has "$s" || fail "missed after $2 ($monitor_options)"
}
cp "$MONITOR" "$src/aim" "$rules_here" "$dir" # where an ordinary user may come, too
# an output is a thread; times as without a configuration, as what is recorded here is replayed without one
printf 'rules_files: []\ntime_format_iso_8601: true\nfile_output: {enabled: true, filename: %s}\n' "$dir/others.txt" >"$dir/threads.yaml"
for backend in notify ptrace ptrace-all notify-only; do
	monitor_options="--backend $backend"
	at_monitor "" at-monitor
	at_monitor "" at-monitor-threads
	at_monitor "" at-races
	at_monitor "unshare -p -f --mount-proc" at-everybody
	at_monitor "unshare -p -f --mount-proc" at-user
	monitor_options="--backend $backend -c $dir/threads.yaml"
	at_monitor "" at-its-threads
	monitor_options="--backend $backend"
	# as in a container, where nobody may copy descriptors of others
	at_monitor "$src/refuse docker --" at-monitor
	at_monitor "$src/refuse docker --" at-pidfds
	ok "by a process that cannot be looked into ($backend)" setpriv --reuid 65534 --regid 65534 --clear-groups timeout -k 1 60 \
		"$dir/monitor" run --backend "$backend" -r "$dir/$(basename "$rules_here")" -- "$dir/aim" at-monitor-closed /etc/hostname
	set -- "$dir/monitor" run --backend "$backend" -r "$dir/$(basename "$rules_here")" -- "$dir/aim" at-descriptors /etc/hostname
	ok "descriptors of the monitor and its front ($backend)" setpriv --reuid 65534 --regid 65534 --clear-groups timeout -k 1 60 "$@"
	command -v strace >/dev/null || { left_out=$((left_out + 1)); continue; }
	ok "a front that is late ($backend)" setpriv --reuid 65534 --regid 65534 --clear-groups timeout -k 1 60 \
		strace -o /dev/null -e trace=setpgid -e inject=setpgid:delay_enter=500000 "$@"
done

# a listener of the workload's own: refused by the kernel below ours, no cover where there is none
for backend in notify ptrace ptrace-all; do
	monitor_options="--backend $backend"
	how=seen
	[ $backend = notify ] && how=refused
	entry $how "$s" -- "$src/evade" own-listener "$secret"
	[ $backend = ptrace-all ] ||
		ok "a word of the listener ($backend)" "$src/alerts" "$alerts" --has "Seccomp listener of the workload"
done
# libraries of sandboxes ask what the kernel can do by a call without a filter, which makes no listener
for backend in notify ptrace; do
	monitor_options="--backend $backend"
	under "$own_rules" -- python3 -c 'import ctypes, platform, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall(317 if platform.machine() == "x86_64" else 277, 1, 8, None)
sys.exit(ctypes.get_errno())'
	status=$?
	ok "a question about listeners ($backend): status $status" [ $status = 14 ]
	ok "an alert for a question about listeners ($backend)" \
		"$src/alerts" "$alerts" --lacks "Seccomp listener of the workload"
done
monitor_options=

finish
