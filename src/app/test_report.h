/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_TEST_REPORT_H
#define MONITOR_APP_TEST_REPORT_H

#include "app/test_run.h"

/* What `monitor test` tells: each test as it ends, in one of three forms, then what was exercised. Zero-initialise. */
enum test_format { TEST_TEXT, TEST_TAP, TEST_JUNIT };

struct test_exercised; /* checks of rules of one name, over all files */

struct test_report {
	enum test_format format;
	bool verbose; /* text: also what passed */
	struct strbuf out;
	struct strbuf body; /* JUnit: its head tells the totals */
	uint64_t passed, failed, skipped;
	struct test_exercised *exercised;
	size_t nexercised, cap_exercised;
};

void test_report_case(struct test_report *r, const struct test_file *f, const struct test_case *c,
		      enum test_outcome outcome, struct str detail);
/* A file that cannot be used is a failed test of its own. */
void test_report_broken(struct test_report *r, const char *path, struct str reason);
/* Adds what the tests of a file exercised. 0 or -ENOMEM. */
int test_report_coverage(struct test_report *r, const struct coverage *c);
/* The closing lines; out is then complete. */
void test_report_end(struct test_report *r, bool coverage);
void test_report_free(struct test_report *r);

#endif
