/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parse.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/cleanup.h"

static void test_u64(void **state)
{
	static const struct {
		const char *text;
		int r;
		uint64_t value;
	} rows[] = {
		{ "0", 0, 0 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "0xffffffffffffffff", 0, UINT64_MAX },
		{ "0X1f", 0, 31 },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "99999999999999999999999999", -ERANGE, 0 },
		{ "99999999999999999999999999z", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ "0x", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1 ", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "1a", -EINVAL, 0 },
		{ "0x1g", -EINVAL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t value = 42;

		assert_int_equal(parse_u64(str_of(rows[i].text), &value), rows[i].r);
		assert_true(value == (rows[i].r ? 42 : rows[i].value)); /* untouched on failure */
	}
}

static void test_hex(void **state)
{
	uint64_t value = 42;

	assert_int_equal(parse_hex_u64(STR("00000000a80425FB"), &value), 0);
	assert_true(value == 0xa80425fb);
	assert_int_equal(parse_hex_u64(STR("10"), &value), 0);
	assert_true(value == 16);
	assert_int_equal(parse_hex_u64(STR("10000000000000000"), &value), -ERANGE);
	assert_int_equal(parse_hex_u64(STR("0x10"), &value), -EINVAL);
	assert_int_equal(parse_hex_u64(STR(""), &value), -EINVAL);
	assert_true(value == 16);
}

static void test_signed(void **state)
{
	int64_t v = 1;
	int n = 1;

	assert_int_equal(parse_i64(STR("-9223372036854775808"), &v), 0);
	assert_true(v == INT64_MIN);
	assert_int_equal(parse_i64(STR("9223372036854775808"), &v), -ERANGE);
	assert_int_equal(parse_i64(STR("+7"), &v), 0);
	assert_int_equal(v, 7);
	assert_int_equal(parse_i64(STR("-"), &v), -EINVAL);
	assert_int_equal(parse_i64(STR("--1"), &v), -EINVAL);
	assert_int_equal(parse_int(STR("2147483648"), &n), -ERANGE);
	assert_int_equal(n, 1);
	assert_int_equal(parse_int(STR("-2147483648"), &n), 0);
}

static void test_narrow(void **state)
{
	uint32_t v = 5;

	assert_int_equal(parse_u32(STR("4294967296"), &v), -ERANGE);
	assert_int_equal(v, 5);
	assert_int_equal(parse_u32(STR("4294967295"), &v), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_u64),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_signed),
		cmocka_unit_test(test_narrow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
