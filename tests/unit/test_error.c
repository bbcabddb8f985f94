/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_context_goes_before(void **state)
{
	struct error err;

	assert_int_equal(error_errno(&err, -ENOENT, "cannot open %s", "x"), -ENOENT);
	assert_string_equal(err.text, "cannot open x: No such file or directory");
	assert_int_equal(error_prefix(&err, err.code, "rules"), -ENOENT);
	assert_string_equal(err.text, "rules: cannot open x: No such file or directory");
	assert_int_equal(error_set(NULL, -EINVAL, "nobody asks"), -EINVAL);
	assert_int_equal(error_prefix(NULL, -EINVAL, "nobody asks"), -EINVAL);
}

static void test_long_text_is_cut_and_says_so(void **state)
{
	char text[2 * ERROR_TEXT_MAX];
	struct error err;

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	error_set(&err, -EINVAL, "%s", text);
	assert_int_equal(strlen(err.text), ERROR_TEXT_MAX - 1);
	assert_string_equal(err.text + ERROR_TEXT_MAX - 4, "...");
	error_prefix(&err, -EINVAL, "%s", text);
	assert_string_equal(err.text + ERROR_TEXT_MAX - 4, "...");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_context_goes_before),
		cmocka_unit_test(test_long_text_is_cut_and_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
