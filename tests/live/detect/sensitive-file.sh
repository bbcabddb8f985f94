#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Reads /etc/shadow in every way that leads to it.
. "$(dirname "$0")/../lib.sh"

need_root
own="Password or sudo file read"
official="Read sensitive file untrusted"
ln -s /etc/shadow "$dir/link"
ln -s link "$dir/link-to-link"
ln -s /etc "$dir/folder"
cp /bin/cat "$dir/su"

# the plain form, and the ways around it
fires "$own" "$official" -- cat /etc/shadow
fires "$own" "$official" -- "$src/calls" open /etc/shadow
fires "$own" "$official" -- "$src/calls" openat2 /etc/shadow
fires "$own" "$official" -- "$src/calls" chdir /etc + open shadow
fires "$own" "$official" -- "$src/calls" chdir /etc/apt + open ../shadow
fires "$own" "$official" -- "$src/calls" open /etc/../etc/./shadow
fires "$own" "$official" -- "$src/calls" openat /etc shadow
fires "$own" "$official" -- "$src/calls" open "$dir/link"
fires "$own" "$official" -- "$src/calls" open "$dir/link-to-link"
fires "$own" "$official" -- "$src/calls" open "$dir/folder/shadow"
fires "$own" "$official" -- "$src/calls" open /proc/self/root/etc/shadow
fires "$own" "$official" -- "$src/calls" openat "$dir/folder" shadow
fires "$own" - -- "$src/calls" chdir /etc + read-by-handle shadow # Falco's macros leave it out
if ln /etc/shadow "$dir/hard" 2>/dev/null; then
	ln -s hard "$dir/link-to-hard"
	fires "$own" "$official" -- "$src/calls" open "$dir/hard"
	fires "$own" "$official" -- "$src/calls" open "$dir/link-to-hard"
	monitor_options="--backend ptrace" # looks behind the call
	fires "$own" "$official" -- "$src/calls" open "$dir/hard"
	monitor_options=
else
	echo "left out: a hard link ($dir is on another file system)"
fi
fires "$own" - -- sh -c 'exec sed -n 1q </etc/shadow' # the shell opens it; Falco trusts shells
fires "$own" - -- "$dir/su" /etc/shadow # a program that only has the name of one that may

# near misses
quiet "$own" "$official" -- cat /etc/passwd
quiet "$own" "$official" -- "$src/calls" chdir /etc + open passwd
quiet "$own" "$official" -- ls -l /etc/shadow
if ln /etc/passwd "$dir/hard-passwd" 2>/dev/null; then
	quiet "$own" "$official" -- "$src/calls" open "$dir/hard-passwd"
fi
quiet "$own" "$official" -- sh -c "echo x >$dir/shadow; cat $dir/shadow"
quiet "$own" "$official" -- sh -c "ln -s /etc/passwd $dir/shadow.link; cat $dir/shadow.link"

# by climbing
own="File below etc reached by climbing out"
official="Directory traversal monitored file read"
cp "$src/spawn" "$dir/webserver"
mkdir -p "$dir/a/b/c/d/e"
fires "$own" "$official" -- "$dir/webserver" "$src/calls" chdir /var/lib/dpkg + open ../../../etc/passwd
fires "$own" "$official" -- "$dir/webserver" "$src/calls" chdir /usr/share + open ../../etc/../etc/passwd
fires "$own" "$official" -- "$dir/webserver" "$src/calls" openat /usr/share ../../etc/group
fires "$own" "$official" -- "$dir/webserver" "$src/calls" chdir /usr/share + open ../../etc/no-such-file
quiet "$own" "$official" -- "$dir/webserver" "$src/calls" chdir "$dir/a/b/c" + create x + open ../../b/c/x
quiet "$own" "$official" -- "$dir/webserver" "$src/calls" open /etc/passwd

finish
