/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_COMMAND_H
#define MONITOR_APP_COMMAND_H

#include "base/str.h"

/* Exit statuses of our own commands; `falco` has only 0 and 1. */
enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1, /* the input is bad or something broke */
	EXIT_USAGE = 2, /* the command line is wrong */
	EXIT_ALERTED = 99, /* --fail-on */
	EXIT_NOT_EXECUTABLE = 126, /* the command to run is there but cannot be run */
	EXIT_NOT_FOUND = 127,
};

enum command_id {
#define COMMAND(id, ...) COMMAND_##id,
#include "app/commands.def"
#undef COMMAND
};

/* One row of commands.def. */
struct command {
	enum command_id id;
	const char *name, *operands, *summary;
};

/* NULL when there is none of that name. */
const struct command *command_find(const char *name);
const struct command *command_by_index(size_t i); /* NULL past the end */
/* What the user may have meant; NULL when nothing is near. */
const struct command *command_nearest(const char *name);

/*
 * cmd_NAME() of each command, in a file of its own: gets argv from the command's name on and returns the exit
 * status.
 */
#define COMMAND(id, ...) int cmd_##id(const struct command *c, int argc, char **argv);
#include "app/commands.def"
#undef COMMAND

#endif
