/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_NATIVE_FLAGS_H
#define MONITOR_TRACER_NATIVE_FLAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The kernel's constants and what stands for them in events (native_flags.def). */
struct native_flag {
	uint32_t native, event;
};

struct native_set {
	bool enumeration;
	uint32_t others; /* event value of a number that no row has */
	size_t count;
	const struct native_flag *rows;
};

#define NATIVE_SET(id, kind, others) extern const struct native_set native_##id;
#define NATIVE(native, event)
#define NATIVE_SET_END
#include "tracer/native_flags.def"
#undef NATIVE_SET
#undef NATIVE
#undef NATIVE_SET_END

uint32_t native_flags_to_event(const struct native_set *set, uint32_t native);

#endif
