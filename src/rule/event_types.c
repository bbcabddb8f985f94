/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "rule/condition.h"
#include "rule/literal.h"

/*
 * Which event types can satisfy a condition: set algebra over the tree. "and" intersects, "or" unites; a
 * negation is pushed down to the checks (De Morgan), where the set of a check on evt.type is inverted, while
 * a check on anything else stays neutral: it allows all types whether it is negated or not.
 */
#define SET_BITS  (EV_COUNT + SYSCALL_CODES) /* the codes behind the types */
#define SET_WORDS ((SET_BITS + 63) / 64)

struct type_set {
	uint64_t words[SET_WORDS];
};

static void set_all(struct type_set *s, bool value)
{
	memset(s->words, value ? 0xff : 0, sizeof(s->words));
}

static void set_invert(struct type_set *s)
{
	for (size_t i = 0; i < SET_WORDS; i++)
		s->words[i] = ~s->words[i];
}

static void set_join(struct type_set *s, const struct type_set *other, bool both)
{
	for (size_t i = 0; i < SET_WORDS; i++)
		s->words[i] = both ? s->words[i] & other->words[i] : s->words[i] | other->words[i];
}

static void set_add(struct type_set *s, size_t bit)
{
	s->words[bit / 64] |= (uint64_t)1 << bit % 64;
}

static bool set_has(const struct type_set *s, size_t bit)
{
	return s->words[bit / 64] >> bit % 64 & 1;
}

static bool is_called(const char *known, struct str name)
{
	return known && known[0] == (name.len ? name.ptr[0] : '\0') && str_eq(name, str_of(known));
}

/*
 * A name stands for all event types that are called so, or else for a system call without a type of its own;
 * one that is neither, and was found good, for an asynchronous event of a plugin.
 */
static void set_add_name(struct type_set *s, struct str name)
{
	bool found = false;
	int code = syscall_code(name);

	for (size_t i = 2; i < EV_COUNT; i++) {
		if (is_called(event_table[i].name, name)) {
			set_add(s, i);
			found = true;
		}
	}
	if (code >= 0)
		set_add(s, EV_COUNT + (size_t)code);
	if (!found && code < 0 && name.len)
		set_add(s, EV_ASYNCEVENT_E);
	if (!found && (code >= 0 || name.len == 0)) { /* calls that are not known have no name */
		set_add(s, EV_GENERIC_E);
		set_add(s, EV_GENERIC_X);
	}
}

static bool is_type_field(const struct ast *a)
{
	return a->kind == AST_FIELD && !a->has_arg &&
	       (str_eq(a->text, STR("evt.type")) || str_eq(a->text, STR("syscall.type")));
}

static int refuse(struct condition_error *problem, const struct ast *a, const char *message)
{
	*problem = (struct condition_error){ .message = str_of(message), .offset = a->offset, .hint = STR("") };
	return -EINVAL;
}

/* Refuses evt.type inside transformers, whose result cannot be foreseen. */
static int refuse_transformed(struct condition_error *problem, const struct ast *a)
{
	if (a->kind != AST_TRANSFORMER && a->kind != AST_LIST)
		return 0;
	for (size_t i = 0; i < a->nchildren; i++) {
		int r = refuse_transformed(problem, a->children[i]);

		if (r < 0)
			return r;
		if (a->kind == AST_TRANSFORMER && is_type_field(a->children[i]))
			return refuse(problem, a, "the event type cannot be compared through a transformer");
	}
	return 0;
}

int condition_invariant(const struct ast *a)
{
	uint64_t n;

	if (a->left->kind != AST_FIELD || a->left->has_arg || !str_eq(a->left->text, STR("evt.num")) || a->modifier)
		return -1;
	if (a->op == OP_IN && a->right->kind == AST_LIST) {
		for (size_t i = 0; i < a->right->nchildren; i++) {
			if (!literal_u64(a->right->children[i]->text, &n) || n != 0)
				return -1;
		}
		return 0;
	}
	if (!a->right || a->right->kind != AST_VALUE || !literal_u64(a->right->text, &n))
		return -1;
	switch (a->op) {
	case OP_EQ:
	case OP_EQ2:
	case OP_LE:
		return n == 0 ? 0 : -1;
	case OP_LT:
		return n <= 1 ? 0 : -1;
	case OP_NE:
	case OP_GT:
		return n == 0 ? 1 : -1;
	case OP_GE:
		return n <= 1 ? 1 : -1;
	default:
		return -1;
	}
}

/* Whether the last thing inside a call is a constant. */
static bool ends_in_constant(const struct ast *a)
{
	while ((a->kind == AST_TRANSFORMER || a->kind == AST_LIST) && a->nchildren)
		a = a->children[a->nchildren - 1];
	return a->kind == AST_VALUE || a->kind == AST_LIST;
}

static int walk_check(struct condition_error *problem, const struct ast *a, bool negated, struct type_set *s)
{
	bool by_type = !a->modifier && (a->op == OP_EQ || a->op == OP_EQ2 || a->op == OP_NE || a->op == OP_IN);
	int r;

	set_all(s, true);
	if (a->op == OP_EXISTS || by_type) {
		r = refuse_transformed(problem, a->left);
		if (r < 0)
			return r;
	}
	/*
	 * Falco takes such a constant for an event's name: denied, the check has no type at all, and its rule
	 * is never tried
	 */
	if (by_type && negated && a->left->kind == AST_TRANSFORMER && ends_in_constant(a->left))
		set_all(s, false);
	if (!is_type_field(a->left))
		return 0;
	if (a->op == OP_EXISTS) {
		set_all(s, !negated);
		return 0;
	}
	if (!by_type)
		return 0;
	if (a->right->kind == AST_FIELD || a->right->kind == AST_TRANSFORMER)
		return refuse(problem, a, "the event type can only be compared with constants");
	set_all(s, false);
	if (a->right->kind == AST_LIST) {
		for (size_t i = 0; i < a->right->nchildren; i++)
			set_add_name(s, a->right->children[i]->text);
	} else {
		set_add_name(s, a->right->text);
	}
	if (negated != (a->op == OP_NE))
		set_invert(s);
	return 0;
}

static int walk(struct condition_error *problem, const struct ast *a, bool negated, struct type_set *s)
{
	bool both = (a->kind == AST_AND) != negated;
	struct type_set child;
	int r;

	if (a->kind == AST_NOT)
		return walk(problem, a->children[0], !negated, s);
	if (a->kind == AST_CHECK)
		return walk_check(problem, a, negated, s);
	if (a->kind != AST_AND && a->kind != AST_OR) {
		set_all(s, true); /* a macro that is not resolved */
		return 0;
	}
	set_all(s, both);
	for (size_t i = 0; i < a->nchildren; i++) {
		r = walk(problem, a->children[i], negated, &child);
		if (r < 0)
			return r;
		set_join(s, &child, both);
	}
	return 0;
}

int condition_event_types(const struct ast *tree, bool ret_types[EV_COUNT], bool ret_codes[SYSCALL_CODES],
			  struct condition_error *ret_problem)
{
	struct type_set s;
	int r = walk(ret_problem, tree, false, &s);

	for (size_t i = 0; r == 0 && i < EV_COUNT; i++)
		ret_types[i] = set_has(&s, i);
	for (size_t i = 0; r == 0 && i < SYSCALL_CODES; i++)
		ret_codes[i] = set_has(&s, EV_COUNT + i);
	return r;
}

unsigned int condition_event_count(const bool types[EV_COUNT])
{
	unsigned int n = 0;

	for (size_t i = 0; i < EV_COUNT; i++)
		n += types[i];
	return n;
}
