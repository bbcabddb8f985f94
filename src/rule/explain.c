/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/explain.h"

#include <errno.h>

#include "base/cleanup.h"
#include "rule/condition.h"
#include "rule/ruleset.h"

/* ---- rules --------------------------------------------------------------------------------------------- */

int explain_find(const struct ruleset *r, struct str name, uint32_t *ret_rule, struct error *err)
{
	unsigned int least = name.len < 6 ? 3 : (unsigned int)name.len / 2; /* what is like it, not any other */
	struct str near = STR("");

	for (size_t i = 0; i < r->nrules; i++) {
		const struct rule *rule = &r->rules[i];
		bool same = str_eq(name, rule->name);
		unsigned int distance = str_distance(name, rule->name);

		if (same && (!rule->enabled || !rule->tree))
			return error_set(err, -EINVAL, "the rule \"" STR_FMT "\" is disabled", STR_ARG(name));
		if (same) {
			*ret_rule = (uint32_t)i;
			return 0;
		}
		if (distance < least) {
			least = distance;
			near = rule->name;
		}
	}
	if (!near.len)
		return error_set(err, -ENOENT, "there is no rule \"" STR_FMT "\" (monitor list rules names them)",
				 STR_ARG(name));
	return error_set(err, -ENOENT, "there is no rule \"" STR_FMT "\"; the nearest is \"" STR_FMT "\"", STR_ARG(name),
			 STR_ARG(near));
}

bool explain_looks_at(const struct ruleset *r, uint32_t rule, const struct event *ev)
{
	bool types[EV_COUNT], codes[SYSCALL_CODES];
	struct condition_error problem;
	uint64_t code;

	if (condition_event_types(r->rules[rule].tree, types, codes, &problem) < 0)
		return true;
	if (ev->type != EV_GENERIC_X)
		return types[ev->type];
	code = event_param_uint(ev, 0);
	return code < SYSCALL_CODES ? codes[code] : types[ev->type];
}

/* ---- expressions --------------------------------------------------------------------------------------- */

struct walk {
	const struct ruleset *rules;
	struct field_context *ctx;
	struct regex_scratch *regex;
	bool keep; /* the parts are wanted, not the truth alone */
};

static enum presence extract(struct walk *w, const struct expression *e, struct values *ret_values)
{
	struct arena *arena = w->ctx->arena;
	struct transform_arg *args;

	if (e->kind == EXPRESSION_FIELD)
		return field_extract(&e->field, w->ctx, ret_values);
	if (e->kind == EXPRESSION_CONSTANT) {
		*ret_values = (struct values){ &e->constant, 1 };
		return PRESENT;
	}
	args = arena_array_of(arena, struct transform_arg, e->nargs);
	if (!args)
		return ABSENT;
	for (size_t i = 0; i < e->nargs; i++) {
		args[i].type = e->args[i]->type;
		args[i].presence = extract(w, e->args[i], &args[i].values);
	}
	if (e->kind == EXPRESSION_LIST)
		return transform_list(arena, args, e->nargs, ret_values);
	return transform_apply(e->transform, arena, args, e->nargs, e->selector, ret_values);
}

static int keep_value(struct walk *w, struct explained *x, const struct expression *e, enum presence presence,
		      const struct values *values)
{
	struct explained_value *v = &x->values[x->nvalues++];
	auto_strbuf struct strbuf text = { 0 };
	bool several = e->type.list || values->count != 1;

	v->name = e->text;
	v->presence = presence;
	v->text = STR("");
	if (presence != PRESENT)
		return 0;
	strbuf_adds(&text, several ? "(" : "");
	for (uint32_t i = 0; i < values->count; i++) {
		strbuf_adds(&text, i ? ", " : "");
		value_print(&text, &values->list[i], e->type.type,
			    e->kind == EXPRESSION_FIELD ? e->field.format : PF_NA);
	}
	strbuf_adds(&text, several ? ")" : "");
	v->text = arena_str(w->ctx->arena, strbuf_str(&text));
	return text.failed || !v->text.ptr ? -ENOMEM : 0;
}

/* ---- parts --------------------------------------------------------------------------------------------- */

static int name_check(struct walk *w, struct explained *x)
{
	auto_strbuf struct strbuf text = { 0 };

	ast_print(&text, x->ast);
	x->check = arena_str(w->ctx->arena, strbuf_str(&text));
	return text.failed || !x->check.ptr ? -ENOMEM : 0;
}

