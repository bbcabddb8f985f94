/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/program.h"

#include <errno.h>

/* ---- names: canonical text → number -------------------------------------------------------------------- */

struct name {
	struct str text;
	uint64_t hash;
	uint32_t number;
};

struct name_table {
	struct name *slots;
	size_t count, size; /* size: a power of two */
	struct arena *arena; /* the texts */
};

static void name_table_free(struct name_table *t)
{
	if (!t)
		return;
	arena_free(t->arena);
	free(t->slots);
	free(t);
}

static struct name *name_find(const struct name_table *t, struct str text, uint64_t hash)
{
	size_t i = hash & (t->size - 1);

	while (t->slots[i].text.ptr && (t->slots[i].hash != hash || !str_eq(t->slots[i].text, text)))
		i = (i + 1) & (t->size - 1);
	return &t->slots[i];
}

static int name_add(struct name_table *t, struct str text, uint32_t number)
{
	uint64_t hash = str_hash(text);
	struct name *n;

	if (t->count * 2 >= t->size) {
		struct name_table larger = { .size = t->size * 2 };

		larger.slots = calloc(larger.size, sizeof(*larger.slots));
		if (!larger.slots)
			return -ENOMEM;
		for (size_t i = 0; i < t->size; i++) {
			if (t->slots[i].text.ptr)
				*name_find(&larger, t->slots[i].text, t->slots[i].hash) = t->slots[i];
		}
		free(t->slots);
		t->slots = larger.slots;
		t->size = larger.size;
	}
	n = name_find(t, text, hash);
	n->text = arena_str(t->arena, text);
	if (!n->text.ptr)
		return -ENOMEM;
	n->hash = hash;
	n->number = number;
	t->count++;
	return 0;
}

static int64_t name_number(const struct name_table *t, struct str text)
{
	const struct name *n = name_find(t, text, str_hash(text));

	return n->text.ptr ? (int64_t)n->number : -ENOENT;
}

/* ---- growing arrays ------------------------------------------------------------------------------------ */

bool program_grow(void *array, uint32_t *capacity, uint64_t needed, size_t size)
{
	uint64_t larger = *capacity ? *capacity : 64;
	void *grown;

	if (needed <= *capacity)
		return true;
	while (larger < needed)
		larger *= 2;
	if (larger > UINT32_MAX)
		return false;
	grown = reallocarray(*(void **)array, larger, size);
	if (!grown)
		return false;
	*(void **)array = grown;
	*capacity = (uint32_t)larger;
	return true;
}

static int64_t add_node(struct program *p, const struct node *node)
{
	if (!program_grow(&p->nodes, &p->nodes_capacity, (uint64_t)p->nnodes + 1, sizeof(*p->nodes)))
		return -ENOMEM;
	p->nodes[p->nnodes] = *node;
	p->nodes[p->nnodes].memo = -1;
	return p->nnodes++;
}

/* ---- building ------------------------------------------------------------------------------------------ */

int program_builder_init(struct program_builder *b, struct program *program)
{
	struct name_table *t = calloc(1, sizeof(*t));

	*b = (struct program_builder){ .program = program, .names = t };
	if (!t)
		return -ENOMEM;
	t->size = 4096;
	t->slots = calloc(t->size, sizeof(*t->slots));
	t->arena = arena_new(65536);
	if (!t->slots || !t->arena)
		return -ENOMEM;
	for (int i = 0; i < NODE_CONSTANTS; i++) {
		struct node constant = { .kind = NODE_CONSTANT, .yes = (float)i / 2 };

		if (add_node(program, &constant) < 0)
			return -ENOMEM;
	}
	return 0;
}

void program_builder_done(struct program_builder *b)
{
	name_table_free(b->names);
	free(b->stack);
	b->names = NULL;
	b->stack = NULL;
}

static void add_slot_key(struct strbuf *key, struct str text)
{
	strbuf_addc(key, 's');
	strbuf_addstr(key, text);
}

const struct expression *program_known_field(const struct program_builder *b, const struct ast *field)
{
	auto_strbuf struct strbuf key = { 0 };
	int64_t n;

	add_slot_key(&key, field->text);
	if (field->has_arg) {
		strbuf_addc(&key, '[');
		strbuf_addstr(&key, field->arg);
		strbuf_addc(&key, ']');
	}
	n = key.failed ? -ENOMEM : name_number(b->names, strbuf_str(&key));
	return n < 0 ? NULL : b->program->slots[n];
}

