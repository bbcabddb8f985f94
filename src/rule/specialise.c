/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "rule/program.h"

/*
 * Nodes to plans. Predicates that the event's type alone decides are folded: those on evt.type and its like, by running
 * them over an event of the type without parameters, and those on parameters that the type does not have, which are
 * absent. The generic event stands for many system calls, told apart by its first parameter: it counts as one type for
 * each of them. Types for which all of these come out alike are one class and share a plan.
 */
#define TYPES (EV_COUNT + SYSCALL_CODES) /* EV_COUNT + code: EV_GENERIC_X with that code */
#define TRUTH_OPEN 3 /* the type does not decide */
#define NODE_OPEN  UINT32_MAX

struct specialiser {
	struct ruleset *rules;
	struct program *program;
	struct program_builder *builder;
	uint32_t nnodes; /* before specialising */
	uint8_t *truths; /* [predicate]: for the class at hand */
	uint32_t *special; /* [node]: for the class at hand */
	struct arena *scratch;
	uint8_t *signatures; /* [type][by_type predicate] */
	uint32_t *by_type; /* predicates that the type may decide */
	uint32_t nby_type;
};

/* ---- what a type decides ------------------------------------------------------------------------------------------------ */

static bool is_one_of(struct str s, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(s, str_of(names[i])))
			return true;
	}
	return false;
}

static const char *const type_fields[] = { "evt.type", "evt.dir", "syscall.type" };
static const char *const open_fields[] = { "evt.is_open_read", "evt.is_open_write", "evt.is_open_exec", "evt.is_open_create" };
static const char *const parameter_fields[] = { "evt.arg", "evt.rawarg" };
static const char *const open_types[] = { "open", "openat", "openat2", "open_by_handle_at", "creat", "memfd_create" };

static bool may_depend_on_type(const struct predicate *p)
{
	struct str name;

	if (p->form == FORM_RIGHT || p->expression->kind != EXPRESSION_FIELD)
		return false;
	name = field_name(p->expression->field.info);
	return is_one_of(name, type_fields, ARRAY_SIZE(type_fields)) || is_one_of(name, open_fields, ARRAY_SIZE(open_fields)) ||
	       is_one_of(name, parameter_fields, ARRAY_SIZE(parameter_fields));
}

/* Types whose name, category or kind is in their parameters. */
static bool type_is_generic(uint16_t type)
{
	const struct event_info *info = &event_table[type];

	return type <= EV_GENERIC_X || !info->name || !(info->category & (EC_SYSCALL | EC_TRACEPOINT)) || (info->category & EC_PLUGIN);
}

static enum truth run(struct specialiser *s, const struct predicate *p, uint16_t type, uint16_t code)
{
	uint8_t bytes[2] = { (uint8_t)code, (uint8_t)(code >> 8) };
	struct event event = { .number = 1, .type = type, .info = &event_table[type], .values = bytes };
	struct field_context context = { .ev = &event, .arena = s->scratch };
	struct values values = { 0 };
	enum presence presence;
	enum truth truth;

	if (type == EV_GENERIC_X) {
		event.nparams = 1;
		event.offset[1] = sizeof(bytes);
	}
	arena_reset(s->scratch);
	presence = field_extract(&p->expression->field, &context, &values);
	truth = predicate_test(p, presence, &values, PRESENT, NULL, NULL);
	strbuf_free(&context.scratch);
	return truth;
}

