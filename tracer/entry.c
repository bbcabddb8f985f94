/* SPDX-License-Identifier: Apache-2.0 */
/* A call from where it is caught to its answer: what the tracer itself does about it, and the event that it gives. */
#include "tracer/supervisor.h"

#include <linux/audit.h>
#include <linux/ptrace.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "tracer/creation.h"
#include "tracer/maps.h"
#include "tracer/notify.h"
#include "tracer/protect.h"
#include "tracer/socket.h"
#include "tracer/ustack.h"

/* ---- answering ----------------------------------------------------------------------------------------- */

void entry_done(struct tracer *t, uint64_t now)
{
	struct pending *p = &t->pending;

	p->active = p->event_due = p->answer_due = false;
	/* nobody asks for it any more; one that we keep would stay open when its owner closes it */
	if (p->call.socket && p->tracee && !p->messages && p->tracee->follow == FOLLOW_NONE) {
		p->call.socket = NULL;
		socket_release(take_ptr(p->tracee->socket));
	}
	figures_stall(&t->figures, p->call.number, now > p->since ? now - p->since : 0);
	if (!p->repeated)
		figures_count(&t->figures, p->call.number, p->way);
}

void entry_continue(struct tracer *t)
{
	struct pending *p = &t->pending;

	entry_done(t, tracer_now());
	if (p->tracee) {
		p->tracee->continued = p->call.number;
		p->tracee->process->program.executes |= (calls_traits(&t->calls, p->call.number) & CALL_EXEC) != 0;
	}
	if (p->notified) {
		/* the caller was killed, or (old kernels) a signal took it away, and it will notify again */
		if (notify_continue(t->listener, p->id) < 0 && p->tracee)
			p->tracee->continued = -1;
	} else if (p->tracee)
		stops_resume(t, p->tracee, 0);
}

void entry_return(struct tracer *t, int64_t value)
{
	struct pending *p = &t->pending;

	entry_done(t, tracer_now());
	if (p->notified && !owed_answer_in_stop(t, value)) {
		struct owed *owed = NULL;

		if (notify_return(t->listener, p->id, value) == -ENOENT && p->way == FIGURES_ON_BEHALF)
			owed = owed_begin(t);
		if (owed) {
			owed->what = OWED_ANSWER;
			owed->value = value;
		}
	} else if (!p->notified && p->tracee) {
		stops_skip(t, p->tracee, &p->regs, value);
	}
}

static void entry_refuse(struct tracer *t, int error)
{
	t->pending.way = FIGURES_REFUSED;
	entry_return(t, error);
}

bool entry_is_unmapped(const struct tracer *t)
{
	const struct call *c = &t->pending.call;
	char path[MAPS_PATH_BYTES];
	struct mapping m;

	return maps_find(c->tid, memory_fault(c->memory), &m, path) == -ENOENT;
}

int entry_fault(const struct tracer *t, int r, unsigned int *tries)
{
	if (r != -EFAULT || entry_is_unmapped(t))
		return r;
	return ++*tries < READER_TRIES ? 1 : -ENODATA;
}

/* ---- calls that are ours to handle, whatever the rules want -------------------------------------------- */

static bool makes_faults(const struct pending *p, unsigned int traits)
{
	return traits & CALL_FAULTS &&
	       (p->call.number != SYS_ioctl || (uint32_t)p->call.args[1] == CALLS_IOCTL_FAULTS);
}

static bool freezes(const struct pending *p, unsigned int traits)
{
	static const uint32_t commands[] = CALLS_IOCTL_FREEZING;
	bool any = false;

	for (size_t i = 0; traits & CALL_FREEZES && i < ARRAY_SIZE(commands); i++)
		any |= (uint32_t)p->call.args[1] == commands[i];
	return any;
}

/* What is done at once is no reason for threads. */
static bool holds(const struct tracer *t, const struct pending *p, unsigned int traits)
{
	return traits & CALL_HOLDS && p->call.args[t->calls.by_number[p->call.number].arg] > ERRAND_HELD_BYTES;
}

