/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/expression.h"

#include <errno.h>

struct builder {
	struct arena *arena;
	const struct field_options *options;
	struct condition_error *problem;
};

static int build(struct builder *b, const struct ast *a, struct expression **ret_expression);

static int refuse(struct builder *b, const struct ast *a, struct str message, struct str hint, bool unknown)
{
	if (!message.ptr)
		return -ENOMEM;
	*b->problem = (struct condition_error){
		.message = message, .offset = a->offset, .hint = hint, .unknown_filter = unknown
	};
	return -EINVAL;
}

static int build_field(struct builder *b, const struct ast *a, struct expression *e)
{
	struct error err = { 0 };
	struct str text = a->has_arg ?
				  arena_printf(b->arena, STR_FMT "[" STR_FMT "]", STR_ARG(a->text), STR_ARG(a->arg)) :
				  arena_str(b->arena, a->text);
	const char *barred;
	size_t used = 0;
	int r;

	if (!text.ptr)
		return -ENOMEM;
	r = field_lookup(text, b->options, &e->field, &used, &err);
	if (r == -ENOMEM)
		return r;
	if (r == -EINVAL)
		return refuse(b, a, arena_str(b->arena, str_of(err.text)), (struct str){ "", 0 }, false);
	barred = r < 0 ? field_barred(a->text, b->options) : NULL;
	if (barred)
		return refuse(b, a,
			      arena_printf(b->arena, "there is no field " STR_FMT ": it %s", STR_ARG(text), barred),
			      (struct str){ "", 0 }, true);
	if (r < 0 || used != text.len)
		return refuse(b, a, arena_printf(b->arena, "there is no field " STR_FMT, STR_ARG(text)),
			      field_nearest(a->text), true);
	e->kind = EXPRESSION_FIELD;
	e->type = (struct transform_type){ .type = e->field.type, .list = e->field.list };
	e->reads = e->field.reads;
	e->no_right = field_flags(e->field.info) & FIELD_NO_RHS;
	e->text = text;
	return 0;
}

static int build_arguments(struct builder *b, const struct ast *a, struct expression *e)
{
	e->nargs = a->nchildren;
	e->args = arena_array_of(b->arena, struct expression *, e->nargs);
	if (!e->args)
		return -ENOMEM;
	for (size_t i = 0; i < e->nargs; i++) {
		int r = build(b, a->children[i], &e->args[i]);

		if (r < 0)
			return r;
		/* a transformer is given what outputs print: all ancestors are one text there */
		if (e->args[i]->kind == EXPRESSION_FIELD && e->args[i]->field.several == FIELD_ANY) {
			e->args[i]->field.several = FIELD_ONE;
			e->args[i]->field.output = true;
		}
		e->reads |= e->args[i]->reads;
	}
	return 0;
}

/* The text that names the expression: its canonical form. */
static int name_expression(struct builder *b, const struct ast *a, struct expression *e)
{
	auto_strbuf struct strbuf text = { 0 };

	ast_print(&text, a);
	e->text = arena_str(b->arena, strbuf_str(&text));
	return text.failed || !e->text.ptr ? -ENOMEM : 0;
}

static int build_call(struct builder *b, const struct ast *a, struct expression *e)
{
	struct error err = { 0 };
	struct transform_type *types;
	int r;

	e->kind = EXPRESSION_CALL;
	e->transform = transform_lookup(a->text);
	if (!e->transform)
		return refuse(b, a, arena_printf(b->arena, "there is no transformer " STR_FMT, STR_ARG(a->text)),
			      (struct str){ "", 0 }, false);
	r = build_arguments(b, a, e);
	if (r < 0)
		return r;
	e->has_selector = a->has_arg;
	e->selector = arena_str(b->arena, a->arg);
	types = arena_array_of(b->arena, struct transform_type, e->nargs);
	if (!e->selector.ptr || !types)
		return -ENOMEM;
	for (size_t i = 0; i < e->nargs; i++)
		types[i] = e->args[i]->type;
	/* a chain of transformers over one field is still that field to val() and to the fields that take none */
	if (e->nargs == 1 && e->args[0]->kind == EXPRESSION_FIELD &&
	    (field_flags(e->args[0]->field.info) & FIELD_NO_TRANSFORMER))
		return refuse(b, a, arena_printf(b->arena, STR_FMT " cannot be transformed", STR_ARG(e->args[0]->text)),
			      (struct str){ "", 0 }, false);
	e->no_right = e->nargs == 1 && e->args[0]->no_right;
	e->any_right = transform_is_multi(e->transform) || (e->nargs == 1 && e->args[0]->any_right);
	r = transform_check(e->transform, types, e->nargs, e->has_selector, e->selector, &e->type, &err);
	if (r < 0)
		return refuse(b, a, arena_str(b->arena, str_of(err.text)), (struct str){ "", 0 }, false);
	return name_expression(b, a, e);
}

static int build(struct builder *b, const struct ast *a, struct expression **ret_expression)
{
	struct expression *e = arena_new_of(b->arena, struct expression);
	int r;

	if (!e)
		return -ENOMEM;
	switch (a->kind) {
	case AST_FIELD:
		r = build_field(b, a, e);
		break;
	case AST_TRANSFORMER:
		r = build_call(b, a, e);
		break;
	case AST_LIST:
		e->kind = EXPRESSION_LIST;
		e->type = (struct transform_type){ .type = PT_CHARBUF, .list = true };
		r = build_arguments(b, a, e);
		if (r == 0)
			r = name_expression(b, a, e);
		break;
	default:
		e->kind = EXPRESSION_CONSTANT;
		e->type = (struct transform_type){ .type = PT_CHARBUF };
		e->constant.s = arena_str(b->arena, a->text);
		r = e->constant.s.ptr ? name_expression(b, a, e) : -ENOMEM;
	}
	if (r < 0)
		return r;
	*ret_expression = e;
	return 0;
}

int expression_build(struct arena *arena, const struct ast *a, const struct field_options *options,
		     struct expression **ret_expression, struct condition_error *ret_problem)
{
	struct builder b = { arena, options, ret_problem };

	return build(&b, a, ret_expression);
}

const struct expression *expression_origin(const struct expression *e)
{
	while (e->kind == EXPRESSION_CALL && !transform_is_multi(e->transform))
		e = e->args[0];
	return e;
}

bool expression_is_field(const struct expression *e, const char *name)
{
	return e->kind == EXPRESSION_FIELD && str_eq(field_name(e->field.info), str_of(name));
}
