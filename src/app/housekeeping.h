/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_HOUSEKEEPING_H
#define MONITOR_APP_HOUSEKEEPING_H

#include "app/exporters.h"
#include "app/reload.h"
#include "app/session.h"

/*
 * What is to be done beside the events of a session, by the thread that steps it: outputs that work by
 * themselves are heard, figures told, another configuration taken up, losses said. Initialise the pointers,
 * all of which are borrowed.
 */
struct housekeeping {
	struct session *session;
	struct exporters *exporters; /* NULL = none */
	struct reload *reload; /* NULL = what was loaded at the start stays */
	const char *kind; /* of what is given to the outputs; NULL = alerts */
	bool told_loss; /* of these */
	uint64_t told_refused; /* calls of ours */
	uint64_t next_look; /* monotonic ms */
};

/* Behind every step: looks a few times a second, and costs a comparison otherwise. */
void housekeeping_look(struct housekeeping *h);
/* Files were rotated: they are opened anew. Failures go to the log. */
void housekeeping_reopen(struct housekeeping *h);
/* The events have ended: delivers what is held back and tells what was lost, if anything. */
void housekeeping_finish(struct housekeeping *h);

#endif