/* A call that may be aimed at us. True when it has its answer. */
static bool is_kept_off(struct tracer *t, unsigned int traits)
{
	struct pending *p = &t->pending;
	bool done = false;
	int r = 0;

	if (traits & (CALL_OWNER | CALL_PIDFD))
		r = protect_check_fd(t, p->tracee, &p->call, traits, &done);
	else if (traits & (CALL_PID | CALL_THREAD | CALL_GROUP))
		r = protect_check(t, &p->call, traits, &done);
	else if (traits & CALL_DEBUG && (uint32_t)p->call.args[0] != PTRACE_TRACEME &&
		 protect_is_ours((pid_t)p->call.args[1]) && protect_same_ids(p->call.tid))
		r = -EPERM;
	if (r < 0)
		entry_refuse(t, r);
	else if (done)
		entry_return(t, 0);
	return r < 0 || done;
}

/* The signal that the call sends to the process, or the thread, in its first argument; 0 = it sends none so. */
static int sent(const struct call *c)
{
	switch (c->number) {
	case SYS_kill:
	case SYS_tkill:
	case SYS_rt_sigqueueinfo:
		return (int)c->args[1];
	case SYS_tgkill:
	case SYS_rt_tgsigqueueinfo:
		return (int)c->args[2];
	default:
		return 0;
	}
}

/* What the tracer has to know of from here on, whatever becomes of the call. */
static void heed(struct tracer *t, unsigned int traits)
{
	const struct pending *p = &t->pending;

	if (traits & CALL_AFFINITY)
		near_rest(t);
	if (traits & CALL_MOUNT)
		reader_be_wary(t->reader);
	if (traits & (CALL_MOUNT | CALL_TREE))
		t->mounted = true;
	if (traits & CALL_ASKS)
		t->others_asked = true;
	if (traits & (CALL_MOUNT | CALL_ASKS) || makes_faults(p, traits) || freezes(p, traits) || holds(t, p, traits))
		reader_fear_locks(t->reader);
	if (traits & CALL_LISTEN)
		foreign_listener(t);
	if (traits & CALL_TIMER || (traits & CALL_OWNER && protect_sets_owner(&p->call)))
		loose_expect(t, p->call.tid, 0);
	else if (sent(&p->call))
		loose_expect(t, (pid_t)p->call.args[0], sent(&p->call));
	/*
	 * process_vm_readv() waits until the fault is served, and who serves it may wait for us; a read of
	 * /proc/PID/mem fails
	 */
	if (makes_faults(p, traits))
		t->tracees.direct = false;
}

/* True when the call has its answer. */
static bool handle_own(struct tracer *t, unsigned int traits)
{
	struct pending *p = &t->pending;
	int r;

	if (traits & (CALL_RING | CALL_RINGS) && foreign_ring(t)) {
		entry_refuse(t, -ENOSYS);
		return true;
	}
	heed(t, traits);
	if (is_kept_off(t, traits))
		return true;
	if (traits & CALL_BIRTH) {
		r = birth_unhide(t);
		if (r < 0) {
			entry_return(t, r);
			return true;
		}
	}
	/* who is another user behind the call may be closed to us from then on */
	if (traits & CALL_CRED && p->tracee && t->guards_memory)
		tracees_keep_memory(&t->tracees, p->tracee);
	if (traits & (CALL_CRED | CALL_CONFINE | CALL_ROOT))
		identity_spoil(t, p->tracee, traits);
	if (traits & CALL_DUMP && p->tracee && (uint32_t)p->call.args[0] == PR_SET_DUMPABLE)
		tracees_keep_memory(&t->tracees, p->tracee);
	if (traits & CALL_MASK && p->tracee)
		creation_mask_moves(p->tracee->process);
	return false;
}

