#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# suites.sh FOLDER [SUITE...]: the test suites of programs, built from Debian's sources in FOLDER, give the same results under the monitor as
# natively. Tests are the lines of suites/tests. It takes from minutes to an hour, so without a folder (or SUITES_FOLDER) this is skipped.
. "$(dirname "$0")/lib.sh"

work=${1:-${SUITES_FOLDER:-}}
[ -n "$work" ] || skip "no folder for what is built: suites.sh FOLDER [SUITE...]"
[ $# -gt 0 ] && shift
need apt-get dpkg-source make gcc
mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial" || exit 99
work=$(cd "$work" && pwd)
tab=$(printf '\t')
cut -f 1 "$here/suites/builds" >"$dir/suites"
# shellcheck disable=SC2046 # a word a suite
[ $# -gt 0 ] || set -- $(cat "$dir/suites")
unset MAKEFLAGS MFLAGS MAKELEVEL

# sources, without telling this machine's package manager
fetch() {
	: >"$work/apt/status"
	suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
	# from where this machine has its packages
	archive=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' |
		sed -n "s/ $suite main\$//p" | head -n 1)
	echo "deb-src ${archive:?no archive of $suite} $suite main" >"$work/apt/sources"
	set -- "$1" -o "Dir::State::Lists=$work/apt/lists" -o "Dir::State::Status=$work/apt/status" -o "Dir::Cache=$work/apt/cache" \
		-o "Dir::Etc::sourcelist=$work/apt/sources" -o Dir::Etc::sourceparts=/dev/null
	name=$1
	shift
	[ -f "$work/apt/updated" ] || apt-get "$@" update || return 1
	touch "$work/apt/updated"
	mkdir -p "$work/$name"
	cd "$work/$name" && apt-get "$@" source "$name" && mv "$name"-*/ tree
}

build() {
	[ -d "$work/$1/tree" ] || (fetch "$1") || return 1
	[ -f "$work/$1/built" ] && return
	(cd "$work/$1/tree" && MAKEFLAGS="-j$(nproc)" sh -c "$(grep "^$1$tab" "$here/suites/builds" | cut -f 2-)") && touch "$work/$1/built"
}

# what a suite says of each of its tests, and the sums; without times
results() {
	sed 's/\x1b\[[0-9;]*m//g' "$1" | grep -aE '^(ok|not ok|PASS|FAIL|XFAIL|SKIP|ERROR|\[ok\]|\[err\]|\[skip\]|# (PASS|FAIL|SKIP|TOTAL)|checking|[0-9]+ tests? |test_|Result|.*\.{3} *(ok|skipped)|.*\.t \.)' |
		sed -E 's/\([0-9.]+ ?m?s\)//g; s/ in [0-9.]+ m?s.*//; s/^[0-9:]+ load avg: [0-9.]+ //; s/\[ *[0-9]+\/[0-9]+[^]]*\]//; s/ +[0-9]+ ms$//' | sort
}

# one_run WHERE CMD...: status and results in $dir/WHERE
one_run() {
	where=$1
	shift
	(cd "$work/$suite_name/tree" && timeout -k 5 "${SUITE_LIMIT:-900}" "$@") >"$dir/$where.out" 2>&1 </dev/null
	echo "status $?" >"$dir/$where"
	results "$dir/$where.out" >>"$dir/$where"
}

compare() {
	checks=$((checks + 1))
	one_run native sh -c "$1"
	one_run watched "$MONITOR" run -r "$own_rules" --output /dev/null -- sh -c "$1"
	if ! cmp -s "$dir/native" "$dir/watched"; then
		one_run again sh -c "$1"
		if ! cmp -s "$dir/native" "$dir/again"; then
			# what natively comes out now so, now so, says nothing
			one_run watched "$MONITOR" run -r "$own_rules" --output /dev/null -- sh -c "$1"
			if ! cmp -s "$dir/native" "$dir/watched" && ! cmp -s "$dir/again" "$dir/watched"; then
				left_out=$((left_out + 1))
				echo "left out: not the same twice natively: $suite_name: $1"
				return
			fi
		else
			fail "$suite_name: $1"
			diff "$dir/native" "$dir/watched" | head -n 12
			tail -n 5 "$dir/watched.out"
			return
		fi
	fi
	echo "$suite_name: $(($(wc -l <"$dir/native") - 1)) results, $(head -n 1 "$dir/native"): $1"
	[ "$(wc -l <"$dir/native")" -gt 1 ] || fail "$suite_name: no results: $1"
}

for suite_name in "$@"; do
	grep -qx "$suite_name" "$dir/suites" || {
		fail "no suite $suite_name"
		continue
	}
	if ! build "$suite_name" >"$work/$suite_name.log" 2>&1; then
		left_out=$((left_out + 1))
		echo "left out: $suite_name does not build here: $(tail -n 1 "$work/$suite_name.log")"
		continue
	fi
	while IFS=$tab read -r of command; do
		[ "$of" = "$suite_name" ] && compare "$command"
	done <"$here/suites/tests"
done
finish
