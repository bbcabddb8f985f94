#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who share memory, descriptors and folders make calls at random, in turns: they end as they do natively, and each is told once, with
# its result and its user. MIX_SEEDS="1 2 3 ..." for others than these.
. "$(dirname "$0")/../lib.sh"

own_mounts "$@"
seeds=${MIX_SEEDS:-1 2 3 4}
calls=200
# what happens in there happens nowhere else, whatever root is told to do
mount -t tmpfs -o size=256m,mode=755 mix "$dir" && mounted=$dir
mount -o remount,bind,ro / 2>/dev/null || skip "the root cannot be made read-only"
told="unlink, unlinkat, rename, renameat2, link, linkat, symlink, symlinkat, mkdirat, rmdir, mknodat, dup, dup2, dup3, chdir,
    chroot, bind, connect, listen, accept4, socket, socketpair, sendto, openat2, open, creat, memfd_create, setresuid, setreuid, setuid,
    setresgid, mount, umount2, fchmodat, fchownat, kill, tgkill, unshare, capset, pidfd_open, pidfd_getfd"
judged="fchdir, openat, execve, execveat, clone, clone3, fcntl, close, read, write, sendmsg, recvmsg, recvfrom, setfsuid, prctl, umask,
    futex"
rule all "evt.type in ($told, $judged) and evt.args contains nowhere-at-all" o >"$dir/all.yaml"
# the last one is the program's own, when it has made its mounts private
rule told "evt.type in ($told) and not (evt.type = mount and evt.arg.flags contains PRIVATE)" \
	"told %proc.pid %evt.type %evt.rawres %user.uid" >"$dir/told.yaml"
cp "$MONITOR" "$src/mix" "$dir"
cat >"$dir/turns" <<EOP
for seed; do
	(cd "\$HOME/\$seed/far/away/from/where/links/may/lead/to" && exec "$dir/mix" \$seed $calls)
	echo "\$seed ends with \$?"
done
EOP
mkdir "$dir/root" "$dir/nobody"
chown 65534:65534 "$dir/nobody"

# turns USER FILE SEEDS CMD...: all of them, run by CMD
turns() {
	user=$1
	to=$2
	what=$3
	shift 3
	as=
	[ "$user" = nobody ] && as="setpriv --reuid 65534 --regid 65534 --clear-groups"
	for seed in $what; do
		rm -rf "${dir:?}/$user/$seed"
		$as mkdir -p "$dir/$user/$seed/far/away/from/where/links/may/lead/to"
	done
	# shellcheck disable=SC2086 # words
	HOME=$dir/$user timeout -k 1 600 $as "$@" sh "$dir/turns" $what >"$dir/$to" 2>"$dir/err" </dev/null
}

# calls FILE: what the program says that were made; alerts FILE: what the monitor does, but for whoever looks after them
calls() {
	kinds=$(echo "$told" | tr -d '\n ' | tr , '|')
	sed -nE "s/^(.* )?($kinds)(( -?[0-9a-f]+| \"[^\"]*\")*) = (-?[0-9]+) by (-?[0-9]+)\$/\2 \5 \6/p" "$1"
}

alerts() {
	sed -n 's/.* told \([0-9]\)/\1/p' "$1" | awk 'NR == 1 { first = $1 } $1 != first { print $2, $3, $4 }'
}

for user in root nobody; do
	turns $user native "$seeds"
	ok "$user: natively $(grep 'ends with' "$dir/native" | tr '\n' ' ')" \
		[ "$(grep -c 'ends with 0' "$dir/native")" = "$(echo "$seeds" | wc -w)" ]
	for options in "" "--opens fast" "--births stops" "--backend notify-only" "--backend ptrace" "--backend ptrace-all"; do
		# shellcheck disable=SC2086 # words
		turns $user out "$seeds" "$dir/monitor" run $options -r "$dir/all.yaml" --output /dev/null --
		diff "$dir/native" "$dir/out" >"$dir/diff"
		ok "$user $options: $(head -n 12 "$dir/diff") $(head -n 3 "$dir/err")" [ ! -s "$dir/diff" ]
	done
	for options in "" "--backend ptrace"; do
		for number in $seeds; do
			# shellcheck disable=SC2086 # words
			turns $user out "$number" "$dir/monitor" run $options -r "$dir/told.yaml" --output-fd 2 --
			calls "$dir/out" >"$dir/made"
			alerts "$dir/err" >"$dir/told"
			ok "$user $options: $(wc -l <"$dir/made") calls of $number" [ "$(wc -l <"$dir/made")" -gt $((calls / 10)) ]
			# in a user namespace the program does not know its user (-1)
			paste -d ' ' "$dir/made" "$dir/told" | awk '$1 != $4 || $2 != $5 || ($3 >= 0 && $3 != $6)' >"$dir/diff"
			ok "$user $options: told of $number: $(head -n 12 "$dir/diff")" [ ! -s "$dir/diff" ]
		done
	done
done
mount -o remount,bind,rw /
finish
