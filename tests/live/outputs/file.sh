#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Alerts to a file on a disk that fills up and gets room again: what is lost is counted and said once, whole lines remain, it goes on by
# itself. A file that is moved away, with the signal and without. fsync.
. "$(dirname "$0")/../lib.sh"

own_mounts "$@"
need python3
mkdir "$dir/small"
mount -t tmpfs -o size=64k none "$dir/small" || skip "a tmpfs cannot be mounted"
mounted="$dir/small ${mounted:-}"
numbered_rule >"$dir/rules.yaml"

# configure FILE KEEP_ALIVE SYNC
configure() {
	printf 'rules_files: [%s]\nfile_output: {enabled: true, filename: %s, keep_alive: %s}\nmonitor: {file_output: {sync: %s}}\n' \
		"$dir/rules.yaml" "$1" "$2" "$3" >"$dir/config.yaml"
	rm -f "$dir"/phase-* "$dir"/done-* "$dir"/n-*
}
numbers() { # FILE...
	sed -n 's/.*: Notice opened .*\/n-\([0-9]*\)$/\1/p' "$@"
}
written() { # FILE NUMBER
	[ "$(numbers "$dir/$1" | wc -l)" = "$2" ]
}

for keep in true false; do
	configure "$dir/small/alerts" $keep false
	rm -f "$dir/small/alerts" "$dir/first"
	in_background "$MONITOR" run --pidfile "$dir/pid" -c "$dir/config.yaml" -- python3 "$numbered" "$dir" 2000 1 300
	ok "the disk is full, which is told ($keep)" soon grep -q 'cannot write an alert to .*No space left' "$dir/err"
	ok "first phase ($keep)" soon [ -e "$dir/done-0" ]
	sleep 0.5 # of silence
	touch "$dir/phase-1"
	ok "second phase ($keep)" soon [ -e "$dir/done-1" ]
	sleep 0.5 # of another failure
	ok "it is told once ($keep)" [ "$(grep -c 'No space left' "$dir/err")" -le 2 ] # by the output, and as the first alert that was lost
	cp "$dir/small/alerts" "$dir/first"
	: >"$dir/small/alerts"
	touch "$dir/phase-2"
	wait "$pid"
	ok "that it works again is told ($keep)" soon grep -q 'file output: it works again, [0-9]* alerts were lost meanwhile' "$dir/err"
	ok "the loss is told in all ($keep)" soon grep -q 'alerts were lost in all' "$dir/err"
	lost=$(sed -n 's/.*: \([0-9]*\) alerts were lost in all/\1/p' "$dir/err")
	numbers "$dir/first" "$dir/small/alerts" >"$dir/got"
	ok "each is there or counted ($keep): $(wc -l <"$dir/got") and $lost of 2301" [ $(($(wc -l <"$dir/got") + ${lost:-0})) = 2301 ]
	# of those before it some may have waited until there was room
	numbers "$dir/small/alerts" | tail -n 300 >"$dir/last"
	seq -f %05.0f 2001 2300 >"$dir/wanted"
	ok "those after it are all there ($keep)" cmp -s "$dir/wanted" "$dir/last"
	ok "in order ($keep)" sort -cu "$dir/got"
done

# a disk that is full to the end, without a configuration
rm -f "$dir/small"/*
# shellcheck disable=SC2016
"$MONITOR" run -r "$dir/rules.yaml" -o "$dir/small/alerts" -- sh -c 'i=0; while [ $i -lt 1500 ]; do : >"$1/n-$i"; i=$((i + 1)); done' - "$dir" \
	>"$dir/out" 2>"$dir/err"
ok "the loss is told in all (--output): $(cat "$dir/err")" soon grep -q '[0-9] alerts were lost in all' "$dir/err"

# moved away: the old file goes on until the signal with keep_alive, the new one is there at once without
for keep in true false; do
	configure "$dir/alerts" $keep true
	rm -f "$dir/alerts" "$dir/moved"
	in_background "$MONITOR" run --pidfile "$dir/pid" -c "$dir/config.yaml" -- python3 "$numbered" "$dir" 100 100 100
	ok "first phase" soon written alerts 100
	mv "$dir/alerts" "$dir/moved"
	touch "$dir/phase-1"
	if $keep; then
		ok "the moved file is written" soon written moved 200
		kill -USR1 "$(cat "$dir/pid")"
		ok "the signal opens another" soon [ -e "$dir/alerts" ]
	else
		ok "another file is written" soon written alerts 100
	fi
	touch "$dir/phase-2"
	wait "$pid"
	soon nobody_runs "$dir/config.yaml"
	numbers "$dir/moved" "$dir/alerts" >"$dir/got"
	ok "all, in order, over the two files (keep_alive $keep)" sh -c "[ \$(wc -l <$dir/got) = 300 ] && sort -cu $dir/got"
done

if command -v strace >/dev/null; then
	for sync in true false; do
		configure "$dir/alerts" true $sync
		strace -f -o "$dir/trace" -e trace=fdatasync "$MONITOR" run --backend notify-only -c "$dir/config.yaml" -- python3 "$numbered" "$dir" 20 2>"$dir/err"
		[ $sync = true ] && want=20 || want=0
		made=$(grep -c 'fdatasync(' "$dir/trace") # a call that another thread comes between has two lines, one with its arguments
		ok "sync: $sync makes $made calls" [ "$made" = $want ]
	done
fi
finish
