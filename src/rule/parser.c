/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/limits.h"
#include "rule/condition.h"
#include "rule/lexer.h"

/*
 * Recursive descent over Falco's grammar:
 *
 *	or          = and { "or" ( blank and | "(" or ")" ) }
 *	and         = not { "and" ( blank not | "(" or ")" ) }
 *	not         = { "not" blank } ( "not(" or ")" | check )
 *	check       = "(" or ")" | operand condition | identifier
 *	operand     = field [ "[" argument "]" ] | transformer "(" argument { "," argument } ")" [ "[" argument "]" ]
 *	condition   = "exists" | operator right
 *
 * An expression in parentheses directly after "or" or "and" is complete: "a or(b) and c" is refused, as Falco does.
 * Recursion goes through parentheses and transformers alone, whose nesting is bounded.
 */
struct parser {
	struct lexer lexer;
	struct arena *arena;
	unsigned int depth;
	struct ast **stack; /* children of the nodes that are being built, innermost last; heap */
	size_t nstack, capacity;
	struct condition_error problem;
	int error; /* 0, -EINVAL, -ENOMEM: set once, then everything unwinds with NULL */
};

static struct ast *parse_or(struct parser *p);
static struct ast *parse_transformer(struct parser *p, struct str name, size_t offset);

static const struct str transformers[] = {
	{ "tolower(", 8 }, { "toupper(", 8 }, { "b64(", 4 },	{ "basename(", 9 },
	{ "len(", 4 },	   { "join(", 5 },    { "concat(", 7 }, { "getopt(", 7 },
};

static const struct {
	struct str word;
	bool blank; /* a blank must follow */
	enum operator_id op;
} operators[] = {
	/* in the order in which they are tried: a longer one before its prefix */
	{ { "exists", 6 }, false, OP_EXISTS },
	{ { "<=", 2 }, false, OP_LE },
	{ { "<", 1 }, false, OP_LT },
	{ { ">=", 2 }, false, OP_GE },
	{ { ">", 1 }, false, OP_GT },
	{ { "==", 2 }, false, OP_EQ2 },
	{ { "=", 1 }, false, OP_EQ },
	{ { "!=", 2 }, false, OP_NE },
	{ { "glob", 4 }, true, OP_GLOB },
	{ { "iglob", 5 }, true, OP_IGLOB },
	{ { "contains", 8 }, true, OP_CONTAINS },
	{ { "icontains", 9 }, true, OP_ICONTAINS },
	{ { "bcontains", 9 }, true, OP_BCONTAINS },
	{ { "startswith", 10 }, true, OP_STARTSWITH },
	{ { "bstartswith", 11 }, true, OP_BSTARTSWITH },
	{ { "endswith", 8 }, true, OP_ENDSWITH },
	{ { "regex", 5 }, true, OP_REGEX },
	{ { "intersects", 10 }, false, OP_INTERSECTS },
	{ { "in", 2 }, false, OP_IN },
	{ { "pmatch", 6 }, false, OP_PMATCH },
};

enum operand_kind { OPERAND_NONE, OPERAND_VALUE, OPERAND_LIST, OPERAND_NUMBER };
static const enum operand_kind operand_kinds[OP_COUNT] = {
#define OPERATOR(id, word, kind) [OP_##id] = OPERAND_##kind,
#include "rule/operators.def"
#undef OPERATOR
};

/* ---- failing, and building nodes -------------------------------------------------------------------------------------- */

static struct ast *no_memory(struct parser *p)
{
	p->error = -ENOMEM;
	return NULL;
}

static struct ast *fail_hint(struct parser *p, const char *message, struct str hint)
{
	if (!p->error) {
		p->error = -EINVAL;
		p->problem = (struct condition_error){ .message = str_of(message), .offset = p->lexer.at, .hint = hint };
	}
	return NULL;
}

static struct ast *fail(struct parser *p, const char *message)
{
	return fail_hint(p, message, (struct str){ "", 0 });
}

static bool enter(struct parser *p)
{
	if (++p->depth < RULES_COND_DEPTH)
		return true;
	fail(p, "the condition is nested too deeply");
	return false;
}

