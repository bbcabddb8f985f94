/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_COVERAGE_H
#define MONITOR_RULE_COVERAGE_H

#include "base/cleanup.h"
#include "rule/engine.h"

/*
 * Which parts of conditions were exercised: each check of each rule with its macros, read from left to right
 * as a person would, and how often it was true and false when it was reached. It has a graph and an evaluator
 * of its own, so that the engine has no cost of it, and nothing that it remembers is shared.
 */
struct coverage;

struct coverage_check {
	const char *text; /* canonical */
	uint64_t yes, no;
};

struct coverage_rule {
	struct str name;
	uint64_t evaluated, matched; /* events of the types that the rule looks at; those for which it held */
	struct coverage_check *checks;
	size_t nchecks;
};

/* Follows the enabled rules of r, which outlives it. */
int coverage_new(const struct ruleset *r, struct coverage **ret_coverage, struct error *err);
void coverage_free(struct coverage *c); /* accepts NULL */
DEFINE_AUTO(struct coverage, coverage, coverage_free);
#define auto_coverage AUTO(coverage)

/* Notes what the event of ctx exercises; ctx->arena is used up by it. */
void coverage_note(struct coverage *c, struct field_context *ctx);

/* The rules that are followed, by a number of their own; borrowed from c, whose figures grow on. */
size_t coverage_count(const struct coverage *c);
const struct coverage_rule *coverage_get(const struct coverage *c, size_t i);

#endif
