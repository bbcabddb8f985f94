#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Kernels whose signals break off notifications that were received (before Linux 5.19), or which cannot hand descriptors over (before
# 5.9): calls are made once, and neither fail nor leave a descriptor behind for that.
. "$(dirname "$0")/../lib.sh"

killable='seccomp:1:&0x20=EINVAL'
injecting=ioctl:1:0x40182103=EINVAL
real=$MONITOR
MONITOR=$dir/older
filter='/^monitor: warning: /d'
cat >"$dir/fresh" <<'END'
#!/bin/sh
rm -rf fresh-folder && mkdir fresh-folder && cd fresh-folder && echo text >a.txt && exec "$@"
END
chmod 755 "$dir/fresh"
cd "$dir" || exit 99
for older in "$killable" "$injecting" "$killable $injecting"; do
	# shellcheck disable=SC2086 # words
	printf '#!/bin/sh\nexec %s %s -- %s "$@"\n' "$src/refuse" "$(printf "'%s' " $older)" "$real" >"$MONITOR"
	chmod 755 "$MONITOR"
	# where both are missing (before 5.9) an open is followed to its result, and under thousands of signals a second one may still end
	# with EINTR: from a FIFO's, which natively does so, it cannot be told
	storm=signal-storm
	[ "$older" = "$killable $injecting" ] && storm=
	for act in $storm open-exclusive watch-opens; do
		same ./fresh "$src/acts" $act
	done
	same ./fresh sh -c 'mkdir from && echo x >from/x && cp -r from to && cat to/x; cp -p a.txt b.txt && cat b.txt; rm -r from to b.txt'
	same ./fresh sh -c 'sed -i s/t/T/ a.txt; cat a.txt; mv a.txt b.txt; mv b.txt a.txt; ln a.txt c; rm c; ls'
done
finish
