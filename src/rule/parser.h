/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_PARSER_H
#define MONITOR_RULE_PARSER_H

#include "rule/condition.h"
#include "rule/lexer.h"

/* What the files of the parser share: condition_parse() (condition.h) is what others call. */

struct parser {
	struct lexer lexer;
	struct arena *arena;
	unsigned int depth;
	struct ast **stack; /* children of the nodes that are being built, innermost last; heap */
	size_t nstack, capacity;
	struct condition_error problem;
	int error; /* 0, -EINVAL, -ENOMEM: set once, then everything unwinds with NULL */
};

/* ---- failing and building: parser_node.c. What makes a node returns NULL with .error set when it cannot. ---- */

struct ast *parser_no_memory(struct parser *p);
/* message and hint are static; the first problem is the one that is told. */
struct ast *parser_fail(struct parser *p, const char *message);
struct ast *parser_fail_hint(struct parser *p, const char *message, struct str hint);

/* Around whatever recurses; false, failed, when that would be nested too deeply. parser_leave() returns a. */
bool parser_enter(struct parser *p);
struct ast *parser_leave(struct parser *p, struct ast *a);

struct ast *parser_node(struct parser *p, enum ast_kind kind, size_t offset);
struct ast *parser_text(struct parser *p, enum ast_kind kind, struct str text, size_t offset);
/* Onto the stack; false when there is no child, or no memory. */
bool parser_push(struct parser *p, struct ast *child);
/* Gives what was pushed since the stack had base entries to a as its children. */
struct ast *parser_adopt(struct parser *p, struct ast *a, size_t base);

/* ---- what an operator compares: parser_operand.c ---- */

/* A field or a transformer, to the left of an operator; NULL without an error when there is none. */
struct ast *parser_try_left(struct parser *p);
/* To the right of one. "transformer": one may stand for the list; a list's name may do so always. */
struct ast *parser_right_value(struct parser *p);
struct ast *parser_right_number(struct parser *p);
struct ast *parser_right_list(struct parser *p, bool transformer);

#endif
