#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What monitor-plugins(7) tells people to type, as it stands there, with what `make install` puts where.
. "$(dirname "$0")/../lib.sh"

page=$BUILD/man/monitor-plugins.7
need pkg-config
[ -f "$page" ] || page=$top/man/monitor-plugins.7
[ -f "$page" ] && [ -f "$BUILD/Makefile" ] || skip "no page, or no build"
make -C "$BUILD" -s install-dist_examplesDATA install-dist_monitorincludeHEADERS install-pkgconfigDATA DESTDIR="$dir/root" >/dev/null || exit 99
cd "$dir" || exit 99
ok "the header and the example are installed" [ -f "$(find root -name plugin_api.h)" ] && [ -f "$(find root -name dummy.c)" ]
PKG_CONFIG_LIBDIR=$(dirname "$(find "$dir/root" -name monitor-plugin.pc)")
export PKG_CONFIG_LIBDIR

# the blocks between .nf and .fi, as they are shown
awk '/^\.SH WRITING A PLUGIN/ { on = 1 } /^\.SS/ { on = 0 } on && /^\.fi/ { in_block = 0 } on && in_block { gsub(/\\-/, "-"); print > "block" n } on && /^\.nf/ { in_block = 1; n++ }' "$page"
# below $dir/root, as it was put there
sed -e "s,pkg-config,& --define-variable=includedir=$(dirname "$(dirname "$(find "$dir/root" -name plugin_api.h)")") --define-variable=examplesdir=$(dirname "$(find "$dir/root" -name dummy.c)"),; s,^cc,${CC:-cc},; s,^monitor,$MONITOR," block1 >first
sed -n '/^- rule/,/^$/p' block2 >counts.yaml
sed -n '/^engine/,$p' block2 | sed "s,/path/to,$dir," >counting.yaml
sed "s,^monitor,$MONITOR," block3 >last
ok "it is built and listed" [ "$(sh -e ./first 2>err | tr '\n' ' ')" = "dummy.value dummy.strvalue dummy.divisible " ]
ok "its rule is checked and alerts" sh -e ./last >out 2>err
ok "as the page says" [ "$(sed -n 's/.*counted to //p' out | tr '\n' ' ')" = "7 14 21 28 " ]
finish
