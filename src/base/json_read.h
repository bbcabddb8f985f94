/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_BASE_JSON_READ_H
#define MONITOR_BASE_JSON_READ_H

#include <stdbool.h>

#include "base/arena.h"

/*
 * Looks single values up in JSON text without building a tree: each call scans once and allocates nothing but unescaped
 * text. It finds its way by brackets and quotes, so damaged text gives wrong or no answers, never a crash or a loop.
 */

/* The raw text of a member of an object; false when it has none of that name, or is no object. */
bool json_member(struct str object, struct str name, struct str *ret_value);

/*
 * Walks an object's members or an array's elements (*ret_name stays empty for those); *at starts at 0. False
 * at the end.
 */
bool json_next(struct str container, size_t *at, struct str *ret_name, struct str *ret_value);

/* The unescaped text of a string value; "" for other kinds. .ptr is NULL when memory is short. */
struct str json_string(struct arena *arena, struct str value);

bool json_true(struct str value);
/* Whole numbers; fallback for everything else. */
int64_t json_int(struct str value, int64_t fallback);

#endif
