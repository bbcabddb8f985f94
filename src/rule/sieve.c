/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/sieve.h"

#include <errno.h>

#include "base/limits.h"

#define CHILDREN_LISTED 8 /* more are found by their first byte */

/* ---- what a gate compares with ------------------------------------------------------------------------- */

struct key {
	struct str text;
	bool begin; /* of the value, else all of it */
};

struct keys {
	uint32_t slot; /* UINT32_MAX: none yet */
	uint32_t count;
	bool text;
	struct key list[RULES_SIEVE_KEYS];
};

static struct str glob_beginning(struct str glob)
{
	size_t len = 0;

	while (len < glob.len && !strchr("*?[\\", glob.ptr[len]))
		len++;
	return (struct str){ glob.ptr, len };
}

/* False unless the constants say by their bytes alone which values the predicate can hold for. */
static bool predicate_keys(const struct predicate *p, struct keys *k)
{
	enum value_kind kind = value_kind(p->expression->type.type);
	bool text = kind == VALUE_TEXT || kind == VALUE_BYTES;
	bool equal = p->op == OP_EQ || p->op == OP_IN || p->op == OP_INTERSECTS;
	bool begin = p->op == OP_STARTSWITH || p->op == OP_BSTARTSWITH;

	if ((p->form != FORM_ONE && p->form != FORM_TEXT_SET && p->form != FORM_SEVERAL) || p->modifier || p->all ||
	    p->invert || p->raw)
		return false;
	if (!equal && !begin && p->op != OP_GLOB)
		return false;
	if ((!text && kind != VALUE_UINT && kind != VALUE_INT) || p->nvalues > RULES_SIEVE_KEYS - k->count)
		return false;
	if (k->slot != UINT32_MAX && k->slot != p->left)
		return false;
	k->slot = p->left;
	k->text = text;
	for (uint32_t i = 0; i < p->nvalues; i++) {
		struct key *key = &k->list[k->count++];

		key->begin = !equal;
		key->text =
			text ? p->values[i].s : (struct str){ (const char *)&p->values[i].u, sizeof(p->values[i].u) };
		if (p->op == OP_GLOB)
			key->text = glob_beginning(key->text);
		if (key->begin && !key->text.len)
			return false;
	}
	return true;
}

/* A gate that is a check of one field, or several of them joined by "or". */
static bool gate_keys(const struct program *p, uint32_t number, struct keys *k)
{
	const struct node *node = &p->nodes[number];

	if (node->kind == NODE_PREDICATE)
		return predicate_keys(&p->predicates[node->first], k);
	if (node->kind != NODE_OR)
		return false;
	for (uint32_t i = 0; i < node->count; i++)
		if (!gate_keys(p, p->children[node->first + i], k))
			return false;
	return true;
}

/* ---- the tree ------------------------------------------------------------------------------------------ */

static size_t common_length(struct str a, struct str b)
{
	size_t len = 0;

	while (len < a.len && len < b.len && a.ptr[len] == b.ptr[len])
		len++;
	return len;
}

/* The node at the end of the text, made where it is missing; NULL = out of memory. */
static struct sieve_node *node_at(struct arena *arena, struct sieve_node *node, struct str text)
{
	while (text.len) {
		struct sieve_node **at = &node->children, *child, *upper;
		size_t common;

		while (*at && (*at)->edge.ptr[0] != text.ptr[0])
			at = &(*at)->next;
		child = *at;
		if (!child) {
			*at = child = arena_new_of(arena, struct sieve_node);
			if (child)
				child->edge = text;
			return child;
		}
		common = common_length(child->edge, text);
		if (common < child->edge.len) {
			upper = arena_new_of(arena, struct sieve_node);
			if (!upper)
				return NULL;
			upper->edge = (struct str){ child->edge.ptr, common };
			upper->next = child->next;
			upper->children = child;
			child->next = NULL;
			child->edge.ptr += common;
			child->edge.len -= common;
			*at = child = upper;
		}
		node = child;
		text.ptr += common;
		text.len -= common;
	}
	return node;
}

static int add_gate(struct program *p, struct sieve *s, const struct keys *k, uint32_t word, uint64_t rules)
{
	for (uint32_t i = 0; i < k->count; i++) {
		struct sieve_node *node = node_at(p->arena, &s->root, k->list[i].text);
		struct sieve_hit *hit = arena_new_of(p->arena, struct sieve_hit);

		if (!node || !hit)
			return -ENOMEM;
		*hit = (struct sieve_hit){ k->list[i].begin ? node->begin : node->equal, word, rules };
		*(k->list[i].begin ? &node->begin : &node->equal) = hit;
	}
	s->others[word] &= ~rules;
	return 0;
}

