/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/evaluate.h"

#include <errno.h>

#define GENERATION_MAX ((uint32_t)1 << 30)

/* ---- expressions --------------------------------------------------------------------------------------- */

static enum presence extract(struct evaluator *e, const struct expression *x, struct values *ret_values);

static enum presence extract_call(struct evaluator *e, const struct expression *x, struct values *ret_values)
{
	struct arena *arena = e->context->arena;
	struct transform_arg *args = arena_array_of(arena, struct transform_arg, x->nargs);

	if (!args)
		return ABSENT;
	for (size_t i = 0; i < x->nargs; i++) {
		args[i].type = x->args[i]->type;
		args[i].presence = extract(e, x->args[i], &args[i].values);
	}
	if (x->kind == EXPRESSION_LIST)
		return transform_list(arena, args, x->nargs, ret_values);
	return transform_apply(x->transform, arena, args, x->nargs, x->selector, ret_values);
}

static enum presence extract(struct evaluator *e, const struct expression *x, struct values *ret_values)
{
	switch (x->kind) {
	case EXPRESSION_FIELD:
		return field_extract(&x->field, e->context, ret_values);
	case EXPRESSION_CONSTANT:
		*ret_values = (struct values){ &x->constant, 1 };
		return PRESENT;
	default:
		return extract_call(e, x, ret_values);
	}
}

static inline const struct slot_value *slot(struct evaluator *e, uint32_t number)
{
	struct slot_value *s = &e->slots[number];
	const struct expression *x;

	if (s->generation != e->generation) {
		x = e->program->slots[number];
		s->generation = e->generation;
		s->presence = x->kind == EXPRESSION_FIELD ? field_extract(&x->field, e->context, &s->values) :
							    extract(e, x, &s->values);
	}
	return s;
}

/* ---- nodes --------------------------------------------------------------------------------------------- */

static inline enum truth predicate(struct evaluator *e, const struct predicate *p)
{
	const struct slot_value *left = slot(e, p->left), *right;

	/* most are these; an absent value makes every comparison false */
	if (left->presence == ABSENT)
		return TRUTH_NO;
	if (p->form == FORM_ONE && left->presence == PRESENT && left->values.count == 1)
		return p->compare(left->values.list, p->values) ? TRUTH_YES : TRUTH_NO;
	if (p->form != FORM_RIGHT)
		return predicate_test(p, left->presence, &left->values, PRESENT, NULL, e->regex);
	right = slot(e, p->right);
	return predicate_test(p, left->presence, &left->values, right->presence, &right->values, e->regex);
}

const struct plan *evaluator_narrow(struct evaluator *e, const struct plan *plan)
{
	enum truth answer;

	for (; plan->ask; plan = answer == TRUTH_YES ? plan->yes : plan->no) {
		answer = predicate(e, plan->ask);
		if (answer == TRUTH_MAYBE)
			break;
	}
	return plan;
}

static enum truth undecided(struct evaluator *e, uint32_t number);

/* Most nodes that rules share are decided when the second of them asks. */
static inline enum truth decide(struct evaluator *e, uint32_t number)
{
	if (number < NODE_CONSTANTS)
		return (enum truth)number;
	if (e->results[number] >> 2 == e->generation)
		return (enum truth)(e->results[number] & 3);
	return undecided(e, number);
}

static enum truth connective(struct evaluator *e, const struct node *node)
{
	const uint32_t *child, *end;
	enum truth truth, result;

	switch (node->kind) {
	case NODE_AND:
		child = e->program->children + node->first;
		end = child + node->count;
		for (result = TRUTH_YES; child < end && result != TRUTH_NO; child++) {
			truth = decide(e, *child);
			if (truth < result)
				result = truth;
		}
		return result;
	case NODE_OR:
		child = e->program->children + node->first;
		end = child + node->count;
		for (result = TRUTH_NO; child < end && result != TRUTH_YES; child++) {
			truth = decide(e, *child);
			if (truth > result)
				result = truth;
		}
		return result;
	default:
		return TRUTH_YES - decide(e, node->first);
	}
}

static inline enum truth compute(struct evaluator *e, const struct node *node)
{
	return node->kind == NODE_PREDICATE ? predicate(e, &e->program->predicates[node->first]) : connective(e, node);
}

static enum truth undecided(struct evaluator *e, uint32_t number)
{
	const struct node *node;
	enum truth truth;
	uint64_t bit;
	uint32_t w;

	node = &e->program->nodes[number];
	if (node->memo < 0 || !e->memo || (node->reads & e->unknown)) {
		truth = compute(e, node);
		e->results[number] = e->generation << 2 | truth;
		return truth;
	}
	w = (uint32_t)node->memo / 64;
	bit = (uint64_t)1 << node->memo % 64;
	if (e->memo->words[w] & bit)
		return e->memo->words[e->program->memo_truth + w] & bit ? TRUTH_YES : TRUTH_NO;
	truth = compute(e, node);
	if (truth == TRUTH_MAYBE) {
		e->results[number] = e->generation << 2 | truth;
		return truth;
	}
	e->memo->words[w] |= bit;
	if (truth == TRUTH_YES)
		e->memo->words[e->program->memo_truth + w] |= bit;
	else
		e->memo->words[e->program->memo_truth + w] &= ~bit;
	return truth;
}

