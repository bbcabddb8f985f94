/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_EXPORTERS_H
#define MONITOR_APP_EXPORTERS_H

#include "app/metrics_snapshot.h"
#include "app/webserver.h"

/*
 * Who tells a session's figures to others, as the configuration asks. Zero-initialise; exporters_free() in
 * any state.
 */
struct exporters {
	struct webserver *web; /* NULL = none */
	struct metrics_snapshot *snapshot; /* NULL = none */
	const struct engine_options *offered; /* what there is for rules; borrowed */
};

/* As webserver_open() and metrics_snapshot_new(): config and offered are borrowed, threads are started. */
int exporters_open(struct exporters *e, const struct config *config, const struct engine_options *offered,
		   struct error *err);
/* Tells the figures when it is time, between events. */
void exporters_look(struct exporters *e, struct session *s);
/* Files were rotated; failures go to the log. */
void exporters_reopen(struct exporters *e);
void exporters_free(struct exporters *e);

#endif
