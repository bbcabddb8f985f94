/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/supervisor.h"

#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "tracer/procfs.h"
#include "tracer/socket.h"

#define NUMBERS_TRIED 64 /* descriptors of a process that are looked for, at most */

/*
 * Results of calls. Two ways lead to one in a thread that is seized for good:
 *
 *   exit check  PTRACE_INTERRUPT while the call waits in its notification, then let it go on: the thread stops right
 *               behind the call. One stop. Not for calls that block: they would be broken off.
 *   following   PTRACE_INTERRUPT and the answer "restart": the call is not executed; from its stop the thread is sent
 *               on to the entry stop, the repeated notification is let through, and the exit stop has the result.
 *               Three stops, but the call runs undisturbed.
 */

/* The path of an open, while there is somebody who can be asked. */
static char *path_of(struct tracer *t, const struct call *c)
{
	unsigned int arg = c->number == SYS_openat || c->number == SYS_openat2 ? 1 : 0;
	ssize_t n;

	if (c->path.len)
		return str_dup(c->path);
	n = c->memory ? memory_read_string(c->memory, c->args[arg], t->path, sizeof(t->path)) : -ESRCH;
	return n < 0 ? NULL : str_dup((struct str){ t->path, (size_t)n });
}

/*
 * The event of a call as if it had ended with a result, on the heap. NULL: memory is short, or its arguments
 * are bad.
 */
static struct event *as_if_done(struct tracer *t, const struct call *call, uint64_t cookie, int64_t result)
{
	struct event_ext ext = { .ip = call->ip, .region = call->region, .raced = RACED_POSSIBLE };
	struct call c = *call;
	struct event ev;
	struct error err;

	c.has_result = c.assumed = true;
	c.result = result;
	become_tell(t, &c, &ext);
	if (decode_call(&c, &t->fetched, &ev, &err) < 0)
		return NULL;
	ev.call = cookie;
	ev.ext = &ext;
	return event_copy(&ev);
}

/* The number that the thread's next descriptor has. */
static int64_t next_number(pid_t tid)
{
	for (int fd = 0; fd < NUMBERS_TRIED; fd++) {
		char link[32], path[16];

		snprintf(link, sizeof(link), "fd/%d", fd);
		if (procfs_read_link(tid, link, path, sizeof(path)) == -ENOENT)
			return fd;
	}
	return NUMBER_OF_NOBODY;
}

/* What a call returns that succeeds, as far as anybody knows. */
static int64_t success_of(const struct call *c)
{
	const struct syscall_info *info = syscall_by_number(c->number);

	if (!info || !(event_info(info->event)->flags & EF_CREATES_FD))
		return 0;
	switch (info->event) {
	case EV_SYSCALL_PIPE_X:
	case EV_SYSCALL_PIPE2_X:
	case EV_SOCKET_SOCKETPAIR_X:
		return 0;
	case EV_SYSCALL_DUP2_X:
	case EV_SYSCALL_DUP3_X:
		return (int32_t)c->args[1];
	case EV_SYSCALL_DUP_1_X:
		return next_number(c->tid);
	default:
		return NUMBER_OF_NOBODY;
	}
}

/*
 * How a call may have ended whose caller did not live to see it: with success, as far as anybody knows. Who
 * only waited for others, and shares with nobody what he may have got, has nothing: he was broken off.
 */
static int64_t outcome_of(const struct tracee *tracee, const struct call *c, unsigned int traits)
{
	return traits & CALL_TAKES && !tracees_shares(tracee->process) ? -ARCH_ERESTARTSYS : success_of(c);
}

/* What can be told only while there is somebody who can be asked. */
static void remember_unseen(struct tracer *t, struct tracee *tracee)
{
	const struct call *c = &t->pending.call;
	unsigned int traits = calls_traits(&t->calls, c->number);

	free(take_ptr(tracee->path));
	free(take_ptr(tracee->unseen));
	if (memory_is_late(c->memory)) /* nobody waits for it twice */
		return;
	if (traits & CALL_OPEN)
		tracee->path = path_of(t, c);
	else if (!(traits & (CALL_EXEC | CALL_GOES)))
		tracee->unseen = as_if_done(t, c, t->pending.cookie, outcome_of(tracee, c, traits));
}

