/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_RULESET_H
#define MONITOR_RULE_RULESET_H

#include "base/arena.h"
#include "rule/ast.h"
#include "rule/engine.h"

/*
 * What is inside a rule set. The loader makes one: it allocates the struct and everything that it points to in the rule
 * set's own arena, fills the part above the line, and calls ruleset_compile() once, which fills the part below. After
 * that nothing changes any more.
 */
struct format; /* field/format.h: a parsed output format */
struct program; /* rule/program.h: the conditions of all rules as one graph */

/* One more key of an alert's output_fields (append_output's extra_fields). */
struct rule_extra_field {
	struct str name;
	struct format *format; /* of a single field when the value is to keep its type */
	bool typed;
};

struct rule {
	struct str name, description, condition, output, source; /* texts as in the files, for ruleset_get() */
	enum priority priority;
	const struct str *tags;
	size_t ntags;
	bool enabled;
	struct rule_capture capture;
	bool never; /* no event type can satisfy the condition: it is not tried */
	const struct ast *tree; /* macros resolved, checked; NULL only for rules that are not enabled */
	struct format *format; /* the output with everything appended; owned (freed by ruleset_free()) */
	struct rule_extra_field *extra;
	size_t nextra;
	facts_t output_reads; /* of outputs, by ruleset_compile(), on top of the options' */

	/* -- filled by ruleset_compile() -- */
	uint32_t node; /* root of the condition in the program */
};

struct ruleset {
	struct arena *arena; /* holds this struct, too */
	struct engine_options options; /* texts copied into the arena */
	struct rule *rules; /* in the order of ruleset_get() */
	size_t nrules;
	const uint32_t *order; /* the enabled rules in the order in which they are tried */
	size_t norder;

	/* -- filled by ruleset_compile() -- */
	struct program *program; /* owned */
	struct intercept_set wants;
	bool wants_type[EV_COUNT];
};

/*
 * Compiles the conditions of all rules in order: the shared graph, its specialisation by event type, what a source must
 * deliver. The trees must have passed condition_check() with options.fields. 0 or -ENOMEM; r can be freed either way.
 */
int ruleset_compile(struct ruleset *r, struct error *err);

#endif
