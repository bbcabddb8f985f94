#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes a file in the device folder.
. "$(dirname "$0")/../lib.sh"

need_root
own="File made in the device folder"
official="Create files below dev"
trap 'rm -f /dev/.live-test; clean_up' EXIT
fires "$own" "$official" -- "$src/calls" create /dev/.live-test
rm -f /dev/.live-test
fires "$own" "$official" -- "$src/calls" chdir /dev + create .live-test
rm -f /dev/.live-test
ln -s /dev "$dir/folder"
fires "$own" "$official" -- sh -c "echo x >$dir/folder/.live-test"
quiet "$own" "$official" -- sh -c 'echo x >/dev/null'
quiet "$own" "$official" -- "$src/calls" create /dev/null
quiet "$own" "$official" -- cat /dev/.live-test

finish