static struct ast *leave(struct parser *p, struct ast *a)
{
	p->depth--;
	return a;
}

static struct ast *node(struct parser *p, enum ast_kind kind, size_t offset)
{
	struct ast *a = arena_new_of(p->arena, struct ast);

	if (!a)
		return no_memory(p);
	a->kind = kind;
	a->offset = offset;
	return a;
}

static struct ast *text_node(struct parser *p, enum ast_kind kind, struct str text, size_t offset)
{
	struct ast *a = node(p, kind, offset);

	if (!a)
		return NULL;
	a->text = arena_str(p->arena, text);
	return a->text.ptr ? a : no_memory(p);
}

static bool push(struct parser *p, struct ast *child)
{
	if (!child)
		return false;
	if (p->nstack == p->capacity) {
		size_t capacity = p->capacity ? p->capacity * 2 : 64;
		struct ast **grown = reallocarray(p->stack, capacity, sizeof(*grown));

		if (!grown) {
			no_memory(p);
			return false;
		}
		p->stack = grown;
		p->capacity = capacity;
	}
	p->stack[p->nstack++] = child;
	return true;
}

/* Gives what was pushed since base to a as its children. */
static struct ast *adopt(struct parser *p, struct ast *a, size_t base)
{
	if (!a)
		return NULL;
	a->nchildren = p->nstack - base;
	a->children = arena_array_of(p->arena, struct ast *, a->nchildren);
	if (!a->children)
		return no_memory(p);
	if (a->nchildren)
		memcpy(a->children, p->stack + base, a->nchildren * sizeof(*a->children));
	p->nstack = base;
	return a;
}

/* ---- values ------------------------------------------------------------------------------------------------------------ */

/* A quoted string as a value; NULL without an error when there is none. */
static struct ast *try_quoted(struct parser *p, size_t offset)
{
	const char *reason = "";
	struct ast *a;
	int r = lexer_quoted(&p->lexer, p->arena, &reason);

	if (r == -ENOMEM)
		return no_memory(p);
	if (r < 0)
		return fail(p, reason);
	if (!r)
		return NULL;
	a = node(p, AST_VALUE, offset);
	if (!a)
		return NULL;
	a->text = p->lexer.token;
	a->quoted = true;
	return a;
}

static struct ast *try_string(struct parser *p)
{
	size_t offset = p->lexer.at;
	struct ast *a = try_quoted(p, offset);

	if (a || p->error || !lexer_bare(&p->lexer))
		return a;
	return text_node(p, AST_VALUE, p->lexer.token, offset);
}

static struct ast *try_number(struct parser *p)
{
	size_t offset = p->lexer.at;
	struct ast *a;

	if (!lexer_number(&p->lexer))
		return NULL;
	a = text_node(p, AST_VALUE, p->lexer.token, offset);
	if (a)
		a->number = true;
	return a;
}

/* The values of a list, after its "(". */
static struct ast *parse_list(struct parser *p, size_t offset)
{
	size_t base = p->nstack;
	struct ast *value;

	lexer_blank(&p->lexer);
	value = try_string(p);
	if (p->error == -EINVAL) /* a bad escape in the first place counts as "no value": Falco then wants the ")" */
		p->error = 0;
	if (value && !push(p, value))
		return NULL;
	for (lexer_blank(&p->lexer); value && lexer_take(&p->lexer, STR(",")); lexer_blank(&p->lexer)) {
		lexer_blank(&p->lexer);
		value = try_string(p);
		if (!value && !p->error)
			return fail(p, "a value is missing in the list");
		if (!push(p, value))
			return NULL;
	}
	if (p->error)
		return NULL;
	if (!lexer_take(&p->lexer, STR(")")))
		return fail(p, "expected ',' or ')' in a list");
	return adopt(p, node(p, AST_LIST, offset), base);
}

/* ---- fields and transformers --------------------------------------------------------------------------------------------- */

/* An optional [argument] of a. */
static struct ast *parse_argument(struct parser *p, struct ast *a)
{
	struct ast *quoted;

