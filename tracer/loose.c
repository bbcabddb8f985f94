/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/supervisor.h"

#include <signal.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tracer/status.h"

/*
 * Threads that are not ours by ptrace until they make a caught call. A child is born without a stop: its
 * birth is in the kernel's records (task_ring.h) before it or its parent can do anything more, and these are
 * heard before anything that they do is looked at. Its first caught call is held by its notification, and
 * there it is seized: an exec's stop, results and broken off calls are to be had from then on. A thread that
 * makes no caught call costs nothing but its two records. Who has children, and makes no caught call between
 * two of their ends, is let go again at the signal that tells of the second.
 */

/*
 * A signal that comes before a call is received breaks it off, and only in threads that are ours it is made
 * to start again (stops.c). So the threads of processes that have handlers for signals that may come in
 * numbers are ours from their birth on: what asks a process to end or tells of its faults is no such signal,
 * nor are the two that the C library has for itself.
 */
#define SIGNAL(n) STATUS_SIGNAL(n)
#define MANY_SIGNALS                                                                                                 \
	(SIGNAL(SIGALRM) | SIGNAL(SIGVTALRM) | SIGNAL(SIGPROF) | SIGNAL(SIGUSR1) | SIGNAL(SIGUSR2) | SIGNAL(SIGIO) | \
	 SIGNAL(SIGURG) | ~(SIGNAL(34) - 1))
#define HANDLERS_LOOK_NS 100000000ull

/* ---- handlers of signals ------------------------------------------------------------------------------- */

/* Whether the process has a handler for one of them; false also when it is gone. */
static bool catches(pid_t pid, uint64_t signals)
{
	return status_has_signal(pid, "SigCgt", signals);
}

struct executing {
	const struct tracer *t;
	const struct tracee *asker;
	bool found;
};

static void look_if_executing(void *context, struct tracee *tracee)
{
	struct executing *e = context;

	e->found |= tracee != e->asker && tracee->process == e->asker->process && tracee->continued >= 0 &&
		    calls_traits(&e->t->calls, tracee->continued) & CALL_EXEC;
}

/*
 * While another thread of its process is in an exec: who becomes a tracer then waits for the exec to have read the
 * program, and that may never come (FUSE).
 */
bool loose_others_execute(const struct tracer *t, const struct tracee *tracee)
{
	struct executing e = { t, tracee, false };

	if (!tracee->process->program.executes)
		return false;
	tracees_each(&t->tracees, look_if_executing, &e);
	tracee->process->program.executes = e.found;
	return e.found;
}

bool loose_try(const struct tracer *t, struct tracee *tracee)
{
	if (!t->seizing || loose_others_execute(t, tracee))
		return false;
	tracee->seized = ptrace(PTRACE_SEIZE, tracee->tid, NULL, (void *)stops_options(t, tracee->process)) == 0;
	return tracee->seized;
}

/* From here on its births stop, too. One that is in a call that we let into the kernel is left there. */
static void keep_thread(struct tracer *t, struct tracee *tracee)
{
	if (tracee->loose && !tracee->over && !tracee->lingers)
		loose_seize(t, tracee);
	else if (tracee->seized)
		tracee->options_due = true;
	if (tracee->options_due && !tracee->stopped && tracee->continued < 0 && tracee->follow == FOLLOW_NONE &&
	    (!t->pending.active || t->pending.tracee != tracee))
		ptrace(PTRACE_INTERRUPT, tracee->tid, NULL, NULL);
}

struct keeping {
	struct tracer *t;
	const struct process *process;
};

static void keep_if_of(void *context, struct tracee *tracee)
{
	struct keeping *k = context;

	if (tracee->process == k->process)
		keep_thread(k->t, tracee);
}

/* Handlers come and go unseen: a look at the first births, ever more seldom, and now and then. */
static void look_at_handlers(struct tracer *t, struct tracee *parent, uint64_t now)
{
	struct program *p = &parent->process->program;

	p->births++;
	if (p->signals || (p->births & (p->births - 1) && now - p->looked < HANDLERS_LOOK_NS))
		return;
	p->looked = now;
	p->signals = catches(parent->process->pid, MANY_SIGNALS);
	if (p->signals)
		tracees_each(&t->tracees, keep_if_of, &(struct keeping){ t, parent->process });
}

