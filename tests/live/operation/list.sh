#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What `monitor list` shows, and that names narrow it down.
. "$(dirname "$0")/../lib.sh"

# shows WANTED ARGS...: exactly these words, one a line
shows() {
	wanted=$1
	shift
	checks=$((checks + 1))
	got=$("$MONITOR" list "$@" 2>&1 | tr -s '\n ' ' ')
	[ "$got" = "$wanted " ] || fail "list $*: '$got' instead of '$wanted '"
}

# refuses STATUS PATTERN ARGS...
refuses() {
	status=$1
	pattern=$2
	shift 2
	checks=$((checks + 1))
	"$MONITOR" list "$@" >"$dir/out" 2>"$dir/err"
	got=$?
	[ $got = "$status" ] || fail "list $*: status $got instead of $status"
	[ ! -s "$dir/out" ] || fail "list $* shows something"
	grep -q -- "$pattern" "$dir/err" || fail "list $*: $(cat "$dir/err")"
}

shows "fd.name fd.name_changed fd.nameraw" fields -N fd.name
shows "fd.name" fields -N "fd.nam?"
shows "proc.pexe proc.pname" fields -N PNAME "proc.p?xe"
shows "proc.tree" fields -N tree
shows "mkdir mkdirat" events mkdir
shows "connect(res, tuple, fd, addr)" events -v connect
shows "Warning" priorities WARN
shows "glob iglob" operators glob
shows "join() concat()" transformers join concat
shows "join() the values of a list with a separator between" transformers -v join
for name in One Two Twofold; do
	rule $name evt.type=open o
done >"$dir/r.yaml"
shows "Two Twofold" rules -r "$dir/r.yaml" two
shows "One" rules -r "$dir/r.yaml" "o*"
printf -- '- rule: Folded\n  desc: >\n    of\n    two\n  condition: >\n    evt.type = open\n  output: o\n  priority: INFO\n' >"$dir/folded.yaml"
shows "Folded priority: Informational desc: of two condition: evt.type = open output: o" rules -v -r "$dir/folded.yaml"
ok "no line within a rule is empty" [ "$("$MONITOR" list rules -v -r "$dir/folded.yaml" | grep -c .)" = "$("$MONITOR" list rules -v -r "$dir/folded.yaml" | sed '$d' | wc -l)" ]
refuses 1 'called "fd.nmae" (did you mean "fd.name"?)' fields fd.nmae
refuses 1 'called "nothing"' events nothing
refuses 2 "--format is for the list of fields or events, not of rules" rules --format json
refuses 2 "--names is for the list of fields, not of rules" rules -N
refuses 2 "--rules is for the list of rules, not of fields" fields -r "$dir/r.yaml"
refuses 2 "goes with no names" fields --format json fd.name
refuses 2 "there is no list of" colours
refuses 2 "takes one of: fields" -v

# a line tells type, argument, sources and facts; each field has a text
checks=$((checks + 1))
"$MONITOR" list fields proc.aname | grep -Eq '^  proc.aname +CHARBUF +\[index\] +run,captures +lineage$' || fail "no line about proc.aname"
checks=$((checks + 1))
"$MONITOR" list fields -v | awk '/^  [a-z]/ { fields++ } /^      [^ ]/ { texts++ } END { exit !(fields > 200 && fields == texts) }' ||
	fail "fields without a text"
finish
