/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/limits.h"
#include "rule/sieve.h"
#include "rule/specialise.h"

/*
 * Plans: for each class of event types a tree of questions, whose leaves are the rules that the answers
 * leave. What leads to a plan is folded out of its conditions.
 */
struct planner {
	struct specialiser specialiser;
	struct ruleset *rules;
	struct program *program;
	struct program_builder *builder;
	uint64_t entries; /* rules in all plans so far */
};

/* ---- what to ask --------------------------------------------------------------------------------------- */

/* Predicates that are looked at for one plan, and children of a connective: the rest are asked rule by rule. */
#define CANDIDATES_MAX 64

struct candidates {
	uint32_t nodes[CANDIDATES_MAX];
	uint32_t count;
};

static void add_candidate(const struct program *p, uint32_t number, struct candidates *c)
{
	const struct node *node = &p->nodes[number];

	if (node->kind != NODE_PREDICATE || node_is_process_only(node))
		return;
	for (uint32_t i = 0; i < c->count; i++)
		if (c->nodes[i] == number)
			return;
	if (c->count < CANDIDATES_MAX)
		c->nodes[c->count++] = number;
}

/* The predicates of a condition that can decide it: those near its root. */
static void add_candidates(const struct program *p, uint32_t number, unsigned int depth, struct candidates *c)
{
	const struct node *node = &p->nodes[number];

	if (node->kind == NODE_NOT)
		add_candidates(p, node->first, depth, c);
	else if (node->kind == NODE_PREDICATE)
		add_candidate(p, number, c);
	else if (node->kind != NODE_CONSTANT && depth > 0)
		for (uint32_t i = 0; i < node->count && i < CANDIDATES_MAX; i++)
			add_candidates(p, p->children[node->first + i], depth - 1, c);
}

/* The candidates, a bit each, that decide a condition by themselves: by being no or yes it does not hold, or holds. */
struct deciders {
	uint64_t denied_by_no, denied_by_yes, held_by_no, held_by_yes;
};

static struct deciders deciders_of(const struct program *p, uint32_t number, const struct candidates *c)
{
	const struct node *node = &p->nodes[number];
	struct deciders all = { 0 }, d;
	bool and = node->kind == NODE_AND;

	if (node->kind == NODE_CONSTANT || node_is_process_only(node))
		return all;
	if (node->kind == NODE_PREDICATE) {
		for (uint32_t i = 0; i < c->count; i++)
			if (c->nodes[i] == number)
				all.denied_by_no = all.held_by_yes = (uint64_t)1 << i;
		return all;
	}
	if (node->kind == NODE_NOT) {
		d = deciders_of(p, node->first, c);
		return (struct deciders){ d.held_by_no, d.held_by_yes, d.denied_by_no, d.denied_by_yes };
	}
	for (uint32_t i = 0; i < node->count; i++) {
		d = deciders_of(p, p->children[node->first + i], c);
		if (i == 0) {
			all = d;
			continue;
		}
		all.denied_by_no = and ? all.denied_by_no | d.denied_by_no : all.denied_by_no & d.denied_by_no;
		all.denied_by_yes = and ? all.denied_by_yes | d.denied_by_yes : all.denied_by_yes & d.denied_by_yes;
		all.held_by_no = and ? all.held_by_no & d.held_by_no : all.held_by_no | d.held_by_no;
		all.held_by_yes = and ? all.held_by_yes & d.held_by_yes : all.held_by_yes | d.held_by_yes;
	}
	return all;
}