static uint8_t decide(struct specialiser *s, const struct predicate *p, uint16_t number)
{
	const struct field_ref *f = &p->expression->field;
	uint16_t type = number < EV_COUNT ? number : EV_GENERIC_X, code = number < EV_COUNT ? 0 : number - EV_COUNT;
	struct str name = field_name(f->info);

	if (is_one_of(name, parameter_fields, ARRAY_SIZE(parameter_fields))) {
		bool by_number = f->arg.len && f->arg.ptr[0] >= '0' && f->arg.ptr[0] <= '9';

		return by_number || event_param_index(type, f->arg) >= 0 ? TRUTH_OPEN : TRUTH_NO;
	}
	if ((number < EV_COUNT && type_is_generic(type)) || p->form == FORM_REGEX || p->form == FORM_REGEXES)
		return TRUTH_OPEN;
	if (is_one_of(name, open_fields, ARRAY_SIZE(open_fields)) &&
	    is_one_of(str_of(event_table[type].name), open_types, ARRAY_SIZE(open_types)))
		return TRUTH_OPEN;
	return (uint8_t)run(s, p, type, code);
}

static int sign_types(struct specialiser *s)
{
	struct program *p = s->program;

	s->by_type = calloc(p->npredicates + 1, sizeof(*s->by_type));
	if (!s->by_type)
		return -ENOMEM;
	for (uint32_t i = 0; i < p->npredicates; i++) {
		if (may_depend_on_type(&p->predicates[i]))
			s->by_type[s->nby_type++] = i;
	}
	s->signatures = calloc(TYPES, s->nby_type + 1);
	if (!s->signatures)
		return -ENOMEM;
	for (uint16_t type = 0; type < TYPES; type++) {
		for (uint32_t i = 0; i < s->nby_type; i++)
			s->signatures[(size_t)type * s->nby_type + i] = decide(s, &p->predicates[s->by_type[i]], type);
	}
	return 0;
}

/* ---- folding -------------------------------------------------------------------------------------------------------------- */

static int64_t specialise(struct specialiser *s, uint32_t number);

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

static int64_t specialise(struct specialiser *s, uint32_t number)
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

/* ---- plans ------------------------------------------------------------------------------------------------------------------ */

static bool is_process_only(const struct node *node)
{
	return node->reads && !(node->reads & ~(facts_t)FACTS_PROCESS);
}

