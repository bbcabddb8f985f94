/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_TEST_RUN_H
#define MONITOR_APP_TEST_RUN_H

#include "app/setup.h"
#include "app/test_file.h"
#include "rule/coverage.h"

/* The rules of a test file, compiled, and what its tests exercised of them. Zero-initialise. */
struct test_rules {
	struct ruleset *rules;
	struct coverage *coverage; /* NULL = nobody asked */
	const struct setup *setup; /* borrowed */
	struct pipeline_source *others; /* for events of plugins in captures */
	size_t nothers;
};

/* Compiles the rules that f names, or more (paths from the command line) in their place. Findings go to the log. */
int test_rules_load(const struct test_file *f, const struct setup *setup, char *const *paths, size_t npaths,
		    bool coverage, struct test_rules *ret_rules, struct error *err);
void test_rules_free(struct test_rules *r);

enum test_outcome { TEST_PASSED, TEST_FAILED, TEST_SKIPPED };

/*
 * Runs one test in a pipeline of its own. *detail gets the difference between what was expected (-) and what
 * came (+), or why it was skipped. Negative when we ourselves fail.
 */
int test_run(const struct test_rules *rules, const struct test_case *c, struct strbuf *detail,
	     enum test_outcome *ret_outcome, struct error *err);

#endif
