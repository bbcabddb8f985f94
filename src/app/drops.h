/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_DROPS_H
#define MONITOR_APP_DROPS_H

#include "app/config.h"
#include "app/session.h"

/*
 * What is done when the source loses events (syscall_event_drops): once a second of event time, if the share
 * of lost events is above the threshold and the token bucket has one left. Zero-initialise; config is the
 * caller's, NULL = nothing is done.
 */
struct drops {
	const struct config *config;
	uint64_t next_look; /* event time */
	uint64_t refilled; /* event time of tokens; 0 = the bucket was not touched yet */
	double tokens;
	struct source_stats last; /* at the look before */
};

/* Takes the configuration's actions; NULL, or one that does nothing about losses: none. What was counted goes on. */
void drops_follow(struct drops *d, const struct config *config);
/* To be called between events; it costs a comparison. -ECANCELED when the action is to exit. */
int drops_look(struct drops *d, struct session *s, struct error *err);

#endif
