/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_METRICS_H
#define MONITOR_APP_METRICS_H

#include "app/alert_fields.h"
#include "app/config.h"
#include "app/metrics_rows.h"
#include "app/session.h"

/* Whether the configuration, and the source of the events, let figures of that group be told. */
bool metrics_wants(enum metric_group group, const struct session *s, const struct config *c);

/* Everything but web_refused and web_broken; by the thread that the session belongs to. */
void metrics_collect(const struct session *s, struct metrics *ret_metrics);

/*
 * metrics_prometheus.c: Prometheus' text format 0.0.4: the table without the groups that config leaves out,
 * what the program and the host are, rules that fired, alerts of each output.
 */
void metrics_add_prometheus(const struct metrics *m, const struct session *s, const struct config *config,
			    struct strbuf *out);

/* metrics_plugins.c: what plugins measure, as that text and for snapshots; empty: those that are 0 too. */
void metrics_add_plugins(const struct session *s, struct strbuf *out);
void metrics_tell_plugins(const struct session *s, bool empty, struct alert_fields *ret_fields);

#endif
