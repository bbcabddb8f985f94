#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A configuration whose rules cannot be had: no other rules take their place.
. "$(dirname "$0")/../lib.sh"

rule Named "evt.type in (open, openat) and fd.name = $dir/file" "named %fd.name" >"$dir/rules.yaml"
: >"$dir/file"
mkdir "$dir/empty"

# run_with CONFIG: the command tells that it began
run_with() {
	rm -f "$dir/begun"
	echo "$1" >"$dir/config.yaml"
	in_foreground "$MONITOR" run -v -c "$dir/config.yaml" -- sh -c ": >'$dir/begun'; cat '$dir/file'"
	status=$?
}
# refused WHY CONFIG
refused() {
	run_with "$2"
	ok "$1: status $status" [ $status = 1 ]
	ok "$1: the command does not begin" [ ! -e "$dir/begun" ]
	ok "$1: it is said: $(cat "$dir/err")" grep -q "^monitor: no rules: $1; mend rules_files of the configuration" "$dir/err"
	for command in "list rules" "replay $dir/none.scap" "explain --rule Named --event 1 --capture $dir/none.scap"; do
		# shellcheck disable=SC2086
		in_foreground "$MONITOR" $command --config "$dir/config.yaml"
		ok "$1: $command" grep -q "^monitor: no rules: $1; mend rules_files of the configuration" "$dir/err"
	done
}
refused "$dir/none.yaml is not there" "rules_files: [$dir/none.yaml]"
refused "$dir/none is not there, $dir/empty is a folder without .*" "rules_files: [$dir/none, $dir/empty]"
refused "$dir/file is not named .*" "rules_file: $dir/file"
run_with "rules_files: []"
ok "an empty list: $(cat "$dir/err")" grep -q '^monitor: no rules: mend rules_files' "$dir/err"

run_with "rules_files: [$dir/none.yaml, $dir/rules.yaml]"
ok "what is there is used: $(cat "$dir/err")" grep -q "Notice named $dir/file" "$dir/err"
ok "and what is not there is told to who asks" [ "$(grep -c "^monitor: no rules come of: $dir/none.yaml is not there" "$dir/err")" = 1 ]
echo "rules_files: [$dir/none.yaml]" >"$dir/config.yaml"
in_foreground "$MONITOR" run -c "$dir/config.yaml" -r "$dir/rules.yaml" -- cat "$dir/file"
ok "rules of the command line" grep -q "Notice named $dir/file" "$dir/err"
run_with "priority: debug"
ok "a configuration without the key: the rules that come with us" grep -q '^monitor: rules: .*/monitor_rules.yaml$' "$dir/err"
ok "the command ran" [ -e "$dir/begun" ]

# a file that cannot be read has a result among the others
in_foreground "$MONITOR" check --json "$dir/none.yaml" "$dir/rules.yaml"
ok "a check of a file that is not there fails" [ $? = 1 ]
ok "its result says so" python3 -c "
import json, sys
told = {f['name']: f for f in json.load(open(sys.argv[1]))['falco_load_results']}
sys.exit(not (told[sys.argv[3]]['successful'] and told[sys.argv[2]]['errors'][0]['code'] == 'LOAD_ERR_FILE_READ' and
    'No such file' in told[sys.argv[2]]['errors'][0]['message'] and not told[sys.argv[2]]['successful']))" \
	"$dir/out" "$dir/none.yaml" "$dir/rules.yaml"
finish
