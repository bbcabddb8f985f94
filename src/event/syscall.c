/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "event/event.h"

#define SYSCALL(number, name, code, event) [number] = { #name, code, EV_##event },
static const struct syscall_info syscalls[] = {
#if defined(__x86_64__)
#include "event/syscalls-x86_64.def"
#elif defined(__aarch64__)
#include "event/syscalls-aarch64.def"
#else
#error "no system call table for this machine"
#endif
};
#undef SYSCALL

#define SC(code, name, event) [code] = #name,
static const char *const code_names[SYSCALL_CODES] = {
#include "event/syscall_codes.def"
};
#undef SC

#define SC(code, name, event) [code] = EV_##event == EV_GENERIC_X,
static const bool code_generic[SYSCALL_CODES] = {
#include "event/syscall_codes.def"
};
#undef SC

const struct syscall_info *syscall_by_number(long number)
{
	if (number < 0 || (size_t)number >= ARRAY_SIZE(syscalls) || !syscalls[number].name)
		return NULL;
	return &syscalls[number];
}

const char *syscall_code_name(unsigned int code)
{
	return code < SYSCALL_CODES ? code_names[code] : NULL;
}

int syscall_code(struct str name)
{
	for (int i = 0; i < SYSCALL_CODES; i++) {
		if (code_names[i] && name.len && code_names[i][0] == name.ptr[0] && str_eq(name, str_of(code_names[i])))
			return i;
	}
	return -1;
}

bool syscall_code_is_generic(unsigned int code)
{
	return code < SYSCALL_CODES && code_generic[code];
}
