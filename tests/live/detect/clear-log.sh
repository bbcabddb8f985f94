#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Empties a log.
. "$(dirname "$0")/../lib.sh"

own_mounts
own="Log file emptied"
official="Clear Log Activities"
allow=evt.arg.flags # creat has none
private_copy /var/log
echo line >/var/log/syslog
echo line >/var/log/other.log
ln -s /var/log "$dir/folder"
echo line >"$dir/auth.log"

fires "$own" "$official" -- "$src/calls" truncate-open /var/log/syslog
fires "$own" "$official" -- "$src/calls" chdir /var/log + truncate-open other.log
fires "$own" "$official" -- "$src/calls" truncate-open "$dir/folder/other.log"
fires "$own" - -- "$src/calls" creat /var/log/syslog # Falco's macros leave these out
mkdir "$dir/logs" && mount -t tmpfs none "$dir/logs" && echo line >"$dir/logs/auth.log"
fires "$own" - -- "$src/calls" chdir "$dir/logs" + write-by-handle auth.log
umount "$dir/logs"
fires "$own" "$official" -- sh -c ': >/var/log/other.log'
fires "$own" "$official" -- "$src/calls" truncate-open "$dir/auth.log" # by its name
quiet "$own" "$official" -- "$src/calls" append-open /var/log/syslog
quiet "$own" "$official" -- sh -c "echo x >$dir/some.log"
quiet "$own" - -- sh -c ': >/var/log/new.log'
quiet "$own" "$official" -- tail /var/log/syslog

finish
