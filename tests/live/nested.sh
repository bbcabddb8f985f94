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
	for monitor_options in "" "--backend ptrace-all"; do
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
	fi
else
	left_out=$((left_out + 1))
fi
# chromium's sandbox: namespaces, an empty root, a seccomp filter, processes that stay in touch by descriptors
for browser in chromium chromium-headless-shell google-chrome; do
	command -v $browser >/dev/null 2>&1 || continue
	echo '<p>text</p>' >"$dir/page.html"
	chmod a+rx "$dir"
	checks=$((checks + 1))
	wrap="timeout -k 1 100 setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=$dir/browser" \
		under "$own_rules" -- $browser --headless --disable-gpu --dump-dom "file://$dir/page.html"
	grep -q 'text' "$dir/out" || fail "$browser in its sandbox: $(tail -n 2 "$dir/err")"
	break
done
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

# as the first process of a pid namespace: orphans are reaped, the command's status is the place's
wrap="unshare -p -f --mount-proc"
fires "$own" - -- sh -c "(sleep 0.2 &) ; $read_it"
ok "status as the first process" [ $status = 3 ]
wrap=

# in gVisor there is neither a notification nor PTRACE_GET_SYSCALL_INFO
if command -v runsc >/dev/null 2>&1; then
	checks=$((checks + 1))
	timeout 100 runsc --platform=ptrace --network=none --ignore-cgroups "do" --force-overlay=true \
		"$MONITOR" run -r "$own_rules" --output-fd 1 -- sh -c "$read_it" >"$dir/out" 2>"$dir/err"
	status=$?
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
