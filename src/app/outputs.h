/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_OUTPUTS_H
#define MONITOR_APP_OUTPUTS_H

#include "app/config.h"
#include "app/session.h"

/* Whether the configuration enables any. */
bool outputs_wanted(const struct config *c);
/*
 * Opens the outputs that the configuration enables, each behind a queue. live: events do not wait, so alerts that find
 * no room are dropped. They start threads: call it behind tracer_open(), which forks.
 */
int outputs_open(struct session *s, const struct config *c, bool live, struct error *err);

/* What another configuration makes of the session's outputs: some stay, some are new. Those that it does not know of stay. */
struct outputs_change {
	bool keep[SESSION_OUTPUTS]; /* of the session's */
	struct output *opened[SESSION_OUTPUTS];
	char *made_of[SESSION_OUTPUTS]; /* of the opened ones */
	size_t count;
};
/* Opens what is new. Nothing is left of it when it fails, and the session's outputs go on. */
int outputs_prepare(struct session *s, const struct config *c, struct outputs_change *change, struct error *err);
void outputs_undo(struct outputs_change *change);
/* The outputs behind the change, SESSION_OUTPUTS at most, borrowed. */
size_t outputs_list(const struct session *s, const struct outputs_change *change, struct output **list, char **texts);

#endif
