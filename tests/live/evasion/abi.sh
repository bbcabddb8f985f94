#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Calls that no rule can look into: of another ABI, and the operations of rings. Refused or let pass as the options say, by every
# backend, and never without a word.
. "$(dirname "$0")/../lib.sh"

wanted_text=text-of-the-secret
rules_here=$here/rules.yaml
secret=$dir/evasion-secret
echo "$wanted_text" >"$secret"

# abi FOREIGN RING refused|passes ALERT -- CMD...: ALERT "-" = none may come
abi() {
	how=$3
	rule=$4
	options="--foreign-abi $1 --io-uring $2"
	shift 5
	timeout -k 1 60 "$@" >"$dir/native" 2>&1 </dev/null
	if [ $? = 77 ] || ! grep -aq "$wanted_text" "$dir/native"; then
		left_out=$((left_out + 1))
		echo "left out, does not work natively here: $* ($(head -c 200 "$dir/native"))"
		return
	fi
	for backend in notify ptrace ptrace-all notify-only; do
		checks=$((checks + 1))
		monitor_options="$options --backend $backend"
		wrap="timeout -k 1 60" under "$rules_here" -- "$@"
		if [ "$how" = refused ]; then
			grep -aq "$wanted_text" "$dir/out" && fail "$monitor_options: was to be refused: $*"
		else
			grep -aq "$wanted_text" "$dir/out" || fail "$monitor_options: does not succeed: $*: $(head -n 3 "$dir/err")"
		fi
		if [ "$rule" = - ]; then
			ok "$monitor_options: alert on $*" sh -c '! grep -q "\"source\":\"internal\"" "$1"' - "$alerts"
		else
			"$src/alerts" "$alerts" --has "$rule" || fail "$monitor_options: missed: $*"
		fi
	done
}

foreign="Foreign system call"
abi deny deny refused "$foreign" -- "$src/evade" int80 "$secret"
abi alert deny passes "$foreign" -- "$src/evade" int80 "$secret"
abi deny deny refused "$foreign" -- "$src/evade" x32 "$secret"
abi alert deny passes "$foreign" -- "$src/evade" x32 "$secret"
abi deny deny refused - -- "$src/evade" ring "$secret"
abi alert deny passes - -- "$src/evade" own-tracer "$secret"
abi deny alert passes "io_uring used" -- "$src/evade" ring "$secret"
abi deny allow passes - -- "$src/evade" ring "$secret"
# of a ring that came from outside nobody saw how it was made: refused where rings are, else a descriptor from outside
cat >"$dir/ring.py" <<'END'
import ctypes, os, struct, sys
params = ctypes.create_string_buffer(120)
fd = ctypes.CDLL(None, use_errno=True).syscall(425, 1, params)
if fd >= 0:
    os.dup2(fd, 9)
    words = struct.unpack("30I", params.raw)
    os.environ["RING"] = "%d %d %d" % (words[11], words[16], words[25])
os.execvp(sys.argv[1], sys.argv[1:])
END
given() {
	python3 "$dir/ring.py" "$src/evade" given-ring "$secret" >"$dir/native" 2>&1 </dev/null
	if ! grep -aq "$wanted_text" "$dir/native"; then
		left_out=$((left_out + 1))
		echo "left out, does not work natively here: a ring from outside ($(head -c 200 "$dir/native"))"
		return
	fi
	for backend in notify ptrace ptrace-all notify-only; do
		monitor_options="--io-uring $1 --backend $backend"
		wrap="timeout -k 1 60 python3 $dir/ring.py" under "$rules_here" -- "$src/evade" given-ring "$secret"
		found=$(grep -ac "$wanted_text" "$dir/out")
		equal "a ring from outside ($monitor_options): $(cat "$dir/err")" "$found" "$2"
		[ "$1" != alert ] || ok "a ring from outside alerts ($monitor_options)" "$src/alerts" "$alerts" --has "io_uring used"
	done
}
given deny 0
given alert 1
# alerted about also where the kernel would not have taken it
for backend in notify ptrace ptrace-all notify-only; do
	monitor_options="--backend $backend"
	wrap="timeout -k 1 60" under "$rules_here" -- "$src/evade" x32 "$secret"
	ok "x32 under $backend" "$src/alerts" "$alerts" --has "$foreign"
done
# bits above the number's 32 are the kernel's to ignore: not another ABI
abi deny deny passes "secret opened" -- "$src/evade" junk-bits "$secret"
abi deny deny passes "secret opened" -- "$src/evade" junk-number "$secret"
# nor is a call that is followed to its end another one there
mkdir "$dir/fifo"
mkfifo "$dir/fifo/evasion-secret"
for backend in notify ptrace ptrace-all notify-only; do
	checks=$((checks + 1))
	monitor_options="--backend $backend"
	timeout -k 1 60 cp "$secret" "$dir/fifo/evasion-secret" &
	writer=$!
	wrap="timeout -k 1 60" under "$rules_here" -- "$src/evade" junk-number "$dir/fifo/evasion-secret"
	kill $writer 2>/dev/null
	wait $writer
	ok "a FIFO by junk above the number under $backend: $(head -n 3 "$dir/err")" grep -aq "$wanted_text" "$dir/out"
	ok "its alert under $backend" "$src/alerts" "$alerts" --has "secret opened"
