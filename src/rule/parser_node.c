/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/limits.h"
#include "rule/parser.h"

struct ast *parser_no_memory(struct parser *p)
{
	p->error = -ENOMEM;
	return NULL;
}

struct ast *parser_fail_hint(struct parser *p, const char *message, struct str hint)
{
	if (!p->error) {
		p->error = -EINVAL;
		p->problem =
			(struct condition_error){ .message = str_of(message), .offset = p->lexer.at, .hint = hint };
	}
	return NULL;
}

struct ast *parser_fail(struct parser *p, const char *message)
{
	return parser_fail_hint(p, message, (struct str){ "", 0 });
}

bool parser_enter(struct parser *p)
{
	if (++p->depth < RULES_COND_DEPTH)
		return true;
	parser_fail(p, "the condition is nested too deeply");
	return false;
}

struct ast *parser_leave(struct parser *p, struct ast *a)
{
	p->depth--;
	return a;
}

struct ast *parser_node(struct parser *p, enum ast_kind kind, size_t offset)
{
	struct ast *a = arena_new_of(p->arena, struct ast);

	if (!a)
		return parser_no_memory(p);
	a->kind = kind;
	a->offset = offset;
	return a;
}

struct ast *parser_text(struct parser *p, enum ast_kind kind, struct str text, size_t offset)
{
	struct ast *a = parser_node(p, kind, offset);

	if (!a)
		return NULL;
	a->text = arena_str(p->arena, text);
	return a->text.ptr ? a : parser_no_memory(p);
}

bool parser_push(struct parser *p, struct ast *child)
{
	if (!child)
		return false;
	if (p->nstack == p->capacity) {
		size_t capacity = p->capacity ? p->capacity * 2 : 64;
		struct ast **grown = reallocarray(p->stack, capacity, sizeof(*grown));

		if (!grown) {
			parser_no_memory(p);
			return false;
		}
		p->stack = grown;
		p->capacity = capacity;
	}
	p->stack[p->nstack++] = child;
	return true;
}

struct ast *parser_adopt(struct parser *p, struct ast *a, size_t base)
{
	if (!a)
		return NULL;
	a->nchildren = p->nstack - base;
	a->children = arena_array_of(p->arena, struct ast *, a->nchildren);
	if (!a->children)
		return parser_no_memory(p);
	if (a->nchildren)
		memcpy(a->children, p->stack + base, a->nchildren * sizeof(*a->children));
	p->nstack = base;
	return a;
}
