/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/limits.h"
#include "field/field.h"
#include "rule/parser.h"

/*
 * Recursive descent over Falco's grammar; what is left and right of an operator is in parser_operand.c:
 *
 *	or          = and { "or" ( blank and | "(" or ")" ) }
 *	and         = not { "and" ( blank not | "(" or ")" ) }
 *	not         = { "not" blank } ( "not(" or ")" | check )
 *	check       = "(" or ")" | left condition | identifier
 *	condition   = "exists" | operator right
 *
 * An expression in parentheses directly after "or" or "and" is complete: "a or(b) and c" is refused, as Falco does.
 * Recursion goes through parentheses and transformers alone, whose nesting is bounded.
 */
static struct ast *parse_or(struct parser *p);

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
	} words[] = { { { "oneof", 5 }, MODIFIER_ONEOF },
		      { { "anyof", 5 }, MODIFIER_ANYOF },
		      { { "allof", 5 }, MODIFIER_ALLOF } };
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
	return parser_fail_hint(p, "expected an operator", hint);
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

	a = parser_node(p, AST_CHECK, offset);
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
		a->right = parser_right_number(p);
		break;
	case OPERAND_LIST:
		a->right = parser_right_list(p, true);
		break;
	case OPERAND_VALUE:
		if (lexer_blank(&p->lexer) || blank)
			a->modifier = take_modifier(p);
		a->right = a->modifier ? parser_right_list(p, false) : parser_right_value(p);
		break;
	}
	return a->right ? a : NULL;
}

/* The rest of an expression in parentheses, after its "(". */
static struct ast *parse_embedded(struct parser *p)
{
	struct ast *a;

	if (!parser_enter(p))
		return NULL;
	a = parse_or(p);
	if (!a)
		return NULL;
	lexer_blank(&p->lexer);
	return lexer_take(&p->lexer, STR(")")) ? parser_leave(p, a) : parser_fail(p, "expected 'and', 'or' or ')'");
}

/*
 * A word alone is a macro. One that is compared was meant as a field, of which Falco says that it expected
 * "and" or "or": it is told at the same place, but by what it is.
 */
static struct ast *fail_compared(struct parser *p, struct str word)
{
	struct str message =
		arena_printf(p->arena, STR_FMT " is no field, which has a dot in its name, and a macro is not compared",
			     STR_ARG(word));

	return message.ptr ? parser_fail_hint(p, message.ptr, field_nearest(word)) : parser_no_memory(p);
}

static bool is_compared(const struct parser *p, struct lexer *ret_ahead)
{
	struct parser ahead = { .lexer = p->lexer };
	enum operator_id op;
	bool blank;

	lexer_blank(&ahead.lexer);
	*ret_ahead = ahead.lexer;
	return take_operator(&ahead, &op, &blank);
}

static struct ast *parse_check(struct parser *p)
{
	size_t offset = p->lexer.at;
	struct lexer ahead;
	struct ast *left;
	struct str word;

	lexer_blank(&p->lexer);
	if (lexer_take(&p->lexer, STR("(")))
		return parse_embedded(p);
	left = parser_try_left(p);
	if (left || p->error)
		return left ? parse_condition(p, left, offset) : NULL;
	if (lexer_identifier(&p->lexer)) {
		word = p->lexer.token;
		if (!is_compared(p, &ahead))
			return parser_text(p, AST_MACRO, word, offset);
		p->lexer = ahead;
		return fail_compared(p, word);
	}
	return parser_fail(p, "expected a field, a macro or '('");
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
		if (!parser_push(p, a))
			return NULL;
		a = parser_adopt(p, parser_node(p, AST_NOT, offset), base);
	}
	return a;
}

/* A chain of operands joined by one word; a single operand is itself. */
static struct ast *parse_chain(struct parser *p, enum ast_kind kind, struct str word,
			       struct ast *(*operand)(struct parser *p))
{
	size_t offset = p->lexer.at, base = p->nstack;
	struct ast *a;

	lexer_blank(&p->lexer);
	if (!parser_push(p, operand(p)))
		return NULL;
	for (lexer_blank(&p->lexer); lexer_take(&p->lexer, word); lexer_blank(&p->lexer)) {
		if (lexer_blank(&p->lexer))
			a = operand(p);
		else if (lexer_take(&p->lexer, STR("(")))
			a = parse_embedded(p);
		else
			a = parser_fail(p, kind == AST_OR ? "expected a blank or '(' after 'or'" :
							    "expected a blank or '(' after 'and'");
		if (!parser_push(p, a))
			return NULL;
	}
	if (p->nstack - base == 1)
		return p->stack[--p->nstack];
	return parser_adopt(p, parser_node(p, kind, offset), base);
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
		a = parser_fail(&p, "the condition is empty");
	else if (text.len > RULES_COND_BYTES)
		a = parser_fail(&p, "the condition is too long");
	else
		a = parse_or(&p);
	if (a && p.lexer.at != text.len)
		a = parser_fail(&p, "expected 'and' or 'or'");
	free(p.stack);
	if (!a) {
		if (p.error == -EINVAL)
			*ret_problem = p.problem;
		return p.error;
	}
	*ret_tree = a;
	return 0;
}
