/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/event_filter.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/*
 * A condition of a command line, and what is said of it: the place, the word, what may have been meant. NULL:
 * it is good.
 */
static const struct {
	const char *condition, *message;
} cases[] = {
	{ "proc.name = cat", NULL },
	{ "nosuch=3",
	  "the condition, column 7, at \"=3\": nosuch is no field, which has a dot in its name, and a macro is not compared" },
	{ "evt.num > 1 and cmdline contains x",
	  "column 25, at \"contains x\": cmdline is no field, which has a dot in its name, and a macro "
	  "is not compared; did you mean proc.cmdline?" },
	{ "(nosuch in (a))", "column 9, at \"in (a))\": nosuch is no field" },
	{ "proc.nmae = cat", "column 1, at \"proc.nmae = cat\": there is no field proc.nmae; did you mean proc.name?" },
	{ "proc.name =", "column 12, at its end: expected a value" },
	{ "proc.name = a proc.name = b and proc.name = c and proc.name = d",
	  "column 15, at \"proc.name = b and proc.name = c ...\": expected" },
	{ "undefined", "column 1, at \"undefined\": there is no macro undefined" },
	{ "", "column 1, at its end: the condition is empty" },
};

static void test_messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct field_options options = { 0 };
		auto_event_filter struct event_filter *f = NULL;
		struct error err = { 0 };
		int r = event_filter_new(str_of(cases[i].condition), &options, &f, &err);

		assert_int_equal(r, cases[i].message ? -EINVAL : 0);
		if (cases[i].message && !strstr(err.text, cases[i].message))
			fail_msg("%s: %s", cases[i].condition, err.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_messages) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