void loose_expect(struct tracer *t, pid_t tid, int signal)
{
	struct tracee *caller = t->pending.tracee;
	struct tracee *tracee = t->rings && signal >= 0 && signal < _NSIG ? tracees_find(&t->tracees, tid) : NULL;

	if (!tracee || tracee->process->program.signals || (signal && !catches(tracee->process->pid, SIGNAL(signal))))
		return;
	tracee->process->program.signals = true;
	tracees_each(&t->tracees, keep_if_of, &(struct keeping){ t, tracee->process });
	/* it stops behind its call, so that no thread is born before births stop */
	if (caller && caller->options_due)
		ptrace(PTRACE_INTERRUPT, caller->tid, NULL, NULL);
}

/* ---- what the kernel tells ----------------------------------------------------------------------------- */

/* Event time of the records' clock. */
static uint64_t clock_difference(void)
{
	return tracer_now() - clock_ns(CLOCK_MONOTONIC);
}

static void hear_birth(struct tracer *t, struct tracee *parent, const struct task_record *record, uint64_t ts)
{
	struct tracee *child = birth_heard(t, parent, record, ts);

	look_at_handlers(t, parent, record->time);
	if (!child || !child->loose || !parent->process->program.signals)
		return;
	/* where its parent stops for births, it is ours already, and its stop comes (birth_stop()) */
	if (parent->seized && !parent->options_due)
		child->newborn = true;
	else if (loose_try(t, child))
		child->loose = false;
}

static void hear_end(struct tracer *t, const struct task_record *record, uint64_t ts)
{
	struct tracee *tracee = tracees_find(&t->tracees, record->tid);

	/* the end of what is ours by ptrace is told when it is reaped */
	if (!tracee || tracee->seized || tracee->over)
		return;
	if (tracee->tid == tracee->process->pid && tracee->process->threads > 1) {
		tracee->lingers = true;
		return;
	}
	told_end(t, tracee, ts);
}

static void hear_exec(struct tracer *t, const struct task_record *record)
{
	const struct tracee *first = tracees_find(&t->tracees, record->pid);

	if (first)
		unseized_executed(t, first->process);
}

static void look_after(void *context, struct tracee *tracee)
{
	struct tracer *t = context;

	tracee->unrecorded = tracee->process->executing && tracee->executed;
	if (!tracee->loose || tracee->over)
		return;
	unseized_begin(t, tracee);
	unseized_is_other(t, tracee);
}

/*
 * Children are known from their first caught call on where their birth was lost, and ends are looked for.
 * What was lost may have come before all that is heard now: so who has an id that was another's is known
 * before his children are, and what they are is not certain.
 */
static void hear_loss(struct tracer *t)
{
	tracees_each(&t->tracees, look_after, t);
}

bool loose_hear(struct tracer *t)
{
	struct task_record record;
	uint64_t difference;
	bool lost;
	int r;

	if (!t->rings)
		return false;
	r = task_rings_look(t->rings);
	lost = r < 0 || task_rings_lost(t->rings);
	if (lost)
		hear_loss(t);
	if (r < 0) {
		task_rings_free(take_ptr(t->rings));
		t->stats.dropped++;
		return t->told.count > 0;
	}
	if (!task_rings_next(t->rings, &record))
		return false;
	difference = clock_difference();
	do {
		struct tracee *parent;

		if (record.change == TASK_BORN)
			stops_freed(t, record.tid);
		parent = record.change == TASK_BORN ? tracees_find(&t->tracees, record.caller) : NULL;
		if (record.change == TASK_LOST)
			t->stats.dropped += record.lost;
		else if (record.change == TASK_ENDED)
			hear_end(t, &record, record.time + difference);
		else if (record.change == TASK_EXECUTED)
			hear_exec(t, &record);
		else if (parent && !parent->over && record.tid > 0)
			hear_birth(t, parent, &record, record.time + difference);
	} while (task_rings_next(t->rings, &record));
	if (lost) /* also of who was born meanwhile */
		hear_loss(t);
	return t->told.count > 0;
}

