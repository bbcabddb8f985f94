#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What replay does with events beside applying rules: filter, print, limit, follow, merge, write. And recording's own options.
. "$(dirname "$0")/../lib.sh"
need python3

# every call that is asked for is recorded
rule Open "evt.type in (open, openat, read, write, execve, close) and fd.name startswith /etc/hosts" "open %fd.name %proc.name" \
	>"$dir/rules.yaml"

refused() { # PATTERN OPTIONS...
	pattern=$1
	shift
	checks=$((checks + 1))
	"$MONITOR" replay "$@" >"$dir/out" 2>"$dir/err" </dev/null && fail "accepted: $*"
	grep -q -- "$pattern" "$dir/err" || fail "$*: $(cat "$dir/err")"
}

replay() {
	"$MONITOR" replay "$@" 2>&1
}

lines() {
	replay "$@" | wc -l
}

record() { # FILE OPTIONS -- CMD...
	file=$1
	shift
	"$MONITOR" run -r "$dir/rules.yaml" -o /dev/null -w "$file" "$@" >/dev/null 2>&1
}

a=$dir/a.scap
record "$a" -- sh -c 'cat /etc/hosts; sh -c "head -c 10 /etc/hosts"; cat /etc/passwd >/dev/null'
all=$(lines -p '%evt.num' "$a")
ok "there are events" [ "$all" -gt 30 ]

# --filter
equal "a filter" "$(replay -f 'evt.type = execve and evt.arg.res = 0' -p '%proc.name' "$a" | tr '\n' ' ')" "sh cat sh head cat "
equal "a filter before rules" "$(lines -r "$dir/rules.yaml" -f 'proc.name = head' "$a")" \
	"$(replay -r "$dir/rules.yaml" "$a" | grep -c head)"
equal "two halves make the whole" $(($(lines -f 'proc.name = cat' -p x "$a") + $(lines -f 'not proc.name = cat' -p x "$a"))) "$all"
refused "no field" -f 'no.field = 1' "$a"
refused "." -f 'evt.type =' "$a"

# --print, --json
equal "a format" "$(replay -f 'evt.type = execve and proc.name = head' -p 'a%evt.type b%proc.cmdline' "$a")" "aexecve bhead -c 10 /etc/hosts"
equal "as JSON" "$(replay -j -f 'evt.type = execve and proc.name = head' -p '%evt.type %proc.name' "$a")" \
	'{"evt.type":"execve","proc.name":"head"}'
refused "no field" -p '%no.field' "$a"
"$MONITOR" replay -n 1 -p x "$a" >/dev/full 2>"$dir/err"
equal "an event that nobody gets" "$? $(cat "$dir/err")" "1 monitor: an event was lost: cannot write 1 line to descriptor 1: No space left on device"
refused "leave out" -p x -r "$dir/rules.yaml" "$a"
replay -p '%evt.num' -o "$dir/printed" "$a"
equal "into a file" "$(wc -l <"$dir/printed")" "$all"

# --limit, --duration
equal "by number" "$(lines -n 3 -p x "$a")" 3
equal "by number of those that pass" "$(replay -n 2 -f 'evt.type = execve and evt.arg.res = 0' -p '%proc.name' "$a" | tr '\n' ' ')" "sh cat "
equal "more than there are" "$(lines -n 1000000 -p x "$a")" "$all"
b=$dir/b.scap
record "$b" -- sh -c 'cat /etc/hosts; sleep 1.5; head -c 1 /etc/hosts'
ok "by time" [ "$(lines -M 1 -p x "$b")" -lt "$(lines -p x "$b")" ]
equal "by time, nothing of what comes later" "$(lines -M 1 -f 'proc.name = head' -p x "$b")" 0
equal "a time beyond the end" "$(lines -M 100 -p x "$b")" "$(lines -p x "$b")"
for bad in 0 x -1 99999999999999999999; do
	refused "takes a number" -n "$bad" -p x "$a"
	refused "takes a number" -M "$bad" -p x "$a"
done

# several captures: by time, whatever their order
equal "merged" "$(lines -p x "$a" "$b")" $((all + $(lines -p x "$b")))
equal "in the order of time" "$(replay -p '%evt.rawtime' "$b" "$a")" "$(replay -p '%evt.rawtime' "$b" "$a" | sort -n)"
equal "in any order of names" "$(replay -p '%evt.rawtime %evt.type' "$b" "$a")" "$(replay -p '%evt.rawtime %evt.type' "$a" "$b")"
refused "nothere" -p x "$a" "$dir/nothere.scap"

