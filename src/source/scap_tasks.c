/* SPDX-License-Identifier: Apache-2.0 */
#include "source/scap_tasks.h"

#include <errno.h>
#include <stdlib.h>

#include "base/limits.h"
#include "event/event_wire.h"
#include "source/scap_meta.h"

/* The parameters of ITER_TASK_E that a record has, one behind the other: part of the format. */
/* vm_size, vm_rss, vm_swap, pgft_maj, pgft_min, start_time */
static const uint8_t told_again[] = { 19, 20, 21, 22, 23, 29 };
#define TOLD_AGAIN_BYTES (3 * 4 + 3 * 8)

enum { ASYNC_NAME = 1, ASYNC_DATA = 2 }; /* of ASYNCEVENT_E */
static const struct str record_name = { "monitor-task", 12 };

struct scap_tasks {
	size_t count;
	struct strbuf tasks[SCAP_TASKS]; /* ITER_TASK_E in wire form; empty = one that no event can tell */
	int64_t tids[SCAP_TASKS];
	struct event_builder list, record;
	struct strbuf told; /* the event of a task */
	struct strbuf again; /* what a record has of it */
};

/* ---- the list ---- */

/* execve_flags of flags.def */
static uint32_t exe_flags(const struct process_record *p)
{
	return p->exe_writable | (uint32_t)p->exe_upper_layer << 1 | (uint32_t)p->exe_from_memfd << 2 |
	       (uint32_t)p->exe_lower_layer << 3;
}

static void put_argv(struct event_builder *b, struct strbuf *argv, const struct process_record *p)
{
	strbuf_reset(argv);
	strbuf_addstr(argv, p->exe);
	strbuf_addc(argv, 0);
	strbuf_addstr(argv, p->args);
	event_put_bytes(b, strbuf_str(argv));
}

/* The process in the upper half. */
static int64_t task_tid(const struct process_record *p)
{
	return (int64_t)((uint64_t)p->pid << 32 | ((uint64_t)p->tid & UINT32_MAX));
}

/* As the tracer tells it. */
static int make_task(struct event_builder *b, struct strbuf *argv, const struct process_record *p,
		     struct event *ret_event)
{
	event_begin(b, EV_ITER_TASK_E, 0, task_tid(p));
	event_put_int(b, p->ptid);
	event_put_int(b, p->pgid);
	event_put_int(b, p->vpgid);
	event_put_int(b, p->sid);
	event_put_text(b, p->comm);
	put_argv(b, argv, p);
	event_put_text(b, p->exepath);
	event_put_int(b, exe_flags(p));
	event_put_bytes(b, p->env);
	event_put_text(b, p->cwd);
	event_put_int(b, p->fdlimit);
	event_put_int(b, p->uid);
	event_put_int(b, p->gid);
	event_put_int(b, (int64_t)p->cap_permitted);
	event_put_int(b, (int64_t)p->cap_effective);
	event_put_int(b, (int64_t)p->cap_inheritable);
	event_put_int(b, (int64_t)p->exe_ino);
	event_put_int(b, (int64_t)p->exe_ino_ctime);
	event_put_int(b, (int64_t)p->exe_ino_mtime);
	event_put_int(b, p->vm_size_kb);
	event_put_int(b, p->vm_rss_kb);
	event_put_int(b, p->vm_swap_kb);
	event_put_int(b, (int64_t)p->pfmajor);
	event_put_int(b, (int64_t)p->pfminor);
	event_put_int(b, p->vpid);
	event_put_int(b, p->vtid);
	event_put_int(b, (int64_t)p->pidns_init_start_ts);
	event_put_bytes(b, p->cgroups);
	event_put_text(b, p->root);
	event_put_int(b, 0); /* start_time: not listed */
	event_put_int(b, p->tty);
	event_put_int(b, p->loginuid);
	return event_end(b, ret_event, NULL);
}

static int take_process(void *context, const struct process_record *p)
{
	struct scap_tasks *t = context;
	struct strbuf *at = &t->tasks[t->count];
	struct event task;
	int r;

	if (t->count == SCAP_TASKS)
		return 0;
	r = make_task(&t->list, &t->told, p, &task);
	strbuf_reset(at);
	if (r == 0)
		strbuf_add(at, task.bytes, task.len);
	if (r == -ENOMEM || t->told.failed || at->failed)
		return -ENOMEM;
	t->tids[t->count++] = task_tid(p);
	return 0;
}