static int64_t take_slot(struct program_builder *b, const struct expression *e)
{
	struct program *p = b->program;
	auto_strbuf struct strbuf key = { 0 };
	int64_t n;

	add_slot_key(&key, e->text);
	if (key.failed)
		return -ENOMEM;
	n = name_number(b->names, strbuf_str(&key));
	if (n >= 0)
		return n;
	if (!program_grow(&p->slots, &p->slots_capacity, (uint64_t)p->nslots + 1, sizeof(*p->slots)))
		return -ENOMEM;
	p->slots[p->nslots] = e;
	if (name_add(b->names, strbuf_str(&key), p->nslots) < 0)
		return -ENOMEM;
	return p->nslots++;
}

static int64_t add_predicate(struct program_builder *b, const struct ast *check, const struct expression *left,
			     const struct expression *right)
{
	struct program *p = b->program;
	struct node node = { .kind = NODE_PREDICATE, .reads = left->reads | (right ? right->reads : 0) };
	struct predicate *predicate;
	int64_t slot;

	if (!program_grow(&p->predicates, &p->predicates_capacity, (uint64_t)p->npredicates + 1,
			  sizeof(*p->predicates)))
		return -ENOMEM;
	predicate = &p->predicates[p->npredicates];
	if (predicate_build(p->arena, check, left, right, predicate) < 0)
		return -ENOMEM;
	node.first = p->npredicates++;
	slot = take_slot(b, left);
	if (slot < 0)
		return slot;
	predicate->left = (uint32_t)slot;
	if (right) {
		slot = take_slot(b, right);
		if (slot < 0)
			return slot;
		predicate->right = (uint32_t)slot;
	}
	predicate_estimate(predicate, &node.cost, &node.yes);
	return add_node(p, &node);
}

int64_t program_predicate(struct program_builder *b, const struct ast *check, const struct expression *left,
			  const struct expression *right)
{
	auto_strbuf struct strbuf key = { 0 };
	enum operator_id op = check->op == OP_EQ2 ? OP_EQ : check->op;
	int64_t n;

	strbuf_addc(&key, 'p');
	strbuf_addu(&key, op);
	strbuf_addc(&key, ' ');
	strbuf_addu(&key, check->modifier);
	strbuf_addc(&key, ' ');
	strbuf_addstr(&key, left->text);
	if (right) {
		strbuf_adds(&key, " val ");
		strbuf_addstr(&key, right->text);
	} else if (check->right) {
		strbuf_addc(&key, ' ');
		ast_print(&key, check->right);
	}
	if (key.failed)
		return -ENOMEM;
	n = name_number(b->names, strbuf_str(&key));
	if (n >= 0)
		return n;
	n = add_predicate(b, check, left, right);
	if (n >= 0 && name_add(b->names, strbuf_str(&key), (uint32_t)n) < 0)
		return -ENOMEM;
	return n;
}

/* The number of a connective with these children, made when there is none. */
static int64_t intern(struct program_builder *b, enum node_kind kind, const uint32_t *children, size_t n)
{
	struct program *p = b->program;
	struct node node = { .kind = kind, .first = p->nchildren, .count = (uint32_t)n };
	auto_strbuf struct strbuf key = { 0 };
	float left_over = 1;
	int64_t number;

	strbuf_addc(&key, kind == NODE_AND ? '&' : kind == NODE_OR ? '|' : '!');
	strbuf_add(&key, children, n * sizeof(*children));
	if (key.failed)
		return -ENOMEM;
	number = name_number(b->names, strbuf_str(&key));
	if (number >= 0)
		return number;
	if (!program_grow(&p->children, &p->children_capacity, (uint64_t)p->nchildren + n, sizeof(*p->children)))
		return -ENOMEM;
	memcpy(p->children + p->nchildren, children, n * sizeof(*children));
	for (size_t i = 0; i < n; i++) {
		const struct node *child = &p->nodes[children[i]];

		node.reads |= child->reads;
		node.cost += left_over * child->cost;
		left_over *= kind == NODE_OR ? 1 - child->yes : child->yes;
	}
	node.yes = kind == NODE_AND ? left_over : kind == NODE_OR ? 1 - left_over : 1 - p->nodes[children[0]].yes;
	if (kind == NODE_NOT)
		node.first = children[0];
	else
		p->nchildren += (uint32_t)n;
	number = add_node(p, &node);
	if (number >= 0 && name_add(b->names, strbuf_str(&key), (uint32_t)number) < 0)
		return -ENOMEM;
	return number;
}

