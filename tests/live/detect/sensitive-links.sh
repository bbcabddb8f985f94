#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes symbolic and hard links to sensitive files.
. "$(dirname "$0")/../lib.sh"

need_root
own="Symbolic link to a sensitive file"
official="Create Symlink Over Sensitive Files"
fires "$own" "$official" -- ln -s /etc/shadow "$dir/s1"
fires "$own" "$official" -- "$src/calls" symlink /etc/shadow "$dir/s2"
fires "$own" "$official" -- "$src/calls" symlink /etc "$dir/s3"
fires "$own" "$official" -- "$src/calls" chdir "$dir" + symlink /root s4
quiet "$own" "$official" -- ln -s /etc/passwd "$dir/s5"
quiet "$own" "$official" -- ln -s "$dir/shadow" "$dir/s6"

own="Hard link to a sensitive file"
official="Create Hardlink Over Sensitive Files"
fires "$own" "$official" -- "$src/calls" link /etc/shadow "$dir/h1"
fires "$own" "$official" -- ln /etc/shadow "$dir/h2"
fires "$own" "$official" -- "$src/calls" chdir /etc + link shadow "$dir/h3"
quiet "$own" "$official" -- ln /etc/passwd "$dir/h4"

finish
