/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/specialise.h"

#include <errno.h>

#define NODE_OPEN UINT32_MAX /* not looked at under the present truths */

static int link_predicates(struct specialiser *s)
{
	const struct program *p = s->program;
	auto_free uint32_t *last = reallocarray(NULL, p->nslots + 1, sizeof(*last));

	s->next = reallocarray(NULL, p->npredicates + 1, sizeof(*s->next));
	if (!last || !s->next)
		return -ENOMEM;
	memset(last, 0xff, (p->nslots + 1) * sizeof(*last));
	for (uint32_t i = 0; i < p->npredicates; i++) {
		uint32_t slot = p->predicates[i].left;

		s->next[i] = last[slot] == UINT32_MAX ? i : s->next[last[slot]];
		if (last[slot] != UINT32_MAX)
			s->next[last[slot]] = i;
		last[slot] = i;
	}
	return 0;
}

int specialiser_init(struct specialiser *s, struct program_builder *b)
{
	struct program *p = b->program;

	*s = (struct specialiser){ .program = p, .builder = b, .nnodes = p->nnodes };
	s->truths = malloc(p->npredicates + 1);
	s->special = reallocarray(NULL, s->nnodes, sizeof(*s->special));
	return s->truths && s->special ? link_predicates(s) : -ENOMEM;
}

void specialiser_release(struct specialiser *s)
{
	free(s->truths);
	free(s->special);
	free(s->next);
}

/* ---- what is decided ----------------------------------------------------------------------------------- */

static void forget_nodes(struct specialiser *s)
{
	memset(s->special, 0xff, s->nnodes * sizeof(*s->special));
}

void specialiser_begin(struct specialiser *s, const struct event_classes *classes, uint16_t class)
{
	const uint8_t *truths = classes->truths + (size_t)class * classes->npredicates;

	memset(s->truths, TRUTH_OPEN, s->program->npredicates);
	for (uint32_t i = 0; i < classes->npredicates; i++)
		s->truths[classes->predicates[i]] = truths[i];
	forget_nodes(s);
}

/* Whether it tests one value against constants of its kind. */
static bool is_plain(const struct predicate *p)
{
	const struct expression *e = p->expression;

	return (p->form == FORM_ONE || p->form == FORM_TEXT_SET || p->form == FORM_PATHS) &&
	       e->kind == EXPRESSION_FIELD && !e->type.list && e->field.several == FIELD_ONE &&
	       value_kind(e->type.type) != VALUE_NET;
}

static bool is_equality(const struct predicate *p)
{
	return is_plain(p) && !p->invert && (p->op == OP_EQ || p->op == OP_IN || p->op == OP_INTERSECTS);
}

static enum truth test_constant(const struct predicate *p, const struct value *constant)
{
	struct values values = { constant, 1 };

	return predicate_test(p, PRESENT, &values, PRESENT, NULL, NULL);
}

/* What a predicate comes out as when another one over the same field has. */
static uint8_t implied(const struct predicate *p, const struct predicate *known, enum truth truth)
{
	/* the field is this constant */
	if (truth == TRUTH_YES && is_equality(known) && known->nvalues == 1)
		return (uint8_t)test_constant(p, known->values);
	/* the field is none of the constants for which the known one would come out otherwise */
	if (!is_equality(p))
		return TRUTH_OPEN;
	for (uint32_t i = 0; i < p->nvalues; i++) {
		if (test_constant(known, &p->values[i]) == truth)
			return TRUTH_OPEN;
	}
	return TRUTH_NO;
}

void specialiser_assume(struct specialiser *s, uint32_t predicate, enum truth truth)
{
	const struct predicate *known = &s->program->predicates[predicate];

	s->truths[predicate] = (uint8_t)truth;
	for (uint32_t i = s->next[predicate]; i != predicate && is_plain(known); i = s->next[i]) {
		const struct predicate *p = &s->program->predicates[i];

		if (s->truths[i] == TRUTH_OPEN && is_plain(p))
			s->truths[i] = implied(p, known, truth);
	}
	forget_nodes(s);
}

/* ---- folding ------------------------------------------------------------------------------------------- */

static uint8_t predicate_truth(const struct specialiser *s, uint32_t number)
{
	const struct node *node = &s->program->nodes[number];

	return node->kind == NODE_PREDICATE ? s->truths[node->first] : TRUTH_OPEN;
}

static int64_t specialise_connective(struct specialiser *s, uint32_t number)
{
	struct program *p = s->program;
	struct node node = p->nodes[number];
	uint8_t decisive = node.kind == NODE_AND ? TRUTH_NO : TRUTH_YES;
	auto_free uint32_t *children = reallocarray(NULL, node.count, sizeof(*children));
	bool changed = false;

	if (!children)
		return -ENOMEM;
	/* most conditions die by their evt.type: look at the plain checks before anything is built */
	for (uint32_t i = 0; i < node.count; i++) {
		if (predicate_truth(s, p->children[node.first + i]) == decisive)
			return decisive;
	}
	for (uint32_t i = 0; i < node.count; i++) {
		uint32_t child = p->children[node.first + i];
		int64_t special = specialise(s, child);

		if (special < 0 || special == decisive)
			return special;
		children[i] = (uint32_t)special;
		changed |= special != child;
	}
	return changed ? program_connective(s->builder, node.kind, children, node.count) : (int64_t)number;
}

int64_t specialise(struct specialiser *s, uint32_t number)
{
	struct node node = s->program->nodes[number];
	int64_t special = number;

	if (s->special[number] != NODE_OPEN)
		return s->special[number];
	switch (node.kind) {
	case NODE_CONSTANT:
		break;
	case NODE_PREDICATE:
		if (s->truths[node.first] != TRUTH_OPEN)
			special = s->truths[node.first];
		break;
	case NODE_NOT:
		special = specialise(s, node.first);
		if (special >= 0)
			special = program_not(s->builder, (uint32_t)special);
		break;
	case NODE_AND:
	case NODE_OR:
		special = specialise_connective(s, number);
		break;
	}
	if (special >= 0)
		s->special[number] = (uint32_t)special;
	return special;
}
