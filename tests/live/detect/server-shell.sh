#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A server starts a shell.
. "$(dirname "$0")/../lib.sh"

own="Shell below a network server"
official="Run shell untrusted"
cp "$src/spawn" "$dir/httpd"
cp "$src/spawn" "$dir/nginx"
cp "$src/spawn" "$dir/worker"

fires "$own" "$official" -- "$dir/httpd" sh -c id
fires "$own" "$official" -- "$dir/nginx" "$dir/worker" bash -c id # not the server itself
fires "$own" "$official" -- "$dir/httpd" env PATH="$PATH" sh -c id # another program becomes the shell
fires "$own" "$official" -- "$dir/httpd" "$dir/worker" "$dir/worker" dash -c id
quiet "$own" "$official" -- "$dir/worker" sh -c id
quiet "$own" "$official" -- "$dir/httpd" id
quiet "$own" "$official" -- sh -c "$dir/httpd id"

finish
