#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What rules ask of descriptors beside the event's own, and of one that a close takes away. Each rule has a near miss.
. "$(dirname "$0")/lib.sh"
need python3

mkdir "$dir/from" "$dir/to"
echo >"$dir/target"
echo >"$dir/way"
ln -s target "$dir/link"
{
	rule stdin "evt.type = execve and proc.name = cat and proc.stdin.type = pipe" "stdin=%proc.stdin.name"
	rule stdout "evt.type = execve and proc.name = cat and proc.stdout.name = $dir/sink" "stdout=%proc.stdout.type"
	rule "kind of one" "evt.type = dup2 and fd.types[7] in (file) and not fd.types[8] in (file)" "kinds=%fd.types"
	rule "kinds" "evt.type = dup2 and fd.types intersects (event)" "kinds=%fd.types"
	rule "how many" "evt.type = execve and proc.name = cat and proc.fdopencount > 40" "descriptors=%proc.fdopencount"
	rule "polled" "evt.type = poll and fdlist.names contains $dir/sink" "polled=%fdlist.names"
	rule "moved there" "evt.type = renameat2 and fs.path.target = $dir/to/b and fs.path.source = $dir/from/a" "moved=%evt.args"
	rule "linked there" "evt.type = linkat and evt.abspath.dst = $dir/to/b" "linked=%evt.abspath.dst"
	rule "argument" "evt.type = copy_file_range and evt.arg.fdout contains $dir/sink" "out=%evt.arg.fdout"
	rule "closed" "evt.type = close and proc.name = python3" "closed=%fd.name"
	rule "opened by a pipe" "evt.type = openat and fd.name = $dir/way and proc.stdin.type = pipe" "opened=%fd.name"
	rule "only printed" "evt.type = execve and proc.name = tac" "stdin=%proc.stdin.type stdout=%proc.stdout.name count=%proc.fdopencount"
} >"$dir/rules.yaml"
# by itself: a rule that looks at other calls, too, would have them wait
rule opened "evt.type = openat and fd.name = $dir/link" "opened=%fd.name stdin=%proc.stdin.type count=%proc.fdopencount" >"$dir/opened.yaml"

asked=$dir/rules.yaml

# moves CALL FROM TO: two folders are descriptors, the names relative
moves() {
	echo "import os, ctypes
call, source, target = '$1', os.open('$dir/$2', 0), os.open('$dir/$3', 0)
open('$dir/$2/a', 'w').close()
if call == 'link':
    os.link('a', 'b', src_dir_fd=source, dst_dir_fd=target)
else:
    assert ctypes.CDLL(None).renameat2(source, b'a', target, b'b', 1) == 0"
}

for monitor_options in "" "--opens fast" "--backend ptrace" "--backend notify-only"; do
	run_one fires stdin sh -c 'echo | cat'
	ok "the pipe is printed" grep -q 'stdin=pipe:\[' "$alerts"
	run_one quiet stdin sh -c 'cat </dev/null'
	run_one fires stdout sh -c "cat </dev/null >$dir/sink"
	run_one quiet stdout sh -c "cat </dev/null >$dir/other"
	run_one fires "moved there" python3 -c "$(moves rename from to)"
	ok "both folders are printed" grep -q "olddirfd=[0-9]*(<d>$dir/from) .*newdirfd=[0-9]*(<d>$dir/to)" "$alerts"
	run_one quiet "moved there" python3 -c "$(moves rename to from)"
	rm -f "$dir"/to/* "$dir"/from/*
	run_one fires "linked there" python3 -c "$(moves link from to)"
	rm -f "$dir"/to/* "$dir"/from/*
	run_one quiet "linked there" python3 -c "$(moves link to from)"
	rm -f "$dir"/to/* "$dir"/from/*
	# the caller is held until all is known, and what it asked for stays the name
	asked=$dir/opened.yaml
	run_one fires opened python3 -c "import os
for i in range(20):
    opened = os.open('$dir/link', os.O_RDONLY); os.close(0); os.close(opened); os.open('/dev/null', os.O_RDONLY)"
	ok "what was open is printed: $(grep -o 'opened=[^\"]*' "$alerts" | sort | uniq -c)" \
		[ "$(grep -c "opened=$dir/link stdin=file count=[3-9]" "$alerts")" = 20 ]
	asked=$dir/rules.yaml
	run_one fires "opened by a pipe" sh -c "echo | sh -c ': <$dir/way'"
	run_one quiet "opened by a pipe" sh -c ": <$dir/way"
	run_one fires closed python3 -c "import os; os.close(os.open('$dir/sink', 0))"
	ok "what was closed is printed" grep -q "closed=$dir/sink" "$alerts"
done
monitor_options=

run_one fires "kind of one" python3 -c "import os; os.dup2(os.open('$dir/sink', 0), 7); os.dup2(7, 9)"
run_one quiet "kind of one" python3 -c "import os; a, b = os.pipe(); os.dup2(a, 7); os.dup2(7, 9)"
run_one fires kinds python3 -c "import os, ctypes; ctypes.CDLL(None).eventfd(0, 0); os.dup2(0, 9)"
run_one quiet kinds python3 -c "import os; os.dup2(0, 9)"
run_one fires "how many" python3 -c "import os
for i in range(40): os.set_inheritable(os.open('/dev/null', 0), True)
os.execlp('cat', 'cat', '/dev/null')"
run_one quiet "how many" cat /dev/null
# more than are told: the rest is counted and the workload goes on
run_one fires "how many" python3 -c "import os, resource
resource.setrlimit(resource.RLIMIT_NOFILE, (2000,) + resource.getrlimit(resource.RLIMIT_NOFILE)[1:])
for i in range(1500): os.set_inheritable(os.open('/dev/null', 0), True)
os.execlp('cat', 'cat', '/dev/null')"
run_one fires polled python3 -c "import os, select
p = select.poll(); p.register(os.open('$dir/sink', 0)); p.poll(1)"
run_one quiet polled python3 -c "import os, select
p = select.poll(); p.register(os.open('$dir/other', 0)); p.poll(1)"
head -c 100 /dev/zero >"$dir/other"
run_one fires argument python3 -c "import os; os.copy_file_range(os.open('$dir/other', 0), os.open('$dir/sink', 1), 10)"
run_one quiet argument python3 -c "import os; os.copy_file_range(os.open('$dir/sink', 0), os.open('$dir/other', 1), 10)"
run_one fires "only printed" sh -c "tac </dev/null >$dir/sink"
ok "all is printed" grep -q "stdin=file stdout=$dir/sink count=[3-9]" "$alerts"
finish
