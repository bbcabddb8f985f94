/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/coverage.h"

#include <errno.h>

#include "rule/condition.h"
#include "rule/evaluate.h"

/* A rule's tree with the nodes of its checks, in the order of a walk from left to right. */
struct followed {
	const struct ast *tree;
	uint32_t *nodes;
	size_t cap;
	bool types[EV_COUNT];
};

struct coverage {
	const struct ruleset *rules;
	struct arena *arena;
	struct program *program; /* predicates alone: no connectives, no plans */
	struct evaluator evaluator;
	struct coverage_rule *list;
	struct followed *followed;
	size_t count;
};

/* ---- building ---- */

static int64_t check_node(struct coverage *c, struct program_builder *b, const struct ast *a)
{
	const struct field_options *fields = &c->rules->options.fields;
	struct expression *left, *right = NULL;
	struct condition_error problem;
	int r;

	r = expression_build(c->program->arena, a->left, fields, &left, &problem);
	if (r == 0 && a->right && (a->right->kind == AST_FIELD || a->right->kind == AST_TRANSFORMER))
		r = expression_build(c->program->arena, a->right, fields, &right, &problem);
	return r < 0 ? r : program_predicate(b, a, left, right);
}

static int add_check(struct coverage *c, struct program_builder *b, size_t i, const struct ast *a)
{
	struct coverage_rule *rule = &c->list[i];
	struct followed *f = &c->followed[i];
	auto_strbuf struct strbuf text = { 0 };
	int64_t node;

	if (rule->nchecks == f->cap) {
		size_t cap = f->cap ? f->cap * 2 : 16;
		void *checks = reallocarray(rule->checks, cap, sizeof(*rule->checks));
		void *nodes;

		if (!checks)
			return -ENOMEM;
		rule->checks = checks;
		nodes = reallocarray(f->nodes, cap, sizeof(*f->nodes));
		if (!nodes)
			return -ENOMEM;
		f->nodes = nodes;
		f->cap = cap;
	}
	node = check_node(c, b, a);
	ast_print(&text, a);
	if (node < 0 || text.failed)
		return node < 0 ? (int)node : -ENOMEM;
	rule->checks[rule->nchecks] =
		(struct coverage_check){ .text = arena_str(c->program->arena, strbuf_str(&text)).ptr };
	if (!rule->checks[rule->nchecks].text)
		return -ENOMEM;
	f->nodes[rule->nchecks++] = (uint32_t)node;
	return 0;
}

/* Depth is bounded: the trees passed condition_check(). */
static int follow(struct coverage *c, struct program_builder *b, size_t i, const struct ast *a)
{
	int r = 0;

	if (a->kind == AST_CHECK)
		return add_check(c, b, i, a);
	for (size_t k = 0; r == 0 && k < a->nchildren; k++)
		r = follow(c, b, i, a->children[k]);
	return r;
}

static int build(struct coverage *c, struct program_builder *b)
{
	struct condition_error problem;
	int r;

	for (size_t i = 0; i < c->rules->norder; i++) {
		const struct rule *rule = &c->rules->rules[c->rules->order[i]];
		bool codes[SYSCALL_CODES];

		c->list[i].name = rule->name;
		c->followed[i].tree = rule->tree;
		c->count++;
		r = follow(c, b, i, rule->tree);
		if (r == 0)
			r = condition_event_types(rule->tree, c->followed[i].types, codes, &problem);
		if (r < 0)
			return r;
	}
	return evaluator_init(&c->evaluator, c->program);
}

int coverage_new(const struct ruleset *r, struct coverage **ret_coverage, struct error *err)
{
	auto_coverage struct coverage *c = calloc(1, sizeof(*c));
	struct program_builder b = { 0 };
	int result = -ENOMEM;

	if (!c)
		return error_set(err, -ENOMEM, "out of memory");
	c->rules = r;
	c->arena = arena_new(65536);
	c->program = calloc(1, sizeof(*c->program));
	c->list = calloc(r->norder + 1, sizeof(*c->list));
	c->followed = calloc(r->norder + 1, sizeof(*c->followed));
	if (c->arena && c->program && c->list && c->followed) {
		c->program->arena = c->arena;
		result = program_builder_init(&b, c->program);
		if (result == 0)
			result = build(c, &b);
		program_builder_done(&b);
	}
	if (result < 0)
		return error_errno(err, result, "cannot follow the rules");
	*ret_coverage = take_ptr(c);
	return 0;
}

/* ---- following ---- */

/* As the engine would, but from left to right; *at is the next check of the walk. */
static enum truth walk(struct coverage *c, size_t i, const struct ast *a, size_t *at, bool reached)
{
	struct coverage_check *check;
	enum truth truth, result;

	if (a->kind == AST_CHECK) {
		check = &c->list[i].checks[*at];
		truth = evaluator_node(&c->evaluator, c->followed[i].nodes[(*at)++]);
		if (reached && truth == TRUTH_YES)
			check->yes++;
		else if (reached && truth == TRUTH_NO)
			check->no++;
		return truth;
	}
	if (a->kind == AST_NOT)
		return TRUTH_YES - walk(c, i, a->children[0], at, reached);
	result = a->kind == AST_AND ? TRUTH_YES : TRUTH_NO;
	for (size_t k = 0; k < a->nchildren; k++) {
		truth = walk(c, i, a->children[k], at, reached);
		if (a->kind == AST_AND ? truth < result : truth > result)
			result = truth;
		if (result == (a->kind == AST_AND ? TRUTH_NO : TRUTH_YES))
			reached = false;
	}
	return result;
}

void coverage_note(struct coverage *c, struct field_context *ctx)
{
	/* the program remembers nothing (no node has a .memo), so the thread's memory stays the engine's */
	evaluator_begin(&c->evaluator, ctx);
	for (size_t i = 0; i < c->count; i++) {
		size_t at = 0;

		if (!c->followed[i].types[ctx->ev->type])
			continue;
		c->list[i].evaluated++;
		if (walk(c, i, c->followed[i].tree, &at, true) == TRUTH_YES)
			c->list[i].matched++;
	}
}

size_t coverage_count(const struct coverage *c)
{
	return c->count;
}

const struct coverage_rule *coverage_get(const struct coverage *c, size_t i)
{
	return &c->list[i];
}

void coverage_free(struct coverage *c)
{
	if (!c)
		return;
	evaluator_release(&c->evaluator);
	for (size_t i = 0; i < c->count; i++) {
		free(c->list[i].checks);
		free(c->followed[i].nodes);
	}
	free(c->list);
	free(c->followed);
	program_free(c->program);
	arena_free(c->arena);
	free(c);
}
