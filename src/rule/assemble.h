/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_ASSEMBLE_H
#define MONITOR_RULE_ASSEMBLE_H

#include "rule/items.h"
#include "rule/ruleset.h"

/*
 * All items that were read so far → a rule set whose conditions are resolved and checked but not compiled yet
 * (ruleset_compile() is due). Its texts are copies. 0, -EINVAL when f holds an error, or -ENOMEM.
 */
int assemble(const struct items *items, const struct engine_options *options, struct findings *f,
	     struct ruleset **ret_rules);

/* The enabled rules in the order in which they are tried, after the selections were applied one by one. */
int selection_apply(struct ruleset *r, const struct engine_options *options);
/* Whether a name fits a pattern, in which * stands for any text and nothing else is special. */
bool selection_matches(struct str pattern, struct str name);

/* Leaves only the rules of options->source enabled, before ruleset_compile(). Once. */
void assemble_keep_source(struct ruleset *r, const struct engine_options *options);

#endif
