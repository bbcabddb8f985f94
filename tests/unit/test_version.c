/* SPDX-License-Identifier: Apache-2.0 */
#include "base/version.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
	const char *text;
	struct version version;
	bool good;
} texts[] = {
	{ "1.2.3", { 1, 2, 3 }, true },
	{ "0.0.0", { 0, 0, 0 }, true },
	{ "3.12.0-rc1+x", { 3, 12, 0 }, true },
	{ "1.2.99999999999", { 1, 2, UINT32_MAX }, true },
	{ "1.2", { 0 }, false },
	{ "1.2.", { 0 }, false },
	{ "1..3", { 0 }, false },
	{ ".1.2", { 0 }, false },
	{ "1.2a.3", { 0 }, false },
	{ " 1.2.3", { 0 }, false },
	{ "-1.2.3", { 0 }, false },
	{ "v1.2.3", { 0 }, false },
	{ "", { 0 }, false },
};

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct version v = { 7, 7, 7 };
		int r = version_parse(str_of(texts[i].text), &v);

		if (r != (texts[i].good ? 0 : -EINVAL))
			fail_msg("%s: %d", texts[i].text, r);
		if (!texts[i].good)
			assert_true(v.major == 7 && v.minor == 7 && v.patch == 7);
		else
			assert_true(v.major == texts[i].version.major && v.minor == texts[i].version.minor &&
				    v.patch == texts[i].version.patch);
	}
}

static void test_serves(void **state)
{
	const struct version there = { 3, 12, 4 };

	(void)state;
	assert_true(version_serves(&there, &(struct version){ 3, 12, 4 }));
	assert_true(version_serves(&there, &(struct version){ 3, 12, 3 }));
	assert_true(version_serves(&there, &(struct version){ 3, 11, 9 }));
	assert_false(version_serves(&there, &(struct version){ 3, 12, 5 }));
	assert_false(version_serves(&there, &(struct version){ 3, 13, 0 }));
	assert_false(version_serves(&there, &(struct version){ 2, 0, 0 }));
	assert_false(version_serves(&there, &(struct version){ 4, 0, 0 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_parse), cmocka_unit_test(test_serves) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
