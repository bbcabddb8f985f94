/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "tracer/notify.h"
#include "tracer/status.h"

#define EMBRYO_WAIT_NS 20000000ull /* a parent's fork event comes within microseconds, unless the parent was killed */

#ifndef PTRACE_EVENT_STOP
#define PTRACE_EVENT_STOP 128
#endif

unsigned long stops_options(const struct tracer *t, const struct process *process)
{
	const unsigned long births = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;

	return PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | (t->rings && !process->program.signals ? 0 : births) |
	       (t->notifying || t->every_call ? 0 : PTRACE_O_TRACESECCOMP) |
	       /* without a filter no call would fail when nobody looks */
	       (t->options.on_exit == TRACER_ON_EXIT_KILL || t->every_call ? PTRACE_O_EXITKILL : 0);
}

void stops_resume(struct tracer *t, struct tracee *tracee, int signal)
{
	bool to_syscall = t->every_call || tracee->follow == FOLLOW_ENTERING || tracee->follow == FOLLOW_LEAVING ||
			  tracee->follow == FOLLOW_BROKEN_OFF;

	if (!tracee->stopped)
		return;
	if (tracee->leaving_for_debugger && handover_stop(t, tracee, signal))
		return;
	tracee->stopped = false;
	if (tracee->listening) {
		ptrace(PTRACE_LISTEN, tracee->tid, NULL, NULL);
		return;
	}
	/* -ESRCH: it was killed; its end will be reported */
	ptrace(to_syscall ? PTRACE_SYSCALL : PTRACE_CONT, tracee->tid, NULL, (void *)(uintptr_t)signal);
}

static void add_resume(struct tracer *t, const struct tracee *tracee, int signal)
{
	told_add(t, &(struct told){ .kind = TOLD_RESUME, .tid = tracee->tid, .signal = signal });
}

static void add_result(struct tracer *t, const struct tracee *tracee)
{
	told_add(t, &(struct told){ .kind = TOLD_RESULT, .tid = tracee->tid });
	add_resume(t, tracee, 0);
}

/*
 * A signal that comes before a notification is received breaks the call off with -ERESTARTSYS, and a handler without
 * SA_RESTART makes that EINTR: for calls that natively never fail so, and in truth the call had not even begun. It is
 * made to start again after the handler. The signal: 0 = none is about to be delivered.
 */
static void cure_interruption(struct tracer *t, struct tracee *tracee, int signal)
{
	bool broken_off = tracee->broken_off;
	struct arch_regs regs;
	long number;

	tracee->broken_off = false;
	if (!arch_can_restart() || arch_read(tracee->tid, &regs) < 0)
		return;
	number = regs.compat ? -1 : arch_number(&regs);
	if (number >= 0 && arch_result(&regs) < 0)
		birth_failed(tracee, number);
	if (number >= 0 && tracee->listening)
		disturbed_stop(tracee, &regs);
	else if (number >= 0 && arch_result(&regs) == -EINTR)
		disturbed_wait(t, tracee, &regs, tracer_now());
	if (!t->notifying || number < 0 || !arch_is_restart(arch_result(&regs)) || !filter_catches(t->filter, number))
		return;
	/* it was let into the kernel, and waits there as it would natively */
	if (tracee->continued == number &&
	    (broken_off || (calls_traits(&t->calls, number) & (CALL_BLOCKS | CALL_WHOLE)) == CALL_BLOCKS)) {
		/* behind a handler the next call of this number is another one */
		if (signal && status_has_signal(tracee->tid, "SigCgt", STATUS_SIGNAL(signal)))
			tracee->continued = -1;
		return;
	}
	if (arch_result(&regs) != -ARCH_ERESTARTSYS)
		return;
	arch_set_result(&regs, -ARCH_ERESTARTNOINTR);
	arch_write(tracee->tid, &regs);
}

/* Whether a signal that stops who is traced natively wakes anybody. */
static bool is_heeded(pid_t tid, int signal)
{
	const uint64_t bit = STATUS_SIGNAL(signal);

	if (bit & (STATUS_SIGNAL(SIGCHLD) | STATUS_SIGNAL(SIGCONT) | STATUS_SIGNAL(SIGURG) | STATUS_SIGNAL(SIGWINCH)))
		return status_has_signal(tid, "SigCgt", bit);
	return !status_has_signal(tid, "SigIgn", bit);
}

