#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A word that a command has no use for is an error, not passed over: it may be half of an option, or meant for another command.
. "$(dirname "$0")/../lib.sh"

printf 'json_output: true\n' >"$dir/c.yaml"

# refuses STATUS WORD ARG...
refuses() {
	expected=$1
	word=$2
	shift 2
	checks=$((checks + 1))
	"$MONITOR" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	[ $status = "$expected" ] || fail "monitor $*: status $status instead of $expected"
	grep -q "has no use for \"$word\"" "$dir/err" || fail "monitor $* does not name $word: $(cat "$dir/err")"
	[ ! -s "$dir/out" ] || fail "monitor $* goes on"
}
refuses 2 extra doctor extra
refuses 2 extra doctor --json extra
refuses 2 extra config schema extra
refuses 2 extra config check "$dir/c.yaml" extra
refuses 2 extra config show "$dir/c.yaml" extra
refuses 1 extra config show -- -c "$dir/c.yaml" extra
refuses 2 extra help run extra
refuses 2 extra --version extra
ok "a file alone is read" sh -c '"$@" >/dev/null' - "$MONITOR" config show "$dir/c.yaml"
ok "and Falco's options" sh -c '"$@" >/dev/null' - "$MONITOR" config show -- -c "$dir/c.yaml"
finish
