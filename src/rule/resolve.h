/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_RESOLVE_H
#define MONITOR_RULE_RESOLVE_H

#include "rule/ast.h"
#include "rule/items.h"
#include "rule/lists.h"

/*
 * Conditions with their macros: parsing of all macros, and putting their trees where their names stand. Trees are
 * shared: after resolving they do not change any more.
 *
 * Nodes of one tree come from several texts (a rule's and its macros'). So that a node's offset tells its text, too,
 * each text gets a range of offsets of its own; resolve_place() finds it again.
 */

/* The worst last. */
struct resolve_problem {
	enum { RESOLVE_FINE, RESOLVE_UNDEFINED, RESOLVE_LOOP, RESOLVE_TOO_BIG } kind;
	struct str name;
	size_t offset;
};

struct resolved_macro {
	struct str name;
	struct ast *tree;
	uint32_t index;
	bool used;
	bool done; /* its tree has no macros left */
	bool open; /* being put in: meeting it again is a loop */
	uint32_t depth; /* of the tree, once done */
	uint64_t nodes; /* of the tree, shared ones counted each time, once done */
	struct resolve_problem problem; /* why it was refused: whoever uses it is refused for the same */
};

struct resolve_text {
	size_t base; /* offset of its first byte */
	struct str text; /* lists pasted */
	const struct paste *pastes;
	struct str original; /* before pasting */
	const struct load_context *at;
};

struct resolver {
	struct arena *arena;
	struct lists lists;
	struct resolved_macro *macros; /* in the order of definition */
	size_t nmacros;
	const struct names *macro_names;
	struct resolve_text *texts;
	size_t ntexts, texts_cap;
	/* of the condition at hand */
	struct str shown; /* what Falco shows of it, also where a macro's text is at fault */
	uint32_t visibility;
	uint64_t visited; /* nodes walked */
	struct resolve_problem problem;
	/* of all conditions */
	unsigned int copying; /* copies of macros that are within one another */
	uint64_t copied; /* nodes of such copies that were walked */
};

/* Prepares lists and macros. 0, -EINVAL after findings, or -ENOMEM. With f->ours all macros are looked at. */
int resolve_start(struct resolver *r, struct findings *f, const struct items *items);

/*
 * A rule's condition: lists pasted, parsed, macros put in. at is the place of the condition, item that of the rule.
 * 0 and the tree, -EINVAL after a finding, or -ENOMEM.
 */
int resolve_condition(struct resolver *r, struct findings *f, struct str condition, const struct load_context *at,
		      const struct load_context *item, struct ast **ret_tree);

/* The context of such an offset: below at in Falco's way of counting, else exact. */
const struct load_context *resolve_place(const struct resolver *r, struct findings *f, const struct load_context *at,
					 size_t offset);

#endif