/* Splits a condition into what a thread can remember and the rest. */
static int split(struct specialiser *s, uint32_t number, struct plan_rule *ret_rule)
{
	struct program *p = s->program;
	struct node node = p->nodes[number];
	auto_free uint32_t *children = NULL;
	uint32_t nprocess = 0, nrest = 0;
	int64_t process, rest;

	ret_rule->process = is_process_only(&node) ? number : TRUTH_YES;
	ret_rule->rest = is_process_only(&node) ? TRUTH_YES : number;
	if (node.kind != NODE_AND || ret_rule->process == number)
		return 0;
	children = reallocarray(NULL, node.count, sizeof(*children));
	if (!children)
		return -ENOMEM;
	for (uint32_t i = 0; i < node.count; i++) {
		uint32_t child = p->children[node.first + i];

		if (is_process_only(&p->nodes[child]))
			children[nprocess++] = child;
		else
			children[node.count - ++nrest] = child;
	}
	process = program_connective(s->builder, NODE_AND, children, nprocess);
	rest = program_connective(s->builder, NODE_AND, children + nprocess, nrest);
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

static int make_plan(struct specialiser *s, uint16_t type, struct plan *plan)
{
	struct program *p = s->program;
	struct ruleset *r = s->rules;

	memset(s->truths, TRUTH_OPEN, p->npredicates);
	for (uint32_t i = 0; i < s->nby_type; i++)
		s->truths[s->by_type[i]] = s->signatures[(size_t)type * s->nby_type + i];
	memset(s->special, 0xff, s->nnodes * sizeof(*s->special));
	plan->rules = reallocarray(NULL, r->norder + 1, sizeof(*plan->rules));
	if (!plan->rules)
		return -ENOMEM;
	for (size_t i = 0; i < r->norder; i++) {
		struct plan_rule *rule = &plan->rules[plan->nrules];
		int64_t node = specialise(s, r->rules[r->order[i]].node);

		if (node < 0)
			return (int)node;
		if (node == TRUTH_NO)
			continue;
		rule->rule = r->order[i];
		if (split(s, (uint32_t)node, rule) < 0)
			return -ENOMEM;
		plan->reads |= p->nodes[rule->process].reads;
		plan->nrules++;
	}
	set_gates(p, plan);
	return 0;
}

static int make_plans(struct specialiser *s)
{
	struct program *p = s->program;
	uint16_t made[TYPES]; /* the first type of each plan */

	p->plans = arena_array_of(p->arena, struct plan, TYPES);
	if (!p->plans)
		return -ENOMEM;
	for (uint16_t type = 0; type < TYPES; type++) {
		const uint8_t *signature = s->signatures + (size_t)type * s->nby_type;
		uint16_t plan = 0;

		while (plan < p->nplans && memcmp(signature, s->signatures + (size_t)made[plan] * s->nby_type, s->nby_type) != 0)
			plan++;
		if (plan == p->nplans) {
			int r;

			made[plan] = type;
			r = make_plan(s, type, &p->plans[p->nplans++]);
			if (r < 0)
				return r;
		}
		*(type < EV_COUNT ? &p->plan_of_type[type] : &p->plan_of_code[type - EV_COUNT]) = plan;
	}
	return 0;
}

/* ---- the layout of a thread's memory ------------------------------------------------------------------------------------------ */

static void mark_stale(struct program *p, facts_t reads, uint32_t bit)
{
	for (unsigned int f = 0; f < 32; f++) {
		if (reads >> f & 1)
			p->stale[f][bit / 64] |= (uint64_t)1 << bit % 64;
	}
}

static int lay_out_memory(struct program *p)
{
	uint32_t nodes = 0, bits;

	for (uint32_t i = NODE_CONSTANTS; i < p->nnodes; i++) {
		if (is_process_only(&p->nodes[i]))
			p->nodes[i].memo = (int32_t)nodes++;
	}
	bits = nodes;
	for (uint32_t i = 0; i < p->nplans; i++) {
		p->plans[i].memo_bit = bits;
		if (p->plans[i].reads)
			bits += (p->plans[i].nrules + 63) / 64;
	}
	p->memo_known = (bits + 63) / 64;
	p->memo_truth = p->memo_known;
	p->memo_words = p->memo_truth + (nodes + 63) / 64;
	for (uint32_t i = 0; i < p->nplans; i++)
		p->plans[i].memo_word = p->memo_words + p->plans[i].memo_bit - nodes;
	p->memo_words += bits - nodes;

	for (unsigned int f = 0; f < 32; f++) {
		p->stale[f] = arena_array_of(p->arena, uint64_t, p->memo_known);
		if (!p->stale[f])
			return -ENOMEM;
	}
	for (uint32_t i = NODE_CONSTANTS; i < p->nnodes; i++) {
		if (p->nodes[i].memo >= 0)
			mark_stale(p, p->nodes[i].reads, (uint32_t)p->nodes[i].memo);
	}
	for (uint32_t i = 0; i < p->nplans; i++) {
		for (uint32_t w = 0; p->plans[i].reads && w * 64 < p->plans[i].nrules; w++)
			mark_stale(p, p->plans[i].reads, p->plans[i].memo_bit + w);
	}
	return 0;
}

int specialise_rules(struct ruleset *r, struct program_builder *b)
{
	struct specialiser s = { .rules = r, .program = r->program, .builder = b, .nnodes = r->program->nnodes };
	int result = -ENOMEM;

	s.truths = malloc(r->program->npredicates + 1);
	s.special = reallocarray(NULL, s.nnodes, sizeof(*s.special));
	s.scratch = arena_new(4096);
	if (s.truths && s.special && s.scratch) {
		result = sign_types(&s);
		if (result == 0)
			result = make_plans(&s);
		if (result == 0)
			result = lay_out_memory(r->program);
	}
	free(s.truths);
	free(s.special);
	free(s.signatures);
	free(s.by_type);
	arena_free(s.scratch);
	return result;
}
