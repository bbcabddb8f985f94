/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "field/format.h"
#include "rule/program.h"

/*
 * What a source must deliver for the rules: the types that have a plan, and the facts that conditions and
 * outputs read. Where every rule of a type has checks on integer parameters among its conjuncts, the type is
 * wanted under these alone, an alternative for each way in which a rule can match; with them, whether only
 * calls that succeed or fail can. Checks that are not understood only make it want more.
 */
/* more are not worth their place in a filter: the type is wanted whatever its parameters are */
#define ALTERNATIVES_MAX 8

/* PPM flags of an open that reads or writes, or that takes only directories. */
enum { OPEN_READS = 1, OPEN_WRITES = 2, OPEN_DIRECTORY = 0x400 };

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

/* A way in which a condition can hold, as far as a source could test it. */
struct way {
	struct intercept_want want;
	bool file; /* fd.typechar = 'f' */
};

static bool is_free(const struct way *w)
{
	return !w->want.ntests && !w->file && w->want.result == RESULT_ANY;
}

/* What a check of fd.num against -1 or 0 says of a call that makes a descriptor. */
static enum intercept_result result_of(const struct predicate *p)
{
	int64_t number;

	if (p->form != FORM_ONE || !expression_is_field(p->expression, "fd.num"))
		return RESULT_ANY;
	number = p->values[0].i;
	if ((p->op == OP_GE && number == 0) || (p->op == OP_GT && number == -1))
		return RESULT_SUCCESS;
	if ((p->op == OP_EQ && number == -1) || (p->op == OP_LT && number == 0))
		return RESULT_FAILURE;
	return RESULT_ANY;
}

static bool is_file_check(const struct predicate *p)
{
	return p->form == FORM_ONE && p->op == OP_EQ && expression_is_field(p->expression, "fd.typechar") &&
	       str_eq(p->values[0].s, STR("f"));
}

/* Calls whose results are descriptors of a file or a directory, as the flags in a register say. */
static bool opens_by_flags(uint16_t type)
{
	return type == EV_SYSCALL_OPEN_X || type == EV_SYSCALL_OPENAT_2_X;
}

static void way_of_check(const struct program *p, uint32_t number, uint16_t type, struct way *ret_way)
{
	const struct predicate *predicate = &p->predicates[p->nodes[number].first];

	if (!opens_by_flags(type)) {
		ret_way->want.ntests = test_of(p, number, type, &ret_way->want.tests[0]);
		return;
	}
	ret_way->want.result = (uint8_t)result_of(predicate);
	ret_way->file = is_file_check(predicate);
	if (is_free(ret_way))
		ret_way->want.ntests = test_of(p, number, type, &ret_way->want.tests[0]);
}

/* Both at once; false when they exclude each other. Tests that find no place are left out, which wants more. */
static bool join(const struct way *a, const struct way *b, struct way *ret_way)
{
	struct way w = *a;

	if (a->want.result && b->want.result && a->want.result != b->want.result)
		return false;
	w.want.result |= b->want.result;
	w.file |= b->file;
	for (unsigned int i = 0; i < b->want.ntests && w.want.ntests < INTERCEPT_TESTS; i++)
		w.want.tests[w.want.ntests++] = b->want.tests[i];
	*ret_way = w;
	return true;
}

static size_t ways_of(const struct program *p, uint32_t number, uint16_t type, struct way ways[ALTERNATIVES_MAX]);

/* Every way of one with every way of the other; a child that would make too many is taken to hold always. */
static size_t ways_of_and(const struct program *p, const struct node *node, uint16_t type,
			  struct way ways[ALTERNATIVES_MAX])
{
	size_t n = 1;

	for (uint32_t i = 0; i < node->count; i++) {
		struct way more[ALTERNATIVES_MAX], joined[ALTERNATIVES_MAX];
		size_t nmore = ways_of(p, p->children[node->first + i], type, more), njoined = 0;

		if (n * nmore > ALTERNATIVES_MAX || (nmore == 1 && is_free(&more[0])))
			continue;
		for (size_t k = 0; k < n; k++)
			for (size_t m = 0; m < nmore; m++)
				njoined += join(&ways[k], &more[m], &joined[njoined]);
		memcpy(ways, joined, njoined * sizeof(*ways));
		n = njoined;
	}
	return n;
}

static size_t ways_of_or(const struct program *p, const struct node *node, uint16_t type,
			 struct way ways[ALTERNATIVES_MAX])
{
	size_t n = 0;

