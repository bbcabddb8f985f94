/* SPDX-License-Identifier: Apache-2.0 */
#include "base/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"

/* Every line of a text, an empty one and a last one without its newline, too. */
static void test_lines(void **state)
{
	static const char *const lines[] = { "first line", "", "third", "last" };
	struct str rest = STR("first line\n\nthird\nlast"), line;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		assert_true(words_line(&rest, &line));
		assert_true(str_eq(line, str_of(lines[i])));
	}
	assert_false(words_line(&rest, &line));
	rest = STR("one\n");
	assert_true(words_line(&rest, &line));
	assert_false(words_line(&rest, &line)); /* a newline ends a line and begins none */
	rest = (struct str){ NULL, 0 };
	assert_false(words_line(&rest, &line));
}

/* Blanks and tabs are between words; a newline ends the line's words and stays. */
static void test_words(void **state)
{
	struct str rest = STR(" \tUid:\t0  1000\nGid:");

	assert_true(str_eq(words_next(&rest), STR("Uid:")));
	assert_true(str_eq(words_next(&rest), STR("0")));
	assert_true(str_eq(words_next(&rest), STR("1000")));
	assert_int_equal(words_next(&rest).len, 0);
	assert_true(str_eq(rest, STR("\nGid:")));
	rest = STR("  ");
	assert_int_equal(words_next(&rest).len, 0);
	assert_int_equal(rest.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
