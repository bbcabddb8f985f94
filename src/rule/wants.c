/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "field/format.h"
#include "rule/program.h"

/* What a source must deliver for the rules: the types that have a plan, and the facts that conditions and outputs read. */

static void collect_facts(struct ruleset *r)
{
	for (uint32_t i = 0; i < r->program->nslots; i++)
		r->wants.facts |= r->program->slots[i]->reads;
	for (size_t i = 0; i < r->norder; i++) {
		const struct rule *rule = &r->rules[r->order[i]];

		if (rule->format)
			r->wants.facts |= format_reads(rule->format);
		for (size_t k = 0; k < rule->nextra; k++)
			r->wants.facts |= format_reads(rule->extra[k].format);
	}
}

int wants_collect(struct ruleset *r)
{
	struct intercept_want *wants = arena_array_of(r->program->arena, struct intercept_want, EV_COUNT);
	size_t n = 0;

	if (!wants)
		return -ENOMEM;
	for (int code = 0; code < SYSCALL_CODES; code++) {
		r->wants.syscall_codes[code] = r->program->plans[r->program->plan_of_code[code]].nrules > 0;
		r->wants_type[EV_GENERIC_X] |= r->wants.syscall_codes[code];
	}
	for (uint16_t type = 0; type < EV_COUNT; type++) {
		if (type != EV_GENERIC_X)
			r->wants_type[type] = r->program->plans[r->program->plan_of_type[type]].nrules > 0;
		if (r->wants_type[type])
			wants[n++].event = type;
	}
	r->wants.wants = wants;
	r->wants.nwants = n;
	collect_facts(r);
	return 0;
}