	for (uint32_t i = 0; i < node->count; i++) {
		struct way more[ALTERNATIVES_MAX];
		size_t nmore = ways_of(p, p->children[node->first + i], type, more);

		if (n + nmore > ALTERNATIVES_MAX || (nmore == 1 && is_free(&more[0]))) {
			memset(ways, 0, sizeof(*ways));
			ways->want.event = type;
			return 1;
		}
		memcpy(ways + n, more, nmore * sizeof(*ways));
		n += nmore;
	}
	return n;
}

/* The ways in which a node can hold; one that is free of tests when nothing is known of it. */
static size_t ways_of(const struct program *p, uint32_t number, uint16_t type, struct way ways[ALTERNATIVES_MAX])
{
	const struct node *node = &p->nodes[number];

	memset(ways, 0, sizeof(*ways));
	ways->want.event = type;
	if (node->kind == NODE_AND)
		return ways_of_and(p, node, type, ways);
	if (node->kind == NODE_OR)
		return ways_of_or(p, node, type, ways);
	if (node->kind == NODE_PREDICATE)
		way_of_check(p, number, type, ways);
	return 1;
}

/*
 * A successful open makes a file unless it asked for a directory. A failed one makes nothing, and passes for a file.
 * Returns how many wants the way comes to: one, or two.
 */
static size_t wants_of_way(const struct way *w, struct intercept_want wants[2])
{
	int flags = event_param_index(w->want.event, STR("flags"));

	wants[0] = wants[1] = w->want;
	if (!w->file || w->want.result == RESULT_FAILURE || w->want.ntests == INTERCEPT_TESTS || flags < 0)
		return 1;
	wants[0].tests[wants[0].ntests++] = (struct arg_test){
		.param = (uint16_t)flags, .negated = true, .mask = OPEN_DIRECTORY, .value = OPEN_DIRECTORY
	};
	wants[0].result = RESULT_SUCCESS;
	wants[1].result = RESULT_FAILURE;
	return w->want.result == RESULT_SUCCESS ? 1 : 2;
}

static bool same_want(const struct intercept_want *a, const struct intercept_want *b)
{
	if (a->ntests != b->ntests || a->result != b->result)
		return false;
	for (unsigned int i = 0; i < a->ntests; i++) {
		const struct arg_test *x = &a->tests[i], *y = &b->tests[i];

		if (x->param != y->param || x->negated != y->negated || x->mask != y->mask || x->value != y->value)
			return false;
	}
	return true;
}

/* False: the type is wanted whatever its parameters and results are. */
static bool add_want(const struct intercept_want *want, struct intercept_want wants[ALTERNATIVES_MAX], size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		if (same_want(&wants[i], want))
			return true;
	if ((want->ntests == 0 && want->result == RESULT_ANY) || *n == ALTERNATIVES_MAX)
		return false;
	wants[(*n)++] = *want;
	return true;
}

/* Adds the alternatives of one type; returns how many. */
static size_t collect_type(const struct program *p, uint16_t type, struct intercept_want wants[ALTERNATIVES_MAX])
{
	const struct plan *plan = p->plan_of_type[type];
	size_t n = 0;

	for (uint32_t i = 0; i < plan->nrules; i++) {
		struct way ways[ALTERNATIVES_MAX];
		size_t nways = ways_of(p, plan->rules[i].rest, type, ways);

		for (size_t k = 0; k < nways; k++) {
			struct intercept_want both[2];
			size_t nboth = wants_of_way(&ways[k], both);

			for (size_t m = 0; m < nboth; m++) {
				if (add_want(&both[m], wants, &n))
					continue;
				wants[0] = (struct intercept_want){ .event = type };
				return 1;
			}
		}
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
	struct intercept_want *wants =
		arena_array_of(r->program->arena, struct intercept_want, EV_COUNT * ALTERNATIVES_MAX);
	size_t n = 0;

	if (!wants)
		return -ENOMEM;
	for (int code = 0; code < SYSCALL_CODES; code++) {
		r->wants.syscall_codes[code] = r->program->plan_of_code[code]->nrules > 0;
		r->wants_type[EV_GENERIC_X] |= r->wants.syscall_codes[code];
	}
	for (uint16_t type = 0; type < EV_COUNT; type++) {
		if (type == EV_GENERIC_X) {
			if (r->wants_type[type])
				wants[n++].event = type;
			continue;
		}
		r->wants_type[type] = r->program->plan_of_type[type]->nrules > 0;
		n += collect_type(r->program, type, wants + n);
	}
	r->wants.wants = wants;
	r->wants.nwants = n;
	collect_facts(r);
	return collect_paths(r);
}
