/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_TRACER_H
#define MONITOR_TRACER_TRACER_H

#include <sys/resource.h>
#include <sys/types.h>

#include "source/source.h"
#include "tracer/figures.h"
#include "tracer/backend.h"

/*
 * The synchronous source: it starts a workload, holds its system calls while the pipeline thinks, and tells who its
 * processes are. The best backend that works here is chosen by end-to-end probes (backend.h).
 */
enum tracer_opens { TRACER_OPENS_EXACT, TRACER_OPENS_FAST };
/*
 * How births are learnt: by the kernel's records where they can be had (task_ring.h), else by ptrace stops.
 * In the order of the option's words.
 */
enum tracer_births { TRACER_BIRTHS_AUTO, TRACER_BIRTHS_RECORDS, TRACER_BIRTHS_STOPS };
enum tracer_on_exit { TRACER_ON_EXIT_FAIL, TRACER_ON_EXIT_KILL };
/* What becomes of calls that pass by every rule. In the order of the option's words. */
enum tracer_policy { TRACER_DENY, TRACER_ALERT, TRACER_ALLOW };

/* A process made a call that no rule can look into, for the first time since its last exec. Texts are borrowed. */
struct tracer_notice {
	enum {
		TRACER_NOTICE_FOREIGN_ABI,
		TRACER_NOTICE_IO_URING,
		TRACER_NOTICE_LISTENER,
		TRACER_NOTICE_WAITS, /* a call that is made in its place waits for a lock that somebody holds */
		TRACER_NOTICE_CLOSED, /* the process as a whole: what its calls point to is unknown */
		TRACER_NOTICE_LATE, /* likewise: it was unknown when one of them began */
		TRACER_NOTICE_SEALED, /* likewise: in memory that only the process itself can read */
	} kind;
	bool refused; /* the call failed with ENOSYS; a listener: with EBUSY, by the kernel */
	uint64_t ts;
	pid_t pid;
	long number; /* of the call, in its own ABI; none for a process as a whole */
	const char *abi; /* "i386", "x32" …; empty for the others */
	const char *name, *path; /* of the program; empty when the process is gone */
};

struct tracer_options {
	char *const *argv; /* NULL-terminated; the workload */
	struct rlimit stack; /* the workload's limit */
	enum tracer_backend backend;
	enum tracer_opens opens;
	enum tracer_on_exit on_exit;
	enum tracer_births births;
	/* int 0x80, x32: calls that are not decoded. DENY: they fail with ENOSYS; never ALLOW */
	enum tracer_policy foreign_abi;
	enum tracer_policy io_uring; /* io_uring_setup: its operations pass by every interception. DENY: ENOSYS */
	void (*notice)(void *context, const struct tracer_notice *notice); /* called out of next() */
	void *notice_context;
	bool starts_programs; /* the caller does, in its session: they are out of bounds for the workload, too */
	bool tell_all; /* also calls whose results no rule can match: somebody else looks at the events */
};

/* What happened to the workload itself. */
struct tracer_status {
	bool started; /* exec of the command succeeded */
	int start_errno; /* why it did not: ENOENT, EACCES … (positive) */
	bool exited;
	int wait_status; /* of waitpid(2), valid when exited */
	enum tracer_backend backend; /* the one in use */
	bool records; /* births are learnt by the kernel's records */
	char lost[512]; /* what this backend cannot see here, one sentence; empty = nothing */
};

/*
 * Prepares, and FORKS: the caller goes on in a child, the supervisor, in a session of its own. The calling
 * process stays behind as the front: the parent of the workload in the shell's job, it passes signals, stops
 * and the exit status on, and never returns. So call it before any thread is started and before buffered
 * output is pending. What the caller later returns from main() counts only through tracer_finish().
 *
 * The workload starts at the first intercept(). The source's next() gives -ENODATA once the workload and all its
 * descendants are gone.
 */
int tracer_open(const struct tracer_options *options, struct source **ret_source, struct error *err);
void tracer_status(const struct source *s, struct tracer_status *ret_status);

/*
 * Tells of the workload's process and its ancestors, the oldest first, and of the descriptors that the
 * workload inherits, by the events that answer needs. Before the first intercept(). What cannot be read is
 * left out.
 */
int tracer_describe(struct source *s, source_sink sink, void *context, struct error *err);

/* The caller's control groups as events have them: "controller=path", NUL-separated. How many bytes; 0 = not known. */
size_t tracer_cgroups(char *bytes, size_t max);

/* After intercept() has refused other rules: what they need and is not caught. Borrowed texts; event 0: not known. */
struct tracer_lack {
	uint16_t event;
	const char *kind, *name; /* "the call ", and its name; or what happens */
	const char *why, *remedy;
};
void tracer_lack(const struct source *s, struct tracer_lack *ret_lack);

/* Counts of each call, and the callers' waits, so far (figures.h). Borrowed; they go on growing. */
const struct figures *tracer_figures(const struct source *s);

/*
 * Lets the front end, as soon as the workload's first process is gone (tracer_status().exited or !started): with the
 * workload's own status (its exit code or its signal) when exit_code < 0, else with that code. Call it when all alerts
 * so far are written; descendants may still be running and stay monitored. Without it the front waits for the
 * supervisor's own exit.
 */
void tracer_finish(struct source *s, int exit_code);

#endif