static bool is_stopping_signal(int signal)
{
	return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

void stops_wake_front(struct tracer *t, pid_t tid)
{
	if (tid != t->launch.workload || t->front_gone)
		return;
	t->front_held = false;
	kill(t->launch.front, SIGCONT);
}

static void event_stop(struct tracer *t, struct tracee *tracee, int signal)
{
	bool was_listening = tracee->listening;

	owed_give(tracee);
	tracee->listening = is_stopping_signal(signal);
	if (was_listening) /* if it stopped again, the front will, too, and the shell hears of it */
		stops_wake_front(t, tracee->tid);
	switch (tracee->follow) {
	case FOLLOW_EXIT_CHECK:
	case FOLLOW_EXEC:
		add_result(t, tracee);
		return;
	case FOLLOW_RESTARTING:
		entry_exec_stack(t, tracee);
		tracee->follow = FOLLOW_ENTERING;
		stops_resume(t, tracee, 0);
		return;
	case FOLLOW_BROKEN_OFF:
		if (!tracee->listening) { /* we have interrupted it */
			stops_resume(t, tracee, 0);
			return;
		}
		cure_interruption(t, tracee, 0);
		add_result(t, tracee);
		return;
	default:
		break;
	}
	if (!tracee->newborn) /* else it has made no call */
		cure_interruption(t, tracee, 0);
	tracee->newborn = false;
	stops_resume(t, tracee, 0);
}

/*
 * Where every call stops, it does so before the filters of the place: one that names what is allowed refuses
 * the call that is none, and its error took the place of the answer.
 */
void stops_skip(struct tracer *t, struct tracee *tracee, struct arch_regs *regs, int64_t value)
{
	arch_skip(tracee->tid, regs, value);
	if (t->every_call) {
		tracee->follow = FOLLOW_SKIPPING;
		tracee->answer.value = value;
	}
	stops_resume(t, tracee, 0);
}

static void give_answer(struct tracee *tracee)
{
	struct arch_regs regs;

	tracee->follow = FOLLOW_NONE;
	if (arch_read(tracee->tid, &regs) < 0 || regs.compat || arch_result(&regs) == tracee->answer.value)
		return;
	arch_set_result(&regs, tracee->answer.value);
	arch_write(tracee->tid, &regs);
}

static void syscall_stop(struct tracer *t, struct tracee *tracee)
{
	if (t->every_call && passing_stop(t, tracee))
		return;
	if (tracee->follow == FOLLOW_SKIPPING)
		give_answer(tracee);
	if (tracee->follow == FOLLOW_ENTERING || tracee->follow == FOLLOW_BROKEN_OFF) {
		tracee->follow = FOLLOW_LEAVING;
	} else if (tracee->follow == FOLLOW_LEAVING) {
		add_result(t, tracee);
		return;
	}
	stops_resume(t, tracee, 0);
}

static void set_options(struct tracer *t, struct tracee *tracee)
{
	tracee->options_due = false;
	ptrace(PTRACE_SETOPTIONS, tracee->tid, NULL, (void *)stops_options(t, tracee->process));
}

static void exec_stop(struct tracer *t, struct tracee *tracee, pid_t tid, pid_t former)
{
	struct tracee *caller = tracees_find(&t->tracees, former);
	bool stopped_births = t->rings && caller && caller->process->program.signals;

	if (former != tid)
		decode_exec_forget(t->memo, 0); /* of neither id any more */
	if (former != tid && tracee) /* the first thread, whose end is not reported */
		result_lose(t, tracee);
	if (former != tid)
		handover_replace(t, tracee, caller);
	tracees_exec(&t->tracees, tid, former);
	tracee = tracees_find(&t->tracees, tid);
	if (!tracee) { /* nothing was known of the thread that executed */
		tracee = tracees_add(&t->tracees, tid, tid);
		if (!tracee) {
			ptrace(PTRACE_CONT, tid, NULL, NULL);
			return;
		}
		tracee->identity = identity_of_stranger(t);
	}
	tracee->seized = tracee->stopped = tracee->in_call = true;
	tracee->loose = tracee->lingers = false;
	if (stopped_births) /* with the handlers */
		set_options(t, tracee);
	tracee->follow = FOLLOW_NONE;
	if (tracee->identity != IDENTITY_CONFINED)
		tracee->identity = tracee->identity == IDENTITY_SAME ? IDENTITY_EXECUTING : IDENTITY_UNKNOWN;
	tracee->changes = 0;
	tracee->continued = -1;
	told_add(t, &(struct told){ .kind = TOLD_EXEC, .tid = tid, .pid = tid });
	add_resume(t, tracee, 0);
}

static void signal_stop(struct tracer *t, struct tracee *tracee, int signal)
{
	owed_give(tracee);
	/* a followed call that is broken off restarts behind the handler, and is caught again */
	if (tracee->follow == FOLLOW_ENTERING || tracee->follow == FOLLOW_LEAVING)
		tracee->follow = FOLLOW_NONE;
	cure_interruption(t, tracee, signal);
	if (tracee->follow == FOLLOW_BROKEN_OFF && is_heeded(tracee->tid, signal)) {
		told_add(t, &(struct told){ .kind = TOLD_RESULT, .tid = tracee->tid });
		add_resume(t, tracee, signal);
		return;
	}
	if (!loose_release(t, tracee, signal))
		stops_resume(t, tracee, signal);
}

static void embryo_stop(struct tracer *t, pid_t tid)
{
	/* whose child it is, and whether it is a thread, its parent's event says */
	struct tracee *tracee = tracees_add(&t->tracees, tid, tid);

	if (!tracee) {
		t->stats.dropped++;
		ptrace(PTRACE_CONT, tid, NULL, NULL);
		return;
	}
	tracee->seized = tracee->stopped = tracee->embryo = true;
	tracee->since = tracer_now();
	t->tracees.embryos++;
}

struct ending {
	struct tracer *t;
	const struct tracee *first;
};

static void end_with_first(void *context, struct tracee *tracee)
{
	const struct ending *e = context;

	if (tracee == e->first || tracee->process != e->first->process || tracee->over)
		return;
	tracee->over = true;
	told_add(e->t, &(struct told){ .kind = TOLD_END, .tid = tracee->tid, .pid = tracee->process->pid });
}

void stops_ended(struct tracer *t, pid_t tid, int status)
{
	struct tracee *tracee = tracees_find(&t->tracees, tid);

	decode_exec_forget(t->memo, tid);
	stops_wake_front(t, tid);
	/*
	 * The first thread of a process is reaped as the last. Who is left had its id already: a thread whose
	 * exec failed when there was no way back.
	 */
	if (tracee && tid == tracee->process->pid && tracee->process->threads > 1)
		tracees_each(&t->tracees, end_with_first, &(struct ending){ t, tracee });
	if (tracee && tracee->held_notification) /* its debugger-to-be learns from the kernel */
		notify_continue(t->listener, tracee->held_notification);
	if (tracee && tracee->embryo) { /* nobody has heard of it */
		tracees_remove(&t->tracees, tracee);
		return;
	}
	if (!tracee && !t->rings && tid != t->launch.workload) /* its birth tells its end, too */
		return;
	if (tracee) {
		result_lose(t, tracee);
		tracee->over = true;
	}
	told_add(t,
		 &(struct told){
			 .kind = TOLD_END, .tid = tid, .pid = tracee ? tracee->process->pid : tid, .status = status });
}

static bool is_of_call(int status)
{
	return WIFSTOPPED(status) && (WSTOPSIG(status) == (SIGTRAP | 0x80) || status >> 16 == PTRACE_EVENT_SECCOMP);
}

static void stopped(struct tracer *t, const struct taken *k)
{
	pid_t tid = k->tid;
	struct tracee *tracee = tracees_find(&t->tracees, tid);
	int signal = WSTOPSIG(k->status), event = k->status >> 16;

	if (event == PTRACE_EVENT_EXEC) {
		exec_stop(t, tracee, tid, k->former);
		return;
	}
	decode_exec_forget(t->memo, tid); /* its exec has failed */
	if (!tracee) {
		embryo_stop(t, tid);
		return;
	}
	tracee->seized = tracee->stopped = true;
	tracee->loose = false; /* its birth was heard of before */
	if (tracee->options_due)
		set_options(t, tracee);
	switch (event) {
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		birth_stop(t, tracee, event);
		break;
	case PTRACE_EVENT_SECCOMP: {
		unsigned long message = 0;

		if (t->every_call) { /* its entry stop came before (foreign.c) */
			stops_resume(t, tracee, 0);
			break;
		}
		ptrace(PTRACE_GETEVENTMSG, tid, NULL, &message);
		entry_filtered(t, tracee, message);
		break;
	}
	case PTRACE_EVENT_STOP:
		event_stop(t, tracee, signal);
		break;
	case 0:
		if (signal == (SIGTRAP | 0x80))
			syscall_stop(t, tracee);
		else
			signal_stop(t, tracee, signal);
		break;
	default:
		stops_resume(t, tracee, 0);
	}
}

static void look_at(struct tracer *t, struct taken *taken)
{
	struct taken k = *taken;

	taken->tid = 0;
	if (k.tid && WIFSTOPPED(k.status))
		stopped(t, &k);
	else if (k.tid)
		stops_ended(t, k.tid, k.status);
}

void stops_freed(struct tracer *t, pid_t tid)
{
	for (unsigned int i = t->taken_first; i < t->taken_first + t->taken_count; i++)
		if (t->taken[i].freed == tid)
			look_at(t, &t->taken[i]);
}

/*
 * Who ended, and a thread that executes when it is not the first, leave an id to whoever asks for it
 * (clone3() with set_tid).
 */
static struct taken report(pid_t tid, int status)
{
	unsigned long former = (unsigned long)tid;

	if (!WIFSTOPPED(status))
		return (struct taken){ .tid = tid, .status = status, .freed = tid };
	if (status >> 16 == PTRACE_EVENT_EXEC)
		ptrace(PTRACE_GETEVENTMSG, tid, NULL, &former);
	return (struct taken){
		.tid = tid, .status = status, .former = (pid_t)former, .freed = (pid_t)former == tid ? 0 : (pid_t)former
	};
}

static struct taken *find_taken(struct tracer *t, pid_t tid)
{
	for (unsigned int i = t->taken_first; i < t->taken_first + t->taken_count; i++)
		if (t->taken[i].tid == tid)
			return &t->taken[i];
	return NULL;
}

static bool has_call(const struct tracer *t)
{
	for (unsigned int i = 0; i < t->taken_count; i++)
		if (is_of_call(t->taken[i].status))
			return true;
	return false;
}

/*
 * The kernel reports who was born last first, whatever came first. Who has ended is no parent any more, so ends that
 * were there before a call's stop are to be told before that: they are looked at while all is taken that there is.
 */
static bool take_all(struct tracer *t)
{
	bool any = false;

	t->taken_first = t->taken_count = 0;
	while (t->taken_count < TAKEN_MANY && (!t->taken_count || has_call(t))) {
		int status;
		/* children of other threads, such as the programs of outputs, are theirs to reap */
		pid_t tid = waitpid(-1, &status, __WALL | __WNOTHREAD | WNOHANG);
		struct taken *before, *taken = &t->taken[t->taken_count];

		if (tid <= 0)
			break;
		before = find_taken(t, tid);
		*taken = report(tid, status);
		t->taken_count++;
		any = true;
		if (before && WIFSTOPPED(status)) /* of a thread that is gone: another one executes, and has its id */
			before->tid = 0;
		if (before || WIFSTOPPED(status))
			continue;
		loose_hear(t);
		look_at(t, taken);
		t->taken_count--;
	}
	return any;
}

bool stops_take(struct tracer *t)
{
	struct taken *taken;

	if (!t->taken_count && !take_all(t))
		return false;
	if (!t->taken_count)
		return true;
	taken = &t->taken[t->taken_first];
	loose_hear(t); /* what the thread did before */
	look_at(t, taken);
	t->taken_first++;
	t->taken_count--;
	return true;
}

static void adopt(void *context, struct tracee *tracee)
{
	struct tracer *t = context;
	pid_t tid = tracee->tid, pid;

	if (!tracee->embryo || tracer_now() - tracee->since < EMBRYO_WAIT_NS || t->told.count + 2 > TOLD_MANY)
		return;
	pid = caller_tgid(tid);
	if (pid > 0 && pid != tid) { /* a thread after all */
		tracees_remove(&t->tracees, tracee);
		tracee = tracees_add(&t->tracees, tid, pid);
		if (!tracee) {
			ptrace(PTRACE_CONT, tid, NULL, NULL);
			return;
		}
		tracee->seized = tracee->stopped = true;
	} else {
		tracee->embryo = false;
		t->tracees.embryos--;
	}
	tracee->late = tracee->process->other_ids = true;
	t->slow.apart = true;
	tracee->identity = identity_of_stranger(t);
	told_add(t, &(struct told){ .kind = TOLD_FIRST, .tid = tracee->tid, .pid = tracee->process->pid });
	add_resume(t, tracee, 0);
}

void stops_adopt(struct tracer *t)
{
	if (t->tracees.embryos)
		tracees_each(&t->tracees, adopt, t);
}
