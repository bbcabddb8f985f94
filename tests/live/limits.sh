#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The closed list of what cannot be seen: doctor names every row of it where its backend is the one in use, and as JSON; the manual
# page has each one, too.
. "$(dirname "$0")/lib.sh"

refuse=$src/refuse
sed -n 's/^LIMIT(\([A-Z_]*\), "\(.*\)")$/\1\t\2/p' "$top/src/app/doctor.def" >"$dir/rows"
ok "rows: $(wc -l <"$dir/rows")" [ "$(wc -l <"$dir/rows")" -ge 15 ]

# named BACKEND WRAP...
named() {
	backend=$1
	name=$(echo "$backend" | tr 'A-Z_' 'a-z-')
	shift
	"$@" "$MONITOR" doctor -r "$own_rules" >"$dir/text" 2>"$dir/err"
	if ! grep -q "^monitor run uses $name here" "$dir/text"; then
		left_out=$((left_out + 1))
		echo "left out: $name cannot be had here"
		return
	fi
	"$@" "$MONITOR" doctor --json -r "$own_rules" >"$dir/json"
	while IFS="$(printf '\t')" read -r of row; do
		case $of in
		AUTO | "$backend") ok "$name: doctor does not say: $row" grep -qF "    $row" "$dir/text" ;;
		esac
		ok "$name: not in the JSON: $row" grep -qF "\"$row\"" "$dir/json"
	done <"$dir/rows"
}
named NOTIFY "$refuse" nothing --
named PTRACE "$refuse" 'seccomp:1:&8=EINVAL' --
named PTRACE_ALL "$refuse" seccomp=EPERM prctl:0:22=EINVAL --
named NOTIFY_ONLY "$refuse" ptrace=EPERM --

page=
for p in "$top/man/monitor.1" "$BUILD/man/monitor.1"; do
	[ -f "$p" ] && page=$p
done
if [ -n "$page" ]; then
	sed 's/\\-/-/g; s/\\e/\\/g' "$page" >"$dir/page"
	while IFS="$(printf '\t')" read -r _ row; do
		ok "not in the manual page: $row" grep -qF -- "$row" "$dir/page"
	done <"$dir/rows"
else
	left_out=$((left_out + 1))
fi
finish