int scap_tasks_list(struct scap_tasks *t, uint32_t type, const uint8_t *body, size_t len, uint64_t at,
		    struct error *err)
{
	const struct scap_receiver receiver = { .context = t, .process = take_process };

	return type == SCAP_PROCESSES ? scap_meta_read(type, body, len, at, &receiver, err) : 0;
}

/* ---- events ---- */

/* The task's event, of this time, with these TOLD_AGAIN_BYTES. 1, 0 = there is no such task, or negative. */
static int tell(struct scap_tasks *t, uint64_t ts, int64_t tid, const char *again, struct event *ret_event,
		struct error *err)
{
	size_t i = 0;
	struct event task;
	int r;

	while (i < t->count && (t->tids[i] != tid || !t->tasks[i].len))
		i++;
	if (i == t->count)
		return 0;
	strbuf_reset(&t->told);
	strbuf_addstr(&t->told, strbuf_str(&t->tasks[i]));
	if (t->told.failed)
		return error_set(err, -ENOMEM, "out of memory");
	r = event_read(&task, t->told.ptr, t->told.len, err);
	if (r < 0)
		return r;
	memcpy(t->told.ptr + EVENT_HEADER_TS, &ts, sizeof(ts));
	for (size_t p = 0; p < sizeof(told_again); p++) {
		struct str v = event_param(&task, told_again[p]); /* of fixed size */

		memcpy(t->told.ptr + ((const uint8_t *)v.ptr - task.bytes), again, v.len);
		again += v.len;
	}
	r = event_read(ret_event, t->told.ptr, t->told.len, err);
	return r < 0 ? r : 1;
}

int scap_tasks_shorten(struct scap_tasks *t, const struct event *ev, struct event *ret_record, struct error *err)
{
	struct event told;
	int r;

	if (ev->type != EV_ITER_TASK_E || ev->flags & EVENT_FLAG_STATE_ONLY)
		return 0;
	strbuf_reset(&t->again);
	for (size_t i = 0; i < sizeof(told_again); i++)
		strbuf_addstr(&t->again, event_param(ev, told_again[i]));
	if (t->again.failed)
		return error_set(err, -ENOMEM, "out of memory");
	r = t->again.len == TOLD_AGAIN_BYTES ? tell(t, ev->ts, ev->tid, t->again.ptr, &told, err) : 0;
	if (r <= 0 || told.len != ev->len || memcmp(told.bytes, ev->bytes, ev->len) != 0)
		return r < 0 ? r : 0;
	event_begin(&t->record, EV_ASYNCEVENT_E, ev->ts, ev->tid);
	event_put_int(&t->record, 0);
	event_put_text(&t->record, record_name);
	event_put_bytes(&t->record, strbuf_str(&t->again));
	r = event_end(&t->record, ret_record, err);
	ret_record->cpu = ev->cpu;
	ret_record->flags = EVENT_FLAG_STATE_ONLY; /* readers that do not know it neither show nor count it */
	return r < 0 ? r : 1;
}

bool scap_tasks_is(const struct event *ev)
{
	return ev->type == EV_ASYNCEVENT_E && str_eq(event_param_text(ev, ASYNC_NAME), record_name);
}

int scap_tasks_restore(struct scap_tasks *t, struct event *ev, struct error *err)
{
	struct str again = event_param(ev, ASYNC_DATA);
	uint16_t cpu = ev->cpu;
	int r;

	if (again.len != TOLD_AGAIN_BYTES)
		return error_set(err, -EBADMSG, "a process is told again by %zu bytes, %d were expected", again.len,
				 TOLD_AGAIN_BYTES);
	r = tell(t, ev->ts, ev->tid, again.ptr, ev, err);
	if (r == 0)
		return error_set(err, -EBADMSG, "process %lld is told again, but the list has no such one",
				 (long long)(ev->tid & UINT32_MAX));
	ev->cpu = cpu;
	return r < 0 ? r : 0;
}

/* ---- life ---- */

struct scap_tasks *scap_tasks_new(void)
{
	return calloc(1, sizeof(struct scap_tasks));
}

void scap_tasks_forget(struct scap_tasks *t)
{
	t->count = 0;
}

void scap_tasks_free(struct scap_tasks *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < SCAP_TASKS; i++)
		strbuf_free(&t->tasks[i]);
	event_builder_free(&t->list);
	event_builder_free(&t->record);
	strbuf_free(&t->told);
	strbuf_free(&t->again);
	free(t);
}