	if (!a || !lexer_take(&p->lexer, STR("[")))
		return a;
	quoted = try_quoted(p, p->lexer.at);
	if (p->error)
		return NULL;
	if (quoted)
		a->arg = quoted->text;
	else if (lexer_argument(&p->lexer))
		a->arg = arena_str(p->arena, p->lexer.token);
	else
		return fail(p, "expected a field's argument after '['");
	if (!a->arg.ptr)
		return no_memory(p);
	a->has_arg = true;
	return lexer_take(&p->lexer, STR("]")) ? a : fail(p, "expected ']' after a field's argument");
}

static struct ast *parse_field(struct parser *p, struct str name, size_t offset)
{
	struct ast *a;

	a = parse_argument(p, text_node(p, AST_FIELD, name, offset));
	return a;
}

/* The name of a transformer without its "(", which is taken. */
static bool take_transformer(struct parser *p, struct str *ret_name)
{
	for (size_t i = 0; i < ARRAY_SIZE(transformers); i++) {
		if (lexer_take(&p->lexer, transformers[i])) {
			*ret_name = (struct str){ transformers[i].ptr, transformers[i].len - 1 };
			return true;
		}
	}
	return false;
}

/* What may stand in a transformer's list and, with a list or blanks before it, as its argument. */
static struct ast *parse_argument_value(struct parser *p)
{
	size_t offset = p->lexer.at;
	struct str name;
	struct ast *a;

	if (lexer_field_name(&p->lexer))
		return parse_field(p, p->lexer.token, offset);
	if (take_transformer(p, &name))
		return parse_transformer(p, name, offset);
	a = try_quoted(p, offset);
	if (a || p->error)
		return a;
	a = try_number(p);
	return a || p->error ? a : fail(p, "expected a field, a transformer, a quoted string or a number");
}

static struct ast *parse_transformer_list(struct parser *p, size_t offset)
{
	size_t base = p->nstack;

	lexer_blank(&p->lexer);
	if (!lexer_take(&p->lexer, STR(")"))) {
		do {
			lexer_blank(&p->lexer);
			if (!push(p, parse_argument_value(p)))
				return NULL;
			lexer_blank(&p->lexer);
		} while (lexer_take(&p->lexer, STR(",")));
		if (!lexer_take(&p->lexer, STR(")")))
			return fail(p, "expected ',' or ')' in a list");
	}
	return adopt(p, node(p, AST_LIST, offset), base);
}

static struct ast *parse_transformer_argument(struct parser *p)
{
	size_t offset = p->lexer.at;
	struct ast *a;

	lexer_blank(&p->lexer);
	a = lexer_take(&p->lexer, STR("(")) ? parse_transformer_list(p, offset) : parse_argument_value(p);
	return a;
}

/* A transformer's arguments, after its "(". */
static struct ast *parse_transformer(struct parser *p, struct str name, size_t offset)
{
	size_t base = p->nstack;
	struct ast *a;

	if (!enter(p))
		return NULL;
	do {
		lexer_blank(&p->lexer);
		if (!push(p, parse_transformer_argument(p)))
			return NULL;
		lexer_blank(&p->lexer);
	} while (lexer_take(&p->lexer, STR(",")));
	if (!lexer_take(&p->lexer, STR(")")))
		return fail(p, "expected ',' or ')' after a transformer's argument");
	a = adopt(p, text_node(p, AST_TRANSFORMER, name, offset), base);
	return leave(p, parse_argument(p, a));
}

/* val(field) or transformer(…) on the right side; NULL without an error when there is none. */
static struct ast *try_transformer(struct parser *p)
{
	size_t offset;
	struct str name;
	struct ast *a = NULL;

	lexer_blank(&p->lexer);
	offset = p->lexer.at;
	if (lexer_take(&p->lexer, STR("val("))) {
		lexer_blank(&p->lexer);
		offset = p->lexer.at;
		if (!lexer_field_name(&p->lexer))
			return fail(p, "expected a field inside val()");
		a = parse_field(p, p->lexer.token, offset);
		if (!a)
			return NULL;
		a->val = true;
		lexer_blank(&p->lexer);
		if (!lexer_take(&p->lexer, STR(")")))
			return fail(p, "expected ')' after the field inside val()");
		if (lexer_take(&p->lexer, STR("[")))
			return fail(p, "val() takes no argument in brackets");
	} else if (take_transformer(p, &name)) {
		a = parse_transformer(p, name, offset);
	}
	return a;
}

