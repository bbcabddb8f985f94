/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/native_flags.h"

/* the kernel's headers, not libc's: their names are the ones of the table */
#include <asm/ptrace.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/openat2.h>
#include <linux/ptrace.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/mman.h>

#include "base/cleanup.h"

#ifndef PIDFD_NONBLOCK
#define PIDFD_NONBLOCK O_NONBLOCK
#endif
#ifndef PROT_SEM
#define PROT_SEM 0x8 /* asm-generic/mman-common.h; libc hides it */
#endif

#define N(name)			 { #name, (uint64_t)(unsigned int)(name) },
#define NATIVE_BITS(set, ...)	 static const struct native_flag list_##set[] = { __VA_ARGS__ };
#define NATIVE_ENUM(set, otherwise, ...) static const struct native_flag list_##set[] = { __VA_ARGS__ };
#include "tracer/native_flags.def"
#undef NATIVE_BITS
#undef NATIVE_ENUM

#define NATIVE_BITS(id, ...)                                                                                           \
	const struct native_flags native_##id = { &flags_##id, false, 0, list_##id, ARRAY_SIZE(list_##id) };
#define NATIVE_ENUM(id, otherwise_, ...)                                                                                        \
	const struct native_flags native_##id = { &flags_##id, true, otherwise_, list_##id, ARRAY_SIZE(list_##id) };
#include "tracer/native_flags.def"
#undef NATIVE_BITS
#undef NATIVE_ENUM

uint32_t native_flags_to_event(const struct native_flags *map, uint64_t value)
{
	uint32_t event = 0, one;

	for (size_t i = 0; i < map->count; i++) {
		const struct native_flag *f = &map->flags[i];

		if (map->enumeration ? value != f->value : (value & f->value) != f->value)
			continue;
		if (!flags_value(map->set, str_of(f->name), &one))
			continue; /* a name that events do not have */
		if (map->enumeration)
			return one;
		event |= one;
	}
	return map->enumeration ? map->otherwise : event;
}
