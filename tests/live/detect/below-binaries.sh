#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes into a folder of the system's programs.
. "$(dirname "$0")/../lib.sh"

own_mounts
own="File in a program folder written"
private_copy /usr/bin
ln -s /usr/bin "$dir/folder"
mkdir -p "$dir/usr/bin"
echo x >"$dir/prepared"

fires "$own" - -- "$src/calls" create /usr/bin/live-test
fires "$own" - -- cp /bin/true /usr/bin/live-test-2
fires "$own" - -- "$src/calls" create /bin/live-test-3
fires "$own" - -- "$src/calls" chdir /usr/bin + append-open live-test
fires "$own" - -- "$src/calls" append-open "$dir/folder/live-test"
fires "$own" - -- "$src/calls" rename /usr/bin/live-test /usr/bin/live-test-4
quiet "$own" - -- "$src/calls" create "$dir/usr/bin/live-test"
quiet "$own" - -- cat /usr/bin/live-test-2
quiet "$own" - -- "$src/calls" rename "$dir/prepared" "$dir/usr/bin/live-test-5"

finish
