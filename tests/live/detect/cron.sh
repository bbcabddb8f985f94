#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Schedules a job.
. "$(dirname "$0")/../lib.sh"

own_mounts
own="Scheduled job changed"
official="Schedule Cron Jobs"
allow=fd.name
private_copy /etc
mkdir -p /etc/cron.d
ln -s /etc/cron.d "$dir/folder"
mkdir -p "$dir/etc/cron.d"
cp "$src/spawn" "$dir/crontab"

fires "$own" "$official" -- "$src/calls" create /etc/cron.d/job
fires "$own" "$official" -- "$src/calls" chdir /etc/cron.d + create job2
fires "$own" "$official" -- "$src/calls" create "$dir/folder/job3"
fires "$own" - -- "$src/calls" creat /etc/cron.d/job4 # Falco's macros leave it out
fires "$own" "$official" -- sh -c 'echo "* * * * * root true" >>/etc/crontab'
fires "$own" "$official" -- "$dir/crontab" true
quiet "$own" "$official" -- "$src/calls" create "$dir/etc/cron.d/job"
quiet "$own" "$official" -- ls /etc/cron.d
quiet "$own" "$official" -- cat /etc/crontab

finish
