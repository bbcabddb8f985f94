#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Sandboxes and monitors below the monitor, and the monitor in them: all run as natively, and a read of /etc/shadow alerts.
. "$(dirname "$0")/lib.sh"

need_root
own="Password or sudo file read"
read_it='cat /etc/shadow >/dev/null; echo in; exit 3'
inner="$MONITOR run -r $own_rules --output $dir/inner"

# shellcheck disable=SC2086 # the words of $inner
for monitor_options in "" "--backend ptrace" "--backend ptrace-all"; do
	fires "$own" - -- $inner -- sh -c "$read_it"
	ok "status of the inner command ($monitor_options)" [ $status = 3 ]
	ok "the outer monitor knows who it was ($monitor_options)" grep -q "$own.*process=cat" "$alerts"
	ok "the inner monitor saw it, too ($monitor_options)" grep -q "$own.*process=cat" "$dir/inner"
	rm -f "$dir/inner"
done
monitor_options=
fires "$own" - -- unshare -Urpf --mount-proc sh -c "$read_it"
if command -v bwrap >/dev/null 2>&1; then
	fires "$own" - -- bwrap --ro-bind / / --proc /proc --dev /dev --unshare-all sh -c "$read_it"
	ok "status through bwrap" [ $status = 3 ]
else
	left_out=$((left_out + 1))
fi

# containers that are started below the monitor: the same alert out of them. Left out where they do not run natively.
contained() {
	name=$1
	shift
	"$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	if [ $status != 3 ] || ! grep -q '^in$' "$dir/out"; then
		left_out=$((left_out + 1))
		echo "left out: $name does not run natively here: $(tail -n 1 "$dir/err")"
		return
	fi
	for monitor_options in "" "--backend ptrace" "--backend ptrace-all" "--backend notify-only"; do
		wrap="timeout -k 1 100" fires "$own" - -- "$@"
		ok "$name: status $status ($monitor_options): $(tail -n 2 "$dir/err")" [ $status = 3 ]
		ok "$name: output ($monitor_options)" grep -q '^in$' "$dir/out"
	done
	monitor_options=
}

