/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_PLUGIN_USE_H
#define MONITOR_RULE_PLUGIN_USE_H

#include "rule/engine.h"
#include "rule/texts.h"

/*
 * Adds the names of the plugins that a rule makes use of: whose events it is about (source), whose fields its
 * condition and outputs name, or whose asynchronous events its condition compares evt.type with. -ENOMEM.
 */
int plugin_use_names(const struct engine_options *options, struct str source, const struct texts *fields,
		     const struct texts *events, struct arena *arena, struct texts *names);

#endif
