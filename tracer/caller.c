/* SPDX-License-Identifier: Apache-2.0 */
/* Who makes a call. */
#include "tracer/supervisor.h"

#include "base/cleanup.h"
#include "tracer/procfs.h"

#define PARENTS_MANY 32 /* more than rules ask for */

pid_t caller_tgid(pid_t tid)
{
	pid_t tgid, ppid;
	int r = procfs_read_ids(tid, &tgid, &ppid, NULL);

	return r < 0 ? r : tgid;
}

pid_t caller_parent(pid_t pid)
{
	pid_t tgid, ppid;

	return procfs_read_ids(pid, &tgid, &ppid, NULL) < 0 ? 0 : ppid;
}

static struct tracee *add(struct tracer *t, pid_t tid, pid_t pid)
{
	struct tracee *tracee = tracees_add(&t->tracees, tid, pid);

	if (!tracee)
		return NULL;
	tracee->late = tracee->process->other_ids = true;
	tracee->identity = identity_of_stranger(t);
	t->slow.apart = true;
	/* born with CLONE_UNTRACED, or left by its debugger: from here on its children are ours again */
	if (!loose_try(t, tracee))
		unseized_begin(t, tracee);
	told_add(t, &(struct told){ .kind = TOLD_FIRST, .tid = tid, .pid = pid });
	return tracee;
}

static bool is_above_us(const struct tracer *t, pid_t pid)
{
	pid_t at = t->launch.front;

	while (at > 0 && at != pid)
		at = caller_parent(at);
	return at == pid;
}

/*
 * Rules ask for parents, which nothing has told of while they make no caught call. Who has lost his is given to one of
 * the workload, or to one above us.
 */
static void know_parents(struct tracer *t, pid_t parent)
{
	pid_t unknown[PARENTS_MANY];
	size_t n = 0;

	for (; parent > 0 && n < ARRAY_SIZE(unknown) && !tracees_find(&t->tracees, parent);
	     parent = caller_parent(parent))
		unknown[n++] = parent;
	while (n && is_above_us(t, unknown[n - 1]))
		n--;
	while (n--)
		add(t, unknown[n], unknown[n]);
}

struct tracee *caller_tracee(struct tracer *t, pid_t tid)
{
	struct tracee *tracee = tracees_find(&t->tracees, tid);
	pid_t pid, parent;

	if (tracee)
		return tracee;
	if (procfs_read_ids(tid, &pid, &parent, NULL) < 0)
		return NULL;
	if (!t->seizing) {
		know_parents(t, parent);
		if (tid != pid && !tracees_find(&t->tracees, pid))
			add(t, pid, pid);
	}
	return add(t, tid, pid);
}

/*
 * A thread that nobody stops comes out of its exec as the first one of its process: by what is known of that one the
 * new program shows, whatever has become of the others by then.
 */
static void know_first(struct tracer *t, const struct tracee *tracee)
{
	struct tracee *first = caller_tracee(t, tracee->process->pid);

	if (!first || first->seized)
		return;
	if (first->loose)
		unseized_begin(t, first);
	if (!first->image) /* it has ended, and they go on */
		first->image = tracee->image;
}

void caller_know(struct tracer *t, bool first)
{
	struct pending *p = &t->pending;
	struct tracee *tracee = caller_tracee(t, p->call.tid);

	p->unknown = first && tracee && !tracee->seized && !tracee->loose && unseized_is_other(t, tracee);
	if (p->unknown || !tracee)
		return;
	p->tracee = tracee;
	tracee->called = true;
	if (tracee->loose)
		loose_seize(t, tracee);
	if (!tracee->seized)
		unseized_look(t, tracee);
	if (!tracee->seized && tracee->tid != tracee->process->pid &&
	    calls_traits(&t->calls, p->call.number) & CALL_EXEC)
		know_first(t, tracee);
	p->call.pid = tracee->process->pid;
}