/* The predicate that is expected to leave out most rules for its cost; 0 when none leaves out several. */
static uint32_t choose_ask(const struct program *p, const struct plan *plan)
{
	struct { uint32_t no, yes; } denied[CANDIDATES_MAX] = { { 0, 0 } };
	struct candidates c = { .count = 0 };
	uint32_t best = 0;
	float most = 0;

	for (uint32_t k = 0; k < plan->nrules && plan->nrules > 1; k++)
		add_candidates(p, plan->rules[k].rest, 3, &c);
	for (uint32_t k = 0; k < plan->nrules && c.count; k++) {
		struct deciders d = deciders_of(p, plan->rules[k].rest, &c);

		for (uint64_t bits = d.denied_by_no; bits; bits &= bits - 1)
			denied[__builtin_ctzll(bits)].no++;
		for (uint64_t bits = d.denied_by_yes; bits; bits &= bits - 1)
			denied[__builtin_ctzll(bits)].yes++;
	}
	for (uint32_t i = 0; i < c.count; i++) {
		const struct node *node = &p->nodes[c.nodes[i]];
		float saved =
			((1 - node->yes) * (float)denied[i].no + node->yes * (float)denied[i].yes) / (node->cost + 10);

		if ((denied[i].no > 1 || denied[i].yes > 1) && saved > most) {
			most = saved;
			best = c.nodes[i];
		}
	}
	return best;
}

/* ---- the rules of a plan ------------------------------------------------------------------------------- */

/* Splits a condition into what a thread can remember and the rest. */
static int split(struct planner *planner, uint32_t number, struct plan_rule *ret_rule)
{
	struct program *p = planner->program;
	struct node node = p->nodes[number];
	auto_free uint32_t *children = NULL;
	uint32_t nprocess = 0, nrest = 0;
	int64_t process, rest;

	ret_rule->process = node_is_process_only(&node) ? number : TRUTH_YES;
	ret_rule->rest = node_is_process_only(&node) ? TRUTH_YES : number;
	if (node.kind != NODE_AND || ret_rule->process == number)
		return 0;
	children = reallocarray(NULL, node.count, sizeof(*children));
	if (!children)
		return -ENOMEM;
	for (uint32_t i = 0; i < node.count; i++) {
		uint32_t child = p->children[node.first + i];

		if (node_is_process_only(&p->nodes[child]))
			children[nprocess++] = child;
		else
			children[node.count - ++nrest] = child;
	}
	process = program_connective(planner->builder, NODE_AND, children, nprocess);
	rest = program_connective(planner->builder, NODE_AND, children + nprocess, nrest);
	if (process < 0 || rest < 0)
		return -ENOMEM;
	ret_rule->process = (uint32_t)process;
	ret_rule->rest = (uint32_t)rest;
	return 0;
}

static void set_gates(const struct program *p, struct plan *plan)
{
	for (uint32_t i = 0; i < plan->nrules; i++) {
		struct plan_rule *rule = &plan->rules[i];
		const struct node *rest = &p->nodes[rule->rest];

		rule->gate = rest->kind == NODE_AND ? p->children[rest->first] : rule->rest;
		rule->gated = 0;
	}
	for (uint32_t i = 0; i < plan->nrules; i++) {
		uint32_t first = i / 64 * 64;

		for (uint32_t k = first; k < plan->nrules && k < first + 64; k++)
			if (plan->rules[k].gate == plan->rules[i].gate)
				plan->rules[i].gated |= (uint64_t)1 << (k - first);
	}
}

static struct plan *add_plan(struct program *p, size_t nrules)
{
	struct plan *plan = arena_new_of(p->arena, struct plan);

	if (!plan || !program_grow(&p->plans, &p->plans_capacity, (uint64_t)p->nplans + 1, sizeof(*p->plans)))
		return NULL;
	plan->rules = reallocarray(NULL, nrules + 1, sizeof(*plan->rules));
	if (!plan->rules)
		return NULL;
	p->plans[p->nplans++] = plan;
	return plan;
}

