#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Changes accounts.
. "$(dirname "$0")/../lib.sh"

need_root
own="Account management"
official="User mgmt binaries"
# --root makes them fail before they touch anything
fires "$own" "$official" -- /usr/sbin/groupadd --root "$dir/none" x
fires "$own" "$official" -- sh -c "/usr/sbin/useradd --root $dir/none x; true"
fires "$own" "$official" -- "$src/calls" exec /usr/sbin/usermod harmless --root "$dir/none" x # with another argument zero
fires "$own" "$official" -- env -i /usr/sbin/userdel --root "$dir/none" x
quiet "$own" "$official" -- id root
quiet "$own" "$official" -- getent passwd root

finish
