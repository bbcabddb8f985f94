#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Falco's own test plugins, built from a checkout of falcosecurity/libs that FALCO_LIBS names, under our loader: nothing of them is here.
. "$(dirname "$0")/../lib.sh"

[ -n "${FALCO_LIBS:-}" ] || skip "FALCO_LIBS names no checkout of falcosecurity/libs"
theirs=$FALCO_LIBS/userspace/libsinsp/test/plugins
[ -d "$theirs" ] || skip "$theirs is not there"
capture=$MONITOR_SHARED/conformance/captures/files.scap
cd "$dir" || exit 99
mkdir libscap
touch uthash_ext.h libscap/scap_config.h libscap/scap_strl_config.h

# what makes events there
for one in userspace/libscap/scap_event userspace/libscap/strerror userspace/libscap/scap_empty_params_set driver/event_table driver/flags_table driver/dynamic_params_table; do
	${CC:-cc} -fPIC -w -I. -I"$FALCO_LIBS" -I"$FALCO_LIBS/userspace" -I"$FALCO_LIBS/userspace/libscap" -I"$FALCO_LIBS/driver" \
		-c "$FALCO_LIBS/$one.c" -o "help-${one##*/}.o" || exit 99
done

# build NAME: their functions have internal linkage, and are made what a plugin exports
build() {
	${CXX:-c++} -std=c++17 -fPIC -O0 -w -I. -I"$FALCO_LIBS" -I"$FALCO_LIBS/userspace" -I"$FALCO_LIBS/userspace/libscap" \
		-I"$FALCO_LIBS/userspace/plugin" -c "$theirs/$1.cpp" -o "$1.o" || return 1
	nm "$1.o" | sed -n 's/^[0-9a-f]* [tT] \(_ZN12_GLOBAL__N_1L\{0,1\}[0-9]*\(plugin_[a-z_]*\)E.*\)/\1 \2/p' >"$1.map"
	cut -d' ' -f1 "$1.map" >"$1.names"
	objcopy --globalize-symbols="$1.names" "$1.o" "$1.global.o" && objcopy --redefine-syms="$1.map" "$1.global.o" "$1.plugin.o" &&
		${CXX:-c++} -shared -o "lib$1.so" "$1.plugin.o" help-*.o -lpthread
}

# with ENGINE OPEN-PARAMS FILE...: a configuration of these plugins, by the names that they give themselves
with() {
	printf 'engine: %s\nlog_stderr: true\nlog_level: info\nstdout_output: {enabled: true}\nrules_files: [rules.yaml]\nplugins:\n' "$1" >falco.yaml
	params=$2
	shift 2
	for one; do
		name=$(sed -n '/get_name()/,/}/s/.*return "\(.*\)".*/\1/p' "$theirs/$one.cpp" | head -1)
		printf '  - {name: %s, library_path: %s, open_params: "%s"}\n' "$name" "$dir/lib$one.so" "$params" >>falco.yaml
	done
}

replay="{kind: replay, replay: {capture_file: $capture}}"
for one in plugin_source plugin_extract syscall_source syscall_extract syscall_parse syscall_async syscall_tables syscall_subtables \
	syscall_subtables_array syscall_subtables_array_pair metrics; do
	ok "$one can be built" build "$one"
done

rule opens "evt.type in (open, openat)" "open %proc.name" >rules.yaml
# syscall_tables wants a world of one thread, and the two for lists wait for empty ones: what they say of a capture's is left out
for one in syscall_subtables syscall_subtables_array syscall_subtables_array_pair metrics; do
	with "$replay" "" "$one"
	ok "$one works on a capture" in_foreground "$MONITOR" falco -c falco.yaml
	ok "$one finds nothing wrong" sh -c '! grep -v "wrong string read" out err | grep -qi ":ERR\|error\|failed"'
	ok "$one does not keep alerts away" grep -q "Notice open" out
done

rule opens "evt.type in (open, openat) and sample.proc_name exists" "open %sample.proc_name %sample.open_count" >rules.yaml
with "$replay" "" syscall_parse syscall_extract
ok "one plugin extracts what another has parsed" in_foreground "$MONITOR" falco -c falco.yaml
ok "its values are in alerts" grep -q "Notice open [a-z]* [0-9]" out

rule sample "sample.hello exists" "sample %sample.hello" NOTICE "source: sample" >rules.yaml
with "{kind: nodriver}" "" plugin_source plugin_extract
ok "events of their source end" in_foreground "$MONITOR" falco -c falco.yaml -M 3
ok "and have fields" grep -q "Notice sample ." out
finish
