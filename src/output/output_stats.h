/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_OUTPUT_OUTPUT_STATS_H
#define MONITOR_OUTPUT_OUTPUT_STATS_H

#include <stdint.h>

struct output;

/* What became of an output's alerts since its start. */
struct output_stats {
	const char *name; /* "file", "http" …; static */
	/* sent to it: written + errors + dropped + waiting, but for those that change place this moment */
	uint64_t queued;
	uint64_t written; /* delivered */
	uint64_t dropped; /* found no room in its queue, or were left there at the end */
	uint64_t errors; /* could not be delivered */
	uint64_t waiting; /* in its queue now */
};

/* For any thread, while the output is open. */
void output_stats(const struct output *o, struct output_stats *ret_stats);

#endif
