/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_TASK_QUEUE_H
#define MONITOR_TRACER_TASK_QUEUE_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* What the kernel's records of births and ends of threads say (they lie in rings: task_ring.h), and their order. */

/* What it is asked to put into a record of a tracepoint. */
#define TASK_SAMPLE_TYPE (PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_RAW)
#define TASK_RECORD_BYTES 512 /* more than ours have */

enum task_change {
	TASK_BORN,
	TASK_ENDED,
	TASK_EXECUTED, /* another program is ready to begin, in the first and only thread of its process by now */
	TASK_LOST, /* records that the kernel had no room for */
};

/* Ids as the opener's pid namespace has them; 0 = not to be seen from there. */
struct task_record {
	enum task_change change;
	uint64_t time; /* CLOCK_MONOTONIC, ns */
	pid_t tid, pid; /* of whom it tells */
	pid_t caller; /* TASK_BORN: the thread that made it */
	uint64_t flags; /* TASK_BORN: of clone(2), CSIGNAL left out */
	uint64_t lost; /* TASK_LOST: how many */
	size_t order; /* of reading: of those of one ring at one time the first comes first */
};

/* Where the fields of the tracepoint's records are, from its description in tracefs. */
struct task_format {
	uint32_t id;
	uint32_t flags_at, flags_bytes;
	uint32_t exec_id; /* of the other tracepoint, sched_process_exec; 0 = there is none */
};
int task_format_parse(const char *text, struct task_format *ret_format, struct error *err);

struct task_list {
	struct task_record *records; /* heap */
	size_t first, count, room;
};
int task_list_add(struct task_list *l, const struct task_record *record); /* -ENOMEM, or 0 */

/*
 * Records in the order of time, whatever rings they come from, and one of the two that the kernel makes of a
 * birth: that of the event knows the child in our pid namespace, that of the tracepoint the flags.
 */
struct task_queue {
	struct task_list fresh; /* as they were read */
	struct task_list unflagged; /* births without their flags: the call is at work */
	struct task_list ready;
};

/*
 * Adds one record of a ring (struct perf_event_header and its header.size bytes), unless it was made behind
 * the given time. 1 = done with, 0 = it was made later; -ENOMEM; -EBADMSG.
 */
int task_queue_add(struct task_queue *q, const void *record, size_t len, const struct task_format *format,
		   uint64_t until);
/* What was added is ready. */
int task_queue_settle(struct task_queue *q);
bool task_queue_next(struct task_queue *q, struct task_record *ret_record);
void task_queue_free(struct task_queue *q);

#endif