static int add_rule(struct planner *planner, struct plan *plan, uint32_t rule)
{
	struct plan_rule *entry = &plan->rules[plan->nrules];
	int64_t node = specialise(&planner->specialiser, planner->rules->rules[rule].node);

	if (node < 0)
		return (int)node;
	if (node == TRUTH_NO)
		return 0;
	entry->rule = rule;
	if (split(planner, (uint32_t)node, entry) < 0)
		return -ENOMEM;
	plan->reads |= planner->program->nodes[entry->process].reads;
	plan->nrules++;
	planner->entries++;
	return 0;
}

/* ---- trees --------------------------------------------------------------------------------------------- */

static int finish_plan(struct planner *planner, struct plan *plan, unsigned int depth);

/* Where an answer to plan->ask leads. */
static int follow(struct planner *planner, const struct plan *plan, enum truth answer, unsigned int depth,
		  const struct plan **ret_plan)
{
	struct specialiser *s = &planner->specialiser;
	struct plan *next = add_plan(planner->program, plan->nrules);
	size_t size = planner->program->npredicates;
	auto_free uint8_t *before = malloc(size + 1);
	int r = next && before ? 0 : -ENOMEM;

	if (r < 0)
		return r;
	memcpy(before, s->truths, size);
	specialiser_assume(s, (uint32_t)(plan->ask - planner->program->predicates), answer);
	for (uint32_t k = 0; k < plan->nrules && r == 0; k++)
		r = add_rule(planner, next, plan->rules[k].rule);
	if (r == 0)
		r = finish_plan(planner, next, depth - 1);
	memcpy(s->truths, before, size);
	*ret_plan = next;
	return r;
}

static int ask_more(struct planner *planner, struct plan *plan, unsigned int depth)
{
	const struct program *p = planner->program;
	uint32_t ask = depth && planner->entries < RULES_PLAN_ENTRIES ? choose_ask(p, plan) : 0;
	int r;

	if (!ask)
		return 0;
	plan->ask = &p->predicates[p->nodes[ask].first]; /* no more predicates are made */
	r = follow(planner, plan, TRUTH_NO, depth, &plan->no);
	return r < 0 ? r : follow(planner, plan, TRUTH_YES, depth, &plan->yes);
}

/* What its rules have in common, once they are all there. */
static int finish_plan(struct planner *planner, struct plan *plan, unsigned int depth)
{
	set_gates(planner->program, plan);
	if (sieve_plan(planner->program, plan) < 0)
		return -ENOMEM;
	return ask_more(planner, plan, depth);
}

static int plan_class(struct planner *planner, struct plan **ret_plan)
{
	const struct ruleset *r = planner->rules;
	struct plan *plan = add_plan(planner->program, r->norder);

	if (!plan)
		return -ENOMEM;
	for (size_t i = 0; i < r->norder; i++) {
		int result = add_rule(planner, plan, r->order[i]);

		if (result < 0)
			return result;
	}
	*ret_plan = plan;
	return finish_plan(planner, plan, RULES_PLAN_DEPTH);
}

static int plan_classes(struct planner *planner, const struct event_classes *classes)
{
	struct program *p = planner->program;
	struct plan *plans[EVENT_TYPES];

	for (uint16_t class = 0; class < classes->count; class++) {
		int r;

		specialiser_begin(&planner->specialiser, classes, class);
		r = plan_class(planner, &plans[class]);
		if (r < 0)
			return r;
	}
	for (uint16_t type = 0; type < EVENT_TYPES; type++)
		*(type < EV_COUNT ? &p->plan_of_type[type] : &p->plan_of_code[type - EV_COUNT]) =
			plans[classes->of_type[type]];
	return 0;
}

int plan_rules(struct ruleset *r, struct program_builder *b)
{
	struct planner planner = { .rules = r, .program = r->program, .builder = b };
	struct event_classes classes;
	int result;

	result = event_classes_find(r->program, &classes);
	if (result == 0)
		result = specialiser_init(&planner.specialiser, b);
	if (result == 0)
		result = plan_classes(&planner, &classes);
	specialiser_release(&planner.specialiser);
	event_classes_release(&classes);
	return result;
}
