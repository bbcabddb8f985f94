/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "rule/assemble.h"

bool selection_matches(struct str pattern, struct str name)
{
	size_t p = 0, n = 0, star = SIZE_MAX, retry = 0;

	while (n < name.len) {
		if (p < pattern.len && pattern.ptr[p] == '*') {
			star = p++;
			retry = n;
		} else if (p < pattern.len && pattern.ptr[p] == name.ptr[n]) {
			p++;
			n++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			n = ++retry;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.ptr[p] == '*')
		p++;
	return p == pattern.len;
}

static bool selects(const struct rule_selection *s, const struct rule *rule)
{
	if (s->rule.len && selection_matches(s->rule, rule->name))
		return true;
	for (size_t i = 0; s->tag.len && i < rule->ntags; i++)
		if (str_eq(rule->tags[i], s->tag))
			return true;
	return false;
}

bool ruleset_has_selected(const struct ruleset *r, const struct rule_selection *selection)
{
	for (size_t i = 0; i < r->nrules; i++)
		if (selects(selection, &r->rules[i]))
			return true;
	return false;
}

/* Drops the rules that are not enabled any more. */
static void compact(struct ruleset *r, uint32_t *order)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->norder; i++)
		if (r->rules[order[i]].enabled)
			order[kept++] = order[i];
	r->norder = kept;
}

/*
 * A rule that is enabled anew is tried last, as in Falco. Rules below the least priority take no part: nothing
 * enables them.
 */
int selection_apply(struct ruleset *r, const struct engine_options *options)
{
	uint32_t *order = arena_array_of(r->arena, uint32_t, r->nrules);

	if (!order)
		return -ENOMEM;
	r->norder = 0;
	for (uint32_t i = 0; i < r->nrules; i++) {
		struct rule *rule = &r->rules[i];

		rule->enabled = rule->enabled && rule->priority <= options->min_priority;
		if (rule->enabled)
			order[r->norder++] = i;
	}
	for (size_t s = 0; s < options->nselections; s++) {
		const struct rule_selection *selection = &options->selections[s];

		for (uint32_t i = 0; i < r->nrules; i++) {
			struct rule *rule = &r->rules[i];

			if (rule->priority > options->min_priority || rule->enabled == selection->enable ||
			    !selects(selection, rule))
				continue;
			rule->enabled = selection->enable;
			if (rule->enabled)
				order[r->norder++] = i;
		}
		compact(r, order);
	}
	r->order = order;
	return 0;
}
