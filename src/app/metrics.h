/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_METRICS_H
#define MONITOR_APP_METRICS_H

#include "app/alert_fields.h"
#include "app/config.h"
#include "app/session.h"

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_SECONDS_COUNTER, METRIC_SECONDS_GAUGE, METRIC_BYTES, METRIC_KIB, METRIC_PERMILLE };
enum metric_group { METRIC_ALWAYS, METRIC_RESOURCES, METRIC_STATE, METRIC_EVENTS };

/* A row of metrics.def. */
struct metric_row {
	const char *name, *snapshot, *help;
	enum metric_kind kind;
	enum metric_group group;
	size_t offset; /* of the value in struct metrics */
};
extern const struct metric_row metric_rows[];
extern const size_t metric_rows_count;

/* What the program measures of itself; the table is metrics.def. */
struct metrics {
#define METRIC(id, ...) uint64_t id;
#include "app/metrics.def"
};

static inline uint64_t metrics_value(const struct metrics *m, const struct metric_row *row)
{
	return *(const uint64_t *)(const void *)((const char *)m + row->offset);
}

/* Whether the configuration, and the source of the events, let figures of that group be told. */
bool metrics_wants(enum metric_group group, const struct session *s, const struct config *c);

/* Everything but web_refused and web_broken; by the thread that the session belongs to. */
void metrics_collect(const struct session *s, struct metrics *ret_metrics);
/*
 * Prometheus' text format 0.0.4: the table without the groups that config leaves out, what the program and the host are, rules
 * that fired, alerts of each output.
 */
void metrics_add_prometheus(const struct metrics *m, const struct session *s, const struct config *config, struct strbuf *out);

/* The same of plugins (metrics_plugins.c), and for snapshots; empty: those that are 0 too. */
void metrics_add_plugins(const struct session *s, struct strbuf *out);
void metrics_tell_plugins(const struct session *s, bool empty, struct alert_fields *ret_fields);

#endif
