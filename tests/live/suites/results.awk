# SPDX-License-Identifier: Apache-2.0
# What a test suite printed, as a line a result without times and numbers of processes.

{ gsub(/\033\[[0-9;]*m/, "") }

# perl's harness: the file that the results are of
/^[A-Za-z0-9_\/.-]+\.t \.\.+/ {
	file = $1 " "
	sub(/ \.\.+/, " ")
	if (!NF || $0 !~ /(ok|skipped|Failed|FAILED|Dubious)/)
		next
	sub(/ +[0-9]+ ms$/, "")
	print
	next
}

# automake's sums, configure's answers
/^(PASS|FAIL|XFAIL|XPASS|SKIP|ERROR): / || /^# (PASS|FAIL|XFAIL|XPASS|SKIP|ERROR|TOTAL): / || /^checking / { print; next }

# TAP: in perl's names of tests are those of temporary files
/^(ok|not ok) / {
	if (file != "" && match($0, /^(not )?ok [0-9]+/))
		$0 = file substr($0, 1, RLENGTH) ($0 ~ /# (SKIP|skip)/ ? " skipped" : "")
	print
	next
}
/^# (passed|failed|still have|fixed)/ { print; next }

# tcl's of redis
/^\[(ok|err|skip|exception|ignore)\]/ {
	sub(/ \([0-9]+ ms\)$/, "")
	print
	next
}

# python's
/^python: / { print }
