/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_CONDITION_H
#define MONITOR_RULE_CONDITION_H

#include "base/error.h"
#include "field/field.h"
#include "rule/ast.h"

/*
 * From the text of a condition to something that can be evaluated. The loader (loader.c, resolve.c) works on texts and
 * trees; the compiler on trees. This header is the border between them.
 */

struct condition_error {
	struct str message; /* in the arena */
	size_t offset; /* in the condition's text */
	struct str hint; /* "did you mean …"; empty = none */
	bool unknown_filter; /* an unknown field or event type: what skip-if-unknown-filter forgives */
	struct condition_error *next; /* of condition_check() */
};

/* Text → tree (lexer.c, parser.c). 0, -EINVAL with *ret_problem, or -ENOMEM. */
int condition_parse(struct arena *arena, struct str text, struct ast **ret_tree, struct condition_error *ret_problem);

#define CONDITION_DEPRECATED_FIELDS 6
struct condition_warning {
	struct str message;
	size_t offset;
	enum { CONDITION_WARN_REGEX, CONDITION_WARN_VALUE, CONDITION_WARN_DEPRECATED, CONDITION_WARN_NEVER } kind;
	struct str field; /* the deprecated one; static */
	unsigned int rank; /* its place among them: Falco tells them in that order */
	struct condition_warning *next;
};

/*
 * Tree (macros already resolved) → checked against fields, operators and value types (check.c). Each problem
 * is reported, up to RULES_COND_PROBLEMS, *ret_problem being the first. Warnings are appended to the list at
 * *ret_warnings (NULL when it is empty) in order; each deprecated field warns once. Trees that pass are at
 * most RULES_TREE_DEPTH deep: what walks them after this may recurse.
 */
int condition_check(struct arena *arena, const struct ast *tree, const struct field_options *options,
		    struct condition_error *ret_problem, struct condition_warning **ret_warnings);

/*
 * The event types (and codes of calls without a type of their own) that can satisfy the condition, as Falco
 * computes them: by name, so that "open" stands for all its versions, enter and exit. -EINVAL with
 * *ret_problem for what it refuses to analyse (evt.type compared with a field, or inside a transformer).
 * Rules for no type at all are never tried.
 */
int condition_event_types(const struct ast *tree, bool ret_types[EV_COUNT], bool ret_codes[SYSCALL_CODES],
			  struct condition_error *ret_problem);
/*
 * A check on evt.num, which counts from 1: 1 = it always holds, 0 = it never does, -1 = that cannot be told
 * (other checks).
 */
int condition_invariant(const struct ast *check);
/* How many event types such a set holds as LOAD_NO_EVTTYPE counts them. */
unsigned int condition_event_count(const bool types[EV_COUNT]);

#endif