void entry_exec_stack(struct tracer *t, struct tracee *tracee)
{
	if (!(t->facts & FACT_STACK) || !(calls_traits(&t->calls, tracee->call.number) & CALL_EXEC))
		return;
	free(take_ptr(tracee->exec_stack));
	if (ustack_take(&t->unwinders, tracee->tid, &t->stack))
		tracee->exec_stack = str_dup(strbuf_str(&t->stack));
}

/* Keeps what is lost with the old program. OPEN_DONE: the call has failed. */
static enum open_way look_at_exec(struct tracer *t)
{
	struct pending *p = &t->pending;
	bool at = syscall_by_number(p->call.number)->event == EV_SYSCALL_EXECVEAT_X;
	ssize_t n = -EFAULT;

	/* the new program has other memory */
	p->tracee->exec_ip = p->call.ip;
	p->tracee->exec_region = t->facts & FACT_CALLER ? maps_region(p->tracee->tid, p->call.ip) : REGION_UNKNOWN;
	free(take_ptr(p->tracee->exec_path));
	free(take_ptr(p->tracee->exec_stack));
	if (p->call.memory)
		n = memory_read_string(p->call.memory, p->call.args[at ? 1 : 0], t->path, sizeof(t->path) - 1);
	if (n > 0) {
		t->path[n] = '\0';
		p->tracee->exec_path = str_dup((struct str){ t->path, (size_t)n });
		/* a stack is read in a stop */
		return at || t->facts & FACT_STACK ? OPEN_CHECK : open_exec_failure(t, (size_t)n);
	}
	return OPEN_CHECK;
}

/*
 * An exec is told by its stop; only a failure has to be caught at the call's end, and the path at its
 * beginning. Searches along PATH fail mostly, for want of a file: that much can be told at once. True when
 * there is an event of it.
 */
static bool handle_exec(struct tracer *t, struct event *ret_event, struct error *err)
{
	struct pending *p = &t->pending;
	enum open_way way = p->tried ? p->tried_way : look_at_exec(t);

	if (way == OPEN_ASIDE)
		return false;
	if (way == OPEN_DONE) {
		p->call.has_result = true;
		p->call.result = p->value;
		p->answer_due = true;
		p->way = FIGURES_ON_BEHALF;
		if (result_event(t, p->tracee, &p->call, 0, ret_event, err) == 0)
			return true;
		entry_return(t, p->value);
		return false;
	}
	if (!p->notified) { /* it is stopped here already */
		p->tracee->call.number = p->call.number;
		entry_exec_stack(t, p->tracee);
	}
	if (result_later(t) < 0) {
		result_await_exec(t);
		entry_continue(t);
	} else if (p->tracee->follow == FOLLOW_EXEC && !t->in_full && !p->tracee->process->other_ids) {
		decode_exec_ahead(p->tracee->tid, t->memo); /* it runs meanwhile, on another processor */
	}
	return false;
}

/* Nothing to tell: the call goes on. */
static void pass(struct tracer *t)
{
	if (calls_traits(&t->calls, t->pending.call.number) & CALL_DEBUG && handover_pending(t))
		return;
	entry_continue(t);
}

/* A ptrace(PTRACE_TRACEME) that is made again, since its caller was let go for it (handover.c): it is told already. */
static bool is_told(struct tracee *tracee, const struct call *c, unsigned int traits)
{
	bool again = traits & CALL_DEBUG && tracee->debugged;

	if (again)
		tracee->debugged = false;
	return again && (uint32_t)c->args[0] == PTRACE_TRACEME;
}

