/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_FALCO_PEERS_H
#define MONITOR_APP_FALCO_PEERS_H

#include <pthread.h>
#include <stdatomic.h>

#include "app/config.h"
#include "app/plugins.h"
#include "app/session.h"

/*
 * The event sources that are watched: names of plugins' sources, or empty for system calls or a capture. At
 * least one.
 */
struct falco_sources {
	struct str *list;
	size_t n;
};

/* Event sources beside the first, each with a thread of its own. Zero-initialise. */
struct falco_peers {
	struct falco_peer *list;
	struct session **sessions; /* for session.peers */
	size_t n;
	bool measures; /* their plugins' figures are wanted */
	_Atomic bool stop;
	/* While their rules and outputs change, each waits between two of its events. */
	_Atomic bool pause;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t go;
	size_t waiting;
};
/* All borrowed, config for as long as the peers are there. */
struct falco_peers_options {
	const struct config *config;
	struct session *main; /* has the outputs */
	const struct plugins *plugins;
	struct rule_loader *loader; /* their rules come of it */
	const struct field_options *fields;
	const struct pipeline_options *settings;
};
/* Opens sources[1..]. */
int falco_peers_open(struct falco_peers *p, const struct falco_sources *sources, const struct falco_peers_options *o,
		     struct error *err);
int falco_peers_start(struct falco_peers *p, const struct config *config, struct error *err);
/* Whether any is at work. Negative as soon as one has failed. */
int falco_peers_running(struct falco_peers *p, struct error *err);
/* Asks all to wait; true when none is at work, so that this thread may change what is theirs, until they may go on. */
bool falco_peers_gather(struct falco_peers *p);
void falco_peers_release(struct falco_peers *p);
void falco_peers_stop(struct falco_peers *p); /* and waits for their ends */
void falco_peers_free(struct falco_peers *p);

#endif