static int explain_check(struct walk *w, struct explained *x)
{
	struct arena *arena = w->ctx->arena;
	const struct ast *a = x->ast;
	struct expression *left, *right = NULL;
	struct values values[2] = { 0 };
	enum presence presence[2] = { ABSENT, ABSENT };
	struct condition_error problem;
	struct predicate p = { 0 };
	int invariant = condition_invariant(a), r;

	r = w->keep ? name_check(w, x) : 0;
	if (r < 0)
		return r;
	if (invariant >= 0) {
		x->truth = invariant ? TRUTH_YES : TRUTH_NO;
		return 0;
	}
	r = expression_build(arena, a->left, &w->rules->options.fields, &left, &problem);
	if (r == 0 && a->right && (a->right->kind == AST_FIELD || a->right->kind == AST_TRANSFORMER))
		r = expression_build(arena, a->right, &w->rules->options.fields, &right, &problem);
	if (r == 0)
		r = predicate_build(arena, a, left, right, &p);
	if (r == 0) {
		presence[0] = extract(w, left, &values[0]);
		if (right)
			presence[1] = extract(w, right, &values[1]);
		x->truth = predicate_test(&p, presence[0], &values[0], right ? presence[1] : PRESENT,
					  right ? &values[1] : NULL, w->regex);
	}
	predicate_release(&p);
	if (r == 0 && w->keep)
		r = keep_value(w, x, left, presence[0], &values[0]);
	if (r == 0 && w->keep && right)
		r = keep_value(w, x, right, presence[1], &values[1]);
	return r == -EINVAL ? -ENOMEM : r; /* the tree was checked: nothing else can be wrong */
}

static int explain_part(struct walk *w, const struct ast *a, struct explained *x)
{
	*x = (struct explained){ .ast = a, .check = STR("") };
	if (a->kind == AST_CHECK)
		return explain_check(w, x);
	x->children = arena_array_of(w->ctx->arena, struct explained, a->nchildren);
	if (!x->children)
		return -ENOMEM;
	x->nchildren = a->nchildren;
	x->truth = a->kind == AST_AND ? TRUTH_YES : TRUTH_NO;
	for (size_t i = 0; i < a->nchildren; i++) {
		struct explained *child = &x->children[i];
		int r = explain_part(w, a->children[i], child);

		if (r < 0)
			return r;
		if (a->kind == AST_NOT)
			x->truth = TRUTH_YES - child->truth;
		else if (a->kind == AST_AND ? child->truth < x->truth : child->truth > x->truth)
			x->truth = child->truth;
	}
	return 0;
}

/* The first of the rules that are tried before this one and do not fail. */
static int find_shadow(struct walk *w, struct explanation *x)
{
	w->keep = false;
	for (size_t i = 0; i < w->rules->norder && w->rules->order[i] != x->rule; i++) {
		uint32_t other = w->rules->order[i];
		struct explained root;
		int r;

		if (!explain_looks_at(w->rules, other, w->ctx->ev))
			continue;
		r = explain_part(w, w->rules->rules[other].tree, &root);
		if (r < 0)
			return r;
		if (root.truth == TRUTH_NO)
			continue;
		x->shadowed = true;
		x->shadow = other;
		x->shadow_truth = root.truth;
		return 0;
	}
	return 0;
}

int explain_event(const struct ruleset *r, uint32_t rule, struct field_context *ctx,
		  struct explanation *ret_explanation)
{
	struct explanation x = { .rules = r, .rule = rule };
	struct walk w = { .rules = r, .ctx = ctx, .regex = regex_scratch_new(), .keep = true };
	struct needs *needs = ctx->needs, scratch = { 0 };
	uint64_t counter = ctx->counter;
	int result;

	if (!w.regex)
		return -ENOMEM;
	/* looking must not change what is asked or counted */
	ctx->needs = needs ? &scratch : NULL;
	result = explain_part(&w, r->rules[rule].tree, &x.root);
	x.truth = x.root.truth;
	if (result == 0 && x.truth == TRUTH_YES && !r->options.all_matching)
		result = find_shadow(&w, &x);
	ctx->needs = needs;
	ctx->counter = counter;
	regex_scratch_free(w.regex);
	if (result == 0)
		*ret_explanation = x;
	return result;
}
