/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_EVALUATE_H
#define MONITOR_RULE_EVALUATE_H

#include "rule/sieve.h"

/* What an expression gave for the event at hand. */
struct slot_value {
	uint32_t generation; /* valid when equal to the evaluator's */
	enum presence presence;
	struct values values;
};

/* What the engine remembers of one thread. */
struct memo {
	struct evaluator *owner; /* two engines may take turns over one state, as when rules are reloaded */
	struct thread *thread; /* NULL: free for another thread */
	struct memo *next; /* of all, or of the free ones */
	struct memo *next_free;
	uint64_t words[]; /* program.memo_words */
};

struct evaluator {
	const struct program *program;
	struct regex_scratch *regex;
	uint32_t generation; /* of results and slots; 30 bits, never 0 */
	uint32_t *results; /* by node: generation << 2 | truth */
	struct slot_value *slots;
	uint32_t *sieve_generations; /* by sieve: its words are valid when equal to the evaluator's */
	uint64_t *sieve_words;
	struct memo *all, *free; /* memories, in use or not */
	/* of the event at hand */
	struct field_context *context;
	struct memo *memo; /* NULL: no thread */
	facts_t unknown; /* facts that this event leaves open: nothing that reads them is remembered */
};

int evaluator_init(struct evaluator *e, const struct program *program);
void evaluator_release(struct evaluator *e); /* takes the memories from the threads */
void evaluator_forget(struct thread *t); /* the thread dies, or another engine looks at it */

/* Begins with another event (or the same one anew). */
void evaluator_begin(struct evaluator *e, struct field_context *context);
/* The plan that the answers to the plan's questions lead to. */
const struct plan *evaluator_narrow(struct evaluator *e, const struct plan *plan);
/* Word w of the plan: bit k is not set where the sieve knows that the gate of rules[64 w + k] does not hold. */
uint64_t evaluator_sieve(struct evaluator *e, const struct sieve *s, uint32_t w);
enum truth evaluator_node(struct evaluator *e, uint32_t node);
/*
 * Word w of the plan: bit k is set unless rules[64 w + k].process is known not to hold. *ret_certain: what is
 * set is known to hold.
 */
uint64_t evaluator_candidates(struct evaluator *e, const struct plan *plan, uint32_t w, bool *ret_certain);

#endif
