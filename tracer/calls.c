/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/calls.h"

#include <seccomp.h>
#include <string.h>

#include "base/cleanup.h"

static const struct {
	const char *name;
	struct call_traits traits;
} rows[] = {
#define CALL(name, trait, arg) { #name, { CALL_##trait, arg } },
#include "tracer/calls.def"
#undef CALL
};

void calls_init(struct calls *c)
{
	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		/* negative for calls that this machine has not */
		int number = seccomp_syscall_resolve_name(rows[i].name);

		if (number >= 0 && number < CALLS_MAX)
			c->by_number[number] = rows[i].traits;
	}
}
