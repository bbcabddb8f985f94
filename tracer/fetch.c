/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is told when it is asked for: before the start the workload's ancestors and descriptors, later what
 * evaluations need.
 */
#include "tracer/supervisor.h"

#include <dirent.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "tracer/maps.h"
#include "tracer/procfs.h"
#include "tracer/ustack.h"

/* The front is closed to those who may not look into all processes, so also to us; we began as its copy. */
static pid_t twin_of(const struct tracer *t, pid_t tid)
{
	return tid == t->launch.front ? getpid() : tid;
}

int fetch_task(const struct tracer *t, pid_t tid, uint64_t ts, struct event_builder *b, struct event *ret_event,
	       struct error *err)
{
	return decode_task(tid, twin_of(t, tid), ts, t->tracees.reader, b, ret_event, err);
}

/* ---- needs of an evaluation ---- */

/* The event at hand borrows the record; a call that is at its entry keeps the answer for its result. */
static void fetch_region(struct tracer *t, pid_t tid)
{
	if (!t->ext.ip || t->ext.region != REGION_UNKNOWN)
		return;
	t->ext.region = maps_region(tid, t->ext.ip);
	if (t->pending.active && t->pending.call.tid == tid)
		t->pending.call.region = t->ext.region;
}

/* Registers are to be had in a ptrace stop alone: behind a call whose result was asked for. */
static void fetch_stack(struct tracer *t, pid_t tid)
{
	const struct tracee *tracee = tracees_find(&t->tracees, tid);

	if (t->ext.stack.len || !tracee || !tracee->stopped)
		return;
	if (ustack_take(&t->unwinders, tid, &t->stack))
		t->ext.stack = strbuf_str(&t->stack);
}

/* What was judged behind the call lay where others can write, too: nobody knows what the kernel read. */
static void fetch_raced(struct tracer *t, pid_t tid)
{
	enum { LOWEST_ADDRESS = 65536 };
	const struct tracee *tracee = tracees_find(&t->tracees, tid);

	if (t->looked_behind != tid || !tracee || !tracee->stopped)
		return;
	for (unsigned int i = 0; i < 6; i++) {
		uint64_t address = tracee->call.args[i];
		struct mapping m;
		char path[MAPS_PATH_BYTES];

		if (address >= LOWEST_ADDRESS && maps_find(tid, address, &m, path) == 0 &&
		    !maps_is_private(tid, address))
			t->ext.raced = RACED_POSSIBLE;
	}
}

/* Descriptors of a process, in the order of their numbers; more than at_most are counted as cut. */
static int tell_fds(struct tracer *t, pid_t tid, unsigned int at_most, source_sink sink, void *context,
		    struct error *err)
{
	auto_dir DIR *fds = NULL;
	char path[32];
	int r = 0;

	snprintf(path, sizeof(path), "%d/fd", tid);
	fds = procfs_list(path);
	for (const struct dirent *d = fds ? readdir(fds) : NULL; d && r == 0; d = readdir(fds)) {
		struct event ev;
		uint32_t fd;

		if (parse_u32(str_of(d->d_name), &fd) < 0 || fd > INT_MAX)
			continue; /* . and .. */
		if (at_most-- == 0) {
			t->fetched.cut++;
			break;
		}
		r = decode_fd(tid, (int)fd, tracer_now(), t->reader, &t->fetched, &ev, err);
		if (r == 0)
			r = sink(context, &ev);
		else if (r != -ENOMEM)
			r = 0; /* closed meanwhile */
	}
	return r;
}

int fetch_needs(struct source *s, const struct needs *needs, source_sink sink, void *context, struct error *err)
{
	struct tracer *t = (struct tracer *)s;

	for (unsigned int i = 0; i < needs->count; i++) {
		const struct need *need = &needs->list[i];
		uint64_t now = tracer_now();
		struct event ev;
		int r;

		if (need->kind == NEED_REGION) {
			fetch_region(t, (pid_t)need->tid);
			continue;
		}
		if (need->kind == NEED_RACED) {
			fetch_raced(t, (pid_t)need->tid);
			continue;
		}
		if (need->kind == NEED_STACK) {
			fetch_stack(t, (pid_t)need->tid);
			continue;
		}
		if (need->kind == NEED_FDS) {
			r = tell_fds(t, (pid_t)need->tid, FDS_TOLD_MAX, sink, context, err);
			if (r < 0)
				return r;
			continue;
		}
		if (need->kind == NEED_FD)
			r = decode_fd((pid_t)need->tid, (int)need->fd, now, t->reader, &t->fetched, &ev, err);
		else if (need->kind == NEED_CWD)
			r = decode_cwd((pid_t)need->tid, now, &t->fetched, &ev, err);
		else
			r = fetch_task(t, (pid_t)need->tid, now, &t->fetched, &ev, err);
		if (r == -ENOMEM)
			return r;
		if (r < 0)
			continue; /* gone, or never open */
		r = sink(context, &ev);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- before the start ---- */

/* The workload and its ancestors, the youngest first; how many. */
static size_t list_ancestors(const struct tracer *t, pid_t chain[TOLD_MANY / 2])
{
	size_t n = 0;

	for (pid_t pid = t->launch.workload; pid > 0 && n < TOLD_MANY / 2; pid = caller_parent(pid))
		chain[n++] = pid;
	return n;
}

void fetch_ancestors(struct tracer *t)
{
	pid_t chain[TOLD_MANY / 2];
	size_t n = list_ancestors(t, chain);

	while (n--)
		told_add(t, &(struct told){ .kind = TOLD_FIRST, .tid = chain[n], .pid = chain[n] });
}

int fetch_describe(struct tracer *t, source_sink sink, void *context, struct error *err)
{
	pid_t chain[TOLD_MANY / 2];
	size_t n = list_ancestors(t, chain);
	int r = 0;

	while (n-- && r == 0) {
		struct event ev;

		r = fetch_task(t, chain[n], tracer_now(), &t->fetched, &ev, err);
		if (r == 0)
			r = sink(context, &ev);
		else if (r != -ENOMEM)
			r = 0;
	}
	return r < 0 ? r : tell_fds(t, t->launch.workload, UINT_MAX, sink, context, err);
}