# --write: the events that pass, with the tables that the others made
replay -f 'proc.name = head' -w "$dir/head.scap" -r "$dir/rules.yaml" "$a" >/dev/null
equal "what passes is written" "$(replay -p '%evt.type %fd.name %proc.pname %proc.cmdline' "$dir/head.scap")" \
	"$(replay -f 'proc.name = head' -p '%evt.type %fd.name %proc.pname %proc.cmdline' "$a")"
record "$dir/uses.scap" -- sh -c 'exec 3<>/etc/hosts 4>/dev/null; i=0; while [ $i -lt 200 ]; do read x <&3; echo x >&4; i=$((i + 1)); done; head -c 10 /etc/hosts'
replay -f 'proc.name = head' -w "$dir/few.scap" -r "$dir/rules.yaml" "$dir/uses.scap" >"$dir/alerts.few"
replay -f 'fd.num = 3' -w "$dir/three.scap" -r "$dir/rules.yaml" "$dir/uses.scap" >"$dir/alerts.three"
for few in few three; do
	ok "there are alerts of what passes" [ -s "$dir/alerts.$few" ]
	equal "the alerts of what passes ($few)" "$(replay -r "$dir/rules.yaml" "$dir/$few.scap" | sort)" "$(sort "$dir/alerts.$few")"
done
# what is left of answers about descriptors: behind the block's head (u32 type, u32 length, u16, u32 flags) stands an event, its type at 20
answers() {
	python3 - "$1" <<'EOF'
import struct, sys
bytes, at, n = open(sys.argv[1], "rb").read(), 0, 0
while at < len(bytes):
    block, length = struct.unpack_from("<II", bytes, at)
    n += block == 0x217 and 432 <= struct.unpack_from("<H", bytes, at + 34)[0] <= 448
    at += length
print(n)
EOF
}
ok "there are answers" [ "$(answers "$dir/uses.scap")" -gt 0 ]
ok "those of what does not pass are left out" [ "$(answers "$dir/few.scap")" -lt 10 ]
replay -w "$dir/both.scap" -z -r "$dir/rules.yaml" "$a" "$b" >"$dir/alerts.both"
equal "merged into one" "$(replay -p '%evt.rawtime %evt.type %proc.name' "$dir/both.scap")" "$(replay -p '%evt.rawtime %evt.type %proc.name' "$a" "$b")"
equal "with the same alerts" "$(replay -r "$dir/rules.yaml" "$dir/both.scap")" "$(cat "$dir/alerts.both")"
ok "there were alerts" [ -s "$dir/alerts.both" ]
equal "compressed" "$(head -c 2 "$dir/both.scap" | od -An -tx1)" " 1f 8b"
refused "." -w "$dir/none/x.scap" -r "$dir/rules.yaml" "$a"

# --snaplen, --buffers, for run and replay
equal "all of what was read" "$(replay -n 1 -f 'evt.type = read and proc.name = head and evt.arg.res = 10' -p '%evt.buflen' "$a")" 10
replay --snaplen 4 -w "$dir/snap.scap" -r "$dir/rules.yaml" "$a" >/dev/null
equal "--snaplen" "$(replay -n 1 -f 'evt.type = read and proc.name = head and evt.arg.res = 10' -p '%evt.buflen %evt.arg.data' "$dir/snap.scap")" \
	"10 $(head -c 4 /etc/hosts)"
