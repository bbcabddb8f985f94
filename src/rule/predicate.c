/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/predicate.h"

#include <errno.h>

#include "rule/glob.h"
#include "rule/literal.h"

/* ---- comparisons by kind of value ---------------------------------------------------------------------- */

static bool text_starts(struct str s, struct str prefix)
{
	return s.len >= prefix.len && memcmp(s.ptr, prefix.ptr, prefix.len) == 0;
}

static bool ip_eq(const struct ip *a, const struct ip *b)
{
	return a->v6 == b->v6 && memcmp(a->bytes, b->bytes, a->v6 ? 16 : 4) == 0;
}

static bool ip_in(const struct ip *a, const struct ipnet *net)
{
	unsigned int whole = net->prefix / 8, rest = net->prefix % 8;

	if (a->v6 != net->address.v6 || memcmp(a->bytes, net->address.bytes, whole) != 0)
		return false;
	return rest == 0 || ((a->bytes[whole] ^ net->address.bytes[whole]) >> (8 - rest)) == 0;
}

/* The low bytes of a number, as many as the type has. */
static uint64_t narrow(uint64_t number, enum param_type type)
{
	int size = param_type_integer_size(type);
	unsigned int spare = size ? 64 - (unsigned int)(size < 0 ? -size : size) * 8 : 0;

	return size < 0 ? (uint64_t)((int64_t)(number << spare) >> spare) : number << spare >> spare;
}

/*
 * How a number of evt.rawarg and a constant compare. The constant was read as what the first event has by that
 * name; as in Falco its bytes are taken for what this event has.
 */
static int raw_order(const struct value *v, const struct value *constant)
{
	int size = param_type_integer_size(constant->raw.type);
	uint64_t bytes = size > -8 && size < 0 ? constant->u & (UINT64_MAX >> (64 + size * 8)) : constant->u;
	uint64_t a = v->u, b = narrow(bytes, v->raw.type);

	if (value_kind(v->raw.type) == VALUE_INT && ((a ^ b) >> 63))
		return a >> 63 ? -1 : 1;
	return a < b ? -1 : a > b;
}

#define COMPARE(name, test)                                                    \
	static bool name(const struct value *a, const struct value *b)         \
	{                                                                      \
		return test;                                                   \
	}
