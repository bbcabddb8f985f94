/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_PROTECT_H
#define MONITOR_TRACER_PROTECT_H

#include <stdbool.h>
#include <sys/types.h>

struct call;
struct tracee;
struct tracer;

/*
 * Calls of the workload that are aimed at us. 0 = the call may pass, else its result (negative errno, or 0 in *ret_done
 * for one that we carried out).
 */
int protect_check(const struct tracer *t, const struct call *call, unsigned int traits, bool *ret_done);
/* Whether the id is that of one of our threads, or of one of the programs that we have started. */
bool protect_is_ours(pid_t id);
/* Whether ids mean the same processes for the thread as for us. */
bool protect_same_ids(pid_t tid);
/* protect_fd.c: the same for calls that name processes by descriptors, or behind pointers (CALL_OWNER, CALL_PIDFD). */
int protect_check_fd(struct tracer *t, const struct tracee *tracee, const struct call *call, unsigned int traits,
		     bool *ret_done);
/* Whether the call, one of CALL_OWNER, names somebody whom a file sends signals to. */
bool protect_sets_owner(const struct call *call);

#endif