for kept in "all read write" "read read" "write write" "none"; do
	record "$dir/kept.scap" --buffers "${kept%% *}" -- sh -c 'head -c 10 /etc/hosts'
	got=$(replay -f 'evt.type in (read, write) and proc.name = head and evt.buffer != ""' -p '%evt.type' "$dir/kept.scap" | sort -u | tr '\n' ' ')
	want=${kept#* }
	[ "$kept" = none ] && want=
	equal "--buffers ${kept%% *}" "$got" "${want:+$want }"
done
refused "buffers" --buffers some -w "$dir/x" "$a"
refused "takes a number" --snaplen x -w "$dir/x" "$a"

# --follow: what is there at once, the rest when it comes
for how in "" -z; do
	rm -f "$dir/grown" "$dir/growing.scap"
	"$MONITOR" run -r "$dir/rules.yaml" -o /dev/null $how -w "$dir/growing.scap" -- \
		sh -c 'cat /etc/hosts >/dev/null; while [ ! -e '"$dir/go"' ]; do sleep 0.2; done; head -c 1 /etc/hosts >/dev/null' >/dev/null 2>&1 &
	front=$!
	soon [ -s "$dir/growing.scap" ]
	"$MONITOR" replay --follow -f 'evt.type = execve and evt.arg.res = 0 and proc.name in (cat, head)' -p '%proc.name' "$dir/growing.scap" >"$dir/grown" 2>"$dir/err" &
	follower=$!
	for part in cat head; do
		soon grep -qs $part "$dir/grown"
		equal "follow$how: $part" "$(tail -n 1 "$dir/grown")" $part
		: >"$dir/go"
	done
	wait $front
	kill $follower
	wait $follower
	equal "follow$how: a signal ends it well" $? 0
	rm -f "$dir/go"
done
: >"$dir/growing.scap"
"$MONITOR" replay --follow -n 2 -p x "$dir/growing.scap" >"$dir/grown" 2>"$dir/err" &
follower=$!
sleep 0.3
cat "$a" >>"$dir/growing.scap"
wait $follower
equal "follow waits for the beginning: $(cat "$dir/err")" "$(wc -l <"$dir/grown")" 2
equal "follow stops at a limit" "$(lines --follow -n 2 -p x "$a")" 2
equal "follow reads standard input" "$(lines --follow -n 3 -p x - <"$a")" 3

# who waits for more, at a file's end or for who writes into a pipe, prints what it has, and ends when it is asked to
waits() { # HOW OPTIONS...
	how=$1
	shift
	: >"$dir/out"
	"$MONITOR" replay -p '%evt.num' "$@" >"$dir/out" 2>"$dir/err" &
	waiting=$!
	ok "$how: what is there is printed" within 2 at_least "$all" wc_of "$dir/out"
	kill $waiting
	ok "$how: a signal ends it soon" within 2 gone $waiting
	kill -9 $waiting 2>/dev/null
	wait $waiting
	equal "$how: and well: $(cat "$dir/err")" $? 0
}
wc_of() {
	wc -l <"$1"
}
gone() {
	! kill -0 "$1"
}
within() { # SECONDS CMD...
	tries=$(($1 * 20))
	shift
	until "$@" 2>/dev/null; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.05
	done
}
waits "a file's end" --follow "$a"
for packed in cat gzip; do
	rm -f "$dir/fifo"
	mkfifo "$dir/fifo"
	sh -c '"$1" <"$2" && exec sleep 30' - $packed "$a" >"$dir/fifo" &
	writer=$!
	waits "a pipe ($packed)" "$dir/fifo"
	kill $writer
done

# what is read is not written over, by whichever name
cp "$a" "$dir/kept.scap"
ln -s kept.scap "$dir/other-name"
for onto in "-w $dir/kept.scap" "-w $dir/other-name" "-o $dir/kept.scap"; do
	# shellcheck disable=SC2086
	"$MONITOR" replay -r "$dir/rules.yaml" $onto "$dir/kept.scap" >/dev/null 2>"$dir/err"
	status=$?
	equal "$onto: $(cat "$dir/err")" $status 2
	ok "$onto: it is told" grep -q 'this is the capture that is read' "$dir/err"
	ok "$onto: it is as it was" cmp -s "$a" "$dir/kept.scap"
done
"$MONITOR" replay -w "$dir/kept.scap" - <"$dir/kept.scap" >/dev/null 2>"$dir/err"
status=$?
equal "standard input: $(cat "$dir/err")" $status 2
ok "standard input: it is as it was" cmp -s "$a" "$dir/kept.scap"

# a capture on standard output is whole: alerts and prints go to standard error
"$MONITOR" replay -r "$dir/rules.yaml" "$a" >"$dir/apart"
"$MONITOR" replay -r "$dir/rules.yaml" -w - "$a" 2>"$dir/err" | "$MONITOR" replay -r "$dir/rules.yaml" - >"$dir/piped"
ok "written to a pipe, and read: $(wc -l <"$dir/piped") alerts" cmp -s "$dir/apart" "$dir/piped"
ok "its alerts on standard error" cmp -s "$dir/apart" "$dir/err"
"$MONITOR" replay -p '%evt.num' -w - "$a" 2>"$dir/err" | "$MONITOR" replay -p '%evt.num' - >"$dir/piped"
ok "printed beside a capture" cmp -s "$dir/piped" "$dir/err"

finish
