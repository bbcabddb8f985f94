#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Libraries of parts that few use are loaded when such a part is: not by a run without them. Where one is missing, is broken or too old,
# the part that needs it says so, and a run without it does not care.
. "$(dirname "$0")/lib.sh"

need python3 gcc
grep -q '_SONAMES' "$BUILD/config.h" || skip "this build links its libraries"
grep -q '^#define HAVE_SANITIZERS 1' "$BUILD/config.h" && skip "sanitizers load libraries of their own"
heavy='lib(curl|gnutls|microhttpd|ssl|crypto|nghttp2)\.so'
config() {
	printf 'rules_files: [%s]\nstdout_output: {enabled: false}\n%s\n' "$own_rules" "$1" >"$dir/config.yaml"
}
# loaded OPTIONS...: runs a command; the names of what all of its processes load come to $dir/loaded
loaded() {
	LD_DEBUG=files "$MONITOR" run "$@" -- /bin/true >"$dir/out" 2>"$dir/err"
	status=$?
	sed -n 's/.*calling init: .*\///p' "$dir/err" | sort -u >"$dir/loaded"
}

loaded -r "$own_rules"
ok "a run without such parts works" [ $status = 0 ]
ok "what is loaded is seen" grep -q '^libyaml' "$dir/loaded"
checks=$((checks + 1))
grep -qE "$heavy" "$dir/loaded" && fail "a run without such parts loads $(grep -E "$heavy" "$dir/loaded" | tr '\n' ' ')"

# part NAME FILE KEYS: a configuration that loads FILE. Then without it, with a broken one, and with one that lacks what is used
part() {
	soname=$(sed -n 's/^#define '"$2"'_SONAMES "\([^"]*\)".*/\1/p' "$BUILD/config.h")
	if [ -z "$soname" ]; then
		echo "left out: $1 (left out of this build, or linked)"
		left_out=$((left_out + 1))
		return
	fi
	config "$3"
	loaded -c "$dir/config.yaml"
	ok "$1 works" [ $status = 0 ]
	ok "$1 loads $soname" grep -q "^$soname" "$dir/loaded"
	mkdir -p "$dir/lib"
	echo 'int nothing_of_use = 1;' >"$dir/empty.c"
	for fault in broken old; do
		case $fault in
		broken) printf '%0100d' 0 >"$dir/lib/$soname" ;;
		old) gcc -shared -o "$dir/lib/$soname" "$dir/empty.c" ;;
		esac
		LD_LIBRARY_PATH=$dir/lib "$MONITOR" run -c "$dir/config.yaml" -- /bin/true >"$dir/out" 2>"$dir/err"
		status=$?
		checks=$((checks + 1))
		[ $status != 0 ] && [ $status -lt 126 ] || fail "$1 with a library that is $fault: status $status"
		ok "$1 with a library that is $fault: it is named" grep -q "$soname" "$dir/err"
		ok "$1 with a library that is $fault: who needs it is named" grep -q "$1 needs\|which $1 needs" "$dir/err"
		ok "nobody else minds" env LD_LIBRARY_PATH="$dir/lib" "$MONITOR" run -r "$own_rules" -- /bin/true
	done
	rm -rf "${dir:?}/lib"
}
port=$(free_port)
part "the HTTP output" CURL "http_output: {enabled: true, url: \"http://127.0.0.1:$port/\"}"
part "the web server" MICROHTTPD "webserver: {enabled: true, listen_address: 127.0.0.1, listen_port: $port}"
part "the gRPC output" NGHTTP2 "grpc: {enabled: true, bind_address: \"unix://$dir/socket\"}
grpc_output: {enabled: true}"
finish
