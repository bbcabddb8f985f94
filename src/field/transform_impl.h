/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_FIELD_TRANSFORM_IMPL_H
#define MONITOR_FIELD_TRANSFORM_IMPL_H

#include "field/transform.h"

/* Between transform.c and transform_getopt.c: getopt is long enough for a file of its own. */
struct transform_call {
	struct arena *arena;
	const struct transform_arg *args;
	size_t nargs;
	struct str selector;
};

enum presence transform_getopt(const struct transform_call *call, struct values *ret);

#endif
