/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_TASK_RING_H
#define MONITOR_TRACER_TASK_RING_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "tracer/task_queue.h"

/*
 * What the kernel records of births and ends of threads, by perf events of the whole machine: nobody stops
 * for it. A record is in its ring before the child begins to run, and before its caller returns, so whoever
 * reads when a later call of either is at hand finds it. perf_event_open(2); the flags of a birth are in the
 * task_newtask tracepoint. Executions can be recorded, too. Wants the capabilities PERFMON (or SYS_ADMIN), and
 * a tracefs.
 */

struct task_rings;

/* Begins to record. -errno and err where that cannot be had. */
int task_rings_open(struct task_rings **ret_rings, struct error *err);
void task_rings_free(struct task_rings *r);
DEFINE_AUTO(struct task_rings, task_rings, task_rings_free);
#define auto_task_rings AUTO(task_rings)

/*
 * From now on executions are recorded, too (TASK_EXECUTED): a tracepoint again, whose record is there before
 * the new program's first instruction. False: not on all processors that have a ring.
 */
bool task_rings_watch_execs(struct task_rings *r);

/* Readable when a ring fills up, or at an execution; owned by the rings. */
int task_rings_fd(const struct task_rings *r);

/*
 * The oldest record up to the time of the last task_rings_look(), in the order of time; false when there is
 * none. Threads of all processes of the machine are in it.
 */
bool task_rings_next(struct task_rings *r, struct task_record *ret_record);
/* Whether some of what is to come tells of a loss. */
bool task_rings_lost(const struct task_rings *r);
/* Takes over what was recorded until now: -ENOMEM, or 0. */
int task_rings_look(struct task_rings *r);

/*
 * To be told now and then how many processors are on. Those that came since have no ring, also where they
 * were on before: something is lost there all the time. -ENOMEM, or 0.
 */
int task_rings_processors(struct task_rings *r, long on);

/* ---- one of them, for tests ---- */

/* One processor's ring, as it is mapped. */
struct task_ring {
	struct perf_event_mmap_page *page;
	const char *records;
	size_t bytes; /* of records: a power of two */
	size_t longest; /* record that was ever read here */
	bool full; /* records may have been lost, behind the position full_at */
	uint64_t full_at;
	uint64_t guessed; /* lost ones that were told, and the kernel has not said yet how many there were */
};

/* Adds what was recorded up to a time, and what there was no room for: -ENOMEM; -EBADMSG. */
int task_ring_read(struct task_ring *ring, struct task_queue *q, const struct task_format *format, uint64_t until);

#endif
