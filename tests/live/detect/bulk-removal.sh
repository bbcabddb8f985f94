#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Overwrites files, or a file system.
. "$(dirname "$0")/../lib.sh"

own="Bulk removal of data"
official="Remove Bulk Data from Disk"
allow=fd.name
echo secret >"$dir/file"
fires "$own" "$official" -- shred -n 1 "$dir/file"
fires "$own" "$official" -- sh -c "exec /usr/bin/shred --version"
fires "$own" - -- /sbin/mkfs.ext4 -V
fires "$own" "$official" -- "$src/calls" exec /usr/bin/shred harmless --version # with another argument zero
quiet "$own" "$official" -- rm "$dir/file"
quiet "$own" "$official" -- dd if=/dev/zero of="$dir/zeros" count=1

finish
