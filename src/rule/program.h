/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_PROGRAM_H
#define MONITOR_RULE_PROGRAM_H

#include "rule/predicate.h"
#include "rule/ruleset.h"

/*
 * The conditions of all rules as one graph. Equal expressions are one slot (extracted at most once an event),
 * equal predicates and equal connectives one node (evaluated at most once an event), whichever rules they
 * come from. For each class of event types that the conditions cannot tell apart there is a plan: the rules
 * that can still match such an event, with what depends on the type alone folded away. Nodes, slots and plans
 * are numbered; children have smaller numbers than their parents.
 */
enum node_kind { NODE_CONSTANT, NODE_PREDICATE, NODE_NOT, NODE_AND, NODE_OR };

/* The first nodes are the constants, at the number of their truth. */
#define NODE_CONSTANTS 3

struct node {
	enum node_kind kind;
	uint32_t first; /* AND, OR: index into children[]; NOT: the child; PREDICATE: index into predicates[] */
	uint32_t count; /* AND, OR */
	int32_t memo; /* bit of the thread's memory, -1 = depends on more than the process */
	facts_t reads;
	float cost, yes; /* estimates */
};

struct sieve; /* sieve.h */

struct plan_rule {
	uint32_t rule; /* index into the rule set */
	uint32_t process; /* node: the part of the condition that reads only facts about the process */
	uint32_t rest; /* node: the other part; the rule matches when both hold */
	uint32_t gate; /* node: what rest asks first, itself when it is no AND */
	const struct sieve *sieve; /* what tells whether the gate may hold, NULL = the gate itself alone */
	/* the rules of the same word of the plan that have the same gate: none holds when it does not */
	uint64_t gated;
};

/*
 * What is left to do for an event. Where several rules depend on one predicate it is asked first, and its
 * answer leads to a plan for fewer rules with less of their conditions; where the answer is unknown the rules
 * here are tried as they are.
 */
struct plan {
	const struct predicate *ask; /* NULL: the rules have nothing more in common */
	const struct plan *no, *yes; /* where ask leads */
	struct plan_rule *rules; /* in the order in which they are tried */
	uint32_t nrules;
	uint32_t memo_word; /* where the plan's words stand in a thread's memory: bit k = rules[k].process may hold */
	uint32_t memo_bit; /* the known bit of its first word; the others follow */
	facts_t reads; /* of all rules[k].process; 0: nothing to remember */
};

struct program {
	struct arena *arena;
	struct node *nodes;
	uint32_t nnodes, nodes_capacity;
	uint32_t *children;
	uint32_t nchildren, children_capacity;
	struct predicate *predicates;
	uint32_t npredicates, predicates_capacity;
	const struct expression **slots;
	uint32_t nslots, slots_capacity;

	struct plan **plans; /* all of them */
	uint32_t nplans, plans_capacity;
	uint32_t nsieves, sieve_words; /* what their lookups leave needs so many words */
	const struct plan *plan_of_type[EV_COUNT];
	const struct plan *plan_of_code[SYSCALL_CODES]; /* EV_GENERIC_X: by the system call, its first parameter */

	/*
	 * A thread's memory, in 64-bit words: what is known (memo_known words: a bit for each node with a
	 * .memo and for each word of a plan), the truth of the known nodes (from word memo_truth), the plans'
	 * words. stale[f] tells which known bits fall when fact f changes.
	 */
	uint32_t memo_known, memo_truth, memo_words;
	uint64_t *stale[32];
};

static inline const struct plan *program_plan(const struct program *p, const struct event *ev)
{
	struct str value;
	uint16_t code = 0; /* as a value that does not fit the type is read */

	if (ev->type != EV_GENERIC_X)
		return p->plan_of_type[ev->type];
	value = event_param(ev, 0);
	if (value.len == sizeof(code))
		memcpy(&code, value.ptr, sizeof(code));
	return code < SYSCALL_CODES ? p->plan_of_code[code] : p->plan_of_type[EV_GENERIC_X];
}

/* A predicate or connective that a thread can remember. */
static inline bool node_is_process_only(const struct node *node)
{
	return node->reads && !(node->reads & ~(facts_t)FACTS_PROCESS);
}

/* Free everything but the struct's arena, which belongs to the rule set. Accepts NULL. */
void program_free(struct program *p);

/* ---- building (program.c): node numbers or -ENOMEM ----------------------------------------------------- */

struct program_builder {
	struct program *program;
	struct name_table *names; /* canonical text → number, for slots, predicates and connectives */
	uint32_t *stack; /* children being gathered */
	size_t nstack, stack_capacity;
};

/* Room for one more element in an array that grows. */
bool program_grow(void *array, uint32_t *capacity, uint64_t needed, size_t size);
int program_builder_init(struct program_builder *b, struct program *program);
void program_builder_done(struct program_builder *b);
/* The expression of a field that has a slot already, NULL = it has none: looking a field up takes longer. */
const struct expression *program_known_field(const struct program_builder *b, const struct ast *field);
/* The node of a predicate: an equal one if there is one, else made by predicate_build(). */
int64_t program_predicate(struct program_builder *b, const struct ast *check, const struct expression *left,
			  const struct expression *right);
int64_t program_not(struct program_builder *b, uint32_t child);
/* Flattens, drops duplicates and constants, and orders the children by what they promise to save. Borrows children. */
int64_t program_connective(struct program_builder *b, enum node_kind kind, const uint32_t *children, size_t n);

/* ---- the steps of ruleset_compile() -------------------------------------------------------------------- */

int compile_rules(struct ruleset *r, struct program_builder *b); /* compile.c: trees → nodes, into rule.node */
int plan_rules(struct ruleset *r, struct program_builder *b); /* plan.c: nodes → plans */
int memory_lay_out(struct program *p); /* memory.c: where threads remember what */
int wants_collect(struct ruleset *r); /* wants.c: what a source must deliver */

#endif
