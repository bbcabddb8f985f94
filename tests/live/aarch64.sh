#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# aarch64.sh FOLDER: the tracer on a machine of another architecture, which qemu-system-aarch64 makes: Debian's kernel, busybox, and
# the monitor and its test programs compiled for it. What is downloaded and built stays in FOLDER for the next time; it takes
# minutes, so without a folder (or AARCH64_FOLDER) this is skipped.
. "$(dirname "$0")/lib.sh"

work=${1:-${AARCH64_FOLDER:-}}
[ -n "$work" ] || skip "no folder for what is built: aarch64.sh FOLDER (some minutes, 300 MiB)"
need qemu-system-aarch64 aarch64-linux-gnu-gcc apt-get dpkg-deb cpio pkg-config
mkdir -p "$work/debs" "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$work/build" || exit 99
work=$(cd "$work" && pwd)
root=$work/root
lib=$root/usr/lib/aarch64-linux-gnu

# packages of the other architecture, without telling this machine's package manager
fetch() {
	: >"$work/apt/status"
	set -- -o "Dir::State::Lists=$work/apt/lists" -o "Dir::State::Status=$work/apt/status" -o "Dir::Cache=$work/apt/cache" \
		-o APT::Architecture=arm64 -o APT::Architectures::=arm64
	apt-get "$@" update >"$work/apt.log" 2>&1 || return 1
	kernel=$(apt-cache "$@" depends linux-image-cloud-arm64 | sed -n 's/.*Depends: \(linux-image-.*\)/\1/p' | head -n 1)
	(cd "$work/debs" && apt-get "$@" download "$kernel" busybox-static libseccomp-dev libseccomp2 libyaml-dev libyaml-0-2 libcjson-dev \
		libcjson1 libpcre2-dev libpcre2-8-0 zlib1g-dev zlib1g) >>"$work/apt.log" 2>&1 || return 1
	for p in "$work"/debs/*.deb; do
		dpkg-deb -x "$p" "$root" || return 1
	done
	touch "$work/fetched"
}
[ -f "$work/fetched" ] || fetch || skip "packages for arm64 cannot be had: $(tail -n 1 "$work/apt.log")"

programs="tests/live/src/evade tests/live/src/racer tests/live/src/soak tests/live/src/aim tests/live/src/pages"
build() {
	cd "$work/build" || return 1
	[ -f Makefile ] || PKG_CONFIG_LIBDIR=$lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root "$top/configure" --host=aarch64-linux-gnu \
		--without-openssl --without-curl --without-microhttpd --without-grpc --without-libunwind CC=aarch64-linux-gnu-gcc \
		CPPFLAGS="-isystem $root/usr/include" || return 1
	make -s -j"$(nproc)" CFLAGS=-O1 LDFLAGS="-L$lib -Wl,-rpath-link,$lib" monitor || return 1
	make -s -j"$(nproc)" CFLAGS=-O1 LDFLAGS="-static -L$lib" $programs || return 1
	make -s -j"$(nproc)" CFLAGS=-O1 LDFLAGS="-L$lib -Wl,-rpath-link,$lib" live-programs # the others are compiled, too
}
checks=$((checks + 1))
if ! (build) >"$work/build.log" 2>&1; then
	fail "does not build for aarch64"
	tail -n 5 "$work/build.log"
	finish
fi

image=$dir/image
mkdir -p "$image/bin" "$image/lib" "$image/proc" "$image/sys" "$image/dev" "$image/tmp" "$image/etc"
cp "$root/bin/busybox" "$work/build/monitor" "$image/bin/"
ln -s busybox "$image/bin/sh"
for p in $programs; do
	cp "$work/build/$p" "$image/bin/"
done
cp "$lib"/lib*.so.* "$image/lib/"
for p in ld-linux-aarch64.so.1 libc.so.6 libm.so.6 libgcc_s.so.1; do
	cp "$(aarch64-linux-gnu-gcc -print-file-name=$p)" "$image/lib/"
done
cp "$lib"/libz.so.1 "$root"/lib/aarch64-linux-gnu/lib*.so.* "$image/lib/" 2>/dev/null
# the program that is only there to be run
printf '#include <stdio.h>\nint main(int c, char **v) { return c > 1 ? puts(v[1]) < 0 : 0; }\n' >"$dir/payload.c"
aarch64-linux-gnu-gcc -static -o "$image/bin/payload" "$dir/payload.c"
cp "$here/aarch64/init" "$image/init"
cp "$here/evasion/rules.yaml" "$here/soak.yaml" "$image/"
echo 'root:x:0:0:root:/:/bin/sh' >"$image/etc/passwd"
chmod 755 "$image/init"
(cd "$image" && find . | cpio -o -H newc 2>/dev/null | gzip -1) >"$dir/initrd.gz"
timeout -k 1 "${AARCH64_TIMEOUT:-280}" qemu-system-aarch64 -nodefaults -display none -serial stdio -machine virt -cpu max \
	-accel tcg,thread=multi -m 512 -smp 2 -no-reboot -kernel "$root"/boot/vmlinuz-*-arm64 -initrd "$dir/initrd.gz" \
	-append 'console=ttyAMA0 quiet panic=-1' >"$work/console" 2>&1 </dev/null
tr -d '\r' <"$work/console" >"$dir/lines"
ok "the machine did not come to its end: $(tail -n 3 "$dir/lines")" grep -q '^cases: done$' "$dir/lines"
while read -r line; do
	case $line in
	*": left out"*)
		left_out=$((left_out + 1))
		echo "$line"
		;;
	"case: "*) ok "$line" expr "$line" : '.*: ok$' ;;
	esac
done <"$dir/lines" >"$dir/told"
grep -v '^[0-9]*$' "$dir/told"
ok "few cases: $checks" [ $checks -gt 60 ]
finish
