#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Changes the system's configuration.
. "$(dirname "$0")/../lib.sh"

own_mounts
own="File below etc written"
private_copy /etc
ln -s /etc "$dir/folder"
mkdir -p "$dir/etc"

fires "$own" - -- "$src/calls" create /etc/live-test.conf
fires "$own" - -- sh -c 'echo x >>/etc/hosts'
fires "$own" - -- "$src/calls" chdir /etc + append-open hosts
fires "$own" - -- "$src/calls" append-open "$dir/folder/hosts"
fires "$own" - -- "$src/calls" append-open /proc/self/root/etc/hosts
quiet "$own" - -- cat /etc/hosts
quiet "$own" - -- "$src/calls" create "$dir/etc/live-test.conf"
quiet "$own" - -- "$src/calls" create /etc/mtab

finish
