#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# File systems whose server is a process that the monitor watches, too: it opens files before it answers, or never answers, or answers
# its own user alone. Nobody waits who natively does not, and what is opened there is told.
. "$(dirname "$0")/../lib.sh"

own_mounts "$@"
mkdir "$dir/files"
mounted=$dir/files
chmod 755 "$dir"
unshare -m --propagation private "$src/fuse" "$dir/files" silent >/dev/null 2>&1 || skip "no FUSE here"
filter='/^monitor: warning: /d'
limit=60
for backend in notify ptrace ptrace-all notify-only; do
	monitor_options="--backend $backend"
	for case in opens silent user program layer layer-program elsewhere held copied executing closing locked late; do
		same "$src/fuse" "$dir/files" "$case"
	done
done
monitor_options="--opens fast"
for case in opens silent user program layer layer-program elsewhere held copied executing closing locked late; do
	same "$src/fuse" "$dir/files" "$case"
done

# a file with several names is compared with paths of rules, which may lie there
rule linked "evt.type in (open, openat) and fd.name = $dir/files/file" "opened" >"$dir/linked.yaml"
echo >"$dir/files-linked"
ln "$dir/files-linked" "$dir/files-other"
timeout -k 1 60 "$MONITOR" run -r "$dir/linked.yaml" -- "$src/fuse" "$dir/files" silent >"$dir/out" 2>"$dir/err"
equal "links and a silent server" "$? $(cat "$dir/out")" "0 caller 0 waits"

# a file system that answers at once, but is none of the usual ones: what was made there is there once
mkdir "$dir/huge"
mount -t hugetlbfs none "$dir/huge" 2>/dev/null && mounted="$mounted $dir/huge"
for monitor_options in "" "--opens fast" "--backend ptrace"; do
	# shellcheck disable=SC2016
	same sh -c 'set -C; : >"$1" && echo made; rm "$1"' - "$dir/huge/new"
done
monitor_options=

# the same where the server was there before, and is nobody's whom the monitor watches
beside() {
	how=$1
	shift
	"$src/fuse" "$dir/files" "serve-$how" >"$dir/served" 2>&1 &
	server=$!
	soon grep -q serves "$dir/served"
	timeout -k 1 $limit "$@" "$src/fuse" "$dir/files" "use-$how" 2>"$dir/err" </dev/null
	ended=$?
	echo "status $ended"
	[ $ended = 0 ] || tail -n 3 "$dir/err" >&2
	kill -9 $server
	wait $server 2>/dev/null
	umount -l "$dir/files"
}
for case in opens silent held copied executing closing locked late; do
	beside $case env >"$dir/native"
	for options in "--backend notify" "--backend ptrace" "--backend ptrace-all" "--backend notify-only" "--opens fast"; do
		# shellcheck disable=SC2086
		beside $case "$MONITOR" run -r "$own_rules" $options -- >"$dir/out"
		equal "$options beside a server from before: $case" "$(tr '\n' ' ' <"$dir/out")" "$(tr '\n' ' ' <"$dir/native")"
	done
done

# what cannot be asked there is known by the mounts
rule started "evt.type in (execve, execveat) and proc.name = file" "writable %proc.is_exe_writable" >"$dir/program.yaml"
timeout -k 1 60 "$MONITOR" run -r "$dir/program.yaml" --output "$dir/seen" -- "$src/fuse" "$dir/files" program >/dev/null 2>&1
equal "the program" "$(grep -c "writable false" "$dir/seen")" 1
rm -f "$dir/seen"

# what is opened there; the link to it by its real path
rule opened "evt.type in (open, openat) and evt.rawres >= 0 and fd.name = $dir/files/file" "opened %proc.name" >"$dir/fuse.yaml"
for case in opens user; do
	timeout -k 1 60 "$MONITOR" run -r "$dir/fuse.yaml" --output "$dir/seen" -- "$src/fuse" "$dir/files" $case >/dev/null 2>&1
	equal "alerts of $case" "$(grep -c "opened fuse" "$dir/seen")" "$(if [ $case = opens ]; then echo 3; else echo 2; fi)"
	rm -f "$dir/seen"
done

# what such a page says is found behind the call, and that somebody is held up by one is told
{
	rule opened "evt.type in (open, openat) and evt.rawres >= 0 and fd.name = $dir/files-target" "opened %fd.name"
	rule removed "evt.type in (unlink, unlinkat) and evt.rawres >= 0 and fs.path.name = $dir/files-target" "removed %fs.path.name"
} >"$dir/late.yaml"
for options in "--opens exact" "--opens fast" "--backend ptrace" "--backend ptrace-all"; do
	# shellcheck disable=SC2086
	timeout -k 1 60 "$MONITOR" run $options -r "$dir/late.yaml" --output "$dir/seen" -- "$src/fuse" "$dir/files" late >/dev/null 2>&1
	equal "$options: opened by a late path" "$(grep -c "opened $dir/files-target" "$dir/seen")" 2 # once to make it
	equal "$options: removed by a late path" "$(grep -c "removed $dir/files-target" "$dir/seen")" 1
	equal "$options: told of" "$(grep -c "cannot be read in time" "$dir/seen")" 1
	rm -f "$dir/seen"
done

# frames that lead into such a file are not waited for, nor is who reads them
if grep -q 'define HAVE_LIBUNWIND' "$BUILD/config.h" 2>/dev/null; then
	rule made "evt.type in (mkdir, mkdirat) and fs.path.name = $dir/files-made" "made by %thread.ustack" >"$dir/frames.yaml"
	for options in "--backend notify" "--backend ptrace"; do
		# shellcheck disable=SC2086
		timeout -k 1 60 "$MONITOR" run $options -r "$dir/frames.yaml" --output "$dir/seen" -- "$src/fuse" "$dir/files" frames >"$dir/out" 2>&1
		equal "$options: frames in a file that nobody gives" "$? $(grep -c "made by" "$dir/seen")" "0 1"
		rm -rf "$dir/seen" "$dir/files-made"
	done
fi
finish
