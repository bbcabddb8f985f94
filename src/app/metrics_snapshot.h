/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_METRICS_SNAPSHOT_H
#define MONITOR_APP_METRICS_SNAPSHOT_H

#include "app/config.h"
#include "app/session.h"

/*
 * metrics: of the configuration: every interval the figures are told, by an alert of Falco's internal rule
 * (output_rule) and as a line of JSON in a file (output_file). The clock counts, also when no event comes.
 */
struct metrics_snapshot;

/* "1h30m", "500ms"; as ms. -EINVAL without a unit, as in Falco, for what is no such time, and below 100 ms. */
int metrics_interval(struct str text, uint64_t *ret_ms);

/*
 * Of a configuration that wants metrics: whether its interval is one, and anybody is told. Falco does not
 * start without.
 */
int metrics_check(const struct config *config, struct error *err);
/* *ret_snapshot NULL when none are asked for. */
int metrics_snapshot_new(const struct config *config, struct metrics_snapshot **ret_snapshot, struct error *err);
void metrics_snapshot_free(struct metrics_snapshot *m); /* accepts NULL */
/* Takes next (or NULL) in the place of the former; the count of samples and what rates are measured from go on. */
void metrics_snapshot_follow(struct metrics_snapshot **former, struct metrics_snapshot *next);
/* Tells the figures if it is time, between events. The configuration is the session's. */
void metrics_snapshot_look(struct metrics_snapshot *m, struct session *s);
/* The file was rotated. */
int metrics_snapshot_reopen(struct metrics_snapshot *m, struct error *err);

#endif
