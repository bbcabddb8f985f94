#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Ordinary work under our rules: not one alert. Installing a package, compiling, git, a Python environment, npm.
. "$(dirname "$0")/lib.sh"

# peaceful NAME CMD...: works, and alerts nobody
peaceful() {
	name=$1
	shift
	checks=$((checks + 1))
	if ! under "$own_rules" -- "$@"; then
		fail "$name does not work under the monitor (status $status)"
		tail -n 8 "$dir/out" "$dir/err" | sed 's/^/    /'
	elif ! "$src/alerts" "$alerts" --none; then
		fail "$name raises alerts"
	fi
}
# left NAME PROGRAM: PROGRAM is there; else NAME is left out
left() {
	command -v "$2" >/dev/null 2>&1 && return
	echo "left out: $1 ($2 is not installed)"
	left_out=$((left_out + 1))
	return 1
}
need python3
cd "$dir" || exit 99
HOME=$dir
export HOME

# a chroot for the last of them is made meanwhile, and kept between runs
root=${LIVE_CHROOT:-$BUILD/chroot}
making=
if [ "$(id -u)" = 0 ] && [ ! -e "$root/.complete" ] && command -v debootstrap >/dev/null 2>&1; then
	rm -rf "$root"
	(debootstrap --variant=minbase bookworm "$root" >"$dir/debootstrap.log" 2>&1 && touch "$root/.complete") &
	making=$!
fi

# a C build, with configure's kind of small programs
mkdir c && for i in 1 2 3 4 5 6 7 8; do printf '#include <stdio.h>\nint f%s(void) { return puts("x"); }\n' $i >c/f$i.c; done
printf 'int main(void) { return 0; }\n' >c/main.c
cat >c/Makefile <<'MAKE'
objects = $(patsubst %.c,%.o,$(wildcard *.c))
program: $(objects)
	$(CC) -o $@ $(objects)
MAKE
left "a C build" gcc && peaceful "a C build" make -C c -j2

if left "git" git; then
	git init -q origin && (cd origin && cp ../c/*.c . && git add . && git -c user.name=x -c user.email=x@x commit -qm x)
	peaceful "git clone" git clone -q --no-hardlinks "$dir/origin" "$dir/clone"
	peaceful "git log and diff" sh -c 'cd clone && echo >>main.c && git diff >/dev/null && git log --stat >/dev/null && git gc -q'
fi
if python3 -c 'import venv, ensurepip' 2>/dev/null; then
	peaceful "a Python environment" python3 -m venv "$dir/environment"
	peaceful "a program in it" "$dir/environment/bin/python" -c 'import json, ssl, http.client'
else
	echo "left out: a Python environment (python3-venv is not installed)"
	left_out=$((left_out + 1))
fi
if left "npm install" npm; then
	mkdir package app
	printf '{"name": "package", "version": "1.0.0", "main": "index.js", "scripts": {"install": "node index.js"}}\n' >package/package.json
	printf 'console.log("x")\n' >package/index.js
	printf '{"name": "app", "version": "1.0.0"}\n' >app/package.json
	peaceful "npm install of a local package" sh -c 'cd app && npm install --offline --no-audit --no-fund ../package'
fi
peaceful "tar and gzip" sh -c 'tar cf - c | gzip | gzip -d | tar tf - >/dev/null'

# a package, in the chroot
if [ "$(id -u)" = 0 ] && left "apt-get in a chroot" debootstrap; then
	[ -z "$making" ] || wait "$making" || tail -n 3 "$dir/debootstrap.log"
	if [ -e "$root/.complete" ]; then
		cp /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null
		[ -d /etc/apt/apt.conf.d ] && cp -r /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/" 2>/dev/null
		chroot "$root" apt-get remove -q -y cron-daemon-common less >/dev/null 2>&1
		chroot "$root" apt-get update -q >"$dir/update.log" 2>&1
		peaceful "apt-get install in a chroot" chroot "$root" \
			env DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin apt-get install -q -y --reinstall less adduser
	else
		echo "left out: apt-get in a chroot (debootstrap cannot reach an archive)"
		left_out=$((left_out + 1))
	fi
fi

finish
