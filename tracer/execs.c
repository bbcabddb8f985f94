/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/supervisor.h"

#include <linux/audit.h>
#include <linux/seccomp.h>

#include "base/cleanup.h"
#include "tracer/notify.h"

/*
 * Of the threads of a process one executes at a time: the others wait, in the kernel, until it has failed, or has made
 * an end of them. Who waits there can no more become ours than who executes (loose_try()), and would be in a new
 * program without a stop if it came first after all. So the second one's call is not let into the kernel: it waits with
 * its notification until the first one's is over, and is looked at then.
 */
struct waiting_exec {
	struct seccomp_notif notification;
	struct waiting_exec *next;
};

struct asking {
	const struct tracer *t;
	const struct process *process;
	bool found;
};

/* Whoever is followed is heard of, whatever becomes of its exec. */
static void look_if_followed(void *context, struct tracee *tracee)
{
	struct asking *a = context;

	a->found |= tracee->process == a->process && tracee->seized && !tracee->over && tracee->follow != FOLLOW_NONE &&
		    calls_traits(&a->t->calls, tracee->call.number) & CALL_EXEC;
}

static bool must_wait(const struct tracer *t, const struct tracee *tracee)
{
	struct asking a = { t, tracee->process, false };

	if (tracee->follow == FOLLOW_NONE && tracee->process->program.executes)
		tracees_each(&t->tracees, look_if_followed, &a);
	return a.found;
}

bool execs_hold(struct tracer *t, const struct seccomp_notif *n)
{
	const struct tracee *tracee;
	struct waiting_exec *w;

	if (!(calls_traits(&t->calls, n->data.nr) & CALL_EXEC) || n->data.arch != ARCH_AUDIT)
		return false;
	tracee = tracees_find(&t->tracees, (pid_t)n->pid);
	if (!tracee || !must_wait(t, tracee))
		return false;
	w = malloc(sizeof(*w));
	if (!w)
		return false;
	*w = (struct waiting_exec){ *n, t->execs };
	t->execs = w;
	return true;
}

bool execs_come(struct tracer *t, struct seccomp_notif *ret_n)
{
	if (t->pending.active || t->injections)
		return false;
	for (struct waiting_exec **at = &t->execs; *at;) {
		struct waiting_exec *w = *at;
		const struct tracee *tracee = tracees_find(&t->tracees, (pid_t)w->notification.pid);
		bool valid = notify_valid(t->listener, w->notification.id);

		if (valid && tracee && must_wait(t, tracee)) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		*ret_n = w->notification;
		free(w);
		if (valid)
			return true;
	}
	return false;
}

void execs_free(struct tracer *t)
{
	while (t->execs) {
		struct waiting_exec *w = t->execs;

		t->execs = w->next;
		free(w);
	}
}
