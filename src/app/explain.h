/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_EXPLAIN_H
#define MONITOR_APP_EXPLAIN_H

#include "app/pipeline.h"
#include "rule/explain.h"

/* Writes why one rule did or did not match, of one event of a capture or of every event that the rule looks at. */
struct explain {
	struct pipeline_observer observer; /* first: the pipeline's view */
	const struct ruleset *rules;
	uint32_t rule;
	uint64_t event; /* 0 = all that the rule looks at */
	int fd; /* where to */
	bool json, color;
	bool found; /* event was there */
	bool open; /* the rule may match a call that is at its entry: what is asked now is asked for it, too */
	struct explain_memory memory; /* while all events are told */
	int failure; /* negative errno: what could not be written */
};

/* Finds the rule. 0, or negative with the reason. */
int explain_init(struct explain *x, const struct ruleset *rules, const char *rule, uint64_t event, int fd, bool json,
		 struct error *err);
void explain_free(struct explain *x); /* of one that is zero, too */

#endif
