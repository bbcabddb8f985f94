/* SPDX-License-Identifier: Apache-2.0 */
#include "base/moment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static const struct {
	uint64_t ns;
	enum moment_form form;
	const char *text;
} cases[] = {
	{ UINT64_C(1577970855123456789), MOMENT_CLOCK, "15:14:15.123456789" }, /* two hours east of UTC, see main() */
	{ UINT64_C(1577970855123456789), MOMENT_CLOCK_S, "15:14:15" },
	{ UINT64_C(1577970855123456789), MOMENT_DATE, "2020-01-02 15:14:15.123456789" },
	{ UINT64_C(1577970855123456789), MOMENT_DATE_S, "2020-01-02 15:14:15" },
	{ UINT64_C(1577970855123456789), MOMENT_ISO, "2020-01-02T13:14:15.123456789+0000" },
	{ UINT64_C(1577970855123456789), MOMENT_ISO_S, "2020-01-02T13:14:15+0000" },
	{ UINT64_C(1577970855123456789), MOMENT_ISO_Z, "2020-01-02T13:14:15.123456789Z" },
	{ UINT64_C(1577970855123456789), MOMENT_ISO_Z_US, "2020-01-02T13:14:15.123456Z" },
	{ UINT64_C(1577970855000000999), MOMENT_ISO_Z_US, "2020-01-02T13:14:15.000000Z" },
	{ 0, MOMENT_ISO_Z, "1970-01-01T00:00:00.000000000Z" },
	{ UINT64_MAX, MOMENT_ISO_Z, "2554-07-21T23:34:33.709551615Z" },
};

static void test_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_strbuf struct strbuf out = { 0 };

		moment_add(&out, cases[i].ns, cases[i].form);
		assert_string_equal(out.ptr, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_forms) };

	setenv("TZ", "EAST-2", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
