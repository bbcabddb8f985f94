/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_HELP_H
#define MONITOR_APP_HELP_H

#include "app/command.h"

/* The texts of --help, made from commands.def and options.def; on standard output. Returns the exit status. */
int help_program(void);
int help_command(const struct command *c);
int help_version(void);

#endif
