/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "plugin/plugin_api.h"

/* A plugin that was built elsewhere must find everything where it expects it. */
static void test_layout(void **state)
{
	unsigned int sizes = 0, offsets = 0;

	(void)state;
#define ABI_SIZE(type, bytes)	      \
	assert_int_equal(sizeof(type), bytes); \
	sizes++;
#define ABI_OFFSET(type, member, bytes)		\
	assert_int_equal(offsetof(type, member), bytes); \
	offsets++;
#include "plugin_abi.def"
#undef ABI_OFFSET
#undef ABI_SIZE
	assert_true(sizes > 20);
	assert_true(offsets > 100);
}

static void test_numbers(void **state)
{
	(void)state;
	assert_int_equal(FTYPE_UINT64, 8);
	assert_int_equal(FTYPE_STRING, 9);
	assert_int_equal(FTYPE_RELTIME, 20);
	assert_int_equal(FTYPE_ABSTIME, 21);
	assert_int_equal(FTYPE_BOOL, 25);
	assert_int_equal(FTYPE_IPADDR, 40);
	assert_int_equal(FTYPE_IPNET, 41);
	assert_int_equal(SS_PLUGIN_TIMEOUT, -1);
	assert_int_equal(SS_PLUGIN_FAILURE, 1);
	assert_int_equal(SS_PLUGIN_EOF, 2);
	assert_int_equal(SS_PLUGIN_NOT_SUPPORTED, 3);
	assert_int_equal(SS_PLUGIN_ST_BOOL, 25);
	assert_int_equal(SS_PLUGIN_ST_TABLE, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
