/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>

#include "base/limits.h"
#include "rule/expression.h"
#include "rule/literal.h"
#include "rule/regex.h"

struct checker {
	struct arena *arena;
	const struct field_options *options;
	struct condition_error *problem; /* the first */
	struct condition_error **problems; /* where the next one is linked; NULL before the first */
	unsigned int nproblems;
	bool stop; /* a problem behind which nothing is looked at */
	struct condition_warning **warnings; /* where the next one is linked */
	struct arena *scratch; /* of one check */
	unsigned int depth;
	uint64_t nodes;
	bool deprecated_seen[CONDITION_DEPRECATED_FIELDS];
};

/* ---- which operators go with which types --------------------------------------------------------------- */

enum type_class { CLASS_NONE, CLASS_NUMBER, CLASS_BOOL, CLASS_TEXT, CLASS_BUFFER, CLASS_IP, CLASS_LIST };

#define BIT(op)	     (1u << OP_##op)
#define EQUALITY     (BIT(EQ) | BIT(EQ2) | BIT(NE) | BIT(IN) | BIT(INTERSECTS) | BIT(EXISTS))
#define ORDER	     (BIT(LT) | BIT(LE) | BIT(GT) | BIT(GE))

static const struct {
	const char *name;
	uint32_t operators;
} classes[] = {
	[CLASS_NONE] = { "values of this type", BIT(EXISTS) },
	[CLASS_NUMBER] = { "numbers", EQUALITY | ORDER },
	[CLASS_BOOL] = { "booleans", EQUALITY },
	[CLASS_TEXT] = { "text", EQUALITY | ORDER | BIT(CONTAINS) | BIT(ICONTAINS) | BIT(STARTSWITH) | BIT(ENDSWITH) |
					 BIT(GLOB) | BIT(IGLOB) | BIT(REGEX) | BIT(PMATCH) },
	[CLASS_BUFFER] = { "buffers", EQUALITY | BIT(CONTAINS) | BIT(BCONTAINS) | BIT(STARTSWITH) | BIT(BSTARTSWITH) |
					      BIT(ENDSWITH) },
	[CLASS_IP] = { "addresses and networks", EQUALITY },
	[CLASS_LIST] = { "lists", BIT(IN) | BIT(INTERSECTS) | BIT(EXISTS) },
};

static const uint8_t type_classes[PT_COUNT] = {
	[PT_INT8] = CLASS_NUMBER,       [PT_INT16] = CLASS_NUMBER,       [PT_INT32] = CLASS_NUMBER,
	[PT_INT64] = CLASS_NUMBER,      [PT_UINT8] = CLASS_NUMBER,       [PT_UINT16] = CLASS_NUMBER,
	[PT_UINT32] = CLASS_NUMBER,     [PT_UINT64] = CLASS_NUMBER,      [PT_ERRNO] = CLASS_NUMBER,
	[PT_FD] = CLASS_NUMBER,         [PT_PID] = CLASS_NUMBER,         [PT_SYSCALLID] = CLASS_NUMBER,
	[PT_SIGTYPE] = CLASS_NUMBER,    [PT_RELTIME] = CLASS_NUMBER,     [PT_ABSTIME] = CLASS_NUMBER,
	[PT_PORT] = CLASS_NUMBER,       [PT_FLAGS8] = CLASS_NUMBER,      [PT_FLAGS16] = CLASS_NUMBER,
	[PT_FLAGS32] = CLASS_NUMBER,    [PT_DOUBLE] = CLASS_NUMBER,      [PT_MODE] = CLASS_NUMBER,
	[PT_ENUMFLAGS8] = CLASS_NUMBER, [PT_ENUMFLAGS16] = CLASS_NUMBER, [PT_ENUMFLAGS32] = CLASS_NUMBER,
	[PT_BOOL] = CLASS_BOOL,         [PT_IPV4ADDR] = CLASS_IP,        [PT_IPV4NET] = CLASS_IP,
	[PT_IPV6ADDR] = CLASS_IP,       [PT_IPV6NET] = CLASS_IP,         [PT_IPADDR] = CLASS_IP,
	[PT_IPNET] = CLASS_IP,          [PT_CHARBUF] = CLASS_TEXT,       [PT_FSPATH] = CLASS_TEXT,
	[PT_FSRELPATH] = CLASS_TEXT,    [PT_BYTEBUF] = CLASS_BUFFER,
};

