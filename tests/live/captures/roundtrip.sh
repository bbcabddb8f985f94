#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# As tests/live/roundtrip.sh does with detection: what the tests of our own fields and of evasion run is recorded, and the
# captures give the alerts of the live runs. Without the races, which are made of thousands of runs.
. "$(dirname "$0")/../lib.sh"

for t in "$top"/tests/live/extensions/*.sh "$top"/tests/live/evasion/*.sh; do
	case ${t##*/} in
	races.sh) continue ;;
	explain.sh) continue ;; # asks for reasons, not alerts
	# these look at runs of their own
	crowd.sh | descriptors.sh | execs.sh | killed.sh | kinds.sh | list.sh | login.sh | short-lived.sh | stops.sh) continue ;;
	esac
	roundtrip "$t"
done
finish