void loose_look_around(struct tracer *t)
{
	if (t->rings && task_rings_processors(t->rings, sysconf(_SC_NPROCESSORS_ONLN)) < 0)
		t->stats.dropped++;
}

/* ---- who is ours --------------------------------------------------------------------------------------- */

/* An exec of its own may be missed where nobody stops it or looks for another program. */
static bool may_stay(const struct tracer *t, const struct tracee *tracee)
{
	const struct pending *p = &t->pending;

	return loose_others_execute(t, tracee) && !(p->active && p->tracee == tracee &&
						    calls_traits(&t->calls, p->call.number) & CALL_EXEC);
}

void loose_seize(struct tracer *t, struct tracee *tracee)
{
	if (may_stay(t, tracee)) /* its next caught call comes */
		return;
	tracee->loose = false;
	if (loose_try(t, tracee))
		tracee->newborn = false; /* it was not ours from its birth on (CLONE_UNTRACED): no first stop comes */
	else
		unseized_begin(t, tracee);
}

/* ptrace(PTRACE_DETACH) with a signal to deliver, 0 = none. */
static bool let_go(struct tracee *tracee, int signal)
{
	if (ptrace(PTRACE_DETACH, tracee->tid, NULL, (void *)(uintptr_t)signal) < 0)
		return false;
	tracee->seized = tracee->stopped = tracee->listening = false;
	tracee->loose = true;
	return true;
}

static bool is_busy(const struct tracee *tracee)
{
	return tracee->follow != FOLLOW_NONE || tracee->leaving_for_debugger || tracee->held_notification ||
	       tracee->owed.what != OWED_NOTHING || tracee->socket;
}

bool loose_release(struct tracer *t, struct tracee *tracee, int signal)
{
	bool called = tracee->called;

	if (!t->rings || signal != SIGCHLD)
		return false;
	tracee->called = false;
	return !called && !is_busy(tracee) && !catches(tracee->tid, MANY_SIGNALS | SIGNAL(SIGCHLD)) &&
	       let_go(tracee, signal);
}

void loose_hold_workload(struct tracer *t)
{
	struct tracee *workload;

	if (!atomic_load(&t->launch.shared->front_stops))
		return;
	loose_hear(t);
	workload = tracees_find(&t->tracees, t->launch.workload);
	if (workload && workload->loose && !workload->over && !workload->lingers)
		loose_seize(t, workload);
	t->front_held = !workload || !workload->seized;
	t->apart |= t->front_held;
	atomic_store(&t->launch.shared->front_stops, false);
}

/* ---- whether it is to be so ---------------------------------------------------------------------------- */

uint16_t loose_lacks(const struct intercept_set *set)
{
	uint16_t ends = 0;

	for (size_t i = 0; i < set->nwants; i++) {
		uint16_t event = set->wants[i].event;

		if (event == EV_SYSCALL_CLONE_20_X || event == EV_SYSCALL_CLONE3_X || event == EV_SYSCALL_FORK_20_X ||
		    event == EV_SYSCALL_VFORK_20_X)
			return event;
		if (event == EV_PROCEXIT_1_E)
			ends = event;
	}
	return ends;
}

int loose_begin(struct tracer *t, const struct intercept_set *set, struct error *err)
{
	bool asked = t->options.births == TRACER_BIRTHS_RECORDS;
	const char *obstacle = NULL;
	struct error ignored;
	int r;

	if (t->options.births == TRACER_BIRTHS_STOPS)
		return 0;
	if (!t->notifying || !t->seizing)
		obstacle = "it takes the backend notify";
	else if (t->guards_memory)
		obstacle = "without the capability SYS_PTRACE who changes its user can be traced from its birth on alone";
	else if (t->options.on_exit == TRACER_ON_EXIT_KILL)
		obstacle = "what is not traced would outlive the monitor (--on-exit kill)";
	else if (t->in_full || loose_lacks(set))
		obstacle = "rules or a capture look at births and ends themselves";
	if (obstacle)
		return asked ? error_set(err, -EOPNOTSUPP, "births cannot be learnt by records: %s", obstacle) : 0;
	r = task_rings_open(&t->rings, asked ? err : &ignored);
	t->status.records = r == 0;
	return asked ? r : 0;
}
