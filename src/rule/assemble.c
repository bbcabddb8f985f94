/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/assemble.h"

#include <errno.h>

#include "field/format.h"
#include "rule/checks.h"
#include "rule/condition.h"
#include "rule/exceptions.h"
#include "rule/glob.h"
#include "rule/outputs.h"
#include "rule/resolve.h"

#define ARENA_BYTES	 (64 << 10)
#define MANY_EVENT_TYPES 100 /* Falco's threshold for "not restricted" */

struct assembly {
	const struct items *items;
	const struct engine_options *options;
	struct findings *findings;
	struct resolver resolver;
	struct ruleset *rules;
	struct strbuf text; /* scratch */
};

static int copy_str(struct arena *arena, struct str s, struct str *ret_copy)
{
	*ret_copy = arena_str(arena, s);
	return ret_copy->ptr ? 0 : -ENOMEM;
}

/* ---- conditions ---------------------------------------------------------------------------------------- */

/* Warnings about the condition as a whole come before anything that is found inside it. */
static void report_general(struct assembly *a, const struct rule_item *item, const struct ast *tree,
			   const struct condition_warning *warnings)
{
	const struct load_context *at = findings_whole(a->findings, item->condition_at, a->resolver.shown);
	const struct ast *unsafe = checks_unsafe_na(tree);

	if (unsafe)
		findings_add(a->findings, LOAD_UNSAFE_NA_CHECK,
			     a->findings->ours ?
				     resolve_place(&a->resolver, a->findings, item->condition_at, unsafe->offset) :
				     at,
			     "%s",
			     a->findings->ours ?
				     "'<NA>' may be the field's text: use 'exists' to see whether it has a value" :
				     "");
	for (unsigned int rank = 0; rank < CONDITION_DEPRECATED_FIELDS; rank++) {
		for (const struct condition_warning *w = warnings; w; w = w->next) {
			if (w->kind != CONDITION_WARN_DEPRECATED || w->rank != rank)
				continue;
			findings_add(a->findings, LOAD_DEPRECATED_ITEM,
				     a->findings->ours ?
					     resolve_place(&a->resolver, a->findings, item->condition_at, w->offset) :
					     at,
				     STR_FMT, STR_ARG(w->message));
			findings_field(a->findings, w->field);
		}
	}
}

static void report_warnings(struct assembly *a, const struct rule_item *item, const struct condition_warning *warnings)
{
	for (const struct condition_warning *w = warnings; w; w = w->next)
		if (w->kind == CONDITION_WARN_REGEX || w->kind == CONDITION_WARN_VALUE ||
		    (w->kind == CONDITION_WARN_NEVER && a->findings->ours))
			findings_add(a->findings, LOAD_COMPILE_CONDITION,
				     resolve_place(&a->resolver, a->findings, item->condition_at, w->offset), STR_FMT,
				     STR_ARG(w->message));
}

static void report_one(struct assembly *a, const struct rule_item *item, enum load_code code, const struct ast *tree,
		       const struct condition_error *problem)
{
	/* Falco's place of all of them is the check */
	const struct ast *check = a->findings->ours ? NULL : checks_find(tree, problem->offset);
	const struct load_context *at = resolve_place(&a->resolver, a->findings, item->condition_at,
						      check ? check->offset : problem->offset);

	findings_add(a->findings, code, at, STR_FMT, STR_ARG(problem->message));
	findings_nearest(a->findings, problem->hint);
}

/* 0; 1 when the rule is left out as it asks for, which its first problem decides; -EINVAL after a finding. */
static int report_problems(struct assembly *a, const struct rule_item *item, const struct ast *tree,
			   const struct condition_error *problem)
{
	if (problem->unknown_filter && item->skip_if_unknown_filter) {
		report_one(a, item, LOAD_UNKNOWN_FILTER, tree, problem);
		return 1;
	}
	for (const struct condition_error *p = problem; p; p = a->findings->ours ? p->next : NULL)
		report_one(a, item, LOAD_ERR_COMPILE_CONDITION, tree, p);
	return -EINVAL;
}

