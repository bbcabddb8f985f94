/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_NAMES_H
#define MONITOR_RULE_NAMES_H

#include <stdbool.h>

#include "base/str.h"

/*
 * Finds the number of a name: the lists, macros and rules of the loaded files. Texts are borrowed. Zero-initialise,
 * release with names_free().
 */
struct names {
	struct names_slot {
		struct str name; /* .ptr NULL = free */
		uint32_t number;
	} *slots;
	size_t mask; /* slots - 1 */
	size_t count;
};

#define NAMES_NONE UINT32_MAX

void names_free(struct names *n);
/* NAMES_NONE when there is none. */
uint32_t names_find(const struct names *n, struct str name);
/* The name must be new. 0 or -ENOMEM. */
int names_add(struct names *n, struct str name, uint32_t number);

#endif
