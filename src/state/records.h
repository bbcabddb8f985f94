/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_STATE_RECORDS_H
#define MONITOR_STATE_RECORDS_H

#include "event/event.h"
#include "event/record.h"

struct fd;
struct state;
struct thread;

/* Process and descriptor lists come in any order: enters all threads into processes and lineage. */
void records_link(struct state *s);

/* What a process list entry says, entered into t. 0 or -ENOMEM. */
int records_fill_thread(struct state *s, struct thread *t, const struct process_record *p);
/* A descriptor from a list entry; NULL for a type that is none, or no memory. */
struct fd *records_make_fd(struct state *s, const struct fd_record *r);

/*
 * What answers to needs (ITER_TASK*, ITER_TASK_FILE_*) say, in the form of list entries; texts are those of
 * ev. (parse_iter.c)
 */
struct process_record records_read_task(const struct event *ev);
struct fd_record records_read_file(const struct event *ev);

#endif
