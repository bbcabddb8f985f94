/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/resolve.h"

#include <errno.h>

#include "base/limits.h"
#include "rule/condition.h"

#define SEES_ALL UINT32_MAX

/* ---- texts and places ---------------------------------------------------------------------------------- */

/* The text that an offset of a node belongs to. */
static const struct resolve_text *text_of(const struct resolver *r, size_t offset)
{
	size_t from = 0, to = r->ntexts;

	while (to - from > 1) {
		size_t middle = from + (to - from) / 2;

		if (r->texts[middle].base <= offset)
			from = middle;
		else
			to = middle;
	}
	return &r->texts[from];
}

const struct load_context *resolve_place(const struct resolver *r, struct findings *f, const struct load_context *at,
					 size_t offset)
{
	const struct resolve_text *text = text_of(r, offset);

	if (!f->ours)
		return findings_expression(f, at, r->shown, text->text, offset - text->base);
	return findings_exact(f, text->at, text->original, lists_unpaste(text->pastes, offset - text->base));
}

static void move_offsets(struct ast *a, size_t base)
{
	a->offset += base;
	if (a->left)
		move_offsets(a->left, base);
	if (a->right)
		move_offsets(a->right, base);
	for (size_t i = 0; i < a->nchildren; i++)
		move_offsets(a->children[i], base);
}

/* Pastes the lists into a condition and parses it. */
static int parse(struct resolver *r, struct findings *f, struct str condition, const struct load_context *at,
		 struct ast **ret_tree)
{
	struct resolve_text text = { .original = condition, .at = at };
	struct condition_error problem = { 0 };
	const struct resolve_text *last;
	int n;

	n = lists_paste(r->arena, &r->lists, condition, &text.text, &text.pastes);
	if (n == -E2BIG)
		return findings_error(f, LOAD_ERR_COMPILE_CONDITION, at, "the condition is too long with its lists");
	if (n == 0)
		n = arena_room(r->arena, (void **)&r->texts, r->ntexts, &r->texts_cap, sizeof(*r->texts));
	if (n < 0)
		return n;
	last = r->ntexts ? &r->texts[r->ntexts - 1] : NULL;
	text.base = last ? last->base + last->text.len + 1 : 0;
	r->texts[r->ntexts++] = text;
	r->shown = text.text; /* later problems are shown in the condition as it was written */
	n = condition_parse(r->arena, text.text, ret_tree, &problem);
	if (n == 0) {
		move_offsets(*ret_tree, text.base);
		r->shown = condition;
	}
	if (n != -EINVAL)
		return n;
	findings_error(f, LOAD_ERR_COMPILE_CONDITION, resolve_place(r, f, at, text.base + problem.offset),
		       STR_FMT, STR_ARG(problem.message));
	findings_nearest(f, problem.hint);
	return -EINVAL;
}

/* ---- macros -------------------------------------------------------------------------------------------- */

/* The size of what is being built, counted as a walker meets it. */
struct size {
	uint32_t depth;
	uint64_t nodes;
};

/* The worst is reported, whichever is met first, and of these the first. */
static void take_problem(struct resolver *r, const struct resolve_problem *problem)
{
	if (problem->kind > r->problem.kind)
		r->problem = *problem;
}

static void set_problem(struct resolver *r, int kind, const struct ast *a)
{
	take_problem(r, &(struct resolve_problem){ kind, a->text, a->offset });
}

static int put_in(struct resolver *r, struct ast **slot, unsigned int level, struct size *ret_size);

/*
 * For explanations, which do without when memory is short. A macro that is nothing but another's name shows
 * that one's.
 */
static void name_tree(const struct resolver *r, struct ast *tree, struct str name)
{
	struct str copy = tree->macro.len ? (struct str){ NULL, 0 } : arena_str(r->arena, name);

	if (copy.ptr)
		tree->macro = copy;
}

static int put_in_macro(struct resolver *r, struct ast **slot, unsigned int level, struct size *ret_size)
{
	struct ast *name = *slot;
	uint32_t number = names_find(r->macro_names, name->text);
	struct resolved_macro *m = number == NAMES_NONE ? NULL : &r->macros[number];
	struct ast *copy;
	int n;

	*ret_size = (struct size){ 1, 1 };
	if (!m || m->index >= r->visibility) {
		set_problem(r, RESOLVE_UNDEFINED, name);
		return 0;
	}
	if (m->open) {
		set_problem(r, RESOLVE_LOOP, name);
		return 0;
	}
	m->used = true;
	if (m->problem.kind != RESOLVE_FINE) {
		take_problem(r, &m->problem);
		return 0;
	}
	if (m->done) {
		name_tree(r, m->tree, m->name);
		*slot = m->tree;
		*ret_size = (struct size){ m->depth, m->nodes };
		return 0;
	}
	/* it comes later in the order and sees other macros than this condition: its own tree stays as it is */
	copy = ast_copy(r->arena, m->tree);
	if (!copy)
		return -ENOMEM;
	m->open = true;
	r->copying++;
	n = put_in(r, &copy, level, ret_size);
	r->copying--;
	m->open = false;
	name_tree(r, copy, m->name);
	*slot = copy;
	return n;
}

