/* SPDX-License-Identifier: Apache-2.0 */
#include "app/metrics_rows.h"

#include "base/cleanup.h"

const struct metric_row metric_rows[] = {
#define METRIC(id, name, snapshot, kind, group, help) \
	{ name, snapshot, help, METRIC_##kind, METRIC_##group, offsetof(struct metrics, id) },
#include "app/metrics.def"
};
const size_t metric_rows_count = ARRAY_SIZE(metric_rows);
