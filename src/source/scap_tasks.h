/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_SOURCE_SCAP_TASKS_H
#define MONITOR_SOURCE_SCAP_TASKS_H

#include "event/event.h"

/*
 * The first processes of a capture's list, and the events that tell them again: what such an event says
 * beyond the list is when the process began, and how much memory it has by now. So a short record stands for
 * it, an asynchronous event that other readers pass over, of the event's time and thread. Writer and reader
 * keep the same from the same blocks.
 */
struct scap_tasks;

struct scap_tasks *scap_tasks_new(void); /* NULL when memory is short */
void scap_tasks_free(struct scap_tasks *t); /* accepts NULL */
void scap_tasks_forget(struct scap_tasks *t);

/* A metadata block's body, as scap_meta_read() takes it: adds what it lists, if it is a process list. */
int scap_tasks_list(struct scap_tasks *t, uint32_t type, const uint8_t *body, size_t len, uint64_t at,
		    struct error *err);

/* The record that stands for ev. 1, 0 = it has to be written itself, or negative. Borrowed until the next call. */
int scap_tasks_shorten(struct scap_tasks *t, const struct event *ev, struct event *ret_record, struct error *err);
bool scap_tasks_is(const struct event *ev); /* such a record */
/* Makes the event of its record. -EBADMSG when the list has no such process. Likewise. */
int scap_tasks_restore(struct scap_tasks *t, struct event *ev, struct error *err);

#endif
