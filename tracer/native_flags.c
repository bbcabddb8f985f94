/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/native_flags.h"

#define NATIVE_SET(id, kind, others) static const struct native_flag rows_##id[] = {
#define NATIVE(native, event) { native, event },
#define NATIVE_SET_END };
#include "tracer/native_flags.def"
#undef NATIVE_SET
#undef NATIVE
#undef NATIVE_SET_END

#define BITS	    false
#define ENUMERATION true
#define NATIVE_SET(id, kind, others)                                                                                  \
	const struct native_set native_##id = { kind, others, sizeof(rows_##id) / sizeof(rows_##id[0]), rows_##id };
#define NATIVE(native, event)
#define NATIVE_SET_END
#include "tracer/native_flags.def"

uint32_t native_flags_to_event(const struct native_set *set, uint32_t native)
{
	uint32_t event = 0;

	for (size_t i = 0; i < set->count; i++) {
		if (set->enumeration && set->rows[i].native == native)
			return set->rows[i].event;
		if (!set->enumeration && (set->rows[i].native & native))
			event |= set->rows[i].event;
	}
	return set->enumeration ? set->others : event;
}
