/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/event_filter.h"

#include <errno.h>

#include "rule/condition.h"
#include "rule/evaluate.h"

#define SHOWN_BYTES 32 /* of a condition, from where it is wrong */

/* A rule set of one rule, compiled to a graph without plans: its nodes are asked directly. */
struct event_filter {
	struct arena *arena;
	struct ruleset rules;
	struct rule rule;
	uint32_t order;
	struct evaluator evaluator;
};

static int build(struct event_filter *f, struct error *err)
{
	struct program_builder b = { 0 };
	int r = -ENOMEM;

	f->rules = (struct ruleset){ .arena = f->arena,
				     .options = f->rules.options,
				     .rules = &f->rule,
				     .nrules = 1,
				     .order = &f->order,
				     .norder = 1 };
	f->rules.program = calloc(1, sizeof(*f->rules.program));
	if (f->rules.program) {
		f->rules.program->arena = f->arena;
		r = program_builder_init(&b, f->rules.program);
		if (r == 0)
			r = compile_rules(&f->rules, &b);
		program_builder_done(&b);
	}
	if (r == 0)
		r = evaluator_init(&f->evaluator, f->rules.program);
	return r < 0 ? error_errno(err, r, "cannot compile the condition") : 0;
}

/* With the text from the place on, since a condition of a command line has no lines to point at. */
static int refuse(struct str condition, const struct condition_error *problem, struct error *err)
{
	struct str rest = { condition.ptr + problem->offset, condition.len - problem->offset };
	bool cut = rest.len > SHOWN_BYTES;

	if (cut)
		rest.len = SHOWN_BYTES;
	return error_set(err, -EINVAL, "the condition, column %zu, %s" STR_FMT "%s" STR_FMT "%s" STR_FMT "%s",
			 problem->offset + 1, rest.len ? "at \"" : "at its end: ", STR_ARG(rest),
			 rest.len ? cut ? "...\": " : "\": " : "", STR_ARG(problem->message),
			 problem->hint.len ? "; did you mean " : "", STR_ARG(problem->hint),
			 problem->hint.len ? "?" : "");
}

int event_filter_new(struct str condition, const struct field_options *options, struct event_filter **ret_filter,
		     struct error *err)
{
	auto_event_filter struct event_filter *f = calloc(1, sizeof(*f));
	struct condition_warning *warnings = NULL;
	struct condition_error problem = { 0 };
	struct ast *tree;
	int r;

	if (!f)
		return error_set(err, -ENOMEM, "out of memory");
	f->arena = arena_new(4096);
	if (!f->arena)
		return error_set(err, -ENOMEM, "out of memory");
	f->rules.options.fields = *options;
	condition = arena_str(f->arena, condition);
	r = condition.ptr ? condition_parse(f->arena, condition, &tree, &problem) : -ENOMEM;
	if (r == 0)
		r = condition_check(f->arena, tree, options, &problem, &warnings);
	if (r == -EINVAL)
		return refuse(condition, &problem, err);
	if (r < 0)
		return error_set(err, r, "out of memory");
	f->rule.tree = tree;
	r = build(f, err);
	if (r < 0)
		return r;
	*ret_filter = take_ptr(f);
	return 0;
}

void event_filter_free(struct event_filter *f)
{
	if (!f)
		return;
	evaluator_release(&f->evaluator);
	program_free(f->rules.program);
	arena_free(f->arena);
	free(f);
}

bool event_filter_holds(struct event_filter *f, struct field_context *ctx)
{
	evaluator_begin(&f->evaluator, ctx);
	return evaluator_node(&f->evaluator, f->rule.node) == TRUTH_YES;
}