bundle() {
	mkdir -p "$dir/bundle/rootfs" "$dir/storage"
	(cd "$dir/bundle" && runc spec && python3 -c "
import json
c = json.load(open('config.json'))
c['process'].update(terminal=False, args=['/bin/sh', '-c', '$read_it'])
c['root']['readonly'] = False
for d in ('/usr', '/bin', '/lib', '/lib64', '/etc'):
    c['mounts'].insert(1, {'destination': d, 'type': 'bind', 'source': d, 'options': ['rbind', 'ro']})
json.dump(c, open('config.json', 'w'))")
}
if command -v runc >/dev/null 2>&1 && bundle; then
	contained runc runc --root "$dir/runc" run --bundle "$dir/bundle" "live-$$"
	# crun takes no hybrid of both versions of control groups
	command -v crun >/dev/null 2>&1 &&
		contained crun unshare -m sh -c 'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"' - \
			crun --root "$dir/crun" run --bundle "$dir/bundle" "live-$$"
	if command -v podman >/dev/null 2>&1; then
		cat >"$dir/containers.conf" <<END
[containers]
default_ulimits=["nofile=10240:20000","nproc=4096:4096"]
END
		export CONTAINERS_CONF="$dir/containers.conf"
		set -- --volume /etc/shadow:/etc/shadow:ro
		for d in usr bin lib lib64; do
			mkdir -p "$dir/bundle/rootfs/$d" && set -- "$@" --volume "/$d:/$d:ro"
		done
		mounted="$dir/storage/overlay ${mounted:-}" # podman leaves that one
		contained podman podman --root "$dir/storage" --runroot "$dir/storage-run" --runtime runc --cgroup-manager cgroupfs \
			run --rm --net host "$@" --rootfs "$dir/bundle/rootfs" /bin/sh -c "$read_it"
		# of a user without rights, who is root in there. The first one leaves a process behind that keeps the namespaces.
		mkdir -p "$dir/rootless/run"
		cp -r "$dir/bundle/rootfs" "$dir/rootless/"
		echo text >"$dir/rootless/shadow"
		chown -R 65534:65534 "$dir/rootless"
		cat >"$dir/rootless.sh" <<END
cd "$dir/rootless"
podman --root "$dir/rootless/storage" --runroot "$dir/rootless/runroot" --storage-driver vfs --runtime crun --cgroup-manager cgroupfs \\
	run --cgroups disabled --rm --net host --volume "$dir/rootless/shadow:/etc/shadow:ro" $(
			for d in usr bin lib lib64; do echo "--volume /$d:/$d:ro"; done | tr '\n' ' '
		) --rootfs "$dir/rootless/rootfs" /bin/sh -c "$read_it"
status=\$?
find "$dir/rootless/run" -name pause.pid | while read -r file; do kill -KILL "\$(cat "\$file")"; rm "\$file"; done
exit \$status
END
		command -v crun >/dev/null 2>&1 &&
			contained "rootless podman" unshare -m sh -c 'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"' - \
				setpriv --reuid 65534 --regid 65534 --clear-groups env "HOME=$dir/rootless" "XDG_RUNTIME_DIR=$dir/rootless/run" sh "$dir/rootless.sh"

		# podman in podman: the inner one makes its container in the outer one's
		outer=$dir/outer
		set --
		for d in usr bin sbin lib lib64; do
			[ -d "/$d" ] || continue
			mkdir -p "$outer/$d" "$outer/box/inner/$d" && set -- "$@" --volume "/$d:/$d:ro"
		done
		for d in etc proc sys dev tmp var/tmp run root; do mkdir -p "$outer/$d" "$outer/box/inner/$d"; done
		cp -r /etc/passwd /etc/group /etc/containers "$outer/etc/"
		cp "$dir/containers.conf" "$outer/box/"
		echo text >"$outer/box/inner/etc/shadow"
		cat >"$outer/box/inner.sh" <<END
export CONTAINERS_CONF=/box/containers.conf HOME=/root
exec podman --root /box/storage --runroot /box/runroot --storage-driver vfs --runtime crun --cgroup-manager cgroupfs \\
	run --cgroups disabled --rm --net host $* --rootfs /box/inner /bin/sh -c "$read_it"
END
		command -v crun >/dev/null 2>&1 &&
			contained "podman in podman" podman --root "$dir/storage2" --runroot "$dir/storage2-run" --storage-driver vfs --runtime runc \
				--cgroup-manager cgroupfs run --rm --privileged --net host "$@" --rootfs "$outer" /bin/sh /box/inner.sh
	fi
else
	left_out=$((left_out + 1))
fi
# a browser's sandbox: namespaces, an empty root, a seccomp filter, processes that stay in touch by descriptors. As root for a browser
# of another user, and without any rights.
browse() {
	checks=$((checks + 1))
	rm -rf "$dir/browser"
	mkdir -m 777 "$dir/browser"
	: >"$dir/browser/alerts"
	chmod 666 "$dir/browser/alerts"
	# shellcheck disable=SC2086 # words
	timeout -k 1 100 $1 "$dir/monitor" run -r "$dir/page.yaml" --output "$dir/browser/alerts" -- $2 env "HOME=$dir/browser" "$browser" \
		--headless --disable-gpu --dump-dom "file://$dir/page.html" >"$dir/out" 2>"$dir/err" </dev/null
	ok "$browser in its sandbox ($1): $(tail -n 2 "$dir/err")" grep -q '<p>text</p>' "$dir/out"
	ok "$browser opens a page unseen ($1)" grep -q "page opened" "$dir/browser/alerts"
	ok "$browser has no filter ($1)" grep -q "filter installed" "$dir/browser/alerts"
}
browser=
for name in chromium chromium-headless-shell google-chrome; do
	command -v $name >/dev/null 2>&1 && browser=$name
done
if [ -n "$browser" ]; then
	echo '<p>text</p>' >"$dir/page.html"
	{
		# the file that the browser shows
		rule "page opened" "evt.type in (open, openat) and evt.rawres >= 0 and fd.name endswith /page.html" "page opened by %proc.name"
		# the browser's processes restrict themselves
		rule "filter installed" 'evt.type = seccomp and evt.args contains "op=1 " or evt.type = prctl and evt.args contains PR_SET_SECCOMP' \
			"filter installed by %proc.name %evt.args"
	} >"$dir/page.yaml"
	cp "$MONITOR" "$dir/monitor"
	chmod a+rX "$dir" "$dir"/*
	nobody="setpriv --reuid 65534 --regid 65534 --clear-groups"
	# its first start fills caches
	timeout -k 1 100 $nobody env "HOME=$dir/first" "$browser" --headless --disable-gpu --dump-dom about:blank >/dev/null 2>&1 </dev/null
	browse "" "$nobody"
	browse "$nobody" ""
else
	left_out=$((left_out + 1))
fi
if command -v sudo >/dev/null 2>&1; then
	same sudo -n id -u
else
	left_out=$((left_out + 1))
fi

# without privileges a set-uid command stays powerless, and that is said
cp "$MONITOR" "$own_rules" "$dir"
chmod a+r "$dir"/*
setpriv --reuid 65534 --regid 65534 --clear-groups "$dir/monitor" run -r "$dir/monitor_rules.yaml" -- su --version >"$dir/out" 2>"$dir/err"
ok "a word about set-uid: $(cat "$dir/err")" grep -q "set-uid" "$dir/err"

# a file in /proc is about who opens it: what the monitor may not open there, a process in a user namespace of its own may
cat >"$dir/namespace.py" <<END
import ctypes, os, platform, signal
pid = ctypes.CDLL(None).syscall(56 if platform.machine() == "x86_64" else 220, 0x10000000 | signal.SIGCHLD, 0, 0, 0, 0)
if pid == 0:
    for name, text in (("setgroups", "deny"), ("uid_map", "0 %d 1" % os.getuid()), ("gid_map", "0 %d 1" % os.getgid())):
        with open("/proc/self/" + name, "w") as f:
            f.write(text)
    print("inside", os.getuid(), os.getgid(), flush=True)
    os._exit(0)
os.waitpid(pid, 0)
END
cp "$MONITOR" "$own_rules" "$dir"
chmod a+rX "$dir" "$dir"/*
for backend in notify ptrace ptrace-all notify-only; do
	setpriv --reuid 65534 --regid 65534 --clear-groups "$dir/monitor" run --backend $backend -r "$dir/monitor_rules.yaml" -- \
		/usr/bin/python3 "$dir/namespace.py" >"$dir/out" 2>"$dir/err"
	ok "$backend: a user namespace of its own: $(tail -n 1 "$dir/err")" grep -q '^inside 0 0$' "$dir/out"
done

# as the first process of a pid namespace: orphans are reaped, the command's status is the place's
wrap="unshare -p -f --mount-proc"
fires "$own" - -- sh -c "(sleep 0.2 &) ; $read_it"
ok "status as the first process" [ $status = 3 ]
wrap=

# in gVisor there is neither a notification nor PTRACE_GET_SYSCALL_INFO
if command -v runsc >/dev/null 2>&1; then
	checks=$((checks + 1))
	mknod "$dir/null" c 1 3
	timeout 100 "$top/tests/live/gvisor" \
		"$MONITOR" run -r "$own_rules" --output-fd 1 -- sh -c "$read_it" <"$dir/null" >"$dir/out" 2>"$dir/err"
	status=$?
	equal "whose the device is that was its input" "$(stat -c %u "$dir/null")" 0
	if grep -q '^in$' "$dir/out"; then
		ok "status in gVisor: $status" [ $status = 3 ]
		ok "alert in gVisor: $(cat "$dir/out" "$dir/err")" grep -q "$own" "$dir/out"
	else
		echo "left out: gVisor does not start the command here: $(tail -n 2 "$dir/err")"
		left_out=$((left_out + 1))
	fi
else
	left_out=$((left_out + 1))
fi
finish