/* No deeper than the longest constant of a condition. */
static int index_children(struct arena *arena, struct sieve_node *node)
{
	uint32_t n = 0;

	for (struct sieve_node *child = node->children; child; child = child->next, n++)
		if (index_children(arena, child) < 0)
			return -ENOMEM;
	if (n <= CHILDREN_LISTED)
		return 0;
	node->by_byte = arena_array_of(arena, struct sieve_node *, 256);
	if (!node->by_byte)
		return -ENOMEM;
	for (struct sieve_node *child = node->children; child; child = child->next)
		node->by_byte[(unsigned char)child->edge.ptr[0]] = child;
	return 0;
}

/* ---- the sieves of a plan ------------------------------------------------------------------------------ */

static struct sieve *add_sieve(struct program *p, const struct plan *plan, const struct keys *k)
{
	struct sieve *s = arena_new_of(p->arena, struct sieve);

	if (!s)
		return NULL;
	s->slot = k->slot;
	s->text = k->text;
	s->nwords = (plan->nrules + 63) / 64;
	s->others = arena_array_of(p->arena, uint64_t, s->nwords);
	if (!s->others)
		return NULL;
	memset(s->others, 0xff, s->nwords * sizeof(*s->others));
	s->number = p->nsieves++;
	s->place = p->sieve_words;
	p->sieve_words += s->nwords;
	return s;
}

/* Whether its gate is that of no rule before it in the same word. */
static bool is_first_gated(const struct plan_rule *rule, uint32_t i)
{
	return (rule->gated & -rule->gated) == (uint64_t)1 << i % 64;
}

/* One sieve of the rules from first on whose slot is that of the first. */
static int sieve_slot(struct program *p, struct plan *plan, const uint32_t *slots, uint32_t first)
{
	struct sieve *s = NULL;
	struct keys k;

	for (uint32_t i = first; i < plan->nrules; i++) {
		struct plan_rule *rule = &plan->rules[i];

		if (slots[i] != slots[first])
			continue;
		k.slot = UINT32_MAX;
		k.count = 0;
		(void)gate_keys(p, rule->gate, &k); /* it has been found to have keys */
		if (!s)
			s = add_sieve(p, plan, &k);
		if (!s || (is_first_gated(rule, i) && add_gate(p, s, &k, i / 64, rule->gated) < 0))
			return -ENOMEM;
		rule->sieve = s;
	}
	return index_children(p->arena, &s->root);
}

int sieve_plan(struct program *p, struct plan *plan)
{
	auto_free uint32_t *slots = reallocarray(NULL, plan->nrules + 1, sizeof(*slots));
	struct keys k;

	if (!slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < plan->nrules; i++) {
		k.slot = UINT32_MAX;
		k.count = 0;
		slots[i] = gate_keys(p, plan->rules[i].gate, &k) ? k.slot : UINT32_MAX;
		plan->rules[i].sieve = NULL;
	}
	for (uint32_t i = 0; i < plan->nrules; i++) {
		uint32_t gates = 0;
		bool seen = slots[i] == UINT32_MAX;

		for (uint32_t j = 0; j < i && !seen; j++)
			seen = slots[j] == slots[i];
		for (uint32_t j = i; j < plan->nrules && !seen; j++)
			gates += slots[j] == slots[i] && is_first_gated(&plan->rules[j], j);
		if (gates >= RULES_SIEVE_GATES && sieve_slot(p, plan, slots, i) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* ---- a value ------------------------------------------------------------------------------------------- */

static void take(const struct sieve_hit *hit, uint64_t *words)
{
	for (; hit; hit = hit->next)
		words[hit->word] |= hit->rules;
}

static const struct sieve_node *child_of(const struct sieve_node *node, char byte)
{
	const struct sieve_node *child = node->children;

	if (node->by_byte)
		return node->by_byte[(unsigned char)byte];
	while (child && child->edge.ptr[0] != byte)
		child = child->next;
	return child;
}

void sieve_value(const struct sieve *s, const struct value *v, uint64_t *words)
{
	struct str text = s->text ? v->s : (struct str){ (const char *)&v->u, sizeof(v->u) };
	const struct sieve_node *node = &s->root;

	while (text.len) {
		node = child_of(node, text.ptr[0]);
		if (!node || text.len < node->edge.len || memcmp(text.ptr, node->edge.ptr, node->edge.len) != 0)
			return;
		text.ptr += node->edge.len;
		text.len -= node->edge.len;
		take(node->begin, words);
	}
	take(node->equal, words);
}
