/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_PREDICATE_H
#define MONITOR_RULE_PREDICATE_H

#include "rule/expression.h"
#include "rule/pathset.h"
#include "rule/regex.h"
#include "rule/textset.h"

/* The three values of logic. AND is the smaller, OR the larger, NOT is 2 - x. */
enum truth { TRUTH_NO = 0, TRUTH_MAYBE = 1, TRUTH_YES = 2 };

/* left OP right for values of one kind. */
typedef bool (*compare_fn)(const struct value *left, const struct value *right);

/* How a value is tested. */
enum predicate_form {
	FORM_EXISTS,
	FORM_ONE, /* compare with one constant */
	FORM_REGEX,
	FORM_TEXT_SET, /* in (…) on text: hashed */
	FORM_PATHS, /* pmatch */
	FORM_SEVERAL, /* compare with several constants: any, or as the modifier says */
	FORM_REGEXES, /* the same with patterns */
	FORM_RIGHT, /* compare with another expression's value */
	FORM_AROUND, /* evt.around[T] = D: the value is the event's time, D a distance in ms */
};

/* A check of a condition, ready to run. Immutable. */
struct predicate {
	enum predicate_form form;
	enum modifier modifier;
	bool all; /* it must hold for each of several values, not for any of them */
	bool invert; /* FORM_TEXT_SET: != allof */
	bool raw; /* a number of evt.rawarg, whose type each event gives it */
	uint32_t left, right; /* slots of program.h; right only with FORM_RIGHT */
	compare_fn compare;
	const struct value *values; /* constants */
	uint32_t nvalues;
	uint64_t around; /* FORM_AROUND: T */
	struct textset texts;
	struct pathset paths;
	struct regex **regexes; /* owned: predicate_release() */
	/* what was written, for folding and for ruleset_wants() */
	enum operator_id op;
	const struct expression *expression; /* the left side */
};

/*
 * Builds the predicate of a check that condition_check() accepted; left and right have been built. Everything but the
 * regular expressions lives in arena. 0 or -ENOMEM.
 */
int predicate_build(struct arena *arena, const struct ast *check, const struct expression *left,
		    const struct expression *right, struct predicate *ret_predicate);
void predicate_release(struct predicate *p);

/* Tests what the left side (and the right side with FORM_RIGHT) gave. */
enum truth predicate_test(const struct predicate *p, enum presence left_presence, const struct values *left,
			  enum presence right_presence, const struct values *right, struct regex_scratch *scratch);

/* Rough costs in instructions and the share of events for which it holds, to order the children of and/or. */
void predicate_estimate(const struct predicate *p, float *ret_cost, float *ret_yes);

#endif