static int check_event_types(struct assembly *a, const struct rule_item *item, const struct ast *tree, bool *ret_never)
{
	struct condition_error problem = { 0 };
	bool types[EV_COUNT], codes[SYSCALL_CODES];
	unsigned int count;
	int r = condition_event_types(tree, types, codes, &problem);

	if (r == -EINVAL)
		return report_problems(a, item, tree, &problem);
	if (r < 0)
		return r;
	count = condition_event_count(types);
	*ret_never = count == 0 && str_eq(item->source, STR("syscall"));
	/* events of plugins have one type */
	if (item->warn_evttypes && str_eq(item->source, STR("syscall")) && (count == 0 || count > MANY_EVENT_TYPES))
		findings_add(a->findings, LOAD_NO_EVTTYPE, item->at,
			     count ? "the condition lets too many event types pass, which costs time at every event" :
				     "no event type can satisfy the condition");
	return 0;
}

/* The condition with the rule's exceptions behind it. */
static int add_exceptions(struct assembly *a, const struct rule_item *item, struct str *ret_text)
{
	int r;

	*ret_text = item->condition;
	if (!item->exceptions.count)
		return 0;
	strbuf_reset(&a->text);
	r = exceptions_print(a->findings, &a->text, item->condition, &item->exceptions);
	if (r < 0)
		return r;
	return a->text.failed ? -ENOMEM : copy_str(a->rules->arena, strbuf_str(&a->text), ret_text);
}

static int add_condition(struct assembly *a, const struct rule_item *item, struct str text, struct rule *rule)
{
	struct condition_warning *warnings = NULL;
	struct condition_error problem = { 0 };
	struct ast *tree;
	int r = resolve_condition(&a->resolver, a->findings, text, item->condition_at, item->at, &tree);

	if (r < 0)
		return r;
	r = condition_check(a->rules->arena, tree, &a->options->fields, &problem, &warnings);
	report_general(a, item, tree, warnings);
	if (r == -EINVAL)
		return report_problems(a, item, tree, &problem);
	if (r < 0)
		return r;
	report_warnings(a, item, warnings);
	rule->tree = tree;
	return check_event_types(a, item, tree, &rule->never);
}

/* ---- rules --------------------------------------------------------------------------------------------- */

static int copy_texts(struct assembly *a, const struct rule_item *item, struct rule *rule)
{
	struct arena *arena = a->rules->arena;
	struct str *tags = arena_array_of(arena, struct str, item->tags.count);
	int r = tags ? 0 : -ENOMEM;

	for (size_t i = 0; i < item->tags.count && r == 0; i++)
		r = copy_str(arena, item->tags.list[i], &tags[i]);
	rule->tags = tags;
	rule->ntags = item->tags.count;
	rule->priority = item->priority;
	rule->enabled = item->enabled;
	rule->capture = (struct rule_capture){ item->capture, item->capture_duration, item->capture_events,
					       item->capture_filesize };
	if (r == 0)
		r = copy_str(arena, item->name, &rule->name);
	if (r == 0)
		r = copy_str(arena, item->description, &rule->description);
	if (r == 0)
		r = copy_str(arena, item->condition, &rule->condition);
	if (r == 0)
		r = copy_str(arena, item->source, &rule->source);
	return r;
}

/* 0; 1 when the rule is left out as it asks for; -EINVAL after a finding; -ENOMEM */
static int add_rule(struct assembly *a, const struct rule_item *item)
{
	struct rule *rule = &a->rules->rules[a->rules->nrules];
	struct str condition;
	int r, also;

	*rule = (struct rule){ 0 };
	r = copy_texts(a, item, rule);
	if (r < 0)
		return r;
	for (size_t i = 0; i < a->options->nreads; i++)
		if (glob_match(a->options->reads[i].rule, rule->name, false))
			rule->output_reads |= a->options->reads[i].facts;
	a->rules->nrules++; /* from here on ruleset_free() frees what the rule owns */
	/* Falco's order; ours goes on, so that all problems are told */
	r = add_exceptions(a, item, &condition);
	if (r == 0 || (r == -EINVAL && a->findings->ours)) {
		also = outputs_add(a->rules->arena, a->findings, a->options, item, rule);
		r = r == 0 ? also : r;
	}
	if (r == 0 || (r == -EINVAL && a->findings->ours)) {
		also = add_condition(a, item, condition, rule);
		r = r == 0 ? also : r;
	}
	if (r == 0)
		return 0;
	outputs_free(rule);
	a->rules->nrules--;
	return r;
}

