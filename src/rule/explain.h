/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_EXPLAIN_H
#define MONITOR_RULE_EXPLAIN_H

#include "rule/ast.h"
#include "rule/engine.h"
#include "rule/predicate.h"

/*
 * Why a rule did or did not match an event. A second, slow evaluator that walks the tree of one rule: the
 * engine's graph has forgotten macros and order, and is not to carry them. Every part is evaluated, also
 * those that the engine passes over.
 */
struct explained {
	const struct ast *ast;
	enum truth truth;
	struct str check; /* AST_CHECK: as written */
	struct explained_value {
		struct str name; /* the field, with its transformers */
		struct str text; /* empty unless present */
		enum presence presence;
	} values[2]; /* AST_CHECK: left, and right when that is a field */
	unsigned int nvalues;
	struct explained *children;
	size_t nchildren;
};

struct explanation {
	const struct ruleset *rules;
	uint32_t rule;
	enum truth truth;
	struct explained root;
	/* with first matching, an earlier rule that keeps this one from alerting: it holds, or may hold */
	bool shadowed;
	uint32_t shadow;
	enum truth shadow_truth;
};

/* Finds a rule that is evaluated. -ENOENT, with the nearest name, or -EINVAL for one that is disabled. */
int explain_find(const struct ruleset *r, struct str name, uint32_t *ret_rule, struct error *err);
/* Whether the rule looks at events of this kind at all. */
bool explain_looks_at(const struct ruleset *r, uint32_t rule, const struct event *ev);

/*
 * Evaluates ctx->ev. The result lives in ctx->arena. What is missing counts as unknown when ctx->needs is set, else as
 * absent; nothing is added to them. 0 or -ENOMEM.
 */
int explain_event(const struct ruleset *r, uint32_t rule, struct field_context *ctx,
		  struct explanation *ret_explanation);

/* As an indented tree, one line a part, with the words in colours for a terminal; and as one JSON object. */
void explain_print(struct strbuf *out, const struct explanation *x, const struct field_context *ctx, bool color);

/*
 * What was printed last, by the truth values of all parts: values alone make the difference between events of
 * one kind.
 */
#define EXPLAIN_TOLD 8
struct explain_memory {
	struct explain_told {
		uint64_t event; /* 0 = none */
		struct strbuf truths, values;
	} told[EXPLAIN_TOLD];
	unsigned int next;
};
/*
 * As explain_print(), but an event that does not match for what kept an earlier one from it is a line with
 * the values that differ.
 */
void explain_print_brief(struct strbuf *out, const struct explanation *x, const struct field_context *ctx, bool color,
			 struct explain_memory *m);
void explain_memory_free(struct explain_memory *m);
void explain_print_json(struct strbuf *out, const struct explanation *x, const struct field_context *ctx);

#endif