done
# said once of each program that a process executes
cat >"$dir/programs.py" <<'END'
import ctypes, mmap, os, sys
code = mmap.mmap(-1, 4096, prot=7)
code.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")  # getpid() by int 0x80
call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
print(call() == call() == os.getpid(), flush=True)
if len(sys.argv) > 1:
    os.execv(sys.executable, [sys.executable] + sys.argv[:1])
END
if [ "$(uname -m)" = x86_64 ] && python3 "$dir/programs.py" 2>"$dir/native" | grep -q True; then
	for backend in notify ptrace ptrace-all notify-only; do
		monitor_options="--foreign-abi alert --backend $backend"
		wrap="timeout -k 1 60" under "$rules_here" -- python3 "$dir/programs.py" again
		equal "two programs have called ($monitor_options): $(head -n 3 "$dir/err")" "$(grep -c "$foreign" "$alerts") $(grep -c True "$dir/out")" "2 2"
	done
else
	left_out=$((left_out + 1))
	echo "left out: calls of the 32-bit ABI do not work natively here: $(head -n 1 "$dir/native")"
fi
# what is no call of any ABI (tracers give such numbers to calls that they cancel) is answered as the kernel does, without a word
for backend in notify ptrace ptrace-all notify-only; do
	checks=$((checks + 1))
	monitor_options="--backend $backend"
	wrap="timeout -k 1 60" under "$rules_here" -- "$src/evade" negative-number "$secret"
	ok "negative numbers under $backend: $(head -n 3 "$dir/err")" grep -aq "$wanted_text" "$dir/out"
	ok "nothing is said of negative numbers under $backend" sh -c '! grep -q "$2" "$1"' - "$alerts" "$foreign"
done
monitor_options=

# a 32-bit program, without a library
cat >"$dir/old.c" <<END
static int call(int number, int a, const void *b, int c)
{
	int r;

	__asm__ volatile("int \$0x80" : "=a"(r) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
	return r;
}

void _start(void)
{
	char text[64];
	int fd = call(5, (int)"$secret", 0, 0), n = fd < 0 ? -1 : call(3, fd, text, sizeof(text));

	if (n > 0)
		call(4, 1, text, n);
	call(1, 0, 0, 0);
	for (;;)
		__asm__ volatile("hlt");
}
END
if cc -m32 -nostdlib -static -fno-pic -fno-stack-protector -o "$dir/old" "$dir/old.c" 2>"$dir/err"; then
	abi deny deny refused "$foreign" -- "$dir/old"
	abi alert deny passes "$foreign" -- "$dir/old"
else
	left_out=$((left_out + 1))
	echo "left out: no compiler for 32-bit programs: $(head -n 1 "$dir/err")"
fi

# calls of the vsyscall page are the machine's own: seen by rules, and they give what they give natively
if grep -q vsyscall /proc/self/maps; then
	rule "time asked" "evt.type = time" "time %evt.type" WARNING >"$dir/time.yaml" # a call of the vsyscall page
	checks=$((checks + 1))
	for backend in notify ptrace ptrace-all notify-only; do
		monitor_options="--backend $backend"
		wrap="timeout -k 1 60" under "$dir/time.yaml" -- "$src/evade" vsyscall "$secret"
		ok "vsyscall under $backend: $(head -c 200 "$dir/out" "$dir/err")" grep -aq "$wanted_text" "$dir/out"
		# a call without an instruction of its own gives a tracer no stop
		[ $backend = ptrace-all ] ||
			ok "vsyscall seen under $backend" grep -q "time asked" "$alerts"
	done
fi
monitor_options=

# the default is told at the start
checks=$((checks + 1))
"$MONITOR" run -v -r "$rules_here" -- true >"$dir/out" 2>"$dir/err"
ok "the start line: $(cat "$dir/err")" grep -q "calls of other ABIs (i386, x32) are refused and alert; io_uring is refused" "$dir/err"

# after foreign calls that change who a process is, its opens are still its own
checks=$((checks + 1))
if [ "$(id -u)" = 0 ]; then
	chmod 600 "$secret"
	monitor_options="--foreign-abi alert"
	wrap="timeout -k 1 60" under "$rules_here" -- "$src/evade" int80-setuid "$secret"
	grep -aq "$wanted_text" "$dir/out" && fail "an open was done with rights that the caller had given up"
fi
finish