static enum type_class class_of(struct transform_type type)
{
	if (type.type >= PT_COUNT)
		return CLASS_NONE;
	if (!type.list)
		return type_classes[type.type];
	switch (type.type) {
	case PT_CHARBUF:
	case PT_UINT64:
	case PT_RELTIME:
	case PT_ABSTIME:
	case PT_BOOL:
	case PT_IPADDR:
	case PT_IPNET:
		return CLASS_LIST;
	default:
		return CLASS_NONE;
	}
}

/* ---- problems and warnings ----------------------------------------------------------------------------- */

static int refuse_with(struct checker *c, struct condition_error problem)
{
	struct condition_error *p = c->nproblems ? arena_new_of(c->arena, struct condition_error) : c->problem;

	if (!p || !problem.message.ptr)
		return -ENOMEM;
	problem.next = NULL;
	*p = problem;
	if (c->nproblems)
		*c->problems = p;
	c->problems = &p->next;
	c->nproblems++;
	return -EINVAL;
}

static int refuse(struct checker *c, const struct ast *a, struct str message)
{
	return refuse_with(c, (struct condition_error){ .message = message, .offset = a->offset, .hint = STR("") });
}

static int build(struct checker *c, const struct ast *a, struct expression **ret_expression)
{
	struct condition_error problem;
	int r = expression_build(c->arena, a, c->options, ret_expression, &problem);

	return r == -EINVAL ? refuse_with(c, problem) : r;
}

static int warn_about(struct checker *c, const struct ast *a, struct condition_warning warning)
{
	struct condition_warning *w = arena_new_of(c->arena, struct condition_warning);

	if (!w || !warning.message.ptr)
		return -ENOMEM;
	*w = warning;
	w->offset = a->offset;
	*c->warnings = w;
	c->warnings = &w->next;
	return 0;
}

static int warn(struct checker *c, const struct ast *a, int kind, struct str message)
{
	return warn_about(c, a, (struct condition_warning){ .kind = kind, .message = message });
}

/* Whether "=", contains, startswith or endswith could do what the pattern does: nothing special but at its ends. */
static bool regex_is_simple(struct str p)
{
	for (size_t i = 0; i < p.len; i++) {
		char c = p.ptr[i];

		if ((i == 0 && c == '^') || (i + 1 == p.len && c == '$'))
			continue;
		if (((i == 0 && p.len > 1) || i + 2 == p.len) && c == '.' && memchr("+*?", p.ptr[i + 1], 3)) {
			i++;
			continue;
		}
		if (memchr(".+*?^$()[]{}|\\", c, 14))
			return false;
	}
	return true;
}

/* A constant that reads like a field or a transformer's call: somebody forgot val(). */
static int warn_lookalike(struct checker *c, const struct ast *place, struct str text)
{
	char *bare = arena_bytes(c->scratch, text.len + 1);
	struct field_ref field;
	struct str s = { bare, 0 };
	size_t used;

	if (!bare)
		return -ENOMEM;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] != ' ' && (text.ptr[i] < '\t' || text.ptr[i] > '\r'))
			bare[s.len++] = text.ptr[i];
	}
	if (s.len && memchr(s.ptr, '.', s.len) && field_lookup(s, c->options, &field, &used, NULL) == 0 &&
	    used == s.len) {
		int r = warn(c, place, CONDITION_WARN_VALUE,
			     arena_printf(c->arena, "'" STR_FMT "' is compared as text but is the name of a field",
					  STR_ARG(text)));
		if (r < 0)
			return r;
	}
	if (!s.len || s.ptr[s.len - 1] != ')') /* nearly all */
		return 0;
	for (size_t i = 0;; i++) {
		const struct transform *t = transform_by_index(i);
		struct str name = t ? transform_name(t) : STR("val");

		if (str_starts(s, name) && s.len >= name.len + 2 && s.ptr[name.len] == '(')
			return warn(c, place, CONDITION_WARN_VALUE,
				    arena_printf(c->arena,
						 "'" STR_FMT "' is compared as text but reads like a transformer",
						 STR_ARG(text)));
		if (!t)
			return 0;
	}
}

static int warn_deprecated(struct checker *c, const struct ast *a)
{
	static const char *const names[CONDITION_DEPRECATED_FIELDS] = {
		"evt.dir", "evt.latency", "evt.latency.s", "evt.latency.ns", "evt.latency.human", "evt.wait_latency",
	};

	if (a->kind == AST_TRANSFORMER || a->kind == AST_LIST) {
		for (size_t i = 0; i < a->nchildren; i++) {
			int r = warn_deprecated(c, a->children[i]);

			if (r < 0)
				return r;
		}
	}
	for (size_t i = 0; a->kind == AST_FIELD && i < ARRAY_SIZE(names); i++) {
		if (!str_eq(a->text, str_of(names[i])) || c->deprecated_seen[i])
			continue;
		c->deprecated_seen[i] = true;
		return warn_about(c, a,
				  (struct condition_warning){
					  .kind = CONDITION_WARN_DEPRECATED,
					  .message = arena_printf(c->arena, "the field %s is deprecated", names[i]),
					  .field = str_of(names[i]),
					  .rank = (unsigned int)i,
				  });
	}
	return 0;
}

