/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_SIEVE_H
#define MONITOR_RULE_SIEVE_H

#include "rule/program.h"

/*
 * One look at a field's value instead of a gate rule by rule: a tree of the values and beginnings that the
 * gates of a plan's rules compare one field with. What a value passes on its way down are the gates that may
 * hold; no other one does.
 */
struct sieve_hit {
	const struct sieve_hit *next;
	uint32_t word; /* of the plan */
	uint64_t rules; /* bits of that word */
};

struct sieve_node {
	struct str edge; /* the bytes between the parent and this node; empty at the root alone */
	struct sieve_node *next, *children;
	struct sieve_node **by_byte; /* [256]: the children by their first byte where they are many, else NULL */
	const struct sieve_hit *begin; /* gates for which this is the value's beginning */
	const struct sieve_hit *equal; /* gates for which it is the value */
};

struct sieve {
	uint32_t slot;
	uint32_t number; /* of program.nsieves */
	/* its words among program.sieve_words: bit k of word w = the gate of rules[64 w + k] may hold */
	uint32_t place;
	uint32_t nwords;
	bool text; /* else a number of eight bytes */
	uint64_t *others; /* [nwords]: rules whose gates it does not judge */
	struct sieve_node root;
};

/* Makes the sieves of a plan whose gates are set. 0 or -ENOMEM. */
int sieve_plan(struct program *p, struct plan *plan);
/* Sets the rules of words[nwords] whose gates may hold for the value. */
void sieve_value(const struct sieve *s, const struct value *v, uint64_t *words);

#endif
