/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_OUTPUTS_H
#define MONITOR_RULE_OUTPUTS_H

#include "rule/items.h"
#include "rule/ruleset.h"

/*
 * The output of a rule with what append_output adds to it: rule->output, ->format and ->extra. 0; 1 when a field is not
 * known and the rule asks to be left out then; -EINVAL after a finding; -ENOMEM.
 */
int outputs_add(struct arena *arena, struct findings *f, const struct engine_options *options,
		const struct rule_item *item, struct rule *rule);
/* Frees the formats. */
void outputs_free(struct rule *rule);

#endif
