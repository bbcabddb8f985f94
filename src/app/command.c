/* SPDX-License-Identifier: Apache-2.0 */
#include "app/command.h"
#include "base/cleanup.h"

static const struct command commands[] = {
#define COMMAND(id, operands, summary) { COMMAND_##id, #id, operands, summary },
#include "app/commands.def"
#undef COMMAND
};

const struct command *command_by_index(size_t i)
{
	return i < ARRAY_SIZE(commands) ? &commands[i] : NULL;
}

const struct command *command_find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

const struct command *command_nearest(const char *name)
{
	const struct command *best = NULL;
	unsigned int best_distance = 3; /* two slips of the finger */
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		unsigned int d = str_distance(str_of(name), str_of(commands[i].name));

		if (d < best_distance) {
			best = &commands[i];
			best_distance = d;
		}
	}
	return best;
}
