/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_TEST_SUITE_PARTS_H
#define MONITOR_APP_TEST_SUITE_PARTS_H

#include "app/test_case.h"

/* What the readers of a suite share. Nobody else includes this. */

/* A number that a resource or a step gives to later steps: "${name.path}". */
struct suite_name {
	struct str name;
	int64_t number;
	struct suite_name *next;
};

/* Reading one test of a suite. */
struct suite {
	struct test_file *file;
	struct test_case *c, **end;
	struct test_process *leaf; /* whose calls the steps are */
	struct suite_name *names;
	int64_t next_fd;
};

/*
 * test_suite_process.c: a process below the leaf, by the keys that contexts and resources have in common;
 * name_key differs.
 */
int suite_process(struct suite *s, const struct yaml_node *map, const char *name_key, struct test_process **ret,
		  struct error *err);

/* test_suite_steps.c; node may be NULL */
int suite_resources(struct suite *s, const struct yaml_node *node, struct error *err);
int suite_steps(struct suite *s, const struct yaml_node *node, struct error *err);

#endif
