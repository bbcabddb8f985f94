/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_AST_H
#define MONITOR_RULE_AST_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

/*
 * The syntax tree of a condition. Everything lives in the arena that the parser was given; texts are already
 * unescaped. A node's position is the byte offset in the condition's text (after list substitution).
 */

/* operators.def: OPERATOR(id, "word", operand kind) */
enum operator_id {
#define OPERATOR(id, ...) OP_##id,
#include "rule/operators.def"
#undef OPERATOR
	OP_COUNT
};

enum modifier { MODIFIER_NONE, MODIFIER_ONEOF, MODIFIER_ANYOF, MODIFIER_ALLOF };

enum ast_kind {
	AST_AND, /* children */
	AST_OR, /* children */
	AST_NOT, /* children[0] */
	AST_MACRO, /* text: an identifier where a check is expected */
	AST_CHECK, /* left, op, modifier, right */
	AST_FIELD, /* text (name), arg; left or right (after val()) of a check, or a transformer's argument */
	AST_TRANSFORMER, /* text (name), children (arguments) */
	AST_VALUE, /* text, quoted, number */
	AST_LIST, /* children: values */
};

struct ast {
	enum ast_kind kind;
	size_t offset; /* in the condition's text */
	struct str text;
	struct str macro; /* a whole macro starts here, whose name this is; empty = none */
	struct str arg; /* AST_FIELD, AST_TRANSFORMER: between [ ] */
	bool has_arg;
	bool quoted; /* AST_VALUE: was written in quotes */
	bool number; /* AST_VALUE: was read as a number token */
	bool val; /* AST_FIELD inside val() */
	enum operator_id op;
	enum modifier modifier;
	struct ast *left, *right; /* AST_CHECK; right is NULL for exists */
	struct ast **children;
	size_t nchildren;
};

const char *operator_word(enum operator_id op); /* "startswith" */
const char *modifier_word(enum modifier modifier); /* "" when there is none */

/* The tree as canonical text; parsing it again gives an equal tree. */
void ast_print(struct strbuf *out, const struct ast *a);
/* The same in Falco's form, as its descriptions of rules have it. */
void ast_print_falco(struct strbuf *out, const struct ast *a);
/* A deep copy into arena; NULL when memory is short. */
struct ast *ast_copy(struct arena *arena, const struct ast *a);

#endif