/* ---- constants ----------------------------------------------------------------------------------------- */

static bool is_event_name(const struct field_options *options, struct str name)
{
	if (syscall_code(name) >= 0)
		return true;
	for (size_t i = 0; i < EV_COUNT; i++) {
		if (event_table[i].name && event_table[i].name[0] == (name.len ? name.ptr[0] : '\0') &&
		    str_eq(name, str_of(event_table[i].name)))
			return true;
	}
	for (size_t i = 0; i < options->nasync; i++)
		if (str_eq(name, options->async_events[i]))
			return true;
	return name.len == 0; /* reserved types have no name */
}

/* What may have been meant; empty when nothing is near. */
static struct str nearest_event(struct str name)
{
	unsigned int best = 1 + (unsigned int)name.len / 4;
	struct str nearest = STR("");

	for (size_t i = 0; i < EV_COUNT + SYSCALL_CODES; i++) {
		const char *other =
			i < EV_COUNT ? event_table[i].name : syscall_code_name((unsigned int)(i - EV_COUNT));
		unsigned int d = other && other[0] ? str_distance(name, str_of(other)) : UINT_MAX;

		if (d < best || (d == best && !nearest.len)) {
			best = d;
			nearest = str_of(other);
		}
	}
	return nearest;
}

static int check_constant(struct checker *c, const struct ast *check, const struct expression *left,
			  const struct ast *constant)
{
	struct str text = constant->text;
	struct error err = { 0 };
	struct value value;
	int r;

	if (check->op == OP_REGEX && regex_is_simple(text)) {
		r = warn(c, check->right, CONDITION_WARN_REGEX,
			 arena_printf(c->arena,
				      "regex '" STR_FMT
				      "' could be a simpler operator: =, contains, startswith, endswith",
				      STR_ARG(text)));
		if (r < 0)
			return r;
	}
	r = warn_lookalike(c, check->right, text);
	if (r < 0)
		return r;
	if (check->op == OP_BCONTAINS || check->op == OP_BSTARTSWITH) {
		size_t len;
		char *out = arena_bytes(c->scratch, text.len / 2 + 1);

		if (!out)
			return -ENOMEM;
		if (literal_unhex(text, out, &len) < 0)
			return refuse(c, constant, arena_printf(c->arena, "%s wants hexadecimal digits",
								    operator_word(check->op)));
	}
	if (text.len > RULES_VALUE_BYTES)
		return refuse(c, constant,
			      arena_printf(c->arena, "a value is longer than %d bytes", RULES_VALUE_BYTES));
	if (expression_is_field(left, "evt.rawarg") && value_kind(left->type.type) == VALUE_BYTES)
		return refuse(c, constant, arena_str(c->arena, STR("a raw buffer cannot be compared with a constant")));
	r = literal_parse(text, left->type.type, &value, &err);
	if (r < 0)
		return refuse(c, constant, arena_str(c->arena, str_of(err.text)));
	if (check->op == OP_REGEX) {
		struct regex *regex;

		r = regex_compile(text, &regex, &err);
		if (r == -ENOMEM)
			return r;
		if (r < 0)
			return refuse(c, constant, arena_str(c->arena, str_of(err.text)));
		regex_free(regex);
	}
	if (expression_is_field(expression_origin(left), "evt.type") && !is_event_name(c->options, text))
		return refuse_with(
			c, (struct condition_error){
				   .message = arena_printf(c->arena, "unknown event type " STR_FMT, STR_ARG(text)),
				   .offset = constant->offset,
				   .hint = nearest_event(text),
				   .unknown_filter = true,
			   });
	if (expression_is_field(left, "evt.around") && check->op != OP_EQ && check->op != OP_EQ2)
		return refuse(c, check, arena_str(c->arena, STR("evt.around can only be compared by =")));
	return 0;
}

/* After one problem the others are looked for. */
static bool goes_on(const struct checker *c, int r)
{
	return r == 0 || (r == -EINVAL && c->nproblems < RULES_COND_PROBLEMS && !c->stop);
}

