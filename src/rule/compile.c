/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "rule/program.h"

/*
 * Trees to nodes. The trees have passed condition_check(): they are of bounded depth, and building their parts can only
 * fail for want of memory.
 */
struct compiler {
	struct program_builder *builder;
	const struct field_options *options;
	struct arena *arena;
};

static int64_t compile(struct compiler *c, const struct ast *a);

static int compile_side(struct compiler *c, const struct ast *a, const struct expression **ret_expression)
{
	const struct expression *known = a->kind == AST_FIELD ? program_known_field(c->builder, a) : NULL;
	struct condition_error problem;
	struct expression *fresh;
	int r = known ? 0 : expression_build(c->arena, a, c->options, &fresh, &problem);

	if (r == 0)
		*ret_expression = known ? known : fresh;
	return r;
}

static int64_t compile_check(struct compiler *c, const struct ast *a)
{
	const struct expression *left, *right = NULL;
	int invariant = condition_invariant(a), r;

	if (invariant >= 0)
		return invariant ? TRUTH_YES : TRUTH_NO;
	r = compile_side(c, a->left, &left);
	if (r == 0 && a->right && (a->right->kind == AST_FIELD || a->right->kind == AST_TRANSFORMER))
		r = compile_side(c, a->right, &right);
	return r < 0 ? r : program_predicate(c->builder, a, left, right);
}

static int64_t compile_children(struct compiler *c, const struct ast *a)
{
	auto_free uint32_t *children = reallocarray(NULL, a->nchildren ? a->nchildren : 1, sizeof(*children));

	if (!children)
		return -ENOMEM;
	for (size_t i = 0; i < a->nchildren; i++) {
		int64_t child = compile(c, a->children[i]);

		if (child < 0)
			return child;
		children[i] = (uint32_t)child;
	}
	return program_connective(c->builder, a->kind == AST_AND ? NODE_AND : NODE_OR, children, a->nchildren);
}

static int64_t compile(struct compiler *c, const struct ast *a)
{
	int64_t child;

	switch (a->kind) {
	case AST_AND:
	case AST_OR:
		return compile_children(c, a);
	case AST_NOT:
		child = compile(c, a->children[0]);
		return child < 0 ? child : program_not(c->builder, (uint32_t)child);
	case AST_CHECK:
		return compile_check(c, a);
	default:
		return -EINVAL;
	}
}

int compile_rules(struct ruleset *r, struct program_builder *b)
{
	struct compiler c = { b, &r->options.fields, r->program->arena };

	for (size_t i = 0; i < r->norder; i++) {
		struct rule *rule = &r->rules[r->order[i]];
		int64_t node = rule->never ? TRUTH_NO : compile(&c, rule->tree);

		if (node < 0)
			return (int)node;
		rule->node = (uint32_t)node;
	}
	return 0;
}
