/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_TEXTS_H
#define MONITOR_RULE_TEXTS_H

#include "base/arena.h"
#include "base/str.h"

/* Texts in an array that lives in an arena and doubles; their bytes are borrowed. All zero is none. */
struct texts {
	struct str *list;
	size_t count, cap;
};

/* 0 or -ENOMEM. */
int texts_add(struct arena *arena, struct texts *t, struct str text);
int texts_add_sorted(struct arena *arena, struct texts *t, struct str text); /* once; -E2BIG past RULES_TAGS */

#endif
