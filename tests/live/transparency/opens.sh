#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Thousands of opens, of all kinds of names by all kinds of flags, end as they do natively: the same error, or the same number, flags and file.
. "$(dirname "$0")/../lib.sh"

need python3
rule "an open" "evt.type in (open, openat, openat2, creat) and (evt.rawres >= 0 or evt.rawres < 0) and fd.name contains /no-such-name" \
	"open %fd.name" NOTICE >"$dir/opens.yaml" # every open is caught, none is told
cp "$MONITOR" "$src/opens" "$dir"
chmod -R a+rX "$dir"

# The names, anew for each turn.
make_names() {
	rm -rf "$dir/names"
	mkdir "$dir/names" "$dir/names/folder" "$dir/names/proc-folder" "$dir/names/closed"
	(
		cd "$dir/names" || exit 99
		for name in file folder/file closed/file read-only proc other-ids; do
			echo text >$name
		done
		ln -s file link
		ln -s folder folder-link
		ln -s nothing dangling
		ln -s loop loop
		ln -s /proc/nowhere proc-dangling
		ln -s /proc/self/fd/4 fd-link
		ln -s "$PWD/file" whole-link
		ln -s "$PWD/folder" whole-folder-link
		mkfifo fifo
		python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'
		mknod device c 1 3 2>/dev/null || ln -s /dev/null device
		chmod 6777 other-ids
		chmod 444 read-only
		chmod 700 closed
		chmod 777 .
	)
}

# opens WHO DESCRIPTORS OPTION...: WHO is "", who runs this; late, another user; early, who is that before the monitor starts
opens() {
	who=$1
	room=$2
	shift 2
	as=
	[ -z "$who" ] || as="setpriv --reuid 65534 --regid 65534 --clear-groups"
	make_names
	# shellcheck disable=SC2086 # words
	(cd "$dir/names" && timeout -k 1 60 $as "$dir/opens" "$room") >"$dir/native" 2>&1 </dev/null
	make_names
	set -- "$dir/monitor" run "$@" -r "$dir/opens.yaml" --output /dev/null --
	# shellcheck disable=SC2086 # words
	if [ "$who" = early ]; then
		set -- $as "$@" "$dir/opens" "$room"
	else
		set -- "$@" $as "$dir/opens" "$room"
	fi
	(cd "$dir/names" && timeout -k 1 120 "$@") >"$dir/out" 2>"$dir/err" </dev/null
	diff "$dir/native" "$dir/out" >"$dir/diff"
	ok "${who:-the same user}, $room descriptors: $*: $(wc -l <"$dir/out") lines; $(head -n 5 "$dir/diff" "$dir/err")" [ ! -s "$dir/diff" ]
	ok "too few opens: $(wc -l <"$dir/native")" [ "$(wc -l <"$dir/native")" -gt 15000 ]
}

for room in 64 9 8 0; do
	opens "" $room
done
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	opens late 64
	opens early 64
	opens early 64 --backend notify-only
fi
opens "" 64 --backend notify-only
opens "" 9 --backend ptrace

# What fails is told as a failure, with each way of intercepting; which open made its file, where we make the open (else with O_EXCL).
rule "told" "evt.type in (open, openat) and fd.name startswith $dir/names/" "told %fd.name %evt.res %evt.is_open_create" NOTICE >"$dir/told.yaml"
cat >"$dir/told.py" <<'EOP'
import errno, os, subprocess, sys

running = subprocess.Popen(["./program", "60"])
seen = sys.argv[1] != "ptrace"
for name, flags in (("none/file", os.O_CREAT | os.O_WRONLY), ("file/none", os.O_CREAT), ("file", os.O_CREAT | os.O_EXCL),
                    ("folder", os.O_CREAT | os.O_EXCL), ("dangling", os.O_CREAT | os.O_EXCL), ("none", os.O_RDONLY),
                    ("new", os.O_CREAT | os.O_EXCL), ("newer", os.O_CREAT | os.O_TRUNC | os.O_RDWR), ("file", os.O_CREAT),
                    ("link", os.O_CREAT | os.O_TRUNC | os.O_WRONLY), ("program", os.O_WRONLY),
                    ("program", os.O_WRONLY | os.O_TRUNC), ("folder", os.O_WRONLY)):
    try:
        os.close(os.open(name, flags))
        error = "SUCCESS"
    except OSError as e:
        error = errno.errorcode[e.errno]
    made = error == "SUCCESS" and name.startswith("new") and (seen or flags & os.O_EXCL)
    print(os.path.join(os.getcwd(), name), error, "true" if made else "false")
running.kill()
EOP
make_names
cp /bin/sleep "$dir/names/program"
for backend in notify notify-only ptrace; do
	rm -f "$dir/names/new" "$dir/names/newer"
	(cd "$dir/names" && "$MONITOR" run --backend $backend -r "$dir/told.yaml" --output "$dir/told" -- python3 -B \
		"$dir/told.py" $backend) >"$dir/out" 2>"$dir/err"
	sed -n 's/^.* told //; s/ evt.raced=possible$//; p' "$dir/told" | diff "$dir/out" - >"$dir/diff"
	ok "told by $backend: $(head -n 5 "$dir/diff" "$dir/err")" cmp -s "$dir/diff" /dev/null
	ok "$backend: too few opens: $(tail -n 2 "$dir/err")" [ "$(wc -l <"$dir/out")" -ge 13 ]
	rm -f "$dir/told"
done
finish
