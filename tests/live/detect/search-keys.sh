#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Searches for private keys by grep and find.
. "$(dirname "$0")/../lib.sh"

own="Search for private keys"
official="Search Private Keys or Passwords"
fires "$own" "$official" -- grep -r "BEGIN RSA PRIVATE" "$dir"
fires "$own" "$official" -- grep -ri "begin openssh private" "$dir"
fires "$own" "$official" -- find "$dir" -name id_rsa
fires "$own" "$official" -- sh -c "env LC_ALL=C find $dir -name 'id_ed25519*' | cat"
fires "$own" "$official" -- sh -c "exec grep -l 'Begin Ec Private' -r $dir"
fires "$own" - -- "$src/calls" exec /bin/grep harmless -r "BEGIN PRIVATE" "$dir" # with another argument zero
# once: the attempts to start what comes after -exec, along PATH, are no searches
mkdir "$dir/keys"
: >"$dir/keys/id_rsa"
PATH=/nowhere:$PATH fires "$own" - -- find "$dir/keys" -name id_rsa -exec true \;
equal "alerts of one search" "$(wc -l <"$alerts")" 1
quiet "$own" "$official" -- grep -r "BEGIN CERTIFICATE" "$dir"
quiet "$own" "$official" -- find "$dir" -name "identity"
quiet "$own" "$official" -- echo "BEGIN RSA PRIVATE"

finish