static int check_constants(struct checker *c, const struct ast *check, const struct expression *left)
{
	int r = 0;

	if (check->right->kind != AST_LIST)
		return check_constant(c, check, left, check->right);
	for (size_t i = 0; i < check->right->nchildren && goes_on(c, r); i++) {
		int also = check_constant(c, check, left, check->right->children[i]);

		r = also < 0 ? also : r;
		if (i % 1024 == 1023)
			arena_reset(c->scratch); /* left is not in it */
	}
	return r;
}

/* ---- checks -------------------------------------------------------------------------------------------- */

static int check_right_field(struct checker *c, const struct ast *check, const struct expression *left)
{
	struct expression *right;
	int r = build(c, check->right, &right);

	if (r < 0)
		return r;
	if (check->op == OP_PMATCH || check->op == OP_REGEX)
		return refuse(c, check->right,
			      arena_printf(c->arena, "%s compares with constants only", operator_word(check->op)));
	if (value_kind(left->type.type) == VALUE_NET)
		return refuse(c, check->right,
			      arena_str(c->arena, STR("networks can only be compared with constants")));
	if (left->no_right)
		return refuse(
			c, check->right,
			arena_printf(c->arena, STR_FMT " can only be compared with constants", STR_ARG(left->text)));
	if (right->no_right)
		return refuse(c, check->right,
			      arena_printf(c->arena, STR_FMT " cannot stand on the right side", STR_ARG(right->text)));
	if (left->any_right ? value_kind(left->type.type) == value_kind(right->type.type) :
			      left->type.type == right->type.type && left->type.list == right->type.list)
		return 0;
	if (left->any_right)
		return warn(c, check->right, CONDITION_WARN_NEVER,
			    arena_printf(c->arena, STR_FMT " and " STR_FMT " have different types, so this never holds",
					 STR_ARG(left->text), STR_ARG(right->text)));
	return refuse(c, check->right, arena_printf(c->arena, STR_FMT " and " STR_FMT " have different types",
						    STR_ARG(left->text), STR_ARG(right->text)));
}

static int check_check(struct checker *c, const struct ast *check)
{
	struct expression *left;
	enum type_class class;
	int r;

	r = warn_deprecated(c, check->left);
	if (r < 0)
		return r;
	r = build(c, check->left, &left);
	if (r < 0)
		return r;
	class = class_of(left->type);
	if (!(classes[class].operators & 1u << check->op))
		return refuse(
			c, check,
			arena_printf(c->arena, "%s cannot compare %s", operator_word(check->op), classes[class].name));
	if (!check->right)
		return 0;
	arena_reset(c->scratch);
	if (check->right->kind == AST_FIELD || check->right->kind == AST_TRANSFORMER)
		return check_right_field(c, check, left);
	return check_constants(c, check, left);
}

static int check_tree(struct checker *c, const struct ast *a)
{
	int r = 0;

	/* macros inside macros can make a tree deeper, and far larger, than any text */
	if (c->depth >= RULES_TREE_DEPTH || ++c->nodes > RULES_COND_NODES) {
		c->stop = true;
		return refuse(c, a,
			      arena_str(c->arena, c->depth >= RULES_TREE_DEPTH ?
							  STR("the condition with its macros is nested too deeply") :
							  STR("the condition with its macros is too large")));
	}
	c->depth++;
	switch (a->kind) {
	case AST_AND:
	case AST_OR:
	case AST_NOT:
		for (size_t i = 0; i < a->nchildren && goes_on(c, r); i++) {
			int also = check_tree(c, a->children[i]);

			r = also < 0 ? also : r;
		}
		break;
	case AST_CHECK:
		r = check_check(c, a);
		break;
	case AST_MACRO:
		r = refuse(c, a, arena_printf(c->arena, "there is no macro " STR_FMT, STR_ARG(a->text)));
		break;
	default:
		r = refuse(c, a, arena_str(c->arena, STR("a value stands where a check is expected")));
	}
	c->depth--;
	return r;
}

int condition_check(struct arena *arena, const struct ast *tree, const struct field_options *options,
		    struct condition_error *ret_problem, struct condition_warning **ret_warnings)
{
	auto_arena struct arena *scratch = arena_new(4096);
	struct checker c = {
		.arena = arena, .options = options, .problem = ret_problem, .warnings = ret_warnings, .scratch = scratch
	};

	if (!scratch)
		return -ENOMEM;
	while (*c.warnings)
		c.warnings = &(*c.warnings)->next;
	return check_tree(&c, tree);
}
