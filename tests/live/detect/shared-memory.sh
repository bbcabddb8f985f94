#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs programs that lie in shared memory.
. "$(dirname "$0")/../lib.sh"

own="Program run from shared memory"
official="Execution from /dev/shm"
allow=fd.name # running a program has none
[ -w /dev/shm ] || skip "/dev/shm cannot be written"
shm=$(mktemp -d /dev/shm/live.XXXXXX) || skip "/dev/shm cannot be written"
trap 'rm -rf "$shm"; clean_up' EXIT
cp /bin/true "$shm/program" && cp /bin/true "$dir/program"
printf '#!/bin/sh\nexit 0\n' >"$shm/script" && chmod 755 "$shm/script"
"$shm/program" 2>/dev/null || skip "/dev/shm is mounted noexec"
ln -s "$shm/program" "$dir/link"

fires "$own" "$official" -- "$shm/program"
fires "$own" "$official" -- "$src/calls" chdir "$shm" + exec ./program ./program
fires "$own" "$official" -- sh "$shm/script"
fires "$own" "$official" -- sh -c "cd $shm && sh ./script"
fires "$own" - -- "$shm/script" # Falco takes the name of a script for its interpreter's
fires "$own" - -- "$src/calls" exec "$shm/program" harmless # with another argument zero
fires "$own" - -- "$dir/link"
quiet "$own" "$official" -- "$dir/program"
quiet "$own" "$official" -- ls "$shm"
quiet "$own" "$official" -- cp "$shm/program" "$dir/other"

finish