/* ---- checks ------------------------------------------------------------------------------------------------------------- */

static struct ast *parse_right_value(struct parser *p)
{
	struct ast *a;

	lexer_blank(&p->lexer);
	a = try_transformer(p);
	if (!a && !p->error)
		a = try_string(p);
	if (!a)
		return fail(p, "expected a value, val(field) or a transformer");
	return a;
}

static struct ast *parse_right_number(struct parser *p)
{
	struct ast *a;

	lexer_blank(&p->lexer);
	a = try_transformer(p);
	if (!a && !p->error)
		a = try_number(p);
	if (!a)
		return fail(p, "expected a number, val(field) or a transformer");
	return a;
}

static struct ast *parse_right_list(struct parser *p, bool transformer)
{
	size_t offset;
	struct ast *a = NULL;

	lexer_blank(&p->lexer);
	offset = p->lexer.at;
	if (lexer_take(&p->lexer, STR("(")))
		a = parse_list(p, offset);
	else if (transformer)
		a = try_transformer(p);
	if (!a && !p->error && lexer_identifier(&p->lexer))
		a = text_node(p, AST_VALUE, p->lexer.token, offset);
	if (!a)
		return fail(p, "expected a list in parentheses");
	return a;
}

/* Whether and, or, not stand here as words: then a modifier's name before them was a value. */
static bool keyword_follows(const struct lexer *l)
{
	static const struct str words[] = { { "and", 3 }, { "or", 2 }, { "not", 3 } };
	struct lexer ahead = *l;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		char next;

		if (!lexer_take(&ahead, words[i]))
			continue;
		next = ahead.at < l->text.len ? l->text.ptr[ahead.at] : ' ';
		return !((next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z') || (next >= '0' && next <= '9'));
	}
	return false;
}

/* "oneof", "anyof" or "allof", if a list follows; else the word is left to be a value. */
static enum modifier take_modifier(struct parser *p)
{
	static const struct {
		struct str word;
		enum modifier modifier;
	} words[] = { { { "oneof", 5 }, MODIFIER_ONEOF }, { { "anyof", 5 }, MODIFIER_ANYOF }, { { "allof", 5 }, MODIFIER_ALLOF } };
	struct lexer before = p->lexer, ahead;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!lexer_word(&p->lexer, words[i].word))
			continue;
		ahead = p->lexer;
		if ((lexer_take(&ahead, STR("(")) || lexer_identifier(&ahead)) && !keyword_follows(&p->lexer))
			return words[i].modifier;
	}
	p->lexer = before;
	return MODIFIER_NONE;
}

static struct ast *fail_operator(struct parser *p)
{
	struct lexer ahead = p->lexer;
	struct str hint = { "", 0 };
	unsigned int best = 3; /* more than two edits is no typing mistake */

	if (lexer_bare(&ahead)) {
		for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
			unsigned int d = str_distance(ahead.token, operators[i].word);

			if (d < best && d < operators[i].word.len && operators[i].word.len > 2) {
				best = d;
				hint = operators[i].word;
			}
		}
	}
	return fail_hint(p, "expected an operator", hint);
}

static bool take_operator(struct parser *p, enum operator_id *ret_op, bool *ret_blank)
{
	for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
		if (operators[i].blank ? lexer_word(&p->lexer, operators[i].word) :
					 lexer_take(&p->lexer, operators[i].word)) {
			*ret_op = operators[i].op;
			*ret_blank = operators[i].blank;
			return true;
		}
	}
	return false;
}

/* Operator and right side, after the left one. */
static struct ast *parse_condition(struct parser *p, struct ast *left, size_t offset)
{
	struct ast *a;
	bool blank;

