/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/task_queue.h"

#include <errno.h>
#include <linux/sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"

/* In fresh lists only: the flags of a birth, of which caller is the thread that makes it. */
#define TASK_FLAGS (TASK_LOST + 1)

/* ---- reading ------------------------------------------------------------------------------------------- */

/* PERF_RECORD_FORK and PERF_RECORD_EXIT. */
struct fork_record {
	struct perf_event_header header;
	uint32_t pid, ppid, tid, ptid;
	uint64_t time;
};

/* PERF_RECORD_SAMPLE with TASK_SAMPLE_TYPE, up to the tracepoint's bytes. */
struct sample_record {
	struct perf_event_header header;
	uint32_t pid, tid;
	uint64_t time;
	uint32_t raw_bytes;
};

/* PERF_RECORD_LOST; what sample_id_all adds ends with the time. */
struct lost_record {
	struct perf_event_header header;
	uint64_t id, lost;
	uint32_t pid, tid;
	uint64_t time;
};

int task_list_add(struct task_list *l, const struct task_record *record)
{
	if (l->count == l->room) {
		size_t room = l->room ? l->room * 2 : 64;
		struct task_record *records = reallocarray(l->records, room, sizeof(*records));

		if (!records)
			return -ENOMEM;
		l->records = records;
		l->room = room;
	}
	l->records[l->count] = *record;
	l->records[l->count].order = l->count;
	l->count++;
	return 0;
}

static int read_fork(const void *bytes, size_t len, struct task_record *ret_record)
{
	struct fork_record f;

	if (len < sizeof(f))
		return -EBADMSG;
	memcpy(&f, bytes, sizeof(f));
	ret_record->change = f.header.type == PERF_RECORD_FORK ? TASK_BORN : TASK_ENDED;
	ret_record->time = f.time;
	ret_record->tid = (pid_t)f.tid;
	ret_record->pid = (pid_t)f.pid;
	ret_record->caller = f.header.type == PERF_RECORD_FORK ? (pid_t)f.ptid : 0;
	return 1;
}

static int read_sample(const void *bytes, size_t len, const struct task_format *format, struct task_record *ret_record)
{
	const unsigned char *raw =
		(const unsigned char *)bytes + offsetof(struct sample_record, raw_bytes) + sizeof(uint32_t);
	struct sample_record s;
	uint64_t flags = 0;
	uint16_t tracepoint; /* its id comes first */

	if (len < sizeof(s)) /* padded, so the id is in it */
		return -EBADMSG;
	memcpy(&s, bytes, sizeof(s));
	memcpy(&tracepoint, raw, sizeof(tracepoint));
	if (format->exec_id && tracepoint == format->exec_id) {
		*ret_record = (struct task_record){
			.change = TASK_EXECUTED, .time = s.time, .tid = (pid_t)s.tid, .pid = (pid_t)s.pid
		};
		return 1;
	}
	if (s.raw_bytes < format->flags_at + format->flags_bytes ||
	    len < offsetof(struct sample_record, raw_bytes) + sizeof(uint32_t) + format->flags_at + format->flags_bytes)
		return -EBADMSG;
	if (format->flags_bytes == sizeof(uint32_t)) {
		uint32_t half;

		memcpy(&half, raw + format->flags_at, sizeof(half));
		flags = half;
	} else {
		memcpy(&flags, raw + format->flags_at, sizeof(flags));
	}
	ret_record->change = (enum task_change)TASK_FLAGS;
	ret_record->time = s.time;
	ret_record->caller = (pid_t)s.tid;
	ret_record->flags = flags & ~(uint64_t)CSIGNAL;
	return 1;
}

static int read_lost(const void *bytes, size_t len, struct task_record *ret_record)
{
	struct lost_record l;

	if (len < sizeof(l))
		return -EBADMSG;
	memcpy(&l, bytes, sizeof(l));
	ret_record->change = TASK_LOST;
	ret_record->time = l.time;
	ret_record->lost = l.lost;
	return 1;
}

