#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the monitor itself may do once it is set up: its user, its capabilities, its sandbox; and that programs which it starts have the
# rights of before.
. "$(dirname "$0")/../lib.sh"

need python3
need_root
refuse=$src/refuse
mkdir "$dir/alerts"
chmod 777 "$dir/alerts"
rule Any "evt.type = open" open >"$dir/rules.yaml"
port=$(free_port)
# a port that only root can listen at, unless one of the tests' neighbours does
low=$(free_port 900 1000)
cat >"$dir/config.yaml" <<YAML
rules_files: [$dir/rules.yaml]
engine: {kind: nodriver}
log_stderr: true
log_syslog: false
metrics: {enabled: true, interval: 200ms, output_rule: true}
webserver: {enabled: true, listen_address: 127.0.0.1, listen_port: $port, prometheus_metrics_enabled: true}
file_output: {enabled: true, keep_alive: true, filename: $dir/alerts/file}
program_output: {enabled: true, keep_alive: true, program: "grep -E '^(Uid|NoNewPrivs|Seccomp|CapEff):' /proc/self/status >$dir/alerts/program; cat >/dev/null"}
YAML
chmod 644 "$dir/config.yaml" "$dir/rules.yaml"

begin() {
	rm -f "$dir/alerts"/* "$dir/pid" "$dir/err"
	in_background "$MONITOR" falco -c "$dir/config.yaml" "$@"
	soon test -s "$dir/alerts/program"
	soon sh -c "grep -q '^Seccomp:.2' /proc/$pid/status"
}
end() {
	ok "$1: it ends well" terminate
}
value() { # KEY
	awk -v key="$1:" '$1 == key { $1 = ""; print substr($0, 2) }'
}
# KEY [PROCESS]: of the monitor
status() {
	value "$1" <"/proc/${2:-$pid}/status"
}
all() {
	cat "/proc/$pid/task"/*/status | value "$1" | sort -u
}
program() {
	value "$1" <"$dir/alerts/program"
}
sandboxed=2
in_foreground "$MONITOR" falco -c "$dir/config.yaml" -o monitor.sandbox=true -M 1 ||
	{ grep -E 'address sanitizer|libseccomp' "$dir/err" && sandboxed=0; }

# ---- root's
begin
ok "the sandbox, in all threads" [ "$(all Seccomp)" = $sandboxed ]
ok "no_new_privs, in all threads" [ "$(all NoNewPrivs)" = 1 ]
ok "capabilities that are kept" [ "$(all CapEff)" = 0000000000000406 ]
ok "and no more are permitted" [ "$(all CapPrm)" = 0000000000000406 ]
ok "nothing comes by an exec" [ "$(all CapBnd)" = 0000000000000000 ]
ok "it is root still" [ "$(status Uid)" = "0 0 0 0" ]
ok "a program is free" [ "$(program Seccomp) $(program NoNewPrivs)" = "0 0" ]
ok "and has root's capabilities" [ "$(program CapEff)" = "$(status CapEff $$)" ]
if command -v gdb >/dev/null && [ $sandboxed = 2 ]; then
	gdb -nx -q -batch -p $pid -ex 'handle SIGSYS nostop noprint pass' -ex 'print (int)kill(1, 0)' >"$dir/gdb" 2>&1
	ok "a call outside of the list fails" grep -q '^\$1 = -1' "$dir/gdb"
	ok "the log tells" soon grep -q 'refused a system call of the monitor itself (kill)' "$dir/err"
	ok "an alert tells" soon grep -q 'Critical The monitor.s sandbox refused a system call of the monitor itself (kill).*monitor.calls_refused=1' "$dir/alerts/file"
	ok "so does the metric" soon sh -c "curl -s 'http://127.0.0.1:$port/metrics' | grep -qx 'monitor_own_calls_refused_total 1'"
fi
end root

