/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_LAUNCH_H
#define MONITOR_TRACER_LAUNCH_H

#include <linux/filter.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/error.h"

/*
 * Three processes:
 *
 *   front       the process that the user's shell started. It stays in the shell's job, is the workload's parent,
 *               passes signals on and mirrors stops and the end (front.c).
 *   workload    the front's child, in the process group, session, terminal and signal mask that the front was
 *               started with.
 *   supervisor  the front's other child, in a session of its own so that neither the terminal nor kill(0) reaches it.
 *               It traces the workload; the rest of the program runs in it.
 */
struct launch_shared { /* one page, shared by all three until the exec */
	atomic_int listener; /* descriptor number in the workload; -1 = not yet, -2 = there will be none */
	atomic_int start_errno; /* why the command could not be run; 0 = nothing yet */
	atomic_bool set_id; /* the command is a set-uid or set-gid program; known when launch_fork() returns */
	/* the command may not outlive the supervisor: the front kills it where ptrace does not */
	atomic_bool kill_on_exit;
	atomic_bool killable; /* the filter has WAIT_KILLABLE_RECV */
	atomic_bool front_stops; /* as the workload has: the front waits until the supervisor has seen that */
	atomic_int wait_status; /* of the command, as waitpid(2) has it, once the front has fetched it */
	atomic_bool ended; /* it has */
	/* a thread that may run on one processor only, by us (near.c): that << 32 | its id; 0 = none */
	atomic_ullong bound;
	atomic_bool not_installed; /* the filter could not be installed: start_errno is the reason */
};

struct launch {
	pid_t front, workload;
	int control; /* supervisor's end of the socket to the front */
	int go; /* supervisor's end of the socket to the workload, until it runs */
	struct launch_shared *shared;
};

/* What the command is to be started with. */
struct launch_command {
	char *const *argv;
	bool ignores_children; /* SIGCHLD is ignored: we, who want to know how they end, do not */
	struct rlimit stack;
	sigset_t mask; /* signals that are blocked; of launch_fork() */
};

/* Forks; returns in the supervisor. The workload waits for launch_start(). */
int launch_fork(const struct launch_command *command, struct launch *ret_launch, struct error *err);

/*
 * Hands the program to the workload, which installs it and executes its command. With want_listener
 * *ret_listener is the notification descriptor (a length of 0 installs nothing), -1 when the command could
 * not be run (shared->start_errno).
 */
int launch_start(struct launch *l, const struct sock_filter *program, size_t length, bool want_listener,
		 int *ret_listener, struct error *err);

/* What the supervisor tells the front when the command has ended. */
struct launch_end {
	int exit_code; /* to end with; -1 = as the command did */
	bool alone; /* nothing of the workload is left: the supervisor ends, too */
};

/* Lets the front end: with the workload's status when exit_code < 0. */
void launch_finish(struct launch *l, struct launch_end end);
void launch_close(struct launch *l);

/*
 * Installs a filter in the calling thread, with no_new_privs only where the kernel demands it. A descriptor (with
 * listener), 0, or -errno. No allocation, no locks: for forked children.
 */
int launch_install(const struct sock_filter *program, size_t length, bool listener, bool *ret_killable);
/* fork() with a shared descriptor table: what the child opens, the parent can pass on. */
pid_t launch_fork_sharing_files(void);

#endif
