/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_EVENT_FLAGS_H
#define MONITOR_EVENT_FLAGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* Names of constants, one set for each kind (flags.def). Values are Falco's encoding, not the kernel's. */
struct flag_name {
	const char *name;
	uint32_t value;
};

struct flag_set {
	const char *name;
	uint32_t count;
	const struct flag_name *names; /* in the order in which they are printed */
};

#define FLAG_SET(id) extern const struct flag_set flags_##id;
#define FLAG(name, value)
#define FLAG_SET_END
#include "event/flags.def"
#undef FLAG_SET
#undef FLAG
#undef FLAG_SET_END

/*
 * How a value is put into names. FLAGS_BITS: each name all of whose bits are set and not yet named, a zero
 * name only for zero. FLAGS_ENUMERATION: every equal name (synonyms are all printed). FLAGS_MODE: as bits,
 * but the walk ends at a name that equals the whole value, which is always printed.
 */
enum flags_style { FLAGS_BITS = 0, FLAGS_ENUMERATION = 1, FLAGS_MODE = 2 };

/* Adds the names of value joined by '|', as Falco prints them. Adds nothing when none fits. */
void flags_print(struct strbuf *out, const struct flag_set *set, uint32_t value, enum flags_style style);

/* The value of a name; false when the set has none of it. */
bool flags_value(const struct flag_set *set, struct str name, uint32_t *ret_value);

#endif
