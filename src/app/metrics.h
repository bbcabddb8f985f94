/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_METRICS_H
#define MONITOR_APP_METRICS_H

#include "app/config.h"
#include "app/session.h"

/* What the program measures of itself; the table is metrics.def. */
struct metrics {
#define METRIC(id, ...) uint64_t id;
#include "app/metrics.def"
};

/* Everything but web_refused and web_broken; by the thread that the session belongs to. */
void metrics_collect(const struct session *s, struct metrics *ret_metrics);
/*
 * Prometheus' text format 0.0.4: the table without the groups that config leaves out, what the program and the host are, rules
 * that fired, alerts of each output.
 */
void metrics_add_prometheus(const struct metrics *m, const struct session *s, const struct config *config, struct strbuf *out);

#endif
