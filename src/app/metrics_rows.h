/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_METRICS_ROWS_H
#define MONITOR_APP_METRICS_ROWS_H

#include <stddef.h>
#include <stdint.h>

#define FALCO_HELP "https://falco.org/docs/metrics/" /* what Falco says of each of its own */

/* metrics.def as a table; its header comment tells what the columns mean. */
enum metric_kind {
	METRIC_COUNTER,
	METRIC_GAUGE,
	METRIC_SECONDS_COUNTER,
	METRIC_SECONDS_GAUGE,
	METRIC_BYTES,
	METRIC_KIB,
	METRIC_PERMILLE
};
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

#endif
