/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_TEST_FILE_H
#define MONITOR_APP_TEST_FILE_H

#include "app/test_case.h"
#include "base/cleanup.h"
#include "base/error.h"

/*
 * Reads a file. -EINVAL with "path:line:column: reason" for the first fault; *ret_file is to be freed by
 * test_file_free() in any case of success.
 */
int test_file_load(const char *path, struct test_file **ret_file, struct error *err);
/* The same from text; path is for messages and for what relative paths start at. */
int test_file_parse(const char *path, struct str text, struct test_file **ret_file, struct error *err);
void test_file_free(struct test_file *f); /* accepts NULL */
DEFINE_AUTO(struct test_file, test_file, test_file_free);
#define auto_test_file AUTO(test_file)

#endif
