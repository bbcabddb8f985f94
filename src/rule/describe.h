/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_DESCRIBE_H
#define MONITOR_RULE_DESCRIBE_H

#include "rule/items.h"
#include "rule/ruleset.h"

/*
 * What falco -L prints as JSON: for every rule, macro and list (or for one rule) what was written and what
 * came of it. Members have Falco's names in its order; arrays that are sets are sorted, where Falco has them
 * in no order. rules are those of the items, assembled. 0, -ENOENT when there is no such rule, or -ENOMEM.
 */
int describe(struct strbuf *out, const struct items *items, const struct ruleset *rules,
	     const struct engine_options *options, const char *rule, struct error *err);

#endif
