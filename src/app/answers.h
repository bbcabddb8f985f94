/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_ANSWERS_H
#define MONITOR_APP_ANSWERS_H

#include "source/source.h"

/* Answers to needs (ITER_TASK* events) that wait for the event which they belong to. Zero-initialise. */
struct answers {
	struct answer *first, *last;
	size_t bytes;
};

/*
 * Keeps a copy for the event of a call; call 0 is for the next event, whichever it is. Where more than
 * ANSWERS_HELD_BYTES wait for calls, the oldest ones are forgotten. 0 or -ENOMEM.
 */
int answers_hold(struct answers *a, const struct event *ev, uint64_t call);
/* Gives to sink, in order, what waits for that call, and forgets it. The first failure of sink is returned. */
int answers_take(struct answers *a, uint64_t call, source_sink sink, void *context);
/* A thread that ended had calls that nobody will hear of again. */
void answers_drop_of(struct answers *a, int64_t tid);
void answers_free(struct answers *a); /* leaves it empty */

#endif
