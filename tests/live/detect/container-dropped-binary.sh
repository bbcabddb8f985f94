#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A program that came after the image runs in a container.
. "$(dirname "$0")/../lib.sh"

own_mounts
container=1
own="Program that is not part of the container's image"
official="Drop and execute new binary in container"
mkdir "$dir/lower" "$dir/upper" "$dir/work" "$dir/image"
cp /bin/true "$dir/lower/base"
cp /bin/true "$dir/lower/changed"
mount -t overlay overlay -o "lowerdir=$dir/lower,upperdir=$dir/upper,workdir=$dir/work" "$dir/image" ||
	skip "an overlay cannot be mounted"
mounted="$dir/image ${mounted:-}"
cp /bin/true "$dir/image/dropped"
echo >>"$dir/image/changed" # a program of the image that is written to is copied up
mkdir "$dir/image/deep"
cp /bin/true "$dir/image/deep/dropped"

fires "$own" "$official" -- "$dir/image/dropped"
fires "$own" "$official" -- "$dir/image/changed"
fires "$own" "$official" -- "$src/calls" chdir "$dir/image/deep" + exec ./dropped base
quiet "$own" "$official" -- "$dir/image/base"
container=
quiet "$own" "$official" -- "$dir/image/dropped"

finish
