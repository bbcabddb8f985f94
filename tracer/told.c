/* SPDX-License-Identifier: Apache-2.0 */
/* What stops and records mean, in the order in which it is told, and the event that each item gives. */
#include "tracer/supervisor.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "tracer/creds.h"
#include "tracer/image.h"

static int grow(struct told_queue *q)
{
	size_t room = q->room ? q->room * 2 : TOLD_MANY;
	struct told *list = reallocarray(q->list, room, sizeof(*list));

	if (!list)
		return -ENOMEM;
	q->list = list;
	q->room = room;
	return 0;
}

static void resume(struct tracer *t, const struct told *told)
{
	struct tracee *tracee = tracees_find(&t->tracees, told->tid);

	if (tracee)
		stops_resume(t, tracee, told->signal);
	decode_exec_forget(t->memo, told->tid);
}

void told_add(struct tracer *t, const struct told *told)
{
	struct told_queue *q = &t->told;

	if (q->first + q->count == q->room && grow(q) < 0) {
		if (told->kind == TOLD_RESUME) /* at once rather than never */
			resume(t, told);
		else
			t->stats.dropped++;
		free(told->event);
		return;
	}
	q->list[q->first + q->count++] = *told;
}

void told_dress(struct tracer *t, struct event *ev, const struct tracee *tracee)
{
	if (tracee && tracees_closed(tracee))
		foreign_closed(t, tracee);
	t->ext.late = tracee && tracee->late;
	t->ext.cwd_apart = tracee && (tracee->process->fs_apart || !tracee->seized);
	t->stats.events++;
	ev->ext = &t->ext;
}

static void clear_ext(struct tracer *t)
{
	t->ext = (struct event_ext){ 0 };
	t->looked_behind = 0;
}

/* Where arguments are longer than events hold, and a rule wants them all, the extension record has them. */
static void read_full_args(struct tracer *t, pid_t tid)
{
	auto_free char *text = t->facts & FACT_FULL_ARGS ? malloc(EVENT_ARGS_BYTES) : NULL;
	ssize_t len = text ? reader_file(t->reader, tid, "cmdline", text, EVENT_ARGS_BYTES) : 0;
	const char *end = len < EVENT_STRING_BYTES ? NULL : memchr(text, 0, (size_t)len);

	if (!end)
		return;
	strbuf_reset(&t->args);
	strbuf_add(&t->args, end + 1, (size_t)len - (size_t)(end + 1 - text));
	if (!t->args.failed)
		t->ext.args = strbuf_str(&t->args);
}

/* The program's stack, while it has not begun; false where that does not tell enough. */
static bool read_image(struct tracer *t, struct tracee *tracee, struct exec_image *image)
{
	struct arch_regs regs;
	struct memory *memory;

	if (t->in_full || tracee->process->other_ids || !tracee->stopped || arch_read(tracee->tid, &regs) < 0 ||
	    regs.compat)
		return false;
	memory = tracees_memory(&t->tracees, tracee);
	return memory && image_read(memory, arch_sp(&regs), image) == 0;
}

static int tell_exec(struct tracer *t, const struct told *told, struct event *ret_event, struct error *err)
{
	struct tracee *tracee = tracees_find(&t->tracees, told->tid);
	struct str path = STR("");
	struct exec_image image;
	int r;

	if (!tracee)
		return -ESRCH;
	if (tracee->exec_path)
		path = str_of(tracee->exec_path);
	t->ext.ip = tracee->exec_ip;
	t->ext.region = tracee->exec_region;
	if (tracee->exec_stack)
		t->ext.stack = str_of(tracee->exec_stack);
	if (told->tid == t->launch.workload)
		t->status.started = true;
	read_full_args(t, told->tid);
	r = decode_exec(told->tid, told->pid, tracer_now(), path, read_image(t, tracee, &image) ? &image : NULL,
			t->memo, &t->builder, ret_event, err);
	if (r == 0)
		identity_executed(t, tracee);
	return r;
}

/* The first thread of a process is its last, for all who wait for it. */
static void forget(struct tracer *t, struct tracee *tracee)
{
	pid_t pid = tracee->process->pid;
	struct tracee *first;

	if (t->pending.tracee == tracee) /* killed while it waits in a call that is about to be looked at */
		t->pending.tracee = NULL;
	tracees_remove(&t->tracees, tracee);
	first = tracees_find(&t->tracees, pid);
	if (!first || !first->lingers || first->over || first->process->threads > 1)
		return;
	told_end(t, first, 0);
}

void told_end(struct tracer *t, struct tracee *tracee, uint64_t ts)
{
	result_lose(t, tracee);
	tracee->over = true;
	stops_wake_front(t, tracee->tid);
	if (tracee->tid == t->launch.workload) {
		t->end_waits = true;
		t->end_ts = ts;
		told_end_comes(t);
		return;
	}
	told_add(t, &(struct told){ .kind = TOLD_END, .tid = tracee->tid, .pid = tracee->process->pid, .ts = ts });
}

