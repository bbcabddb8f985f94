#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An exec that fails, a change of what its event would have said of the caller (its login), and an exec that succeeds: the event
# has what is true then. The second exec may come by another ABI, which is caught by its stop alone.
. "$(dirname "$0")/../lib.sh"

need gcc
# the program that tells who it is
rule started "evt.type in (execve, execveat) and evt.rawres = 0 and proc.name = cat" "started as %user.loginuid" >"$dir/rules.yaml"
cat >"$dir/login.c" <<'END'
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

static char program[] = "/bin/cat", file[] = "/proc/self/loginuid", refused[] = "refused";
static char *arguments[] = { program, file, 0 };
static uint32_t short_arguments[3];

int main(int argc, char **argv)
{
	int fd = open(file, O_WRONLY);

	execve(refused, arguments, 0);
	if (fd < 0 || write(fd, "1234", 4) != 4)
		return 77;
	if (argc > 1 && !strcmp(argv[1], "legacy")) {
		long result;

		short_arguments[0] = (uint32_t)(uintptr_t)program;
		short_arguments[1] = (uint32_t)(uintptr_t)file;
		__asm__ volatile("int $0x80" : "=a"(result) : "a"(11), "b"(program), "c"(short_arguments), "d"(0) : "memory");
		return 77;
	}
	execve(program, arguments, 0);
	return 1;
}
END
[ "$(uname -m)" = x86_64 ] || skip "no other ABI"
: >"$dir/refused"
# pointers of 32 bits
gcc -static -no-pie -o "$dir/login" "$dir/login.c" || skip "no static C library"
cd "$dir" || exit 1
for abi in native legacy; do
	[ "$(./login $abi)" = 1234 ] || skip "$abi: no login can be set, or no such ABI"
	rm -f alerts
	got=$("$MONITOR" run -r rules.yaml --foreign-abi alert --output alerts -- ./login $abi 2>err)
	ok "$abi: $got" [ "$got" = 1234 ]
	ok "$abi: $(grep started alerts)" grep -q "started as 1234" alerts
done
finish
