#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# suites.sh FOLDER [SUITE[:WORD]...]: the test suites of programs, built from Debian's sources in FOLDER, give the same results under the
# monitor as natively, with our rules and Falco's. Tests are the lines of suites/tests; WORD takes those that have it in them. What was
# printed stays in FOLDER/out. It takes from minutes to an hour, so without a folder (or SUITES_FOLDER) this is skipped.
. "$(dirname "$0")/lib.sh"

work=${1:-${SUITES_FOLDER:-}}
[ -n "$work" ] || skip "no folder for what is built: suites.sh FOLDER [SUITE[:WORD]...]"
[ $# -gt 0 ] && shift
need apt-get dpkg-source make gcc
mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$work/out" || exit 99
work=$(cd "$work" && pwd)
out=$work/out
tab=$(printf '\t')
cut -f 1 "$here/suites/builds" >"$dir/suites"
rules="-r $own_rules"
[ ! -f "$MONITOR_SHARED/rules/falco_rules.yaml" ] || rules="-r $MONITOR_SHARED/rules/falco_rules.yaml $rules"
SUITES=$here/suites # the commands of suites/tests use it
export SUITES
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

# what a suite says of each of its tests, and the sums
results() {
	awk -f "$here/suites/results.awk" "$1" | LC_ALL=C sort
}

# one_run RUN CMD...: the status and results of one of the runs (native, watched, native2, watched2) in $dir/RUN, what was printed in $out
one_run() {
	run=$1
	shift
	case $run in
	watched*) set -- "$MONITOR" run $rules --output "$out/$suite_name.alerts" -- "$@" ;;
	esac
	(cd "$work/$suite_name/tree" && timeout -k 5 "${SUITE_LIMIT:-900}" "$@") >"$out/$suite_name.$run" 2>&1 </dev/null
	echo "status $?" >"$dir/$run.all"
	results "$out/$suite_name.$run" >>"$dir/$run.all"
	LC_ALL=C sort "$dir/$run.all" >"$dir/$run"
}

# What lasts: results that both runs natively had and neither one watched, or the other way round. The rest comes out now so, now so.
lasting() {
	LC_ALL=C comm -12 "$dir/native" "$dir/native2" | LC_ALL=C comm -23 - "$dir/watched" | LC_ALL=C comm -23 - "$dir/watched2" | sed 's/^/natively: /'
	LC_ALL=C comm -12 "$dir/watched" "$dir/watched2" | LC_ALL=C comm -23 - "$dir/native" | LC_ALL=C comm -23 - "$dir/native2" | sed 's/^/watched: /'
}

compare() {
	checks=$((checks + 1))
	one_run native sh -c "$1"
	one_run watched sh -c "$1"
	n=$(($(wc -l <"$dir/native") - 1))
	changing=0
	if ! cmp -s "$dir/native" "$dir/watched"; then
		LC_ALL=C comm -3 "$dir/native" "$dir/watched" >"$out/$suite_name.once"
		changing=$(wc -l <"$out/$suite_name.once")
		one_run native2 sh -c "$1"
		one_run watched2 sh -c "$1"
		lasting >"$dir/lasting"
		if [ -s "$dir/lasting" ]; then
			fail "$suite_name: $1"
			head -n 30 "$dir/lasting"
			keep=$suite_name.failed$failures
			for run in native watched native2 watched2; do mv "$out/$suite_name.$run" "$out/$keep.$run"; done
			return
		fi
		echo "left out: $suite_name: not the same each time:"
		head -n 12 "$out/$suite_name.once"
		left_out=$((left_out + changing))
	fi
	same_results=$((same_results + n - changing))
	echo "$suite_name: $n results, $(head -n 1 "$dir/native.all"): $1"
	[ "$n" -gt 0 ] || fail "$suite_name: no results: $1"
}

for suite in "$@"; do
	suite_name=${suite%%:*}
	word=${suite#"$suite_name"}
	word=${word#:}
	same_results=0
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
		[ "$of" = "$suite_name" ] || continue
		case $command in
		*"$word"*) compare "$command" ;;
		esac
	done <"$here/suites/tests"
	echo "$suite_name: $same_results results are the same"
done
finish
