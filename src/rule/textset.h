/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_TEXTSET_H
#define MONITOR_RULE_TEXTSET_H

#include "base/arena.h"
#include "base/str.h"

/* An immutable set of strings: the right side of "in". Lengths that no member has are turned away without hashing. */
struct textset {
	const struct str *members;
	uint32_t *buckets; /* index + 1 into members, 0 = empty */
	uint32_t mask;
	uint64_t lengths; /* bit min(length, 63) */
};

/* Borrows members (and their bytes). 0 or -ENOMEM. */
int textset_build(struct arena *arena, const struct str *members, uint32_t n, struct textset *ret_set);
bool textset_has(const struct textset *s, struct str text);

#endif
