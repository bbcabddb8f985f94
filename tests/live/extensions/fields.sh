#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The fields that Falco has not, under the monitor: each rule names one, and a near miss stays quiet.
. "$(dirname "$0")/../lib.sh"

{
	# the file behind a link
	rule "real path" "evt.type in (open, openat, openat2) and fd.realpath = $dir/target and fd.name = $dir/link" \
		"path=%fd.realpath raced=%evt.raced"
	# what Falco's limit cuts off
	rule "long arguments" "evt.type in (execve, execveat) and proc.full_args endswith needle and not proc.args endswith needle" \
		"args=%proc.full_args line=%proc.full_cmdline"
	rule tree 'evt.type in (execve, execveat) and proc.tree contains "monitor(" and proc.tree contains " > sh(" and proc.name = true' \
		"tree=%proc.tree"
	# a program that was written since the start
	rule drift "evt.type in (execve, execveat) and proc.drift = true" "program=%proc.exepath drift=%proc.drift"
	# names of users where the monitor is in a container, too: those that it reads are the container's
	rule account "evt.type in (execve, execveat) and user.name = nobody and container.id != host" \
		"user=%user.name group=%group.name container=%container.id"
} >"$dir/rules.yaml"
echo text >"$dir/target"
ln -s target "$dir/link"
cp /bin/true "$dir/old"
sleep 0.1

asked=$dir/rules.yaml
for monitor_options in "" "--opens fast --match-realpath no" "--backend ptrace"; do
	run_one fires "real path" cat "$dir/link"
	run_one quiet "real path" cat "$dir/target"
done
monitor_options=
run_one fires "real path" cat "$dir/link"
ok "the real path is printed" grep -q "path=$dir/target raced=no" "$alerts"

long=$(head -c 5000 /dev/zero | tr '\0' x)
run_one fires "long arguments" true "$long" needle
ok "all arguments are printed" grep -q "\"proc.full_cmdline\":\"true $long needle\"" "$alerts"
run_one quiet "long arguments" true needle

run_one fires tree sh -c 'true; /bin/true'
ok "an array of ancestors" grep -q '"proc.tree":\[.*"sh([0-9]*)","true([0-9]*)"\]' "$alerts"

# a new file, and an old one that was written to; its times set back
run_one fires drift sh -c "cp $dir/old $dir/new; touch -d 2001-01-01 $dir/new; $dir/new"
run_one quiet drift "$dir/old"
run_one fires drift sh -c "echo >>$dir/old; touch -d 2001-01-01 $dir/old; $dir/old"

if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null 2>&1; then
	container=1
	run_one fires account setpriv --reuid nobody --regid daemon --clear-groups true
	ok "names of the accounts are printed" grep -q 'user=nobody group=daemon container=6f1d3c9a57e2' "$alerts"
	run_one quiet account setpriv --reuid daemon --regid daemon --clear-groups true

	# a container that is begun in there, or on a host, has accounts that nobody read
	nested=$(echo "$cgroup_name" | tr 6 7)
	for group in $cgroups; do
		case $group in
		*"$cgroup_name")
			beside=${group%/*}/${nested#*/}
			mkdir -p "$beside" && cgroups="$beside $cgroups"
			;;
		esac
	done
	cat >"$dir/nest" <<-EOF
	for group in $cgroups; do
		case \$group in *$nested) echo \$\$ >\$group/cgroup.procs ;; esac
	done 2>/dev/null
	exec setpriv --reuid nobody --regid nogroup --clear-groups true
	EOF
	rule nested "evt.type in (execve, execveat) and user.uid = 65534 and container.id = 7f1d3c9a57e2" \
		"user=%user.name group=%group.name" >"$dir/rules.yaml"
	for container in 1 ""; do
		run_one fires nested sh "$dir/nest"
		ok "accounts of a container within are not the monitor's" grep -q 'user=<NA> group=<NA>' "$alerts"
	done
fi
finish