enum truth evaluator_node(struct evaluator *e, uint32_t number)
{
	return decide(e, number);
}

uint64_t evaluator_sieve(struct evaluator *e, const struct sieve *s, uint32_t w)
{
	uint64_t *words = e->sieve_words + s->place;
	const struct slot_value *left;

	if (e->sieve_generations[s->number] == e->generation)
		return words[w];
	e->sieve_generations[s->number] = e->generation;
	left = slot(e, s->slot);
	if (left->presence == UNKNOWN) {
		memset(words, 0xff, s->nwords * sizeof(*words));
		return words[w];
	}
	memcpy(words, s->others, s->nwords * sizeof(*words));
	for (uint32_t i = 0; left->presence == PRESENT && i < left->values.count; i++)
		sieve_value(s, &left->values.list[i], words);
	return words[w];
}

uint64_t evaluator_candidates(struct evaluator *e, const struct plan *plan, uint32_t w, bool *ret_certain)
{
	uint32_t first = w * 64, n = plan->nrules - first < 64 ? plan->nrules - first : 64;
	uint64_t candidates = n == 64 ? ~(uint64_t)0 : ((uint64_t)1 << n) - 1;
	uint32_t known = plan->memo_bit + w;
	bool certain = true;

	*ret_certain = false;
	if (!plan->reads || !e->memo || (plan->reads & e->unknown))
		return candidates;
	*ret_certain = true;
	if (e->memo->words[known / 64] >> known % 64 & 1)
		return e->memo->words[plan->memo_word + w];
	for (uint32_t k = 0; k < n; k++) {
		enum truth truth = evaluator_node(e, plan->rules[first + k].process);

		if (truth == TRUTH_NO)
			candidates &= ~((uint64_t)1 << k);
		certain &= truth != TRUTH_MAYBE;
	}
	if (certain) {
		e->memo->words[plan->memo_word + w] = candidates;
		e->memo->words[known / 64] |= (uint64_t)1 << known % 64;
	}
	*ret_certain = certain;
	return candidates;
}

/* ---- events and threads -------------------------------------------------------------------------------- */

static struct memo *memo_new(struct evaluator *e, struct thread *t)
{
	struct memo *m = e->free;
	size_t bytes = e->program->memo_words * sizeof(uint64_t);

	if (m) {
		e->free = m->next_free;
	} else {
		m = malloc(sizeof(*m) + bytes);
		if (!m)
			return NULL;
		m->owner = e;
		m->next = e->all;
		e->all = m;
	}
	memset(m->words, 0, e->program->memo_known * sizeof(uint64_t));
	m->thread = t;
	t->memo = m;
	t->stale = 0;
	return m;
}

static struct memo *memo_of(struct evaluator *e, struct thread *t)
{
	const struct program *p = e->program;
	struct memo *m;
	facts_t stale;

	if (!t || !p->memo_known)
		return NULL;
	m = t->memo;
	if (!m || m->owner != e) {
		evaluator_forget(t);
		return memo_new(e, t);
	}
	for (stale = t->stale; stale; stale &= stale - 1) {
		const uint64_t *mask = p->stale[__builtin_ctz(stale)];

		for (uint32_t w = 0; w < p->memo_known; w++)
			m->words[w] &= ~mask[w];
	}
	t->stale = 0;
	return m;
}

void evaluator_begin(struct evaluator *e, struct field_context *context)
{
	if (++e->generation == GENERATION_MAX) {
		memset(e->results, 0, e->program->nnodes * sizeof(*e->results));
		memset(e->slots, 0, e->program->nslots * sizeof(*e->slots));
		memset(e->sieve_generations, 0, e->program->nsieves * sizeof(*e->sieve_generations));
		e->generation = 1;
	}
	e->context = context;
	e->unknown = context->ev->provisional ? context->ev->unknown_facts : 0;
	e->memo = memo_of(e, context->subject.thread);
}

void evaluator_forget(struct thread *t)
{
	struct memo *m = t->memo;

	if (!m)
		return;
	t->memo = NULL;
	m->thread = NULL;
	m->next_free = m->owner->free;
	m->owner->free = m;
}

int evaluator_init(struct evaluator *e, const struct program *program)
{
	*e = (struct evaluator){ .program = program };
	e->regex = regex_scratch_new();
	e->results = calloc(program->nnodes + 1, sizeof(*e->results));
	e->slots = calloc(program->nslots + 1, sizeof(*e->slots));
	e->sieve_generations = calloc(program->nsieves + 1, sizeof(*e->sieve_generations));
	e->sieve_words = calloc(program->sieve_words + 1, sizeof(*e->sieve_words));
	return e->regex && e->results && e->slots && e->sieve_generations && e->sieve_words ? 0 : -ENOMEM;
}

void evaluator_release(struct evaluator *e)
{
	struct memo *m, *next;

	for (m = e->all; m; m = next) {
		next = m->next;
		if (m->thread)
			m->thread->memo = NULL;
		free(m);
	}
	regex_scratch_free(e->regex);
	free(e->results);
	free(e->slots);
	free(e->sieve_generations);
	free(e->sieve_words);
	*e = (struct evaluator){ 0 };
}
