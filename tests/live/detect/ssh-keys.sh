#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Reads an ssh key by a program that is not part of ssh.
. "$(dirname "$0")/../lib.sh"

own_mounts
own="ssh key read"
official="Read ssh information"
private_copy /root
mkdir -p /root/.ssh
echo "not a key" >/root/.ssh/id_ed25519
echo "not a key either" >/root/notes
ln -s /root/.ssh "$dir/folder"

fires "$own" "$official" -- cat /root/.ssh/id_ed25519
fires "$own" "$official" -- "$src/calls" chdir /root/.ssh + open id_ed25519
fires "$own" "$official" -- "$src/calls" open "$dir/folder/id_ed25519"
quiet "$own" "$official" -- cat /root/notes
quiet "$own" "$official" -- ssh-keygen -l -f /root/.ssh/id_ed25519

finish