/* Who kills the front means the command, and nobody is left who could say more. */
bool told_end_comes(struct tracer *t)
{
	const struct launch_shared *shared = t->launch.shared;
	bool said = atomic_load(&shared->ended);

	if (!t->end_waits || (!said && !t->front_gone))
		return false;
	t->end_waits = false;
	told_add(t, &(struct told){ .kind = TOLD_END,
				    .tid = t->launch.workload,
				    .pid = t->launch.workload,
				    .ts = t->end_ts,
				    .status = said ? atomic_load(&shared->wait_status) : SIGKILL });
	return true;
}

static int tell_end(struct tracer *t, const struct told *told, struct event *ret_event, struct error *err)
{
	struct tracee *tracee = tracees_find(&t->tracees, told->tid);

	if (tracee && tracee->over)
		forget(t, tracee);
	if (told->tid == t->launch.workload) {
		t->status.exited = true;
		t->status.wait_status = told->status;
		t->status.start_errno = t->status.started ? 0 : atomic_load(&t->launch.shared->start_errno);
	}
	return decode_exit(told->tid, told->ts ? told->ts : tracer_now(), told->status, &t->builder, ret_event, err);
}

static int tell_birth(struct tracer *t, const struct told *told, struct event *ret_event, struct error *err)
{
	struct decode_birth birth = {
		.tid = told->tid,
		.pid = told->pid,
		.ptid = told->parent,
		.ts = told->ts ? told->ts : tracer_now(),
		.type = told->type,
		.flags = told->flags,
		.result = told->child, /* 0 in the child */
		.copy_of = told->copy_of,
		.running = told->ts,
		.ids_only = told->ids_only,
	};
	const struct tracee *child = told->kind == TOLD_BIRTH_CHILD ? tracees_find(&t->tracees, told->tid) : NULL;
	int r = decode_fork(&birth, t->memo, &t->builder, ret_event, err);

	/* nobody waited to be read, and it is gone already: its children go by what its parent is known to be */
	if (r < 0 && r != -ENOMEM && birth.running) {
		birth.ids_only = true;
		r = decode_fork(&birth, t->memo, &t->builder, ret_event, err);
	}
	/* one that is born into a user namespace has all capabilities there */
	if (r == 0 && child && child->process->other_ids && !birth.ids_only)
		t->ext.creds = creds_of_task(decode_memo_born(t->memo));
	return r;
}

/* Ahead of all others, some of which may have come since it was taken. */
static bool tell_again(struct tracer *t, const struct told *told)
{
	struct told_queue *q = &t->told;
	size_t others = q->count;

	if (q->first) {
		q->list[--q->first] = *told;
		q->count++;
		return true;
	}
	told_add(t, told);
	if (q->count == others)
		return false;
	memmove(q->list + 1, q->list, others * sizeof(*q->list));
	q->list[0] = *told;
	return true;
}

static int tell_kept(struct tracer *t, struct event *event, struct event *ret_event)
{
	free(take_ptr(t->lost));
	t->lost = event;
	*ret_event = *event;
	t->ext = *event->ext;
	return 0;
}

/* 0 = an event, negative = none (the process is gone, or nothing is to be said). */
static int tell(struct tracer *t, const struct told *told, struct event *ret_event, struct error *err)
{
	struct tracee *tracee = tracees_find(&t->tracees, told->tid);
	int r;

	switch (told->kind) {
	case TOLD_FIRST:
		return fetch_task(t, told->tid, tracer_now(), &t->builder, ret_event, err);
	case TOLD_BIRTH_PARENT:
	case TOLD_BIRTH_CHILD:
		return tell_birth(t, told, ret_event, err);
	case TOLD_EXEC:
		r = tell_exec(t, told, ret_event, err);
		if (!told->event || r == -ENOMEM || !decode_has_ended(told->tid)) {
			free(told->event);
			return r;
		}
		event_set_time(told->event, tracer_now());
		return tell_kept(t, told->event, ret_event);
	case TOLD_END:
		return tell_end(t, told, ret_event, err);
	case TOLD_RESULT:
		r = tracee ? result_tell(t, tracee, ret_event, err) : 0;
		if (tracee && tracee->messages && !tell_again(t, told))
			tracee->messages = 0;
		return r > 0 ? 0 : -ESRCH;
	case TOLD_LOST:
		return tell_kept(t, told->event, ret_event);
	case TOLD_RESUME:
		resume(t, told);
		return -ENODATA;
	}
	return -EINVAL;
}

void told_free(struct tracer *t)
{
	struct told_queue *q = &t->told;

	for (size_t i = 0; i < q->count; i++)
		free(q->list[q->first + i].event);
	free(take_ptr(q->list));
	free(take_ptr(t->lost));
}

int told_next(struct tracer *t, struct event *ret_event, struct error *err)
{
	struct told_queue *q = &t->told;

	told_end_comes(t);
	while (q->count) {
		struct told told = q->list[q->first];
		int r;

		q->first = --q->count ? q->first + 1 : 0;
		clear_ext(t);
		r = tell(t, &told, ret_event, err);
		if (r == -ENOMEM)
			return r;
		if (r == -EMFILE || r == -ENFILE)
			t->stats.dropped++;
		if (r < 0)
			continue;
		told_dress(t, ret_event, tracees_find(&t->tracees, told.tid));
		return 1;
	}
	return 0;
}