static void remember(struct tracer *t, struct tracee *tracee)
{
	remember_unseen(t, tracee);
	tracee->call = t->pending.call;
	tracee->call.memory = NULL; /* may be closed meanwhile */
	tracee->call.object_fd = -1;
	tracee->call.object = NULL;
	tracee->call.path = tracee->call.other_path = (struct str){ NULL, 0 };
	tracee->call.has_how = false; /* the kernel reads it after us */
	tracee->cookie = t->pending.cookie;
	tracee->alone = tracees_alone(tracee);
	tracee->wants_path = calls_traits(&t->calls, t->pending.call.number) & CALL_OPEN;
}

void result_aside(struct tracer *t, bool leaves)
{
	struct tracee *tracee = t->pending.tracee;

	remember(t, tracee);
	tracee->follow = FOLLOW_ASIDE;
	if (leaves)
		return;
	free(take_ptr(tracee->path));
	free(take_ptr(tracee->unseen));
}

int result_later(struct tracer *t)
{
	struct tracee *tracee = t->pending.tracee;
	unsigned int traits = calls_traits(&t->calls, t->pending.call.number);

	if (!tracee || !tracee->seized || tracee->leaving_for_debugger || traits & CALL_BIRTH)
		return -EOPNOTSUPP;
	if (!t->pending.notified) {
		remember(t, tracee);
		t->pending.way = FIGURES_TO_RESULT;
		tracee->follow = FOLLOW_LEAVING;
		entry_continue(t);
		return 0;
	}
	if (ptrace(PTRACE_INTERRUPT, tracee->tid, NULL, NULL) < 0)
		return -EOPNOTSUPP;
	remember(t, tracee);
	t->pending.way = FIGURES_TO_RESULT;
	if (traits & CALL_BLOCKS || t->pending.waits || !t->killable || (traits & CALL_EXEC && t->facts & FACT_STACK)) {
		tracee->follow = FOLLOW_RESTARTING;
		tracee->continued = -1;
		entry_return(t, -ARCH_ERESTARTNOINTR);
	} else {
		tracee->follow = traits & CALL_EXEC ? FOLLOW_EXEC : FOLLOW_EXIT_CHECK;
		entry_continue(t);
	}
	return 0;
}

static int decode(struct tracer *t, const struct call *call, uint64_t cookie, struct event *ret_event,
		  struct error *err)
{
	int r = decode_call(call, &t->builder, ret_event, err);

	if (r < 0)
		return r;
	t->ext.ip = call->ip;
	t->ext.region = call->region;
	become_tell(t, call, &t->ext);
	ret_event->call = cookie;
	return 0;
}

int result_event(struct tracer *t, struct tracee *tracee, const struct call *call, uint64_t cookie,
		 struct event *ret_event, struct error *err)
{
	int r = decode(t, call, cookie, ret_event, err);

	if (r == 0)
		told_dress(t, ret_event, tracee);
	return r;
}

/* The kernel records the exec; of a program that has ended before we hear of it, this is what is known. */
static void await_record(struct tracer *t, struct tracee *tracee)
{
	struct call c = t->pending.call;
	auto_fd int program = -1;

	free(take_ptr(tracee->executed));
	tracee->unrecorded = false;
	tracee->process->executing = t->rings && task_rings_watch_execs(t->rings);
	if (!tracee->process->executing || memory_is_late(c.memory))
		return;
	program = guess_program(t, tracee, &c);
	c.object_fd = program < 0 ? -1 : program;
	tracee->executed = as_if_done(t, &c, 0, 0);
}

void result_await_exec(struct tracer *t)
{
	struct tracee *tracee = t->pending.tracee;
	const struct call *c = &t->pending.call;

	if (tracee->seized)
		return;
	unseized_executes(t, tracee);
	remember(t, tracee);
	if (!memory_is_late(c->memory))
		tracee->unseen = as_if_done(t, c, 0, guess_exec_error(t, tracee, c));
	await_record(t, tracee);
}

int result_assume(struct tracer *t, struct event *ret_event, struct error *err)
{
	struct pending *p = &t->pending;
	auto_free char *path = NULL;

	p->call.has_result = p->call.assumed = true;
	p->call.result = success_of(&p->call);
	t->ext = (struct event_ext){ .raced = RACED_POSSIBLE };
	if (calls_traits(&t->calls, p->call.number) & CALL_OPEN && t->options.opens == TRACER_OPENS_EXACT)
		path = path_of(t, &p->call);
	if (path)
		guess_real_path(t, &p->call, path);
	return result_event(t, p->tracee, &p->call, p->cookie, ret_event, err);
}

