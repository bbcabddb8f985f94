#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Calls that no rule can match pass by in the kernel: the monitor never hears of them.
. "$(dirname "$0")/lib.sh"

need python3
# the program itself: a wrapper in its place opens files of its own, as many as it likes
python=$(python3 -c "import sys; print(sys.executable)")
write='evt.type in (open, openat) and evt.is_open_write=true and fd.typechar="f" and fd.num>=0'
read='evt.type in (open, openat) and evt.is_open_read=true and fd.typechar="f" and fd.num>=0'
failed='evt.type in (open, openat) and fd.typechar="f" and fd.num=-1'
for kind in write read failed; do
	eval "condition=\$$kind"
	# shellcheck disable=SC2154 # condition is set by eval
	rule $kind "$condition and fd.name contains /nowhere-" "o %fd.name" >"$dir/$kind.yaml"
done
cat >"$dir/open.py" <<'E2'
import os
import sys
flags = os.O_RDONLY | (os.O_DIRECTORY if sys.argv[1] == "folder" else os.O_CREAT if sys.argv[1] == "missing" else 0)
for i in range(1000):
    try:
        os.close(os.open(sys.argv[2], os.O_WRONLY if sys.argv[1] == "write" else flags))
    except OSError:
        pass
E2
: >"$dir/file"

# rules, kind of open, what is opened, whether each is held
held() {
	"$MONITOR" run --verbose -r "$dir/$1.yaml" -- "$python" -B "$dir/open.py" "$2" "$3" >"$dir/out" 2>&1
	count=$(sed -n 's/.* openat *\([0-9]*\) let go at entry, \([0-9]*\) done on behalf, \([0-9]*\) followed.*/\1 \2 \3/p' "$dir/out" |
		{ read -r a b c && echo $((a + b + c)); } || echo 0)
	checks=$((checks + 1))
	if [ "$4" = yes ]; then
		[ "$count" -ge 1000 ] || fail "$1 rules, $2: $count held"
	else
		[ "$count" -lt 1000 ] || fail "$1 rules, $2: $count held"
	fi
}
held write read "$dir/file" no
held write write "$dir/file" yes
held read write "$dir/file" no
held read read "$dir/file" yes
held read folder "$dir" no
held write folder "$dir" no
held failed folder "$dir" yes
ok "what matters only when it fails is let go at its entry" grep -q 'openat *[0-9]\{4\} let go at entry' "$dir/out"

# what the path itself rules out needs no result: neither for the name of a file that may be made
rule filename "$write and fd.filename in (nowhere)" "o %fd.name" >"$dir/filename.yaml"
"$MONITOR" run --verbose --opens fast -r "$dir/filename.yaml" -- "$python" -B "$dir/open.py" write "$dir/file" >"$dir/out" 2>&1
ok "another name of a file is enough at the entry of a fast open" grep -q 'openat *[0-9]\{4\} let go at entry.* 0 followed' "$dir/out"

finish