int task_queue_add(struct task_queue *q, const void *record, size_t len, const struct task_format *format,
		   uint64_t until)
{
	struct task_record out = { 0 };
	struct perf_event_header header;
	int r;

	if (len < sizeof(header))
		return -EBADMSG;
	memcpy(&header, record, sizeof(header));
	switch (header.type) {
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
		r = read_fork(record, len, &out);
		break;
	case PERF_RECORD_SAMPLE:
		r = read_sample(record, len, format, &out);
		break;
	case PERF_RECORD_LOST:
		r = read_lost(record, len, &out);
		break;
	default:
		return 1;
	}
	if (r < 0)
		return r;
	if (out.time > until)
		return 0;
	r = task_list_add(&q->fresh, &out);
	return r < 0 ? r : 1;
}

/* ---- in order ------------------------------------------------------------------------------------------ */

static int by_time(const void *a, const void *b)
{
	const struct task_record *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* A thread makes one child at a time. */
static struct task_record *unflagged_of(struct task_queue *q, pid_t caller)
{
	for (size_t i = 0; i < q->unflagged.count; i++)
		if (q->unflagged.records[i].caller == caller)
			return &q->unflagged.records[i];
	return NULL;
}

static int settle_one(struct task_queue *q, const struct task_record *record)
{
	struct task_record *born;
	int r;

	if (record->change == TASK_BORN) {
		born = unflagged_of(q, record->caller);
		if (!born)
			return task_list_add(&q->unflagged, record);
		*born = *record; /* the flags of the one before were lost */
		return 0;
	}
	if ((int)record->change != TASK_FLAGS)
		return task_list_add(&q->ready, record);
	born = unflagged_of(q, record->caller);
	if (!born)
		return 0;
	born->flags = record->flags;
	r = task_list_add(&q->ready, born);
	*born = q->unflagged.records[--q->unflagged.count];
	return r;
}

int task_queue_settle(struct task_queue *q)
{
	int r = 0;

	if (q->fresh.count > 1)
		qsort(q->fresh.records, q->fresh.count, sizeof(*q->fresh.records), by_time);
	for (size_t i = 0; i < q->fresh.count && r == 0; i++)
		r = settle_one(q, &q->fresh.records[i]);
	q->fresh.count = 0;
	return r;
}

bool task_queue_next(struct task_queue *q, struct task_record *ret_record)
{
	if (q->ready.first == q->ready.count)
		return false;
	*ret_record = q->ready.records[q->ready.first++];
	if (q->ready.first == q->ready.count)
		q->ready.first = q->ready.count = 0;
	return true;
}

void task_queue_free(struct task_queue *q)
{
	free(take_ptr(q->fresh.records));
	free(take_ptr(q->unflagged.records));
	free(take_ptr(q->ready.records));
}

/* ---- the tracepoint's layout --------------------------------------------------------------------------- */

/* The number behind a key, up to a character that ends it. */
static int number_behind(const char *text, const char *key, uint32_t *ret_number)
{
	const char *at = strstr(text, key);

	if (!at)
		return -EBADMSG;
	at += strlen(key);
	return parse_u32((struct str){ at, strcspn(at, ";\n") }, ret_number);
}

int task_format_parse(const char *text, struct task_format *ret_format, struct error *err)
{
	const char *flags = strstr(text, " clone_flags;");

	if (number_behind(text, "\nID: ", &ret_format->id) < 0 || !flags ||
	    number_behind(flags, "offset:", &ret_format->flags_at) < 0 ||
	    number_behind(flags, "size:", &ret_format->flags_bytes) < 0 || ret_format->flags_at > TASK_RECORD_BYTES ||
	    (ret_format->flags_bytes != sizeof(uint32_t) && ret_format->flags_bytes != sizeof(uint64_t)))
		return error_set(err, -EBADMSG, "the kernel's description of task_newtask is not understood");
	ret_format->exec_id = 0;
	return 0;
}
