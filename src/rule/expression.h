/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_EXPRESSION_H
#define MONITOR_RULE_EXPRESSION_H

#include "field/field.h"
#include "field/transform.h"
#include "rule/condition.h"

/*
 * One side of a check with everything looked up: a field, a transformer's call, a list literal or a constant
 * (the last two only as arguments). Immutable; lives in the arena it was built in and borrows nothing from
 * the tree.
 */
enum expression_kind { EXPRESSION_FIELD, EXPRESSION_CALL, EXPRESSION_LIST, EXPRESSION_CONSTANT };

struct expression {
	enum expression_kind kind;
	struct transform_type type; /* of its values */
	facts_t reads; /* of all fields in it */
	bool no_right; /* neither side of val() */
	bool any_right; /* a field of any type may stand on its right side: what is made of several values */
	struct field_ref field; /* EXPRESSION_FIELD */
	const struct transform *transform; /* EXPRESSION_CALL */
	struct str selector;
	bool has_selector;
	struct expression **args; /* EXPRESSION_CALL, EXPRESSION_LIST */
	size_t nargs;
	struct value constant; /* EXPRESSION_CONSTANT: text */
	struct str text; /* canonical form: equal texts are equal expressions */
};

/* From AST_FIELD, AST_TRANSFORMER, AST_LIST or AST_VALUE. 0, -EINVAL with *ret_problem, -ENOMEM. */
int expression_build(struct arena *arena, const struct ast *a, const struct field_options *options,
		     struct expression **ret_expression, struct condition_error *ret_problem);

/* What a row of transformers of one value stands on; the expression itself where there is none. */
const struct expression *expression_origin(const struct expression *e);

/* For the fields that the language itself has to know by name. */
bool expression_is_field(const struct expression *e, const char *name);

#endif
