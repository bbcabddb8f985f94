/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "field/format.h"
#include "rule/program.h"

/*
 * What a source must deliver for the rules: the types that have a plan, and the facts that conditions and outputs read. Where
 * every rule of a type has checks on integer parameters among its conjuncts, the type is wanted under these alone, an
 * alternative for each rule. Checks that are not understood only make it want more.
 */
#define ALTERNATIVES_MAX 8 /* more are not worth their place in a filter: the type is wanted whatever its parameters are */

/* PPM flags of an open that reads or writes. */
enum { OPEN_READS = 1, OPEN_WRITES = 2 };

/* The test of one parameter that a node amounts to; false when it is none. */
static bool test_of(const struct program *p, uint32_t number, uint16_t type, struct arg_test *ret_test)
{
	const struct predicate *predicate;
	struct arg_test test = { 0 };
	int param;

	if (p->nodes[number].kind != NODE_PREDICATE)
		return false;
	predicate = &p->predicates[p->nodes[number].first];
	if (predicate->form != FORM_ONE || (predicate->op != OP_EQ && predicate->op != OP_NE))
		return false;
	test.negated = predicate->op == OP_NE;
	if (expression_is_field(predicate->expression, "evt.is_open_read") ||
	    expression_is_field(predicate->expression, "evt.is_open_write")) {
		param = event_param_index(type, STR("flags"));
		test.mask = expression_is_field(predicate->expression, "evt.is_open_read") ? OPEN_READS : OPEN_WRITES;
		test.value = test.mask;
		test.negated ^= !predicate->values[0].b;
	} else if (expression_is_field(predicate->expression, "evt.rawarg") && !predicate->expression->type.list &&
		   value_kind(predicate->expression->type.type) == VALUE_UINT) {
		int size;

		param = event_param_index(type, predicate->expression->field.arg);
		size = param < 0 ? 0 : param_type_integer_size(event_table[type].params[param].type);
		if (size <= 0)
			return false; /* signed ones depend on how the source extends them */
		test.mask = size < 8 ? ((uint64_t)1 << size * 8) - 1 : UINT64_MAX;
		test.value = predicate->values[0].u & test.mask;
	} else {
		return false;
	}
	if (param < 0)
		return false;
	test.param = (uint16_t)param;
	*ret_test = test;
	return true;
}

static void tests_of_rule(const struct program *p, uint32_t number, uint16_t type, struct intercept_want *ret_want)
{
	const struct node *node = &p->nodes[number];

	*ret_want = (struct intercept_want){ .event = type };
	if (node->kind != NODE_AND) {
		ret_want->ntests = test_of(p, number, type, &ret_want->tests[0]);
		return;
	}
	for (uint32_t i = 0; i < node->count && ret_want->ntests < INTERCEPT_TESTS; i++)
		ret_want->ntests += test_of(p, p->children[node->first + i], type, &ret_want->tests[ret_want->ntests]);
}

/* Adds the alternatives of one type; returns how many. */
static size_t collect_type(const struct program *p, uint16_t type, struct intercept_want wants[ALTERNATIVES_MAX])
{
	const struct plan *plan = &p->plans[p->plan_of_type[type]];
	size_t n = 0;

	for (uint32_t i = 0; i < plan->nrules; i++) {
		struct intercept_want want;
		size_t same = 0;

		tests_of_rule(p, plan->rules[i].rest, type, &want);
		while (same < n && memcmp(&wants[same], &want, sizeof(want)) != 0)
			same++;
		if (same < n)
			continue;
		if (want.ntests == 0 || n == ALTERNATIVES_MAX) {
			wants[0] = (struct intercept_want){ .event = type };
			return 1;
		}
		wants[n++] = want;
	}
	return n;
}

static void collect_facts(struct ruleset *r)
{
	for (uint32_t i = 0; i < r->program->nslots; i++)
		r->wants.facts |= r->program->slots[i]->reads;
	for (size_t i = 0; i < r->norder; i++) {
		struct rule *rule = &r->rules[r->order[i]];

		if (rule->format)
			rule->output_reads |= format_reads(rule->format);
		for (size_t k = 0; k < rule->nextra; k++)
			rule->output_reads |= format_reads(rule->extra[k].format);
		r->wants.facts |= rule->output_reads;
	}
}

/* Whether a check compares the whole of fd.name with constants. */
static bool compares_path(const struct predicate *predicate)
{
	return (predicate->op == OP_EQ || predicate->op == OP_NE || predicate->op == OP_IN) &&
	       (predicate->form == FORM_ONE || predicate->form == FORM_TEXT_SET) &&
	       expression_is_field(predicate->expression, "fd.name");
}

static int compare_paths(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static int collect_paths(struct ruleset *r)
{
	const struct program *p = r->program;
	struct str *paths;
	size_t n = 0, kept = 0;

	for (uint32_t i = 0; i < p->npredicates; i++)
		n += compares_path(&p->predicates[i]) ? p->predicates[i].nvalues : 0;
	paths = arena_array_of(p->arena, struct str, n + 1);
	if (!paths)
		return -ENOMEM;
	n = 0;
	for (uint32_t i = 0; i < p->npredicates; i++) {
		const struct predicate *predicate = &p->predicates[i];

		for (uint32_t k = 0; compares_path(predicate) && k < predicate->nvalues; k++)
			if (str_starts(predicate->values[k].s, STR("/")))
				paths[n++] = predicate->values[k].s;
	}
	qsort(paths, n, sizeof(*paths), compare_paths);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || !str_eq(paths[i], paths[kept - 1]))
			paths[kept++] = paths[i];
	r->wants.paths = paths;
	r->wants.npaths = kept;
	return 0;
}

int wants_collect(struct ruleset *r)
{
	struct intercept_want *wants = arena_array_of(r->program->arena, struct intercept_want, EV_COUNT * ALTERNATIVES_MAX);
	size_t n = 0;

	if (!wants)
		return -ENOMEM;
	for (int code = 0; code < SYSCALL_CODES; code++) {
		r->wants.syscall_codes[code] = r->program->plans[r->program->plan_of_code[code]].nrules > 0;
		r->wants_type[EV_GENERIC_X] |= r->wants.syscall_codes[code];
	}
	for (uint16_t type = 0; type < EV_COUNT; type++) {
		if (type == EV_GENERIC_X) {
			if (r->wants_type[type])
				wants[n++].event = type;
			continue;
		}
		r->wants_type[type] = r->program->plans[r->program->plan_of_type[type]].nrules > 0;
		n += collect_type(r->program, type, wants + n);
	}
	r->wants.wants = wants;
	r->wants.nwants = n;
	collect_facts(r);
	return collect_paths(r);
}
