#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Processes that an ordinary user's monitor may not look into: those that are not dumpable, and of programs that may be executed
# but not read. They do what they do natively. One that was open before stays so; of the others an alert tells.
. "$(dirname "$0")/../lib.sh"

need_root
need setpriv
secret=$dir/evasion-secret
echo text-of-the-secret >"$secret"
cp "$here/rules.yaml" "$dir/rules.yaml"
cp "$MONITOR" "$dir/monitor"
cp "$src/evade" "$dir/evade"
cp "$src/acts" "$dir/closed-acts"
cp /bin/cat "$dir/closed-cat"
chmod -R a+rX "$dir"
chmod 111 "$dir/closed-acts" "$dir/closed-cat"
mkdir -m 777 "$dir/turns"
umask 0 # alerts are written by nobody
MONITOR=$dir/monitor
nobody="setpriv --reuid 65534 --regid 65534 --clear-groups"
# a program that setpriv itself executes is dumpable: setpriv could read it a moment ago
cat >"$dir/runs" <<'END'
#!/bin/sh
"$@"
exit $?
END
chmod 755 "$dir/runs"
closed="Process that cannot be looked into"

# told RULE CMD...
told() {
	rule=$1
	shift
	checks=$((checks + 1))
	# shellcheck disable=SC2086 # words
	timeout -k 1 20 $nobody "$@" >"$dir/native" 2>&1 </dev/null
	grep -q text-of-the-secret "$dir/native" || fail "does not work natively: $*"
	wrap="timeout -k 1 20 $nobody" under "$dir/rules.yaml" -- "$@" || fail "$monitor_options: status $?: $*: $(tail -n 1 "$dir/err")"
	cmp -s "$dir/native" "$dir/out" || fail "$monitor_options: other output: $*"
	"$src/alerts" "$alerts" --has "$rule" || fail "$monitor_options: missed: $rule: $*"
}

for backend in notify ptrace ptrace-all notify-only; do
	monitor_options="--backend $backend"
	told "secret opened" "$dir/evade" undumpable "$secret"
	told "$closed" "$dir/evade" undumpable-child "$secret"
	told "$closed" "$dir/closed-cat" "$secret"
done
monitor_options=

# who stands for the command is closed, too, but not unknown
cat >"$dir/parent.yaml" <<END
- rule: parent
  desc: the program of the first process's parent
  condition: evt.type in (open, openat) and fd.name = $secret
  output: parent=%proc.pexepath
  priority: NOTICE
END
for backend in notify ptrace ptrace-all notify-only; do
	# shellcheck disable=SC2086 # words
	$nobody "$MONITOR" run --backend $backend -r "$dir/parent.yaml" -- "$dir/runs" cat "$secret" >/dev/null 2>"$dir/err"
	# shellcheck disable=SC2086 # words
	$nobody "$MONITOR" run --backend $backend -r "$dir/parent.yaml" -- cat "$secret" >/dev/null 2>>"$dir/err"
	ok "$backend: the parents: $(tail -n 2 "$dir/err")" [ "$(grep -c "parent=/bin/dash\|parent=/usr/bin/dash\|parent=$MONITOR$" "$dir/err")" = 2 ]
done

# what such a program does otherwise
for act in $("$src/acts" list | grep -E "${CLOSED_ACTS:-^(open|file|exec|unix|net|end|birth)-}" | awk "NR % ${CLOSED_STEP:-4} == 0"); do
	checks=$((checks + 1))
	for turn in native watched; do
		rm -rf "$dir/turns/$turn"
		# shellcheck disable=SC2086 # words
		(
			mkdir "$dir/turns/$turn" && cd "$dir/turns/$turn" || exit 99
			echo text >a.txt
			head -c 1000 /dev/zero >bin
			set --
			[ $turn = native ] || set -- "$dir/monitor" run -r "$dir/rules.yaml" --output /dev/null --
			exec timeout -k 1 20 $nobody "$@" "$dir/runs" "$dir/closed-acts" "$act" >"$dir/$turn.out" 2>/dev/null </dev/null
		)
		echo "status $?" >>"$dir/$turn.out"
	done
	ok "$act does not end natively" [ "$(tail -n 1 "$dir/native.out")" != "status 124" ]
	cmp -s "$dir/native.out" "$dir/watched.out" || {
		fail "$act differs in a program that may not be read"
		diff "$dir/native.out" "$dir/watched.out" | head -n 4
	}
done
finish
