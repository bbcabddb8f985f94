/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_NATIVE_FLAGS_H
#define MONITOR_TRACER_NATIVE_FLAGS_H

#include "event/flags.h"

/* How the kernel's constants of one set become those of events (native_flags.def). */
struct native_flag {
	const char *name; /* as in flags.def */
	uint64_t value;
};

struct native_flags {
	const struct flag_set *set;
	bool enumeration;
	uint32_t otherwise; /* enumerations: the event's value for anything else */
	const struct native_flag *flags;
	size_t count;
};

#define NATIVE_BITS(set, ...) extern const struct native_flags native_##set;
#define NATIVE_ENUM(set, ...) extern const struct native_flags native_##set;
#include "tracer/native_flags.def"
#undef NATIVE_BITS
#undef NATIVE_ENUM

uint32_t native_flags_to_event(const struct native_flags *map, uint64_t value);

#endif
