#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `monitor test --watch` runs the tests again when a file of tests or rules changes, however it is replaced and wherever it stands.
. "$(dirname "$0")/../lib.sh"

mkdir "$dir/tests" "$dir/rules" "$dir/elsewhere"
ln -s elsewhere/real.yaml "$dir/linked.yaml"
macro() {
	printf -- '- macro: wanted\n  condition: %s\n' "$1" >"$dir/elsewhere/real.yaml"
}
macro "evt.type = openat"
rule Opened wanted "opened" >"$dir/rules/opened.yaml"
cat >"$dir/tests/t.yaml" <<'EOF'
tests:
  - name: an open
    processes: [{ name: cat }]
    events: ["1001 openat fd=3 dirfd=-100 name=/etc/hosts flags=O_RDONLY"]
    expect: [Opened]
EOF
runs() {
	grep -c ' passed, ' "$dir/out"
}
ran() { # TIMES
	[ "$(runs)" -ge "$1" ]
}
# again WHAT RESULT CMD...: CMD changes a file, and the last run has that result
again() {
	what=$1
	result=$2
	before=$(runs)
	shift 2
	"$@"
	ok "$what: it runs again" soon ran $((before + 1))
	ok "$what: $result" soon last "$result"
}
last() {
	tail -n 1 "$dir/out" | grep -q "^$1"
}
write() { # FILE CONDITION
	rule Opened "$2" "opened" >"$1"
}
link() { # CONDITION
	printf -- '- macro: wanted\n  condition: %s\n' "$1" >"$dir/elsewhere/other.yaml"
	ln -sfn elsewhere/other.yaml "$dir/linked.yaml"
}
replace() { # FILE CONDITION
	write "$1.new" "$2"
	mv "$1.new" "$1"
}

# as a folder, without a slash behind it
(cd "$dir" && exec "$MONITOR" test --watch -r linked.yaml -r rules tests/t.yaml) >"$dir/out" 2>"$dir/err" &
watcher=$!
ok "it runs at once: $(cat "$dir/err")" soon last "1 passed, 0 failed"
again "tests that are written" "0 passed, 1 failed" sed -i 's/openat fd/openat2 fd/' "$dir/tests/t.yaml"
again "tests that are replaced" "1 passed, 0 failed" sh -c 'sed "s/openat2 fd/openat fd/" "$1" >"$1.new" && mv "$1.new" "$1"' - "$dir/tests/t.yaml"
again "rules that a link leads to" "0 passed, 1 failed" macro "evt.type = close"
again "a link that leads elsewhere" "1 passed, 0 failed" link "evt.type = openat"
again "rules in a folder" "0 passed, 1 failed" replace "$dir/rules/opened.yaml" "evt.type = close"
again "a file more in it" "1 passed, 0 failed" write "$dir/rules/others.yaml" wanted
again "one less" "0 passed, 1 failed" rm "$dir/rules/others.yaml"
kill $watcher
wait $watcher
equal "a signal ends it, with the status of the last run: $(cat "$dir/err")" $? 1
finish
