/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/ruleset.h"

#include <errno.h>

#include "field/format.h"
#include "rule/program.h"

int ruleset_compile(struct ruleset *r, struct error *err)
{
	struct program_builder b = { 0 };
	int result = -ENOMEM;

	r->program = calloc(1, sizeof(*r->program));
	if (r->program) {
		r->program->arena = r->arena;
		result = program_builder_init(&b, r->program);
		if (result == 0)
			result = compile_rules(r, &b);
		if (result == 0)
			result = plan_rules(r, &b);
		if (result == 0)
			result = memory_lay_out(r->program);
		if (result == 0)
			result = wants_collect(r);
		program_builder_done(&b);
	}
	return result < 0 ? error_errno(err, result, "cannot compile the rules") : 0;
}

void ruleset_free(struct ruleset *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->nrules; i++) {
		format_free(r->rules[i].format);
		for (size_t k = 0; k < r->rules[i].nextra; k++)
			format_free(r->rules[i].extra[k].format);
	}
	program_free(r->program);
	arena_free(r->arena); /* r itself is in it */
}

size_t ruleset_count(const struct ruleset *r)
{
	return r->nrules;
}

size_t ruleset_count_enabled(const struct ruleset *r)
{
	return r->norder;
}

void ruleset_get(const struct ruleset *r, size_t i, struct rule_view *ret_view)
{
	const struct rule *rule = &r->rules[i];

	*ret_view = (struct rule_view){
		.name = rule->name,
		.description = rule->description,
		.condition = rule->condition,
		.output = rule->output,
		.source = rule->source,
		.priority = rule->priority,
		.tags = rule->tags,
		.ntags = rule->ntags,
		.enabled = rule->enabled,
	};
}

void ruleset_capture(const struct ruleset *r, uint32_t rule, struct rule_capture *ret_capture)
{
	*ret_capture = r->rules[rule].capture;
}

const struct intercept_set *ruleset_wants(const struct ruleset *r)
{
	return &r->wants;
}

bool ruleset_wants_type(const struct ruleset *r, uint16_t type)
{
	return type < EV_COUNT && r->wants_type[type];
}

bool ruleset_wants_event(const struct ruleset *r, const struct event *ev)
{
	return r->wants_type[ev->type] && program_plan(r->program, ev)->nrules;
}

bool ruleset_rule_looks_at(const struct ruleset *r, uint32_t rule, uint16_t type)
{
	const struct plan *plan = r->program->plan_of_type[type];

	for (uint32_t i = 0; i < plan->nrules && r->wants_type[type]; i++)
		if (plan->rules[i].rule == rule)
			return true;
	return false;
}

facts_t ruleset_output_reads(const struct ruleset *r, uint32_t rule)
{
	return r->rules[rule].output_reads;
}
