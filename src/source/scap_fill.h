/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_SOURCE_SCAP_FILL_H
#define MONITOR_SOURCE_SCAP_FILL_H

#include "event/event.h"
#include "source/scap.h"

/*
 * Fills in what a capture's writer left out because it follows from what the capture has told.
 * Zero-initialise, then start.
 */
struct scap_fill {
	enum scap_implied kind;
	struct scap_told *told; /* NULL where answers and facts are written */
	struct scap_tasks *tasks; /* NULL where processes are */
	struct event_ext ext; /* of the event at hand */
	uint32_t notes; /* in the flags of its block */
	int64_t asked; /* the descriptor that the last answer was about, while its event is to come; -1 = none */
	struct event waiting; /* an event whose answer was handed out before it */
	bool waits;
};

/*
 * A section begins. -ENOTSUP when its writer left out what is not known here: it is filled in as it was left
 * out, not less.
 */
int scap_fill_start(struct scap_fill *f, enum scap_implied kind, struct error *err);
void scap_fill_free(struct scap_fill *f);

/* A block has these flags: takes the notes that are in them. */
void scap_fill_note(struct scap_fill *f, uint32_t flags);

/*
 * The event of a block. An answer that was left out becomes *ev, and the event waits: ask scap_fill_waiting()
 * for it next. 1 or negative.
 */
int scap_fill_event(struct scap_fill *f, struct event *ev, struct error *err);
int scap_fill_waiting(struct scap_fill *f, struct event *ret_event, struct error *err);

#endif