/* What the tracer itself does about a call, before anything is told. True when that was all. */
static bool handle(struct tracer *t)
{
	struct pending *p = &t->pending;
	unsigned int traits = calls_traits(&t->calls, p->call.number);

	if (p->tracee && result_repeats(t))
		return true;
	if (p->tracee && p->tracee->follow == FOLLOW_ANSWERING) { /* a signal took it away before */
		p->tracee->follow = FOLLOW_NONE;
		p->tracee->owed = p->tracee->answer;
	}
	if (owed_now(t) == OWED_ANSWER) {
		p->repeated = true;
		p->way = FIGURES_ON_BEHALF;
		p->tracee->owed.what = OWED_NOTHING;
		entry_return(t, p->tracee->owed.value);
		return true;
	}
	if (p->tracee)
		p->call.memory = tracees_memory(&t->tracees, p->tracee);
	/* also for a caller that nothing is known of */
	if (handle_own(t, traits))
		return true;
	/* it is there, and what cannot be known of it (memory is short, or descriptors) cannot be told */
	if (!p->tracee && filter_wants(t->filter, p->call.number) && p->notified && notify_valid(t->listener, p->id))
		t->stats.dropped++;
	if (!p->tracee || !filter_wants(t->filter, p->call.number) ||
	    is_told(p->tracee, &p->call, traits)) {
		pass(t);
		return true;
	}
	return false;
}

/* ---- telling ------------------------------------------------------------------------------------------- */

static int tell_open(struct tracer *t, struct event *ret_event, struct error *err)
{
	struct pending *p = &t->pending;
	enum open_way way = p->tried ? p->tried_way : open_pending(t);
	int r;

	if (way != OPEN_QUEUED && way != OPEN_ASIDE && t->injections) { /* those before it come first */
		p->tried = p->event_due = true;
		p->tried_way = way;
		p->ext = t->ext;
		return 0;
	}
	switch (way) {
	case OPEN_QUEUED:
	case OPEN_ASIDE:
		return 0;
	case OPEN_DONE:
		p->way = FIGURES_ON_BEHALF;
		if (p->quiet) {
			if (p->call.object_fd >= 0)
				close(take_fd(p->call.object_fd));
			if (p->answered)
				entry_done(t, tracer_now());
			else
				entry_return(t, p->value);
			return 0;
		}
		p->call.has_result = true;
		p->call.result = p->value;
		p->call.ts = tracer_now();
		r = result_event(t, p->tracee, &p->call, 0, ret_event, err);
		if (p->call.object_fd >= 0)
			close(take_fd(p->call.object_fd));
		if (p->answered)
			entry_done(t, p->call.ts);
		else /* sent when the pipeline has looked */
			p->answer_due = true;
		return r < 0 ? 0 : 1;
	case OPEN_CHECK:
		if (result_later(t) == 0)
			return 0;
		return -EAGAIN;
	case OPEN_GONE:
		entry_done(t, tracer_now());
		return 0;
	case OPEN_ENTRY:
		break;
	}
	return -EAGAIN;
}

/* Calls that are made in the caller's place and give it a number, no descriptor. */
static int tell_behalf(struct tracer *t, enum open_way way, struct event *ret_event, struct error *err)
{
	struct pending *p = &t->pending;
	int r;

	if (way == OPEN_ASIDE)
		return 0;
	if (way != OPEN_DONE)
		return way == OPEN_CHECK && result_later(t) == 0 ? 0 : -EAGAIN;
	p->way = FIGURES_ON_BEHALF;
	if (p->quiet) {
		entry_return(t, p->value);
		return 0;
	}
	p->call.has_result = p->answer_due = true;
	p->call.result = send_outcome(p);
	r = result_event(t, p->tracee, &p->call, 0, ret_event, err);
	if (!p->messages) {
		p->call.socket = NULL;
		socket_release(take_ptr(p->tracee->socket));
	}
	return r < 0 ? 0 : 1;
}

