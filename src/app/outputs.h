/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_OUTPUTS_H
#define MONITOR_APP_OUTPUTS_H

#include "app/config.h"
#include "app/session.h"

/* Whether the configuration enables any. */
bool outputs_wanted(const struct config *c);
/*
 * Opens the outputs that the configuration enables, each behind a queue. live: events do not wait, so alerts that find
 * no room are dropped. unbuffered overrides buffered_outputs. They start threads: call it behind tracer_open(), which
 * forks.
 */
int outputs_open(struct session *s, const struct config *c, bool live, bool unbuffered, struct error *err);

#endif