/* What a rule may use depends on its source. */
static int add_rule_of(struct assembly *a, const struct rule_item *item)
{
	const struct engine_options *all = a->options;
	struct engine_options options = *all;
	int r;

	options.fields = *engine_source_fields(all, item->source);
	a->options = &options;
	r = add_rule(a, item);
	a->options = all;
	return r;
}

static int add_rules(struct assembly *a)
{
	bool refused = false;

	for (size_t i = 0; i < a->items->nrules; i++) {
		const struct rule_item *item = &a->items->rules[i];
		int r = item->unknown_source ? 0 : add_rule_of(a, item);

		refused |= r == -EINVAL;
		if (r < 0 && !(r == -EINVAL && a->findings->ours))
			return r;
	}
	return refused ? -EINVAL : 0;
}

/* ---- all together -------------------------------------------------------------------------------------- */

static void warn_unused(struct assembly *a)
{
	const struct resolver *r = &a->resolver;

	for (size_t i = 0; i < r->nmacros; i++)
		if (!r->macros[i].used)
			findings_add(a->findings, LOAD_UNUSED_MACRO, a->items->macros[i].at,
				     "no rule or macro uses this macro");
	for (size_t i = 0; i < r->lists.count; i++)
		if (!r->lists.list[i].used)
			findings_add(a->findings, LOAD_UNUSED_LIST, a->items->lists[i].at,
				     "no rule, macro or list uses this list");
}

/* The options that are of use after loading. */
static int copy_options(struct ruleset *rules, const struct engine_options *options)
{
	const struct field_options *fields = &options->fields;
	struct str *names = arena_array_of(rules->arena, struct str, fields->nstatic);
	struct str *values = arena_array_of(rules->arena, struct str, fields->nstatic);
	int r = names && values ? 0 : -ENOMEM;

	for (size_t i = 0; i < fields->nstatic && r == 0; i++) {
		r = copy_str(rules->arena, fields->static_names[i], &names[i]);
		if (r == 0)
			r = copy_str(rules->arena, options->static_values[i], &values[i]);
	}
	rules->options = *options;
	rules->options.fields.static_names = names;
	rules->options.static_values = values;
	rules->options.selections = NULL;
	rules->options.nselections = 0;
	rules->options.appends = NULL;
	rules->options.nappends = 0;
	rules->options.reads = NULL;
	rules->options.nreads = 0;
	return r;
}

static int ruleset_begin(const struct items *items, const struct engine_options *options, struct ruleset **ret_rules)
{
	struct arena *arena = arena_new(ARENA_BYTES);
	struct ruleset *rules = arena ? arena_new_of(arena, struct ruleset) : NULL;

	if (!rules) {
		arena_free(arena);
		return -ENOMEM;
	}
	rules->arena = arena;
	rules->rules = arena_array_of(arena, struct rule, items->nrules);
	if (!rules->rules || copy_options(rules, options) < 0) {
		arena_free(arena);
		return -ENOMEM;
	}
	*ret_rules = rules;
	return 0;
}

int assemble(const struct items *items, const struct engine_options *options, struct findings *f,
	     struct ruleset **ret_rules)
{
	auto_ruleset struct ruleset *rules = NULL;
	struct assembly a = { .items = items, .options = options, .findings = f };
	int r = ruleset_begin(items, options, &rules);

	if (r < 0)
		return r;
	a.rules = rules;
	a.resolver.arena = rules->arena;
	r = resolve_start(&a.resolver, f, items);
	if (r == 0)
		r = add_rules(&a);
	strbuf_free(&a.text);
	if (r < 0)
		return r;
	warn_unused(&a);
	r = selection_apply(rules, options);
	if (r < 0)
		return r;
	*ret_rules = take_ptr(rules);
	return 0;
}

void assemble_keep_source(struct ruleset *r, const struct engine_options *options)
{
	struct str source = options->source.len ? options->source : STR("syscall");
	const struct field_options *fields = engine_source_fields(options, source);
	uint32_t *order = (uint32_t *)r->order; /* made by us, in selection_apply() */
	size_t kept = 0;

	for (size_t i = 0; i < r->norder; i++) {
		struct rule *rule = &r->rules[order[i]];

		if (str_eq(rule->source, source))
			order[kept++] = order[i];
		else
			rule->enabled = false;
	}
	r->norder = kept;
	if (fields) {
		r->options.fields.generic = fields->generic;
		r->options.fields.foreign = fields->foreign;
		r->options.fields.nforeign = fields->nforeign;
	}
}