/* Replaces the names of macros in the tree at *slot by their trees. */
static int put_in(struct resolver *r, struct ast **slot, unsigned int level, struct size *ret_size)
{
	struct ast *a = *slot;
	struct size all = { 0, 1 };

	if (r->problem.kind == RESOLVE_TOO_BIG || level > RULES_TREE_DEPTH || ++r->visited > RULES_COND_NODES ||
	    (r->copying && ++r->copied > RULES_COPIED_NODES)) {
		set_problem(r, RESOLVE_TOO_BIG, a);
		*ret_size = all;
		return 0;
	}
	if (a->kind == AST_MACRO)
		return put_in_macro(r, slot, level, ret_size);
	for (size_t i = 0; i < a->nchildren && (a->kind == AST_AND || a->kind == AST_OR || a->kind == AST_NOT); i++) {
		struct size child;
		int n = put_in(r, &a->children[i], level + 1, &child);

		if (n < 0)
			return n;
		all.nodes += child.nodes;
		if (all.depth < child.depth)
			all.depth = child.depth;
	}
	if (a->kind == AST_CHECK)
		all.nodes += 2;
	all.depth++;
	if (all.nodes > RULES_COND_NODES || level + all.depth > RULES_TREE_DEPTH)
		set_problem(r, RESOLVE_TOO_BIG, a);
	*ret_size = all;
	return 0;
}

static int report(struct resolver *r, struct findings *f, const struct load_context *item)
{
	const struct load_context *at = resolve_place(r, f, item, r->problem.offset);
	struct str name = r->problem.name, near = STR("");
	unsigned int least = 3;

	switch (r->problem.kind) {
	case RESOLVE_FINE:
		return 0;
	case RESOLVE_LOOP:
		return findings_error(f, LOAD_ERR_VALIDATE, at, "the macro '" STR_FMT "' uses itself", STR_ARG(name));
	case RESOLVE_TOO_BIG:
		return findings_error(f, LOAD_ERR_VALIDATE, at, "the condition is too large with its macros");
	case RESOLVE_UNDEFINED:
		break;
	}
	findings_error(f, LOAD_ERR_VALIDATE, at, "the macro '" STR_FMT "' is not defined%s", STR_ARG(name),
		       names_find(r->macro_names, name) == NAMES_NONE ? "" : " before this place");
	for (size_t i = 0; f->ours && i < r->nmacros; i++) {
		unsigned int distance = str_distance(name, r->macros[i].name);

		if (distance && distance < least && distance < name.len) {
			least = distance;
			near = r->macros[i].name;
		}
	}
	findings_nearest(f, near);
	return -EINVAL;
}

static int resolve_tree(struct resolver *r, struct findings *f, uint32_t visibility, const struct load_context *item,
			struct ast **tree, struct size *ret_size)
{
	int n;

	r->visibility = visibility;
	r->problem = (struct resolve_problem){ 0 };
	r->visited = 0;
	n = put_in(r, tree, 0, ret_size);
	return n < 0 ? n : report(r, f, item);
}

static int resolve_macro(struct resolver *r, struct findings *f, const struct macro_item *item,
			 struct resolved_macro *m)
{
	struct size size;
	int n;

	r->shown = item->condition;
	n = resolve_tree(r, f, item->visibility, item->at, &m->tree, &size);
	m->done = n == 0;
	m->problem = r->problem;
	m->depth = size.depth;
	m->nodes = size.nodes;
	return n;
}

static int prepare_lists(struct resolver *r, struct findings *f, const struct items *items)
{
	size_t list = 0;
	int n = lists_prepare(r->arena, items, &r->lists, &list);

	if (n == -E2BIG)
		return findings_error(f, LOAD_ERR_VALIDATE, items->lists[list].at, "the list is too long");
	return n;
}

int resolve_start(struct resolver *r, struct findings *f, const struct items *items)
{
	bool refused = false;
	int n = prepare_lists(r, f, items);

	if (n < 0)
		return n;
	r->macro_names = &items->macro_names;
	r->nmacros = items->nmacros;
	r->macros = arena_array_of(r->arena, struct resolved_macro, r->nmacros);
	if (!r->macros)
		return -ENOMEM;
	for (size_t i = 0; i < r->nmacros; i++) {
		const struct macro_item *item = &items->macros[i];

		r->macros[i].name = item->name;
		r->macros[i].index = item->index;
		n = parse(r, f, item->condition, item->condition_at, &r->macros[i].tree);
		refused |= n == -EINVAL;
		if (n < 0 && !(n == -EINVAL && f->ours))
			return n;
	}
	if (refused)
		return -EINVAL;
	for (size_t i = 0; i < r->nmacros; i++) {
		n = resolve_macro(r, f, &items->macros[i], &r->macros[i]);
		refused |= n == -EINVAL;
		if (n < 0 && !(n == -EINVAL && f->ours))
			return n;
	}
	return refused ? -EINVAL : 0;
}

int resolve_condition(struct resolver *r, struct findings *f, struct str condition, const struct load_context *at,
		      const struct load_context *item, struct ast **ret_tree)
{
	struct size size;
	struct ast *tree;
	int n;

	n = parse(r, f, condition, at, &tree);
	if (n == 0)
		n = resolve_tree(r, f, SEES_ALL, item, &tree, &size);
	if (n == 0)
		*ret_tree = tree;
	return n;
}
