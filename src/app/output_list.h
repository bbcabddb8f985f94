/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_OUTPUT_LIST_H
#define MONITOR_APP_OUTPUT_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "output/output.h"

/*
 * The outputs that all alerts go to: those that the configuration enables, and others that a command adds.
 * Zero-initialise; output_list_free() in any state.
 */
#define OUTPUTS_MAX 8
struct program_starter;
struct output_list {
	struct output *list[OUTPUTS_MAX];
	/* what the configuration said of each, see outputs.c; NULL = it is none of the configuration's */
	char *made_of[OUTPUTS_MAX];
	size_t count;
	struct retired *retired;
	uint64_t dropped; /* by the queues of those that are gone */
	struct program_starter *programs; /* owned; NULL = none starts any */
};

/* Takes an output over; it is closed when there is no room. */
int output_list_add(struct output_list *o, struct output *one, struct error *err);
/* Has another list refer to the same ones; who shares them does not free them. */
void output_list_share(const struct output_list *o, struct output_list *with);
/* To the log: what those with threads of their own could not tell when an alert was sent. */
void output_list_check(struct output_list *o);
/* Waits until what they hold is delivered. */
void output_list_drain(struct output_list *o);
/* Opens files anew (they were rotated); failures go to the log. */
void output_list_reopen(struct output_list *o);
/* Whether any alert could not be delivered. */
bool output_list_lost(const struct output_list *o);
/* How many alerts found no room in a queue, since the start. */
uint64_t output_list_dropped(const struct output_list *o);
void output_list_free(struct output_list *o);

#endif
