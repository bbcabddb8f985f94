/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_OUTPUTS_H
#define MONITOR_APP_OUTPUTS_H

#include "app/config.h"
#include "app/output_list.h"

/* Whether the configuration enables any. */
bool outputs_wanted(const struct config *c);
/*
 * Opens the outputs that the configuration enables, each behind a queue. live: events do not wait, so alerts that find
 * no room are dropped. They start threads: call it behind tracer_open(), which forks.
 */
int outputs_open(struct output_list *o, const struct config *c, bool live, struct error *err);

/*
 * What another configuration makes of the outputs: some stay, some are new. Those that no configuration knows
 * of stay.
 */
struct outputs_change {
	bool keep[OUTPUTS_MAX]; /* of those that there are */
	struct output *opened[OUTPUTS_MAX];
	char *made_of[OUTPUTS_MAX]; /* of the opened ones */
	size_t count;
};
/*
 * Opens what is new; c NULL: there is no configuration, so all stay. former is the one in force. Nothing is
 * left of it when it fails, and the outputs go on.
 */
int outputs_prepare(const struct output_list *o, const struct config *c, const struct config *former,
		    struct outputs_change *change, struct error *err);
void outputs_undo(struct outputs_change *change);
/* Makes it so: what is not to stay ends by itself. Returns how many alerts those have lost. */
uint64_t outputs_take(struct output_list *o, const struct outputs_change *change);

#endif
