# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# What the live tests and the benchmarks begin with; lib.sh sources it. $top is the folder of the sources. Sets $BUILD, $MONITOR,
# $plugins (the folder of ours), $numbered and $dir, a folder of its own that goes with the script.
#
#   skip WHY, need PROGRAM..., need_root, need_plugin NAME      ends the script as skipped (77), where something is missing
#   rule NAME CONDITION OUTPUT [PRIORITY [LINE...]]             prints a rule; NOTICE, where no other priority is named
#   numbered_rule [PRIORITY [LINE...]]                          prints the rule by which each file that $numbered opens is an alert
#   put FILE                                                    replaces FILE by standard input, in one step, as editors do
#   in_foreground CMD..., in_background CMD..., terminate       runs CMD with its output in $dir/out and $dir/err; starts it so, as $pid;
#                                                               ends that, with its status
#   soon CMD...                                                 whether CMD comes true: at once where it does, within a minute on the
#                                                               busiest machine, or within $patience seconds
#   find_supervisor PID                                         sets $supervisor to the one of `monitor run` PID: false until it is there
#   at_least N CMD..., at_most N CMD...                         whether CMD prints such a number
#   free_port, listens PORT, nobody_runs PATTERN                ports of 127.0.0.1; command lines
#   authority NAME, certificate NAME AUTHORITY EXTENSION [DAYS] makes $dir/NAME.key and $dir/NAME.crt
#   build_plugin NAME SOURCE [OPTION...]                        makes $dir/libNAME.so
#   build_other                                                 makes $dir/libother.so, the dummy plugin by the name of other

BUILD=${BUILD:-${MONITOR:+$(dirname "$MONITOR")}}
BUILD=${BUILD:-$top/build}
MONITOR=${MONITOR:-$BUILD/monitor}
# scripts go to other folders
BUILD=$(cd "$BUILD" && pwd)
MONITOR=$(cd "$(dirname "$MONITOR")" && pwd)/$(basename "$MONITOR")
plugins=$BUILD/contrib/plugins
numbered=$top/tests/live/numbered.py
[ -x "$MONITOR" ] || { echo "$MONITOR is not built"; exit 99; }
dir=$(mktemp -d "${TMPDIR:-/tmp}/live.XXXXXX") || exit 99
chmod 755 "$dir"

clean_up() {
	for group in ${cgroups:-}; do
		rmdir "$group" 2>/dev/null
	done
	for folder in ${mounted:-}; do
		while umount -l "$folder" 2>/dev/null; do :; done # who was killed leaves one over the other
	done
	rm -rf "$dir"
}
trap clean_up EXIT
# not every shell does so when it is killed
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

skip() {
	echo "$*"
	exit 77
}

find_supervisor() { # it leads a session of its own
	supervisor=
	for p in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
		# behind the name: state, parent, group, session
		[ "$(sed 's/.*) //' "/proc/$p/stat" 2>/dev/null | cut -d' ' -f4)" = "$p" ] && supervisor=$p
	done
	[ -n "$supervisor" ]
}

need() {
	for p in "$@"; do
		command -v "$p" >/dev/null 2>&1 || skip "$p is not installed"
	done
}

need_root() {
	[ "$(id -u)" = 0 ] || skip "this needs root"
}

need_plugin() {
	[ -f "$plugins/lib$1.so" ] || skip "contrib/plugins/lib$1.so is not built"
}

rule() {
	printf -- '- rule: %s\n  desc: of a test\n  condition: %s\n  output: %s\n  priority: %s\n' "$1" "$2" "$3" "${4:-NOTICE}"
	[ $# -gt 4 ] || return 0
	shift 4
	printf '  %s\n' "$@"
}

numbered_rule() {
	rule "Numbered file opened" "evt.type in (open, openat) and fd.name contains /n-" "opened %fd.name" "$@"
}

put() {
	cat >"$dir/new" && mv "$dir/new" "$1"
}

in_foreground() {
	"$@" >"$dir/out" 2>"$dir/err" </dev/null
}

in_background() {
	"$@" >"$dir/out" 2>"$dir/err" </dev/null &
	pid=$!
}

terminate() {
	kill "$pid"
	wait "$pid"
}

soon() {
	give_up=$(($(date +%s) + ${patience:-60}))
	until "$@" 2>/dev/null; do
		[ "$(date +%s)" -lt "$give_up" ] || return 1
		sleep 0.05
	done
}

at_least() {
	least=$1
	shift
	[ "$("$@")" -ge "$least" ]
}

at_most() {
	most=$1
	shift
	[ "$("$@")" -le "$most" ]
}

# free_port [FIRST END]: one of these, or one that no outgoing connection takes
free_port() {
	python3 - "$@" <<'END_OF_PORT'
import random
import socket
import sys

with open("/proc/sys/net/ipv4/ip_local_port_range") as f:
    first = int(f.read().split()[0])
ports = range(10000, first) if first > 12000 else range(10000, 65536)
if len(sys.argv) > 1:
    ports = range(int(sys.argv[1]), int(sys.argv[2]))
for port in random.sample(ports, len(ports)):
    try:
        socket.socket().bind(("127.0.0.1", port))
        print(port)
        break
    except OSError:
        pass
END_OF_PORT
}

listens() {
	python3 -c 'import socket, sys; socket.create_connection(("127.0.0.1", int(sys.argv[1])))' "$1"
}

nobody_runs() {
	! pgrep -f -- "$1" >/dev/null
}

# new_key NAME OPTION...: a key and what the options make of it
new_key() {
	whose=$1
	shift
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$dir/$whose.key" -subj "/CN=$whose" "$@" 2>"$dir/openssl" ||
		cat "$dir/openssl"
}

authority() {
	new_key "$1" -x509 -days 2 -out "$dir/$1.crt"
}

certificate() {
	new_key "$1" -out "$dir/$1.csr"
	echo "$3" >"$dir/extension"
	openssl x509 -req -in "$dir/$1.csr" -CA "$dir/$2.crt" -CAkey "$dir/$2.key" -CAcreateserial -days "${4:-2}" -extfile "$dir/extension" \
		-out "$dir/$1.crt" 2>"$dir/openssl" || cat "$dir/openssl"
}

build_plugin() {
	built=$dir/lib$1.so
	shift
	${CC:-cc} -shared -fPIC -I"$top/src" -I"$top/src/plugin" -o "$built" "$@" -lpthread || skip "no C compiler, or not what it needs"
}

build_other() {
	sed -e 's/"dummy"/"other"/g' -e 's/"dummy\./"other./g' -e 's/\\"dummy\./\\"other./g' -e 's/PLUGIN_ID 3/PLUGIN_ID 904/' \
		"$top/contrib/plugins/dummy.c" >"$dir/other.c"
	build_plugin other "$dir/other.c" -lcjson
}
