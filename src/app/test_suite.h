/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_TEST_SUITE_H
#define MONITOR_APP_TEST_SUITE_H

#include "app/test_file.h"

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

/* Notes at the test what is left out of it. 0 or -ENOMEM. */
int suite_note(struct suite *s, const struct yaml_node *node, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* A process below the leaf, by the keys that contexts and resources have in common; name_key differs. */
int suite_process(struct suite *s, const struct yaml_node *map, const char *name_key, struct test_process **ret, struct error *err);

/* test_suite_steps.c; node may be NULL */
int suite_resources(struct suite *s, const struct yaml_node *node, struct error *err);
int suite_steps(struct suite *s, const struct yaml_node *node, struct error *err);

#endif
