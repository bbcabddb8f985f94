/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_PIPELINE_H
#define MONITOR_APP_PIPELINE_H

#include "output/output.h"
#include "rule/engine.h"
#include "source/source.h"

/*
 * The loop: source → state → engine → alert → outputs, with the order per event that every mode relies on: apply →
 * match → render → settle. A provisional event is previewed and evaluated in three values; it is answered at once when
 * no rule can match and the state does not depend on its result, else fetched for, and completed. One pipeline per
 * source, on one thread.
 */
struct pipeline;

struct pipeline_options {
	const struct ruleset *rules;
	struct output *const *outputs;
	size_t noutputs;
	const char *hostname;
	bool base64_buffers;
	bool match_realpath; /* judge opens a second time by the real path */
	const struct str *static_values;
	bool container_plugin;
};

struct pipeline_stats {
	uint64_t events, provisional, answered_at_entry, completed, fetched, alerts, outputs_failed;
	uint64_t by_priority[PRIORITY_COUNT];
	const uint64_t *by_rule; /* indexed as in the ruleset */
	enum priority highest; /* PRIORITY_COUNT when there was no alert */
};

int pipeline_new(struct source *source, const struct pipeline_options *options, struct pipeline **ret_pipeline, struct error *err);
void pipeline_free(struct pipeline *p);
DEFINE_AUTO(struct pipeline, pipeline, pipeline_free);
#define auto_pipeline AUTO(pipeline)

/* 1 = one event handled, 0 = nothing now, -ENODATA = end, other negative = failure. */
int pipeline_step(struct pipeline *p, struct error *err);
void pipeline_stats(const struct pipeline *p, struct pipeline_stats *ret_stats);

#endif