# ---- another user's
begin -o monitor.user=nobody -o webserver.listen_port="$low"
ok "the user, in all threads" [ "$(all Uid)" = "65534 65534 65534 65534" ]
ok "his groups" [ "$(all Groups | tr -d ' ')" = 65534 ]
ok "no capability is left" [ "$(all CapEff) $(all CapPrm) $(all CapBnd)" = "0000000000000000 0000000000000000 0000000000000000" ]
ok "the sandbox, there too" [ "$(all Seccomp)" = $sandboxed ]
ok "files are his" [ "$(stat -c %u "$dir/alerts/file")" = 65534 ]
ok "a port of root's" curl -s -o "$dir/out" "http://127.0.0.1:$low/healthz"
ok "programs are his, too" [ "$(program Uid)" = "65534 65534 65534 65534" ]
ok "and free" [ "$(program Seccomp) $(program NoNewPrivs)" = "0 0" ]
mv "$dir/alerts/file" "$dir/alerts/rotated"
kill -USR1 $pid
ok "rotation" soon test -s "$dir/alerts/file"
echo '# another' >>"$dir/rules.yaml"
ok "a reload" soon grep -q 'were loaded again' "$dir/err"
end "another user"
begin -o monitor.user=65533:65532
ok "numbers, with a group" [ "$(all Uid) $(all Gid)" = "65533 65533 65533 65533 65532 65532 65532 65532" ]
end numbers
# WHAT SENTENCE OPTION...
refuses() {
	what=$1
	sentence=$2
	shift 2
	in_foreground "$MONITOR" falco -c "$dir/config.yaml" "$@" -M 1
	ok "$what: refused" [ $? = 1 ]
	ok "$what: says why" grep -q -- "$sentence" "$dir/err"
}
refuses "an unknown user" 'monitor.user: there is no user "nosuchuser"' -o monitor.user=nosuchuser
refuses "an unknown group" 'monitor.user: there is no group "nosuchgroup"' -o monitor.user=nobody:nosuchgroup
refuses "a user without a group" 'monitor.user: user 65533 has no entry, so no group: name one, as 65533:GROUP' -o monitor.user=65533
refuses "a folder of somebody else's" "$dir/file for alerts: Permission denied" -o monitor.user=nobody -o "file_output.filename=$dir/file"

# ---- other choices
rm -f "$dir/alerts/program"
in_background "$MONITOR" falco -c "$dir/config.yaml" -o monitor.sandbox=false -o monitor.no_new_privs=false
soon test -s "$dir/alerts/program"
ok "neither is wanted" [ "$(status Seccomp) $(status NoNewPrivs)" = "0 0" ]
end "neither"
if [ $sandboxed = 2 ]; then
	ok "where there can be none it goes on" in_foreground "$refuse" seccomp=EINVAL -- "$MONITOR" falco -c "$dir/config.yaml" -M 1
	ok "and says so" grep -q 'the kernel allows no sandbox: .*: monitor.sandbox has no effect' "$dir/err"
	in_foreground "$refuse" seccomp=EINVAL -- "$MONITOR" falco -c "$dir/config.yaml" -o monitor.sandbox=true -M 1
	ok "but not where it was asked for" [ $? = 1 ]
fi

# ---- run: the supervisor, not what it watches
cat >"$dir/run.yaml" <<YAML
rules_files: [$dir/rules.yaml]
log_syslog: false
YAML
in_background "$MONITOR" run --pidfile "$dir/pid" -c "$dir/run.yaml" -- \
	sh -c "while [ ! -e '$dir/go' ]; do sleep 0.05; done; cat /proc/self/status >'$dir/alerts/workload'"
soon test -s "$dir/pid"
supervisor=$(cat "$dir/pid")
ok "run: the supervisor's sandbox" soon sh -c "grep -q '^Seccomp:.$sandboxed' /proc/$supervisor/status"
ok "run: no_new_privs" [ "$(status NoNewPrivs "$supervisor")" = 1 ]
ok "run: nothing comes by an exec" [ "$(status CapBnd "$supervisor")" = 0000000000000000 ]
: >"$dir/go"
wait "$pid"
ok "run: the command has the rights that it would have" sh -c "grep -q 'NoNewPrivs:.0' '$dir/alerts/workload' && grep -q 'CapBnd:.$(status CapBnd $$)' '$dir/alerts/workload'"
in_foreground "$MONITOR" run -c "$dir/run.yaml" --option monitor.user=nobody -- true
ok "run: another user is refused" [ $? = 1 ]
ok "run: and says why" grep -q 'monitor.user: monitor run watches with the rights of who starts it' "$dir/err"

# ---- plugins
dummy=$plugins/libdummy.so
if [ -f "$dummy" ]; then
	rule Sevens "dummy.divisible[5000000] = true" seven NOTICE "source: dummy" >"$dir/rules.yaml"
	echo "plugins: [{name: dummy, library_path: $dummy, open_params: '{\"maxEvents\": 4000000000000}'}]" >>"$dir/config.yaml"
	begin
	ok "plugins: a sandbox" [ "$(status Seccomp)" = $sandboxed ]
	[ $sandboxed = 0 ] || ok "plugins: what it is is said once" [ "$(grep -c 'plugins are loaded, whose system calls nobody can list' "$dir/err")" = 1 ]
	ok "plugins: no capability to change the machine" [ "$(status CapEff)" != "$(status CapEff $$)" ]
	end plugins
fi
finish
