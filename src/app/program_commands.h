/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_PROGRAM_COMMANDS_H
#define MONITOR_APP_PROGRAM_COMMANDS_H

#include "app/config.h"
#include "output/program.h"

/*
 * The process that starts programs for the program output: none but the one that the configuration names.
 * When it is asked for another one it reads the configuration again itself, so a reload can change it and the
 * monitor's own word does not.
 */
struct program_commands {
	const struct config *config; /* of the start; borrowed */
	/* reads it again; what it looks at must not change */
	int (*load)(void *context, struct config **ret_config, struct error *err);
	void *context;
	bool detached; /* see program.h */
};

/*
 * Forks, so early: *ret_starter keeps the rights that the monitor gives up afterwards, those of monitor.user
 * at most.
 */
int program_commands_fork(const struct program_commands *commands, struct program_starter **ret_starter,
			  struct error *err);

#endif
