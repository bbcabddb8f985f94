#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Races for what is opened, connected to and given to programs: each runs until 200 attempts got the secret under the monitor, and each of these must
# have its alert between the attempt before and itself.
. "$(dirname "$0")/../lib.sh"

own_mounts "$@"
mkdir "$dir/one" "$dir/two" "$dir/three"
mounted=$dir/three
echo text-of-the-secret >"$dir/evasion-secret"
echo nothing >"$dir/evasion-decoys"
: >"$dir/mark-win"
: >"$dir/mark-loss"
ln -s ../evasion-decoys "$dir/one/file"
ln -s ../evasion-secret "$dir/two/file"
ln -s evasion-decoys "$dir/evasion-link"

for way in ${RACES:-thread process mem vm file symlink folder cwd mount fault dup-open dirfd connect-udp connect-tcp connect-fast connect-later connect-code connect-process connect-mem connect-vm connect-file connect-fault dup unspec argv argv-process argv-mem argv-vm argv-file argv-fault bind-space send-flags send-to send-message send-messages unlink rename unmap unmap-rename connect-unix bind-unix connect-unix-vm user user-unlink}; do
	[ "$way" != connect-code ] || [ "$(uname -m)" = x86_64 ] || continue # its instructions
	checks=$((checks + 1))
	wrap="timeout -k 1 120" under "$here/rules.yaml" -- "$src/racer" "$way" "$dir" 200
	status=$?
	echo "$way: $(cat "$dir/out")"
	[ $status = 0 ] || {
		fail "$way: status $status, not enough attacks succeeded: $(tail -n 2 "$dir/err")"
		continue
	}
	python3 - "$alerts" 200 <<'EOF' || fail "$way: missed"
import json, sys

seen, wins, missed = False, 0, 0
for line in open(sys.argv[1]):
    alert = json.loads(line)
    if alert["rule"] in ("secret opened", "secret connected", "argument seen", "secret sent", "secret bound", "secret removed", "secret named"):
        seen = True
    elif alert["rule"] == "attempt marked":
        if "mark-win" in alert["output"]:
            wins += 1
            missed += not seen
        seen = False
print("    %d wins alerted about, %d missed" % (wins - missed, missed))
sys.exit(missed != 0 or wins < int(sys.argv[2]))
EOF
done

finish
