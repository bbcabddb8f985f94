/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/ast.h"

static const char *const operator_words[OP_COUNT] = {
#define OPERATOR(id, word, kind) [OP_##id] = word,
#include "rule/operators.def"
#undef OPERATOR
};

static const char *const modifier_words[] = { "", "oneof", "anyof", "allof" };

const char *operator_word(enum operator_id op)
{
	return op < OP_COUNT ? operator_words[op] : "?";
}

const char *modifier_word(enum modifier modifier)
{
	return modifier <= MODIFIER_ALLOF ? modifier_words[modifier] : "?";
}

/* In double quotes, so that the lexer reads the same bytes again. */
static void print_quoted(struct strbuf *out, struct str s)
{
	strbuf_addc(out, '"');
	for (size_t i = 0; i < s.len; i++) {
		switch (s.ptr[i]) {
		case '\b':
			strbuf_adds(out, "\\b");
			break;
		case '\f':
			strbuf_adds(out, "\\f");
			break;
		case '\n':
			strbuf_adds(out, "\\n");
			break;
		case '\r':
			strbuf_adds(out, "\\r");
			break;
		case '\t':
			strbuf_adds(out, "\\t");
			break;
		case '"':
			strbuf_adds(out, "\\\"");
			break;
		case '\\':
			/* a backslash before the closing quote would keep the string open: use its other spelling */
			strbuf_adds(out, i + 1 == s.len ? "\\ " : "\\\\");
			break;
		default:
			strbuf_addc(out, s.ptr[i]);
		}
	}
	strbuf_addc(out, '"');
}

static bool is_bare_argument(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (memchr("[]\"' \t\n\v\f\r\b\\", s.ptr[i], 12))
			return false;
	}
	return s.len > 0;
}

static void print_argument(struct strbuf *out, const struct ast *a)
{
	if (!a->has_arg)
		return;
	strbuf_addc(out, '[');
	if (is_bare_argument(a->arg))
		strbuf_addstr(out, a->arg);
	else
		print_quoted(out, a->arg);
	strbuf_addc(out, ']');
}

static void print_children(struct strbuf *out, const struct ast *a, const char *between, bool parentheses)
{
	for (size_t i = 0; i < a->nchildren; i++) {
		const struct ast *child = a->children[i];
		bool wrap = parentheses && (child->kind == AST_AND || child->kind == AST_OR || child->kind == AST_NOT);

		if (i)
			strbuf_adds(out, between);
		if (wrap)
			strbuf_addc(out, '(');
		ast_print(out, child);
		if (wrap)
			strbuf_addc(out, ')');
	}
}

static void print_check(struct strbuf *out, const struct ast *a)
{
	ast_print(out, a->left);
	strbuf_addc(out, ' ');
	strbuf_adds(out, operator_word(a->op));
	if (a->modifier) {
		strbuf_addc(out, ' ');
		strbuf_adds(out, modifier_word(a->modifier));
	}
	if (a->right) {
		strbuf_addc(out, ' ');
		ast_print(out, a->right);
	}
}

void ast_print(struct strbuf *out, const struct ast *a)
{
	switch (a->kind) {
	case AST_AND:
		print_children(out, a, " and ", true);
		break;
	case AST_OR:
		print_children(out, a, " or ", true);
		break;
	case AST_NOT:
		strbuf_adds(out, "not ");
		print_children(out, a, "", true);
		break;
	case AST_MACRO:
		strbuf_addstr(out, a->text);
		break;
	case AST_CHECK:
		print_check(out, a);
		break;
	case AST_FIELD:
		if (a->val)
			strbuf_adds(out, "val(");
		strbuf_addstr(out, a->text);
		print_argument(out, a);
		if (a->val)
			strbuf_addc(out, ')');
		break;
	case AST_TRANSFORMER:
		strbuf_addstr(out, a->text);
		strbuf_addc(out, '(');
		print_children(out, a, ", ", false);
		strbuf_addc(out, ')');
		print_argument(out, a);
		break;
	case AST_VALUE:
		/* a bare string may hold backspaces, which are blanks everywhere else */
		if (a->quoted || memchr(a->text.ptr, '\b', a->text.len))
			print_quoted(out, a->text);
		else
			strbuf_addstr(out, a->text);
		break;
	case AST_LIST:
		strbuf_addc(out, '(');
		print_children(out, a, ", ", false);
		strbuf_addc(out, ')');
		break;
	}
}

struct ast *ast_copy(struct arena *arena, const struct ast *a)
{
	struct ast *copy = arena_new_of(arena, struct ast);

	if (!copy)
		return NULL;
	*copy = *a;
	copy->text = arena_str(arena, a->text);
	copy->arg = arena_str(arena, a->arg);
	copy->macro = arena_str(arena, a->macro);
	copy->children = arena_array_of(arena, struct ast *, a->nchildren);
	if (!copy->text.ptr || !copy->arg.ptr || !copy->macro.ptr || !copy->children)
		return NULL;
	for (size_t i = 0; i < a->nchildren; i++) {
		copy->children[i] = ast_copy(arena, a->children[i]);
		if (!copy->children[i])
			return NULL;
	}
	if (a->left) {
		copy->left = ast_copy(arena, a->left);
		if (!copy->left)
			return NULL;
	}
	if (a->right) {
		copy->right = ast_copy(arena, a->right);
		if (!copy->right)
			return NULL;
	}
	return copy;
}
