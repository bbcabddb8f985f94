/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_FILTER_H
#define MONITOR_TRACER_FILTER_H

#include <linux/filter.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "source/source.h"
#include "tracer/calls.h"
#include "tracer/decode.h"

/*
 * Which calls are caught: first as a plan that can be compared (a filter in the kernel cannot be widened),
 * then as a BPF program made by libseccomp.
 */
struct filter;

struct filter_options {
	bool on_behalf; /* paths are looked up in the caller's place: credentials and roots must be watched */
	bool handover; /* a process that the workload wants to trace is let go: ptrace(2) is caught */
	bool watch_births; /* ptrace tells of children, and their parent can ask that it does not */
	bool watch_io_uring; /* rings that are made */
	bool use_io_uring; /* rings that are used */
	bool watch_listeners; /* seccomp listeners that the workload makes */
	bool watch_dumpable; /* behind prctl(PR_SET_DUMPABLE), setuid() and the like a process may be closed to us */
	bool watch_affinity; /* calls about where other threads may run */
	bool watch_faults; /* descriptors by which page faults are served (userfaultfd) */
	bool watch_mounts; /* file systems that come along, whose servers serve page faults */
	bool watch_execs; /* nothing else tells who executes: the thread is not ours by ptrace before */
	bool watch_timers; /* signals are to come, and some threads are not ours by ptrace before */
	bool watch_ends; /* nothing else tells of programs: each makes a caught call at its end at the latest */
	pid_t protect; /* calls that aim at this process are caught; 0 = none */
	bool protect_programs; /* and those at programs that it starts */
};

int filter_new(const struct intercept_set *set, const struct calls *calls, const struct filter_options *options,
	       struct filter **ret_filter, struct error *err);
void filter_free(struct filter *f); /* accepts NULL */
DEFINE_AUTO(struct filter, filter, filter_free);
#define auto_filter AUTO(filter)

/* Whether the call is caught because a rule or the state wants its event; false: for the tracer's own sake. */
bool filter_wants(const struct filter *f, long number);
/* Whether the call is caught at all, with some arguments. */
bool filter_catches(const struct filter *f, long number);
/* What the kernel's filter would say to the call. */
bool filter_matches(const struct filter *f, long number, const uint64_t args[6]);
/* Whether somebody wants to know of the call when it succeeds; false: at most when it fails. */
bool filter_wants_success(const struct filter *f, long number, const uint64_t args[6]);
/* Number of a call that wanted catches and installed may let pass, or -1: installed serves for wanted. */
long filter_missing(const struct filter *installed, const struct filter *wanted);

/* Other rules, which installed serves for: what they want to know of is taken over; what is caught stays. */
void filter_follow(struct filter *installed, struct filter *wanted);

enum filter_action { FILTER_NOTIFY, FILTER_TRACE };
/* What a tracer reads with PTRACE_GETEVENTMSG of a call that our filter caught, and of one of another ABI. */
struct filter_messages {
	uint16_t ours, foreign;
};
/* Others than those of former runs: filters of the workload hand calls to tracers, too, and may say the same. */
struct filter_messages filter_messages_new(void);

/* The program; messages are FILTER_TRACE's. The caller frees *ret_program. */
int filter_program(const struct filter *f, enum filter_action action, struct filter_messages messages,
		   struct sock_filter **ret_program, size_t *ret_length, struct error *err);

#endif