/* -EAGAIN: nothing was done. */
static int tell_done(struct tracer *t, unsigned int traits, struct event *ret_event, struct error *err)
{
	const struct pending *p = &t->pending;
	/* who makes a call in another's place has it in no ptrace stop */
	bool in_stop = t->facts & FACT_STACK;
	int r = -EAGAIN;

	if (traits & CALL_SOCKET)
		r = tell_behalf(t, p->tried ? p->tried_way : connect_pending(t), ret_event, err);
	if (traits & CALL_SEND && !in_stop)
		r = tell_behalf(t, p->tried ? p->tried_way : send_pending(t), ret_event, err);
	if (traits & CALL_NAME && !in_stop)
		r = tell_behalf(t, p->tried ? p->tried_way : names_pending(t), ret_event, err);
	return r;
}

/*
 * What may become of the bytes behind pointers while the call is at its entry. Opens that are judged there
 * put up with it.
 */
static enum call_bytes bytes_of(const struct tracee *tracee, unsigned int traits)
{
	if (traits & CALL_OPEN)
		return BYTES_FIXED;
	return tracees_alone(tracee) ? BYTES_PRIVATE : BYTES_SHARED;
}

static int tell(struct tracer *t, struct event *ret_event, struct error *err)
{
	struct pending *p = &t->pending;
	unsigned int traits = calls_traits(&t->calls, p->call.number);
	bool failure_only = false, behalf;
	int r;

	if (p->unknown) {
		caller_know(t, false);
		if (t->told.count)
			return 0;
	}
	if (traits & CALL_OPEN && !t->options.tell_all)
		failure_only = !filter_wants_success(t->filter, p->call.number, p->call.args);
	/*
	 * Who opens in the caller's place has it in no ptrace stop. Nothing that succeeds can be missed where
	 * the registers say that no success matters: the path that the call shows at its entry is good enough
	 * then.
	 */
	behalf = traits & CALL_OPEN && t->options.opens == TRACER_OPENS_EXACT && !(t->facts & FACT_STACK) &&
		 !failure_only;
	if (t->injections && !behalf)
		return 0; /* it is due, and comes behind them */
	p->event_due = false;
	t->looked_behind = 0;
	if (!p->tried && handle(t))
		return 0;
	t->ext = p->tried ? p->ext : (struct event_ext){ .ip = p->call.ip };
	if (traits & CALL_EXEC)
		return handle_exec(t, ret_event, err);
	p->cookie = ++t->last_cookie;
	if (behalf) {
		r = tell_open(t, ret_event, err);
		if (r != -EAGAIN)
			return r;
	}
	r = tell_done(t, traits, ret_event, err);
	if (r != -EAGAIN)
		return r;
	if (send_assume(t, ret_event, err))
		return 1;
	p->call.bytes = bytes_of(p->tracee, traits);
	r = decode_call(&p->call, &t->builder, ret_event, err);
	/* the kernel waits for it, and then it can be read, too */
	if (memory_is_late(p->call.memory) && result_later(t) == 0)
		return 0;
	/* the caller died, or passed pointers that the kernel will refuse too */
	if (r < 0 || (p->notified && !p->tracee->seized && !notify_valid(t->listener, p->id))) {
		pass(t);
		return r == -ENOMEM ? r : 0;
	}
	ret_event->call = p->cookie;
	ret_event->failure_only = failure_only;
	told_dress(t, ret_event, p->tracee);
	return 1;
}

int entry_tell(struct tracer *t, struct event *ret_event, struct error *err)
{
	int r = tell(t, ret_event, err);
	struct tracee *tracee = t->pending.tracee;

	if (!tracee)
		return r;
	if (tracee->follow != FOLLOW_NONE) /* its end tells more, and looks again */
		memory_forget_sealed(tracee->process->memory);
	foreign_late(t, tracee);
	return r;
}

/* ---- catching ------------------------------------------------------------------------------------------ */

static bool is_foreign(uint32_t arch, long number)
{
	return arch != ARCH_AUDIT || number < 0 || number >= CALLS_MAX;
}

