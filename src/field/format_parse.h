/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_FIELD_FORMAT_PARSE_H
#define MONITOR_FIELD_FORMAT_PARSE_H

#include "field/field.h"
#include "field/transform.h"

/* What stands behind a '%': a tree of fields, constants, list literals and transformer calls. Only for format.c. */
enum format_expr_kind { EXPR_FIELD, EXPR_CONSTANT, EXPR_LIST, EXPR_CALL };

struct format_expr {
	enum format_expr_kind kind;
	struct transform_type type;
	struct field_ref ref; /* EXPR_FIELD */
	struct value constant; /* EXPR_CONSTANT, text */
	const struct transform *transform; /* EXPR_CALL */
	struct str selector;
	struct format_expr **children;
	size_t nchildren;
};

struct format_parser {
	struct arena *arena;
	struct str text;
	size_t at;
	unsigned int depth;
	const struct field_options *options;
	struct error *err;
};

/* Reads one field or call at p->at and moves behind it. The reason is in p->err when it returns negative. */
int format_parse_expr(struct format_parser *p, struct format_expr **ret_expr);

/* format_names() of one of them (format_names.c) */
int format_names_of(const struct format_expr *e, struct arena *arena, int (*add)(void *data, struct str name),
		    void *data);

#endif