	if (!left)
		return NULL;
	a = node(p, AST_CHECK, offset);
	if (!a)
		return NULL;
	a->left = left;
	lexer_blank(&p->lexer);
	if (!take_operator(p, &a->op, &blank))
		return fail_operator(p);
	switch (operand_kinds[a->op]) {
	case OPERAND_NONE:
		return a;
	case OPERAND_NUMBER:
		a->right = parse_right_number(p);
		break;
	case OPERAND_LIST:
		a->right = parse_right_list(p, true);
		break;
	case OPERAND_VALUE:
		if (lexer_blank(&p->lexer) || blank)
			a->modifier = take_modifier(p);
		a->right = a->modifier ? parse_right_list(p, false) : parse_right_value(p);
		break;
	}
	return a->right ? a : NULL;
}

/* The rest of an expression in parentheses, after its "(". */
static struct ast *parse_embedded(struct parser *p)
{
	struct ast *a;

	if (!enter(p))
		return NULL;
	a = parse_or(p);
	if (!a)
		return NULL;
	lexer_blank(&p->lexer);
	return lexer_take(&p->lexer, STR(")")) ? leave(p, a) : fail(p, "expected 'and', 'or' or ')'");
}

static struct ast *parse_check(struct parser *p)
{
	size_t offset = p->lexer.at;
	struct str name;
	struct ast *a;

	lexer_blank(&p->lexer);
	if (lexer_take(&p->lexer, STR("(")))
		a = parse_embedded(p);
	else if (lexer_field_name(&p->lexer))
		a = parse_condition(p, parse_field(p, p->lexer.token, offset), offset);
	else if (take_transformer(p, &name))
		a = parse_condition(p, parse_transformer(p, name, offset), offset);
	else if (lexer_identifier(&p->lexer))
		a = text_node(p, AST_MACRO, p->lexer.token, offset);
	else
		a = fail(p, "expected a field, a macro or '('");
	return a ? a : NULL;
}

static struct ast *parse_not(struct parser *p)
{
	size_t offset = p->lexer.at, base = p->nstack;
	bool negated = false;
	struct ast *a;

	lexer_blank(&p->lexer);
	while (lexer_not(&p->lexer))
		negated = !negated;
	if (lexer_take(&p->lexer, STR("not("))) {
		negated = !negated;
		a = parse_embedded(p);
	} else {
		a = parse_check(p);
	}
	if (!a)
		return NULL;
	if (negated) {
		if (!push(p, a))
			return NULL;
		a = adopt(p, node(p, AST_NOT, offset), base);
	}
	return a;
}

/* A chain of operands joined by one word; a single operand is itself. */
static struct ast *parse_chain(struct parser *p, enum ast_kind kind, struct str word, struct ast *(*operand)(struct parser *p))
{
	size_t offset = p->lexer.at, base = p->nstack;
	struct ast *a;

	lexer_blank(&p->lexer);
	if (!push(p, operand(p)))
		return NULL;
	for (lexer_blank(&p->lexer); lexer_take(&p->lexer, word); lexer_blank(&p->lexer)) {
		if (lexer_blank(&p->lexer))
			a = operand(p);
		else if (lexer_take(&p->lexer, STR("(")))
			a = parse_embedded(p);
		else
			a = fail(p, kind == AST_OR ? "expected a blank or '(' after 'or'" :
						     "expected a blank or '(' after 'and'");
		if (!push(p, a))
			return NULL;
	}
	if (p->nstack - base == 1)
		return p->stack[--p->nstack];
	return adopt(p, node(p, kind, offset), base);
}

static struct ast *parse_and(struct parser *p)
{
	return parse_chain(p, AST_AND, STR("and"), parse_not);
}

static struct ast *parse_or(struct parser *p)
{
	return parse_chain(p, AST_OR, STR("or"), parse_and);
}

int condition_parse(struct arena *arena, struct str text, struct ast **ret_tree, struct condition_error *ret_problem)
{
	struct parser p = { .lexer.text = text, .arena = arena };
	struct ast *a;

	if (text.len == 0)
		a = fail(&p, "the condition is empty");
	else if (text.len > RULES_COND_BYTES)
		a = fail(&p, "the condition is too long");
	else
		a = parse_or(&p);
	if (a && p.lexer.at != text.len)
		a = fail(&p, "expected 'and' or 'or'");
	free(p.stack);
	if (!a) {
		if (p.error == -EINVAL)
			*ret_problem = p.problem;
		return p.error;
	}
	*ret_tree = a;
	return 0;
}
