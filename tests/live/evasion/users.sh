#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# As root in a container, which has not the capability SYS_PTRACE: what gives up root, as servers and their start scripts do, is of
# another user then, and the kernel does not let the monitor look into it as itself.
. "$(dirname "$0")/../lib.sh"

need_root
need setpriv
need python3
wanted_text=text-of-the-secret
secret=$dir/evasion-secret
payload=$dir/evasion-payload
echo "$wanted_text" >"$secret"
cp /bin/echo "$payload"
cp "$src/evade" "$dir/evade"
cp "$here/rules.yaml" "$dir/rules.yaml"
# who gives up root without executing something
cat >"$dir/serve.py" <<'END'
import os, sys
os.setgroups([])
os.setresgid(65534, 65534, 65534)
os.setresuid(65534, 65534, 65534)
print(os.read(os.open(sys.argv[1], os.O_RDONLY), 99).decode())
END
cp "$src/calls" "$dir/calls"
python3 -c 'import socket, time
server = socket.create_server(("127.0.0.66", 0))
print(server.getsockname()[1], flush=True)
time.sleep(600)' >"$dir/port" &
server=$!
soon test -s "$dir/port" || fail "no server"
port=$(cat "$dir/port")
chmod -R a+rX "$dir"
contained="setpriv --bounding-set=-sys_ptrace --inh-caps=-sys_ptrace"
given_up="setpriv --reuid 65534 --regid 65534 --clear-groups"

# told RULE CMD...
told() {
	rule=$1
	shift
	checks=$((checks + 1))
	# shellcheck disable=SC2086 # words
	timeout -k 1 20 $contained $profile "$@" >"$dir/native" 2>&1 </dev/null
	grep -aq "$wanted_text" "$dir/native" || fail "does not work natively: $*"
	wrap="timeout -k 1 20 $contained $profile" under "$dir/rules.yaml" -- "$@"
	grep -aq "$wanted_text" "$dir/out" || fail "$monitor_options: does not work: $*: $(head -n 3 "$dir/err")"
	"$src/alerts" "$alerts" --has "$rule" || fail "$monitor_options ($profile): missed: $rule: $*"
}

# with Docker's profile, by the backend that is used there, all the same
for monitor_options in "" "--opens fast" "--backend ptrace" "--backend ptrace-all" "--backend notify-only" docker "docker --opens fast"; do
	profile=
	case $monitor_options in docker*)
		profile="$src/refuse docker --"
		monitor_options=${monitor_options#docker}
		;;
	esac
	# shellcheck disable=SC2086 # words
	told "secret opened" $given_up cat "$secret"
	# shellcheck disable=SC2086 # words
	told "secret opened" $given_up sh -c "cd $dir && (cat evasion-secret; true)"
	# shellcheck disable=SC2086 # words
	told "secret opened" $given_up "$dir/evade" reopen "$secret"
	# shellcheck disable=SC2086 # words
	told "payload run" $given_up sh -c "$payload $wanted_text; true"
	# shellcheck disable=SC2086 # words
	told "secret connected" $given_up sh -c "$dir/calls connect 127.0.0.66 $port && echo $wanted_text"
	ok "$monitor_options ($profile): one that cannot be looked into" "$src/alerts" "$alerts" --lacks "Process that cannot be looked into"
	told "secret opened" python3 "$dir/serve.py" "$secret"
done

# who asks for -1 stays who it is
cat >"$dir/stay.py" <<'END'
import os, sys
os.setresgid(-1, -1, -1)
os.setregid(-1, -1)
os.setresuid(0, -1, -1)
os.setreuid(-1, -1)
print(os.read(os.open(sys.argv[1], os.O_RDONLY), 99).decode())
END
rule stays "evt.type in (open, openat) and fd.name endswith /evasion-secret and user.uid = 0 and group.gid = 0" "opened by %user.name" >"$dir/stay.yaml"
for monitor_options in "" "--backend ptrace" "--backend notify-only"; do
	under "$dir/stay.yaml" -- python3 "$dir/stay.py" "$secret"
	ok "$monitor_options: -1 is no user: $(head -n 3 "$dir/err")" "$src/alerts" "$alerts" --has stays
done
kill $server
finish
