/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_EVENT_FILTER_H
#define MONITOR_RULE_EVENT_FILTER_H

#include "base/cleanup.h"
#include "rule/engine.h"

/*
 * One condition of the rule language without macros and lists, asked of single events. It remembers nothing
 * of threads.
 */
struct event_filter;

/* -EINVAL with the column and the reason. */
int event_filter_new(struct str condition, const struct field_options *options, struct event_filter **ret_filter,
		     struct error *err);
void event_filter_free(struct event_filter *f); /* accepts NULL */
DEFINE_AUTO(struct event_filter, event_filter, event_filter_free);
#define auto_event_filter AUTO(event_filter)

/* Whether the condition certainly holds for ctx->ev. */
bool event_filter_holds(struct event_filter *f, struct field_context *ctx);

#endif
