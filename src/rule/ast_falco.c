/* SPDX-License-Identifier: Apache-2.0 */
#include "field/format.h"
#include "rule/ast.h"

/* Trees as Falco writes them: each connective in parentheses, quotes where a value has anything special. */

static void add_argument(struct strbuf *out, const struct ast *a)
{
	if (!a->has_arg)
		return;
	strbuf_addc(out, '[');
	if (a->arg.len)
		format_add_constant(out, a->arg);
	else
		strbuf_adds(out, "\"\"");
	strbuf_addc(out, ']');
}

static void add_children(struct strbuf *out, const struct ast *a, const char *between)
{
	strbuf_addc(out, '(');
	for (size_t i = 0; i < a->nchildren; i++) {
		strbuf_adds(out, i ? between : "");
		ast_print_falco(out, a->children[i]);
	}
	strbuf_addc(out, ')');
}

static void add_operator(struct strbuf *out, const struct ast *check)
{
	strbuf_adds(out, operator_word(check->op));
	if (check->modifier)
		strbuf_addf(out, " %s", modifier_word(check->modifier));
}

void ast_print_falco(struct strbuf *out, const struct ast *a)
{
	switch (a->kind) {
	case AST_AND:
		add_children(out, a, " and ");
		break;
	case AST_OR:
		add_children(out, a, " or ");
		break;
	case AST_NOT:
		strbuf_adds(out, "not ");
		ast_print_falco(out, a->children[0]);
		break;
	case AST_MACRO:
		strbuf_addstr(out, a->text);
		break;
	case AST_CHECK:
		ast_print_falco(out, a->left);
		strbuf_addc(out, ' ');
		add_operator(out, a);
		if (a->right) {
			strbuf_addc(out, ' ');
			ast_print_falco(out, a->right);
		}
		break;
	case AST_FIELD:
		strbuf_adds(out, a->val ? "val(" : "");
		strbuf_addstr(out, a->text);
		add_argument(out, a);
		strbuf_adds(out, a->val ? ")" : "");
		break;
	case AST_TRANSFORMER:
		strbuf_addstr(out, a->text);
		add_children(out, a, ",");
		add_argument(out, a);
		break;
	case AST_VALUE:
		format_add_constant(out, a->text);
		break;
	case AST_LIST:
		add_children(out, a, ", ");
		break;
	}
}
