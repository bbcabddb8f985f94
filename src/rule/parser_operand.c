/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "rule/parser.h"

/*
 * What stands on the two sides of an operator: fields, transformers, values, lists.
 *
 *	left        = field [ "[" argument "]" ] | transformer "(" argument { "," argument } ")" [ "[" argument "]" ]
 *	right       = "val(" field ")" | transformer … | a string or number | "(" list ")"
 */
static struct ast *parse_transformer(struct parser *p, struct str name, size_t offset);

static const struct str transformers[] = {
#define TRANSFORM(name, ...) { name "(", sizeof(name "(") - 1 },
#include "field/transforms.def"
#undef TRANSFORM
};

/* ---- values -------------------------------------------------------------------------------------------- */

/* A quoted string as a value; NULL without an error when there is none. */
static struct ast *try_quoted(struct parser *p, size_t offset)
{
	const char *reason = "";
	struct ast *a;
	int r = lexer_quoted(&p->lexer, p->arena, &reason);

	if (r == -ENOMEM)
		return parser_no_memory(p);
	if (r < 0)
		return parser_fail(p, reason);
	if (!r)
		return NULL;
	a = parser_node(p, AST_VALUE, offset);
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
	return parser_text(p, AST_VALUE, p->lexer.token, offset);
}

static struct ast *try_number(struct parser *p)
{
	size_t offset = p->lexer.at;
	struct ast *a;

	if (!lexer_number(&p->lexer))
		return NULL;
	a = parser_text(p, AST_VALUE, p->lexer.token, offset);
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
	if (value && !parser_push(p, value))
		return NULL;
	for (lexer_blank(&p->lexer); value && lexer_take(&p->lexer, STR(",")); lexer_blank(&p->lexer)) {
		lexer_blank(&p->lexer);
		value = try_string(p);
		if (!value && !p->error)
			return parser_fail(p, "a value is missing in the list");
		if (!parser_push(p, value))
			return NULL;
	}
	if (p->error)
		return NULL;
	if (!lexer_take(&p->lexer, STR(")")))
		return parser_fail(p, "expected ',' or ')' in a list");
	return parser_adopt(p, parser_node(p, AST_LIST, offset), base);
}

/* ---- fields and transformers --------------------------------------------------------------------------- */

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
		return parser_fail(p, "expected a field's argument after '['");
	if (!a->arg.ptr)
		return parser_no_memory(p);
	a->has_arg = true;
	return lexer_take(&p->lexer, STR("]")) ? a : parser_fail(p, "expected ']' after a field's argument");
}

static struct ast *parse_field(struct parser *p, struct str name, size_t offset)
{
	return parse_argument(p, parser_text(p, AST_FIELD, name, offset));
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
	struct ast *a = parser_try_left(p);

	if (!a && !p->error)
		a = try_quoted(p, offset);
	if (!a && !p->error)
		a = try_number(p);
	return a || p->error ? a : parser_fail(p, "expected a field, a transformer, a quoted string or a number");
}

static struct ast *parse_transformer_list(struct parser *p, size_t offset)
{
	size_t base = p->nstack;

	lexer_blank(&p->lexer);
	if (!lexer_take(&p->lexer, STR(")"))) {
		do {
			lexer_blank(&p->lexer);
			if (!parser_push(p, parse_argument_value(p)))
				return NULL;
			lexer_blank(&p->lexer);
		} while (lexer_take(&p->lexer, STR(",")));
		if (!lexer_take(&p->lexer, STR(")")))
			return parser_fail(p, "expected ',' or ')' in a list");
	}
	return parser_adopt(p, parser_node(p, AST_LIST, offset), base);
}

static struct ast *parse_transformer_argument(struct parser *p)
{
	size_t offset = p->lexer.at;

	lexer_blank(&p->lexer);
	return lexer_take(&p->lexer, STR("(")) ? parse_transformer_list(p, offset) : parse_argument_value(p);
}

/* A transformer's arguments, after its "(". */
static struct ast *parse_transformer(struct parser *p, struct str name, size_t offset)
{
	size_t base = p->nstack;
	struct ast *a;

	if (!parser_enter(p))
		return NULL;
	do {
		lexer_blank(&p->lexer);
		if (!parser_push(p, parse_transformer_argument(p)))
			return NULL;
		lexer_blank(&p->lexer);
	} while (lexer_take(&p->lexer, STR(",")));
	if (!lexer_take(&p->lexer, STR(")")))
		return parser_fail(p, "expected ',' or ')' after a transformer's argument");
	a = parser_adopt(p, parser_text(p, AST_TRANSFORMER, name, offset), base);
	return parser_leave(p, parse_argument(p, a));
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
			return parser_fail(p, "expected a field inside val()");
		a = parse_field(p, p->lexer.token, offset);
		if (!a)
			return NULL;
		a->val = true;
		lexer_blank(&p->lexer);
		if (!lexer_take(&p->lexer, STR(")")))
			return parser_fail(p, "expected ')' after the field inside val()");
		if (lexer_take(&p->lexer, STR("[")))
			return parser_fail(p, "val() takes no argument in brackets");
	} else if (take_transformer(p, &name)) {
		a = parse_transformer(p, name, offset);
	}
	return a;
}

/* ---- the two sides ------------------------------------------------------------------------------------- */

struct ast *parser_try_left(struct parser *p)
{
	size_t offset = p->lexer.at;
	struct str name;

	if (lexer_field_name(&p->lexer))
		return parse_field(p, p->lexer.token, offset);
	return take_transformer(p, &name) ? parse_transformer(p, name, offset) : NULL;
}

struct ast *parser_right_value(struct parser *p)
{
	struct ast *a;

	lexer_blank(&p->lexer);
	a = try_transformer(p);
	if (!a && !p->error)
		a = try_string(p);
	if (!a)
		return parser_fail(p, "expected a value, val(field) or a transformer");
	return a;
}

struct ast *parser_right_number(struct parser *p)
{
	struct ast *a;

	lexer_blank(&p->lexer);
	a = try_transformer(p);
	if (!a && !p->error)
		a = try_number(p);
	if (!a)
		return parser_fail(p, "expected a number, val(field) or a transformer");
	return a;
}

struct ast *parser_right_list(struct parser *p, bool transformer)
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
		a = parser_text(p, AST_VALUE, p->lexer.token, offset);
	if (!a)
		return parser_fail(p, "expected a list in parentheses");
	return a;
}