/*
 * A signal can only have come before it began: before Linux 5.19 the caller may be gone while the kernel
 * accepts that it goes on.
 */
static bool is_never_broken_off(const struct tracer *t, long number)
{
	return !t->killable && !(calls_traits(&t->calls, number) & (CALL_BLOCKS | CALL_OPEN));
}

/* Another message of a sendmmsg() whose first one is told: the caller has sent them all and is stopped behind it. */
static int tell_message(struct tracer *t, struct tracee *tracee, struct event *ret_event, struct error *err)
{
	struct call *call = &tracee->call;

	tracee->messages--;
	if (!tracee->stopped)
		return 0;
	call->args[1] += sizeof(struct native_messages);
	call->memory = tracees_memory(&t->tracees, tracee);
	t->ext.raced = tracee->alone ? RACED_NO : RACED_POSSIBLE;
	t->looked_behind = tracee->tid;
	return decode(t, call, tracee->cookie, ret_event, err) < 0 ? 0 : 1;
}

/* Some that were broken off go on as another call. */
static bool waits_on(const struct tracee *tracee, const struct arch_regs *regs)
{
	return arch_number(regs) == SYS_restart_syscall && tracee->continued == tracee->call.number;
}

/*
 * Whether what the thread has stopped with is its followed call's result, and to be told. Who is traced is woken for
 * signals that natively reach nobody, and then the call waits on: so one that is to start again is told when the next
 * stop shows that it was broken off natively, too.
 */
static bool take_result(const struct tracer *t, struct tracee *tracee, enum follow follow, const struct arch_regs *regs)
{
	struct call *call = &tracee->call;

	if (follow == FOLLOW_BROKEN_OFF) /* the registers may start it again by now */
		return true;
	call->result = arch_result(regs);
	if (arch_number(regs) != call->number && !waits_on(tracee, regs))
		return false; /* a signal handler or an exec came between */
	if (follow == FOLLOW_EXEC && call->result >= 0)
		return false; /* told by the exec stop */
	if (!arch_is_restart(call->result)) {
		tracee->continued = -1; /* the next call of this number is another one */
		return true;
	}
	/* an exit check broke the call off although it was not thought to block: now it is followed */
	if (follow != FOLLOW_LEAVING) {
		tracee->follow = FOLLOW_ENTERING;
		tracee->continued = -1;
		return false;
	}
	/* a signal came before its repeated notification was received: it has not begun, and is caught again */
	if (t->notifying && (tracee->continued != call->number || is_never_broken_off(t, call->number)))
		return false;
	tracee->broken_off = true;
	tracee->follow = FOLLOW_BROKEN_OFF;
	return false;
}

/*
 * What the thread runs to get there can be written to meanwhile: another call, or the same with other arguments, is one
 * that nobody has looked at.
 */
static bool is_again(const struct call *followed, const struct call *c)
{
	return followed->number == c->number && followed->ip == c->ip &&
	       memcmp(followed->args, c->args, sizeof(c->args)) == 0;
}

bool result_repeats(struct tracer *t)
{
	struct pending *p = &t->pending;
	struct tracee *tracee = p->tracee;
	long continued = tracee->continued;

	if (tracee->follow != FOLLOW_ENTERING && tracee->follow != FOLLOW_LEAVING &&
	    tracee->follow != FOLLOW_BROKEN_OFF)
		return false;
	if (!is_again(&tracee->call, &p->call)) {
		tracee->follow = FOLLOW_NONE;
		tracee->continued = -1;
		tracee->call.socket = NULL;
		socket_release(take_ptr(tracee->socket));
		return false;
	}
	tracee->follow = FOLLOW_LEAVING;
	p->repeated = true;
	entry_continue(t);
	if (continued >= 0) /* it waits on, also if a signal takes it away or its caller is killed at this moment */
		tracee->continued = continued;
	return true;
}