#define COMPARE_NUMBER(kind, member)                                           \
	COMPARE(kind##_eq, a->member == b->member)                             \
	COMPARE(kind##_ne, a->member != b->member)                             \
	COMPARE(kind##_lt, a->member < b->member)                              \
	COMPARE(kind##_le, a->member <= b->member)                             \
	COMPARE(kind##_gt, a->member > b->member)                              \
	COMPARE(kind##_ge, a->member >= b->member)
COMPARE_NUMBER(uint, u)
COMPARE_NUMBER(int, i)
COMPARE_NUMBER(double, d)
COMPARE(bool_eq, a->b == b->b)
COMPARE(bool_ne, a->b != b->b)
COMPARE(text_eq, str_eq(a->s, b->s))
COMPARE(text_ne, !str_eq(a->s, b->s))
COMPARE(text_lt, str_cmp(a->s, b->s) < 0)
COMPARE(text_le, str_cmp(a->s, b->s) <= 0)
COMPARE(text_gt, str_cmp(a->s, b->s) > 0)
COMPARE(text_ge, str_cmp(a->s, b->s) >= 0)
COMPARE(text_has, str_contains(a->s, b->s))
COMPARE(text_ihas, str_icontains(a->s, b->s))
COMPARE(text_prefix, text_starts(a->s, b->s))
COMPARE(text_suffix, str_ends(a->s, b->s))
COMPARE(text_glob, glob_match(b->s, a->s, false))
COMPARE(text_iglob, glob_match(b->s, a->s, true))
COMPARE(address_eq, ip_eq(&a->ip, &b->ip))
COMPARE(address_ne, !ip_eq(&a->ip, &b->ip))
/* the value's side of a network comparison is an address */
COMPARE(net_eq, ip_in(&a->net.address, &b->net))
COMPARE(net_ne, !ip_in(&a->net.address, &b->net))
COMPARE(raw_eq, raw_order(a, b) == 0)
COMPARE(raw_ne, raw_order(a, b) != 0)
COMPARE(raw_lt, raw_order(a, b) < 0)
COMPARE(raw_le, raw_order(a, b) <= 0)
COMPARE(raw_gt, raw_order(a, b) > 0)
COMPARE(raw_ge, raw_order(a, b) >= 0)
COMPARE(never, a == NULL && b == NULL)
COMPARE(always, a != NULL || b != NULL)

#define NUMBER_ROW(kind)                                                                                      \
	{                                                                                                     \
		[OP_EQ] = kind##_eq, [OP_NE] = kind##_ne, [OP_LT] = kind##_lt, [OP_LE] = kind##_le,           \
		[OP_GT] = kind##_gt, [OP_GE] = kind##_ge, [OP_IN] = kind##_eq, [OP_INTERSECTS] = kind##_eq,   \
	}
#define EQUALITY_ROW(kind)                                                                                    \
	{                                                                                                     \
		[OP_EQ] = kind##_eq, [OP_NE] = kind##_ne, [OP_IN] = kind##_eq, [OP_INTERSECTS] = kind##_eq,   \
	}
#define TEXT_ROW                                                                                              \
	{                                                                                                     \
		[OP_EQ] = text_eq, [OP_NE] = text_ne, [OP_LT] = text_lt, [OP_LE] = text_le, [OP_GT] = text_gt, \
		[OP_GE] = text_ge, [OP_IN] = text_eq, [OP_INTERSECTS] = text_eq, [OP_CONTAINS] = text_has,    \
		[OP_BCONTAINS] = text_has, [OP_ICONTAINS] = text_ihas, [OP_STARTSWITH] = text_prefix,         \
		[OP_BSTARTSWITH] = text_prefix, [OP_ENDSWITH] = text_suffix, [OP_GLOB] = text_glob,           \
		[OP_IGLOB] = text_iglob,                                                                      \
	}

static const compare_fn comparisons[][OP_COUNT] = {
	[VALUE_UINT] = NUMBER_ROW(uint),     [VALUE_INT] = NUMBER_ROW(int), [VALUE_DOUBLE] = NUMBER_ROW(double),
	[VALUE_BOOL] = EQUALITY_ROW(bool),   [VALUE_TEXT] = TEXT_ROW,	    [VALUE_BYTES] = TEXT_ROW,
	[VALUE_IP] = EQUALITY_ROW(address),  [VALUE_NET] = EQUALITY_ROW(net),
};

static const compare_fn raw_comparisons[OP_COUNT] = NUMBER_ROW(raw);

/* ---- building ------------------------------------------------------------------------------------------ */

static int build_value(struct arena *arena, struct str text, const struct predicate *p, struct value *ret_value)
{
	struct error err;
	char *bytes = arena_bytes(arena, text.len + 1);
	struct str copy = { bytes, text.len };

	if (!bytes)
		return -ENOMEM;
	if (text.len)
		memcpy(bytes, text.ptr, text.len);
	bytes[text.len] = '\0';
	if ((p->op == OP_BCONTAINS || p->op == OP_BSTARTSWITH) && literal_unhex(text, bytes, &copy.len) < 0)
		return -EINVAL;
	return literal_parse(copy, p->expression->type.type, ret_value, &err);
}

static int build_values(struct arena *arena, const struct ast *right, struct predicate *p)
{
	size_t n = right->kind == AST_LIST ? right->nchildren : 1;
	struct value *values = arena_array_of(arena, struct value, n);

	if (!values)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		int r = build_value(arena, right->kind == AST_LIST ? right->children[i]->text : right->text, p,
				    &values[i]);

		if (r < 0)
			return r;
		if (p->raw)
			values[i].raw.type = p->expression->type.type;
	}
	p->values = values;
	p->nvalues = (uint32_t)n;
	return 0;
}

static int build_regexes(struct predicate *p)
{
	p->regexes = calloc(p->nvalues ? p->nvalues : 1, sizeof(struct regex *));
	if (!p->regexes)
		return -ENOMEM;
	for (uint32_t i = 0; i < p->nvalues; i++) {
		int r = regex_compile(p->values[i].s, &p->regexes[i], NULL);

		if (r < 0)
			return r;
	}
	return 0;
}

static int build_set(struct arena *arena, struct predicate *p)
{
	struct str *members = arena_array_of(arena, struct str, p->nvalues);

	if (!members)
		return -ENOMEM;
	for (uint32_t i = 0; i < p->nvalues; i++)
		members[i] = p->values[i].s;
	if (p->op == OP_PMATCH)
		return pathset_build(arena, members, p->nvalues, &p->paths);
	return textset_build(arena, members, p->nvalues, &p->texts);
}

static bool is_text(enum value_kind kind)
{
	return kind == VALUE_TEXT || kind == VALUE_BYTES;
}

static bool is_raw_number(const struct expression *left)
{
	enum value_kind kind = value_kind(left->type.type);

	return expression_is_field(left, "evt.rawarg") && (kind == VALUE_INT || kind == VALUE_UINT);
}

static enum predicate_form form_of(struct predicate *p)
{
	bool in = p->op == OP_IN || p->op == OP_INTERSECTS || (p->op == OP_EQ && p->modifier == MODIFIER_ANYOF);

	p->invert = p->op == OP_NE && p->modifier == MODIFIER_ALLOF;
	if (p->op == OP_REGEX)
		return p->modifier ? FORM_REGEXES : FORM_REGEX;
	if (p->op == OP_PMATCH)
		return FORM_PATHS;
	/* an empty list with a modifier never holds, so it is not turned into "not in" */
	if ((in || (p->invert && p->nvalues)) && is_text(value_kind(p->expression->type.type)) && p->nvalues != 1)
		return FORM_TEXT_SET;
	if (p->modifier || p->op == OP_IN || p->op == OP_INTERSECTS)
		return p->nvalues == 1 ? FORM_ONE : FORM_SEVERAL;
	return FORM_ONE;
}

/*
 * What Falco makes of a list behind a modifier: where both ends of a connection are compared it looks at the
 * first value alone; "is any of" and "differs from all of" look for the address itself among networks, where
 * it never is.
 */
static void follow_modifier(struct predicate *p, enum field_several several)
{
	if (!p->modifier)
		return;
	if (several == FIELD_ENDS && p->nvalues > 1)
		p->nvalues = 1;
	if (several == FIELD_ENDS || value_kind(p->expression->type.type) != VALUE_NET)
		return;
	if (p->op == OP_EQ && p->modifier == MODIFIER_ANYOF)
		p->compare = never;
	else if (p->op == OP_NE && p->modifier == MODIFIER_ALLOF)
		p->compare = always;
}

int predicate_build(struct arena *arena, const struct ast *check, const struct expression *left,
		    const struct expression *right, struct predicate *ret_predicate)
{
	struct predicate p = { .op = check->op == OP_EQ2 ? OP_EQ : check->op,
			       .modifier = check->modifier,
			       .expression = left };
	enum field_several several = left->kind == EXPRESSION_FIELD ? left->field.several : FIELD_ONE;
	int r = 0;

	p.compare = comparisons[value_kind(left->type.type)][p.op];
	p.all = (several == FIELD_ENDS && p.op == OP_NE) || (left->type.list && p.op == OP_IN);
	if (p.op == OP_EXISTS) {
		/* evt.around is only ever compared: without values it holds for none */
		p.form = expression_is_field(left, "evt.around") ? FORM_SEVERAL : FORM_EXISTS;
	} else if (right) {
		p.form = FORM_RIGHT;
		if (value_kind(left->type.type) != value_kind(right->type.type))
			p.compare = never; /* expression.any_right */
		/* Falco puts what a transformer makes into the set with a zero at its end */
		else if ((p.op == OP_IN || p.op == OP_INTERSECTS) && right->kind == EXPRESSION_CALL &&
			 !transform_is_multi(right->transform) && is_text(value_kind(right->type.type)))
			p.compare = never;
	} else {
		p.raw = is_raw_number(left);
		if (p.raw)
			p.compare = raw_comparisons[p.op];
		r = build_values(arena, check->right, &p);
		if (r == 0) {
			follow_modifier(&p, several);
			p.form = form_of(&p);
			if (expression_is_field(left, "evt.around") && literal_u64(left->field.arg, &p.around))
				p.form = FORM_AROUND;
			if (p.form == FORM_REGEX || p.form == FORM_REGEXES)
				r = build_regexes(&p);
			else if (p.form == FORM_TEXT_SET || p.form == FORM_PATHS)
				r = build_set(arena, &p);
		}
	}
	if (r < 0) {
		predicate_release(&p);
		return r;
	}
	*ret_predicate = p;
	return 0;
}

void predicate_release(struct predicate *p)
{
	if (!p->regexes)
		return;
	for (uint32_t i = 0; i < p->nvalues; i++)
		regex_free(p->regexes[i]);
	free(p->regexes);
	p->regexes = NULL;
}

/* ---- testing ------------------------------------------------------------------------------------------- */

static bool test_several(const struct predicate *p, const struct value *v, struct regex_scratch *scratch)
{
	uint32_t hits = 0;

	for (uint32_t i = 0; i < p->nvalues; i++) {
		bool hit = p->regexes ? regex_match(p->regexes[i], scratch, v->s) : p->compare(v, &p->values[i]);

		if (hit && p->modifier != MODIFIER_ONEOF && p->modifier != MODIFIER_ALLOF)
			return true;
		if (!hit && p->modifier == MODIFIER_ALLOF)
			return false;
		hits += hit;
	}
	if (p->modifier == MODIFIER_ALLOF)
		return p->nvalues > 0;
	return hits == 1;
}

static bool test_right(const struct predicate *p, const struct value *v, const struct values *right)
{
	for (uint32_t i = 0; i < right->count; i++) {
		if (p->compare(v, &right->list[i]))
			return true;
	}
	return false;
}

static bool test_value(const struct predicate *p, const struct value *v, const struct values *right,
		       struct regex_scratch *scratch)
{
	switch (p->form) {
	case FORM_EXISTS:
		return true;
	case FORM_ONE:
		return p->compare(v, p->values);
	case FORM_TEXT_SET:
		return textset_has(&p->texts, v->s) != p->invert;
	case FORM_REGEX:
		return regex_match(p->regexes[0], scratch, v->s);
	case FORM_PATHS:
		return pathset_has(&p->paths, v->s);
	case FORM_SEVERAL:
	case FORM_REGEXES:
		return test_several(p, v, scratch);
	case FORM_RIGHT:
		return test_right(p, v, right);
	case FORM_AROUND:
		return p->around >= v->u - p->values[0].u * 1000000 && p->around <= v->u + p->values[0].u * 1000000;
	}
	return false;
}

enum truth predicate_test(const struct predicate *p, enum presence left_presence, const struct values *left,
			  enum presence right_presence, const struct values *right, struct regex_scratch *scratch)
{
	if (left_presence == ABSENT || right_presence == ABSENT)
		return TRUTH_NO;
	if (left_presence == UNKNOWN || right_presence == UNKNOWN)
		return TRUTH_MAYBE;
	if (p->form == FORM_EXISTS)
		return TRUTH_YES;
	for (uint32_t i = 0; i < left->count; i++) {
		if (test_value(p, &left->list[i], right, scratch) != p->all)
			return p->all ? TRUTH_NO : TRUTH_YES;
	}
	/*
	 * a list-typed field without elements is a subset of everything; a descriptor without addresses
	 * compares to nothing
	 */
	return p->all && (left->count || p->expression->type.list) ? TRUTH_YES : TRUTH_NO;
}

/* ---- estimates ----------------------------------------------------------------------------------------- */

/* Fields whose values differ much from the usual in what they cost or how often they hold. */
static const struct {
	const char *field;
	float cost, yes;
} estimates[] = {
	{ "evt.num", 5, 0.5f },		{ "evt.is_open_read", 20, 0.8f },  { "evt.is_open_write", 20, 0.1f },
	{ "fd.num", 15, 0.7f },		{ "fd.typechar", 30, 0.5f },	   { "fd.name", 60, 0.1f },
	{ "fd.directory", 80, 0.1f },	{ "fd.filename", 80, 0.1f },	   { "fd.nameraw", 100, 0.1f },
	{ "evt.res", 60, 0.1f },	{ "proc.duration", 20, 0.5f },
};

static void estimate_expression(const struct expression *e, float *ret_cost, float *ret_yes)
{
	*ret_cost = 150;
	*ret_yes = 0.1f;
	if (e->kind != EXPRESSION_FIELD || e->type.list || e->field.several == FIELD_ANY)
		return;
	*ret_cost = e->reads & FACT_LINEAGE	     ? 30 :
		    !(e->reads & ~(facts_t)FACTS_PROCESS) ? 8 : /* remembered on the thread more often than not */
						       40;
	if (str_starts(e->text, STR("evt.arg")))
		*ret_cost = 80; /* text is made of a number */
	for (size_t i = 0; i < ARRAY_SIZE(estimates); i++) {
		if (expression_is_field(e, estimates[i].field)) {
			*ret_cost = estimates[i].cost;
			*ret_yes = estimates[i].yes;
		}
	}
}

void predicate_estimate(const struct predicate *p, float *ret_cost, float *ret_yes)
{
	float cost, yes;

	estimate_expression(p->expression, &cost, &yes);
	switch (p->form) {
	case FORM_EXISTS:
		yes = 0.8f;
		break;
	case FORM_ONE:
	case FORM_AROUND:
		cost += 6;
		if (p->op == OP_NE ||
		    (p->op == OP_EQ && value_kind(p->expression->type.type) == VALUE_BOOL && !p->values[0].b))
			yes = 0.8f;
		else if (p->op == OP_LT || p->op == OP_GT || p->op == OP_LE || p->op == OP_GE)
			yes = 0.6f;
		else if (p->op == OP_EQ && value_kind(p->expression->type.type) == VALUE_INT)
			yes = 0.1f;
		if (expression_is_field(p->expression, "fd.typechar"))
			yes = str_eq(p->values[0].s, STR("f")) ? 0.8f : 0.1f; /* most descriptors are files */
		if (p->op == OP_CONTAINS || p->op == OP_ICONTAINS)
			cost += 60;
		else if (p->op == OP_GLOB || p->op == OP_IGLOB)
			cost += 120;
		break;
	case FORM_REGEX:
		cost += 1000;
		break;
	case FORM_TEXT_SET:
		cost += 25;
		if (p->invert)
			yes = 0.9f;
		break;
	case FORM_PATHS:
		cost += 100;
		break;
	case FORM_SEVERAL:
		cost += 10.0f * (float)p->nvalues;
		break;
	case FORM_REGEXES:
		cost += 1000.0f * (float)p->nvalues;
		break;
	case FORM_RIGHT:
		cost += 30;
		break;
	}
	*ret_cost = cost;
	*ret_yes = yes;
}
