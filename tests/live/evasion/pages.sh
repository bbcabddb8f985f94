#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Paths and addresses in memory that others may not read, but the kernel, when it copies what a call points to: seen like others where
# there is a way to read it at all, else never without a word.
. "$(dirname "$0")/../lib.sh"

secret=$dir/removal-secret
rules_here=$dir/rules.yaml
{ # one for each kind of call
	rule "opened" "evt.type in (open, openat) and evt.rawres >= 0 and fd.name = $secret" "opened %fd.name" WARNING
	rule "removed" "evt.type in (unlink, unlinkat) and evt.rawres = 0 and evt.args contains $secret" "removed %evt.args" WARNING
	rule "made" "evt.type in (mkdir, mkdirat) and evt.rawres = 0 and evt.args contains $secret" "made %evt.args" WARNING
	rule "changed" "evt.type in (chmod, fchmodat) and evt.rawres = 0 and evt.args contains $secret" "changed %evt.args" WARNING
	rule "sent" "evt.type in (sendto, sendmsg) and evt.rawres >= 0 and fd.sip = 127.0.0.66" "sent %fd.name" WARNING
} >"$rules_here"
word="Process that cannot be looked into"

# page KIND CALL RULE
page() {
	for backend in native $backends; do
		rm -rf "$secret"
		[ "$2" = mkdir ] || echo text >"$secret"
		if [ $backend = native ]; then
			timeout -k 1 20 "$src/pages" "$1" "$2" "$secret" >"$dir/native" 2>&1 </dev/null
			[ $? = 77 ] && left_out=$((left_out + 1)) && echo "left out, this kernel has no such memory: $1" && return
			continue
		fi
		monitor_options="--backend $backend"
		wrap="timeout -k 1 20" under "$rules_here" -- "$src/pages" "$1" "$2" "$secret"
		ok "$1 $2 ($backend): \"$(cat "$dir/out")\", not \"$(cat "$dir/native")\"" \
			[ "$(grep -c text-of "$dir/out")" = "$(grep -c text-of "$dir/native")" ]
		if [ "$3" = - ]; then
			ok "an alert on $1 $2 ($backend)" "$src/alerts" "$alerts" --lacks "$word"
		else
			ok "missed: $1 $2 ($backend)" "$src/alerts" "$alerts" --has "$3"
		fi
	done
}

backends="notify ptrace ptrace-all notify-only"
for kind in write-only execute-only tagged; do
	page $kind open opened
	page $kind unlink removed
	page $kind unlink-later removed
	page $kind mkdir made
	page $kind chmod changed
	page $kind sendto sent
	page $kind sendmsg sent
done
for kind in memfd-secret perf; do
	for call in open unlink unlink-later mkdir chmod sendto sendmsg; do
		page $kind $call "$word"
	done
done
# behind the end of a file the kernel finds nothing either, which the call's result tells
backends="notify ptrace ptrace-all"
page absent unlink -
page absent unlink-later -
finish