void entry_take(struct tracer *t, const struct seccomp_notif *n)
{
	struct pending *p = &t->pending;

	*p = (struct pending){ .active = true, .notified = true, .id = n->id, .since = tracer_now() };
	p->call = (struct call){
		.tid = (pid_t)n->pid,
		.ts = p->since,
		.number = n->data.nr,
		.ip = n->data.instruction_pointer,
		.reader = t->reader,
		.memo = t->memo,
		.object_fd = -1,
	};
	memcpy(p->call.args, n->data.args, sizeof(p->call.args));
	caller_know(t, true);
	/* what it was let into before is over, unless it waits on: a signal now breaks this call off, not that one */
	if (p->tracee && p->tracee->follow != FOLLOW_LEAVING)
		p->tracee->continued = -1;
	if (is_foreign(n->data.arch, n->data.nr))
		foreign_call(t, n->data.arch);
	else
		p->event_due = true;
}

int entry_receive(struct tracer *t, struct event *ret_event, struct error *err)
{
	struct seccomp_notif n;
	int r = notify_receive(t->listener, &n);

	if (r == -ENOENT || r == -EINTR) /* the caller was killed or interrupted before */
		return 0;
	if (r < 0)
		return error_errno(err, r, "cannot receive a notification");
	crowd_received(t, (pid_t)n.pid);
	loose_hear(t);
	if (execs_hold(t, &n))
		return 0;
	entry_take(t, &n);
	if (!t->pending.event_due || t->told.count) /* who the caller is comes first */
		return 0;
	return entry_tell(t, ret_event, err);
}

/* 0 where the kernel does not tell. */
static uint32_t stopped_arch(pid_t tid)
{
	struct __ptrace_syscall_info info = { 0 };

	return ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) > 0 ? info.arch : 0;
}

void entry_stopped(struct tracer *t, struct tracee *tracee, enum entry_kind kind)
{
	struct pending *p = &t->pending;

	lookup_mounts(t);
	*p = (struct pending){ .active = true, .tracee = tracee, .since = tracer_now() };
	p->call = (struct call){ .tid = tracee->tid, .pid = tracee->process->pid, .ts = p->since,
				 .reader = t->reader, .memo = t->memo, .object_fd = -1 };
	if (arch_read(tracee->tid, &p->regs) < 0) {
		p->active = false; /* killed */
		return;
	}
	p->call.number = arch_number(&p->regs);
	p->call.ip = arch_ip(&p->regs);
	arch_args(&p->regs, p->call.args);
	/* a filter of its own asks a tracer, and it has none */
	if (kind == ENTRY_OTHERS) {
		p->call.number = -1; /* not one of the counted ones */
		entry_return(t, -ENOSYS);
		return;
	}
	if (kind == ENTRY_FOREIGN || is_foreign(ARCH_AUDIT, p->call.number)) {
		foreign_call(t, stopped_arch(tracee->tid));
		return;
	}
	/* the event comes out of next(), like those of notifications */
	p->event_due = true;
}

/*
 * Of two filters that hand a call to a tracer the kernel tells the younger one's message, so a filter of the workload
 * that says the same as ours would have calls go on that fail natively, unseen where it says that they are foreign.
 */
static enum entry_kind kind_of(const struct tracer *t, const struct tracee *tracee, unsigned long message)
{
	struct arch_regs regs;
	uint64_t args[6];
	uint32_t arch;

	if ((message != t->messages.ours && message != t->messages.foreign) || arch_read(tracee->tid, &regs) < 0)
		return ENTRY_OTHERS;
	if (message == t->messages.foreign) {
		arch = stopped_arch(tracee->tid);
		return !arch || is_foreign(arch, arch_number(&regs)) ? ENTRY_FOREIGN : ENTRY_OTHERS;
	}
	arch_args(&regs, args);
	return filter_matches(t->filter, arch_number(&regs), args) ? ENTRY_OURS : ENTRY_OTHERS;
}

void entry_filtered(struct tracer *t, struct tracee *tracee, unsigned long message)
{
	entry_stopped(t, tracee, kind_of(t, tracee, message));
}
