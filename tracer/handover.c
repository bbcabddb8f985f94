/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/supervisor.h"

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/words.h"
#include "tracer/notify.h"
#include "tracer/procfs.h"
#include "tracer/protect.h"
#include "tracer/status.h"

/*
 * A thread has one tracer. When the workload wants to trace one of its own, ours lets go first: its calls are
 * still notified (and opens still done on behalf); its execs and its end are known as those of all threads
 * are where there is no ptrace (unseized.c), and its children from their first caught call on.
 *
 *   PTRACE_TRACEME       the caller itself is interrupted, its call answered "restart", and it is detached at the stop
 *                        that follows; the call runs again, untraced.
 *   PTRACE_ATTACH/SEIZE  the caller is held in its notification while the target is interrupted and detached.
 */

struct translation {
	pid_t wanted, found;
	uint64_t ns;
};

/* The last number of NSpid is the thread's id in its own namespace. */
static void match_inner_id(void *context, struct tracee *tracee)
{
	struct translation *tr = context;
	auto_free char *text = NULL;
	struct str ids;
	int64_t id = 0;

	if (tr->found || procfs_namespace(tracee->tid, "ns/pid") != tr->ns)
		return;
	if (status_read(tracee->tid, &text) < 0)
		return;
	ids = status_line(text, "NSpid");
	while (ids.len && parse_i64(words_next(&ids), &id) == 0)
		;
	if (id > 0 && (pid_t)id == tr->wanted)
		tr->found = tracee->tid;
}

static struct tracee *find_target(struct tracer *t, pid_t caller, pid_t number)
{
	struct translation tr = { .wanted = number };

	if (protect_same_ids(caller))
		return tracees_find(&t->tracees, number);
	tr.ns = procfs_namespace(caller, "ns/pid");
	if (!tr.ns)
		return NULL;
	tracees_each(&t->tracees, match_inner_id, &tr);
	return tr.found ? tracees_find(&t->tracees, tr.found) : NULL;
}

/* Whom the pending call wants to trace, as far as that thread is ours to let go; NULL when there is none. */
static struct tracee *wanted(struct tracer *t)
{
	struct pending *p = &t->pending;
	uint32_t request = (uint32_t)p->call.args[0];
	struct tracee *target;

	if (!p->notified || !p->tracee)
		return NULL;
	if (request == PTRACE_TRACEME)
		return p->tracee->seized ? p->tracee : NULL;
	if (request != PTRACE_ATTACH && request != PTRACE_SEIZE)
		return NULL;
	target = find_target(t, p->call.tid, (pid_t)p->call.args[1]);
	/* not ours yet, and it may make its first caught call before the caller has gone on: then we would have it */
	if (target && target->loose && !target->over)
		unseized_begin(t, target);
	return target && target->seized && target != p->tracee && !target->held_notification ? target : NULL;
}

bool handover_due(struct tracer *t)
{
	return wanted(t) != NULL;
}

bool handover_pending(struct tracer *t)
{
	struct pending *p = &t->pending;
	struct tracee *target = wanted(t);

	if (!target || ptrace(PTRACE_INTERRUPT, target->tid, NULL, NULL) < 0)
		return false;
	if (target == p->tracee) {
		target->leaving_for_debugger = target->debugged = true;
		p->repeated = true; /* counted when it comes again */
		entry_return(t, -ARCH_ERESTARTNOINTR);
		return true;
	}
	target->leaving_for_debugger = true;
	target->held_notification = p->id;
	p->active = false; /* answered by handover_stop() */
	return true;
}

void handover_replace(struct tracer *t, struct tracee *first, struct tracee *caller)
{
	if (caller && caller->held_notification) { /* its id is nobody's any more: the kernel says so */
		notify_continue(t->listener, caller->held_notification);
		caller->held_notification = 0;
		caller->leaving_for_debugger = false;
	}
	if (!first || !first->held_notification || !caller)
		return;
	caller->held_notification = first->held_notification;
	caller->leaving_for_debugger = true;
	first->held_notification = 0;
}

bool handover_stop(struct tracer *t, struct tracee *tracee, int signal)
{
	if (ptrace(PTRACE_DETACH, tracee->tid, NULL, (void *)(uintptr_t)signal) < 0)
		return false;
	tracee->leaving_for_debugger = tracee->seized = tracee->stopped = tracee->listening = false;
	tracee->follow = FOLLOW_NONE;
	unseized_begin(t, tracee);
	if (tracee->held_notification)
		notify_continue(t->listener, tracee->held_notification);
	tracee->held_notification = 0;
	return true;
}