int64_t program_not(struct program_builder *b, uint32_t child)
{
	const struct node *node = &b->program->nodes[child];

	if (node->kind == NODE_CONSTANT)
		return TRUTH_YES - (int64_t)child;
	if (node->kind == NODE_NOT)
		return node->first;
	return intern(b, NODE_NOT, &child, 1);
}

static bool push(struct program_builder *b, uint32_t child)
{
	if (b->nstack == b->stack_capacity) {
		size_t capacity = b->stack_capacity ? b->stack_capacity * 2 : 256;
		uint32_t *grown = reallocarray(b->stack, capacity, sizeof(*grown));

		if (!grown)
			return false;
		b->stack = grown;
		b->stack_capacity = capacity;
	}
	b->stack[b->nstack++] = child;
	return true;
}

struct ranked {
	uint32_t node;
	float rank;
};

static int by_rank(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->node < y->node ? -1 : x->node > y->node;
}

/*
 * Orders stack[base..] by cost over the chance that the child decides. The order cannot change a result:
 * and/or of three values is the smallest/largest of them.
 */
static int sort_children(struct program_builder *b, size_t base, enum node_kind kind)
{
	size_t n = b->nstack - base, kept = 0;
	bool in_order = true; /* most are: what is left of a connective that was sorted */
	auto_free struct ranked *ranked = reallocarray(NULL, n ? n : 1, sizeof(*ranked));

	if (!ranked)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct node *node = &b->program->nodes[b->stack[base + i]];
		float decides = kind == NODE_AND ? 1 - node->yes : node->yes;

		ranked[i] = (struct ranked){ b->stack[base + i], node->cost / (decides > 0.01f ? decides : 0.01f) };
		in_order &= i == 0 || by_rank(&ranked[i - 1], &ranked[i]) <= 0;
	}
	if (!in_order)
		qsort(ranked, n, sizeof(*ranked), by_rank);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || ranked[i].node != ranked[i - 1].node) /* duplicates have one rank and stand together */
			b->stack[base + kept++] = ranked[i].node;
	}
	b->nstack = base + kept;
	return 0;
}

int64_t program_connective(struct program_builder *b, enum node_kind kind, const uint32_t *children, size_t n)
{
	uint32_t neutral = kind == NODE_AND ? TRUTH_YES : TRUTH_NO, decisive = kind == NODE_AND ? TRUTH_NO : TRUTH_YES;
	size_t base = b->nstack;
	int64_t number = -ENOMEM;

	for (size_t i = 0; i < n; i++) {
		const struct node *node = &b->program->nodes[children[i]];

		if (children[i] == decisive) {
			b->nstack = base;
			return decisive;
		}
		if (children[i] == neutral)
			continue;
		if (node->kind != kind) {
			if (!push(b, children[i]))
				goto out;
			continue;
		}
		for (uint32_t k = 0; k < node->count; k++) {
			if (!push(b, b->program->children[node->first + k]))
				goto out;
		}
	}
	if (sort_children(b, base, kind) < 0)
		goto out;
	n = b->nstack - base;
	number = n == 0 ? (int64_t)neutral : n == 1 ? (int64_t)b->stack[base] : intern(b, kind, b->stack + base, n);
out:
	b->nstack = base;
	return number;
}

void program_free(struct program *p)
{
	if (!p)
		return;
	for (uint32_t i = 0; i < p->npredicates; i++)
		predicate_release(&p->predicates[i]);
	for (uint32_t i = 0; i < p->nplans; i++)
		free(p->plans[i]->rules);
	free(p->plans);
	free(p->predicates);
	free(p->nodes);
	free(p->children);
	free(p->slots);
	free(p);
}