int result_tell(struct tracer *t, struct tracee *tracee, struct event *ret_event, struct error *err)
{
	struct call *call = &tracee->call;
	enum follow follow = tracee->follow;
	struct arch_regs regs;
	bool settled;
	char link[32];
	int r;

	if (tracee->messages)
		return tell_message(t, tracee, ret_event, err);
	if (tracee->stopped && arch_read(tracee->tid, &regs) < 0)
		return 0; /* killed meanwhile: its end is told with what it followed */
	tracee->follow = FOLLOW_NONE;
	if (!tracee->stopped)
		return 0;
	if (!take_result(t, tracee, follow, &regs))
		return 0;
	call->has_result = true;
	call->ts = tracer_now();
	call->memory = tracees_memory(&t->tracees, tracee);
	if (tracee->wants_path && call->result >= 0) {
		snprintf(link, sizeof(link), "%d/fd/%d", tracee->tid, (int)call->result);
		lookup_real_path(t, tracee->tid, link);
	}
	/* who shares descriptors or memory could have replaced the descriptor or the bytes since */
	settled = call->socket && (call->result >= 0 || call->result == -EINPROGRESS) &&
		  connect_settle(tracee->socket, call, tracee->alone);
	t->ext.raced = tracee->alone || settled ? RACED_NO : RACED_POSSIBLE;
	t->looked_behind = settled ? 0 : tracee->tid;
	r = decode(t, call, tracee->cookie, ret_event, err);
	if (call->result == -EFAULT) /* the kernel could not read it either */
		memory_forget_sealed(call->memory);
	foreign_late(t, tracee);
	/* killed while we read what lies behind its pointers */
	if (call->result >= 0 && arch_read(tracee->tid, &regs) < 0) {
		tracee->follow = follow;
		tracee->continued = call->number;
		return 0;
	}
	call->socket = NULL;
	socket_release(take_ptr(tracee->socket));
	free(take_ptr(tracee->unseen));
	if (call->number == SYS_sendmmsg && call->result > 1)
		tracee->messages = (uint32_t)call->result - 1;
	return r < 0 ? 0 : 1;
}

static struct event *open_unseen(struct tracer *t, struct tracee *tracee, int64_t result)
{
	struct call *call = &tracee->call;

	call->memory = NULL;
	call->path = str_of(tracee->path);
	return as_if_done(t, call, tracee->cookie, result);
}

static void tell_lost(struct tracer *t, const struct tracee *tracee, struct event *ev)
{
	event_set_time(ev, tracer_now());
	told_add(t, &(struct told){ .kind = TOLD_LOST, .tid = tracee->tid, .pid = tracee->process->pid, .event = ev });
}

void result_exec_over(struct tracer *t, struct tracee *tracee, bool failed)
{
	const struct call *now = &t->pending.call, *exec = &tracee->call;
	bool waited = tracee->continued >= 0 && calls_traits(&t->calls, tracee->continued) & CALL_EXEC;
	bool again = now->number == exec->number && now->ip == exec->ip &&
		     memcmp(now->args, exec->args, sizeof(now->args)) == 0;
	auto_free struct event *ev = waited ? take_ptr(tracee->unseen) : NULL;

	/* one that a signal took away before the kernel let it in is made again */
	if (ev && failed && (t->killable || !again))
		tell_lost(t, tracee, take_ptr(ev));
}

void result_lose(struct tracer *t, struct tracee *tracee)
{
	bool broken_off = tracee->follow == FOLLOW_BROKEN_OFF;
	bool begun = tracee->follow == FOLLOW_ASIDE || broken_off ||
		     ((tracee->follow == FOLLOW_EXIT_CHECK || tracee->follow == FOLLOW_LEAVING) &&
		      tracee->continued == tracee->call.number);
	struct event *ev = NULL;

	tracee->follow = FOLLOW_NONE;
	if (begun && tracee->wants_path && tracee->path)
		ev = open_unseen(t, tracee, broken_off ? tracee->call.result : NUMBER_OF_NOBODY);
	else if (begun)
		ev = take_ptr(tracee->unseen);
	else if (tracee->unrecorded && tracee->process->executing && tracee->continued >= 0 &&
		 calls_traits(&t->calls, tracee->continued) & CALL_EXEC)
		ev = take_ptr(tracee->executed);
	if (ev)
		tell_lost(t, tracee, ev);
}
