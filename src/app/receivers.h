/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_RECEIVERS_H
#define MONITOR_APP_RECEIVERS_H

#include "event/event.h"
#include "source/scap.h"

/*
 * A receiver of a capture's metadata that keeps a copy for a writer and hands all on. The copy may be missed:
 * what is judged matters more, and a writer tells of its failure at its next event.
 */
struct receivers {
	/* NULL from it: nobody takes copies now; so may its members be */
	const struct scap_receiver *(*copy)(void *owner);
	void *owner;
	const struct scap_receiver *next; /* with all members */
	struct scap_receiver receiver;
};

/* Sets it up; borrows all three. What it returns lives in r. */
const struct scap_receiver *receivers_join(struct receivers *r, const struct scap_receiver *(*copy)(void *owner),
					   void *owner, const struct scap_receiver *next);

/* A process or descriptor as an event that answers a need tells it, into the receiver's lists. */
int receivers_tell(const struct scap_receiver *to, const struct event *ev);

#endif
