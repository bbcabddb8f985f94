#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Calls at random, with good and bad arguments, end as they do natively, and leave the same files.
. "$(dirname "$0")/../lib.sh"

need_root
seeds=20
calls=400
names="rename, renameat2, link, linkat, symlink, symlinkat, unlink, unlinkat, mkdir, mkdirat, rmdir, mknodat"
descriptors="chdir, fchdir, umask, dup, dup2, dup3, close, fcntl, socket, bind, connect, listen, accept4, sendto, sendmsg"
{
	rule names "evt.type in ($names, $descriptors) and evt.args contains nowhere" o
	rule opens 'evt.type in (open, openat, openat2, execve, execveat, memfd_create) and fd.name contains nowhere' o
} >"$dir/all.yaml"
cp "$MONITOR" "$src/random" "$dir"
cat >"$dir/turns" <<EOP
cd "$dir" || exit 99
for seed in \$(seq $seeds); do
	chmod -R u+rwx place 2>/dev/null
	rm -rf place
	mkdir -p place/far/away/from/where/links/may/lead/to
	(cd place/far/away/from/where/links/may/lead/to && "$dir/random" \$seed $calls 2>/dev/null)
	echo "\$seed ends with \$?"
done
EOP
chmod -R a+rX "$dir"
mkdir "$dir/place"
chown 65534:65534 "$dir" "$dir/place"
as="setpriv --reuid 65534 --regid 65534 --clear-groups"

# turns FILE CMD...: all of them, as somebody who may not do much
turns() {
	to=$1
	shift
	timeout -k 1 200 "$@" sh "$dir/turns" >"$dir/$to" 2>"$dir/err" </dev/null
}

# shellcheck disable=SC2086 # words
turns native $as
ok "natively: $(tail -n 1 "$dir/native")" [ "$(grep -c "ends with 0" "$dir/native")" -gt $((seeds * 2 / 3)) ]
for options in "" "--opens fast" "--backend notify-only" "--backend ptrace" "--backend ptrace-all"; do
	for first in root nobody; do
		# shellcheck disable=SC2086 # words
		if [ $first = root ]; then
			turns out "$dir/monitor" run $options -r "$dir/all.yaml" --output /dev/null -- $as
		else
			turns out $as "$dir/monitor" run $options -r "$dir/all.yaml" --output /dev/null --
		fi
		diff "$dir/native" "$dir/out" >"$dir/diff"
		ok "$first $options: $(head -n 12 "$dir/diff") $(head -n 3 "$dir/err")" [ ! -s "$dir/diff" ]
	done
done
chown 0:0 "$dir"
finish
