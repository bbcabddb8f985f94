/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/calls.h"

#include <seccomp.h>
#include <string.h>

#include "base/cleanup.h"
#include "event/event.h"

static const struct {
	const char *name;
	struct call_traits traits;
} rows[] = {
#define CALL(name, trait, arg) { #name, { CALL_##trait, arg } },
#include "tracer/calls.def"
#undef CALL
};

/* Negative for calls that this machine has not. An older library lacks the newest calls, our table has them. */
static int resolve(const char *name)
{
	int number = seccomp_syscall_resolve_name(name);

	for (int i = 0; number < 0 && i < CALLS_MAX; i++) {
		const struct syscall_info *info = syscall_by_number(i);

		if (info && !strcmp(info->name, name))
			number = i;
	}
	return number;
}

void calls_init(struct calls *c)
{
	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int number = resolve(rows[i].name);

		if (number >= 0 && number < CALLS_MAX)
			c->by_number[number] = rows[i].traits;
	}
}
