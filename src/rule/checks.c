/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/checks.h"

static bool holds(const struct ast *a, size_t offset)
{
	if (!a)
		return false;
	if (a->offset == offset || holds(a->left, offset) || holds(a->right, offset))
		return true;
	for (size_t i = 0; i < a->nchildren; i++)
		if (holds(a->children[i], offset))
			return true;
	return false;
}

const struct ast *checks_find(const struct ast *tree, size_t offset)
{
	if (tree->kind == AST_CHECK)
		return holds(tree, offset) ? tree : NULL;
	for (size_t i = 0; i < tree->nchildren; i++) {
		const struct ast *found = checks_find(tree->children[i], offset);

		if (found)
			return found;
	}
	return NULL;
}

static bool is_na(const struct ast *a)
{
	if (a->kind == AST_VALUE)
		return str_eq(a->text, STR("<NA>"));
	for (size_t i = 0; i < a->nchildren; i++)
		if (is_na(a->children[i]))
			return true;
	return false;
}

/* Through transformers, too. */
static const struct ast *last_field(const struct ast *a)
{
	const struct ast *last = a->kind == AST_FIELD ? a : NULL, *found;

	for (size_t i = 0; i < a->nchildren; i++) {
		found = last_field(a->children[i]);
		last = found ? found : last;
	}
	return last;
}

static bool is_unsafe(const struct ast *check)
{
	const struct ast *field;

	switch (check->op) {
	case OP_EQ:
	case OP_EQ2:
	case OP_NE:
	case OP_IN:
	case OP_INTERSECTS:
	case OP_PMATCH:
		break;
	default:
		return false;
	}
	field = check->modifier == MODIFIER_NONE ? last_field(check->left) : NULL;
	return field && check->right && is_na(check->right) &&
	       (str_starts(field->text, STR("ka.")) || str_starts(field->text, STR("jevt.")));
}

const struct ast *checks_unsafe_na(const struct ast *tree)
{
	if (tree->kind == AST_CHECK)
		return is_unsafe(tree) ? tree : NULL;
	for (size_t i = 0; i < tree->nchildren; i++) {
		const struct ast *found = checks_unsafe_na(tree->children[i]);

		if (found)
			return found;
	}
	return NULL;
}
