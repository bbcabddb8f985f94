/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_OUTPUT_PROGRAM_H
#define MONITOR_OUTPUT_PROGRAM_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/error.h"

/*
 * Programs that alerts are written to. A monitor that has given up its rights cannot start them: another
 * process, forked before, does it in its place, with the rights of before. It starts nothing but what may()
 * accepts, so who takes the monitor over gains no command of his own. NULL in place of a starter: this
 * process itself starts them.
 */
struct program_starter;

/* Of the process that starts programs, in which both are called. */
struct program_starter_options {
	void (*prepare)(void *context); /* once, at its begin; NULL = nothing */
	bool (*may)(void *context, const char *command);
	void *context;
	bool detached; /* from the terminal and its standard descriptors, as a daemon is */
};

/* Fork it while there is one thread and nothing that a program should not have. It ends when the caller is gone. */
int program_starter_fork(const struct program_starter_options *options, struct program_starter **ret_starter,
			 struct error *err);
void program_starter_free(struct program_starter *s); /* accepts NULL */
DEFINE_AUTO(struct program_starter, program_starter, program_starter_free);
#define auto_program_starter AUTO(program_starter)

/*
 * A shell's command with that standard input (which stays the caller's), in a process group of its own. For
 * any thread. 0 or -errno.
 */
int program_start(struct program_starter *s, const char *command, int input, pid_t *ret_pid);
/*
 * 1 = it has ended, with that status of waitpid(2); 0 = it runs; -errno: it was somebody else who has reaped
 * it, or the starter is gone.
 */
int program_poll(struct program_starter *s, pid_t pid, int *ret_status);
/* Ends its process group and waits for it. */
void program_kill(struct program_starter *s, pid_t pid);

#endif
