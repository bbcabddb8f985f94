/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/cleanup.h"

static void test_comparisons(void **state)
{
	static const struct {
		const char *a, *b;
		bool eq, starts, ends, contains, ieq, icontains;
	} rows[] = {
		{ "", "", true, true, true, true, true, true },
		{ "abc", "", false, true, true, true, false, true },
		{ "", "abc", false, false, false, false, false, false },
		{ "abc", "abc", true, true, true, true, true, true },
		{ "abc", "ab", false, true, false, true, false, true },
		{ "abc", "bc", false, false, true, true, false, true },
		{ "xabcx", "abc", false, false, false, true, false, true },
		{ "ABC", "abc", false, false, false, false, true, true },
		{ "xABCx", "abC", false, false, false, false, false, true },
		{ "[", "{", false, false, false, false, false, false }, /* differ by the case bit only */
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct str a = str_of(rows[i].a), b = str_of(rows[i].b);

		assert_int_equal(str_eq(a, b), rows[i].eq);
		assert_int_equal(str_starts(a, b), rows[i].starts);
		assert_int_equal(str_ends(a, b), rows[i].ends);
		assert_int_equal(str_contains(a, b), rows[i].contains);
		assert_int_equal(str_ieq(a, b), rows[i].ieq);
		assert_int_equal(str_icontains(a, b), rows[i].icontains);
	}
}

static void test_order(void **state)
{
	assert_true(str_cmp(STR("a"), STR("b")) < 0);
	assert_true(str_cmp(STR("ab"), STR("a")) > 0);
	assert_true(str_cmp(STR(""), STR("")) == 0);
	assert_true(str_cmp(STR("\xff"), STR("a")) > 0); /* bytes are unsigned */
}

static void test_hash_depends_on_every_byte(void **state)
{
	char text[33] = { 0 };
	uint64_t plain = str_hash((struct str){ text, 32 });

	for (size_t len = 0; len < 32; len++)
		assert_true(str_hash((struct str){ text, len }) != plain);
	for (size_t i = 0; i < 32; i++) {
		text[i] = 1;
		assert_true(str_hash((struct str){ text, 32 }) != plain);
		text[i] = 0;
	}
	assert_true(str_hash((struct str){ text, 32 }) == plain);
}

static void test_last(void **state)
{
	struct str path = STR("/a/bc");

	(void)state;
	assert_ptr_equal(str_last(path, '/'), path.ptr + 2);
	assert_null(str_last(path, 'x'));
	assert_null(str_last((struct str){ NULL, 0 }, '/'));
}

static void test_trim(void **state)
{
	static const struct {
		struct str text, characters, rest;
	} rows[] = {
		{ STR(""), STR(" "), STR("") },
		{ STR("   "), STR(" "), STR("") },
		{ STR(" a b\t"), STR(" "), STR("a b\t") },
		{ STR("\t a b\n"), STR(" \t\n"), STR("a b") },
		{ STR("a\0"), STR(" "), STR("a\0") },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_true(str_eq(str_trim(rows[i].text, rows[i].characters), rows[i].rest));
}

static void test_distance(void **state)
{
	assert_int_equal(str_distance(STR("proc.name"), STR("proc.nmae")), 2);
	assert_int_equal(str_distance(STR(""), STR("abc")), 3);
	assert_int_equal(str_distance(STR("same"), STR("same")), 0);
}

static void test_strbuf_numbers(void **state)
{
	auto_strbuf struct strbuf b = { 0 };

	strbuf_addi(&b, INT64_MIN);
	strbuf_addc(&b, ' ');
	strbuf_addu(&b, UINT64_MAX);
	strbuf_addf(&b, " %d %s", 7, "x");
	assert_string_equal(b.ptr, "-9223372036854775808 18446744073709551615 7 x");
}

/* Against a naive model: a buffer built by random additions equals the bytes that went in. */
static void test_strbuf_model(void **state)
{
	auto_strbuf struct strbuf b = { 0 };
	static char model[200 * 97];
	size_t len = 0;
	unsigned int seed = 1;

	for (int round = 0; round < 200; round++) {
		char piece[97];
		size_t n = (size_t)rand_r(&seed) % sizeof(piece);

		for (size_t i = 0; i < n; i++)
			piece[i] = (char)rand_r(&seed);
		memcpy(model + len, piece, n);
		len += n;
		strbuf_add(&b, piece, n);
		assert_int_equal(b.len, len);
		assert_memory_equal(b.ptr, model, len);
		assert_int_equal(b.ptr[len], 0);
	}
	strbuf_reset(&b);
	assert_int_equal(strbuf_str(&b).len, 0);
}

static void test_rstr_shares_and_replaces(void **state)
{
	struct rstr *a = rstr_new(STR("one")), *shared, *before;

	assert_non_null(a);
	shared = rstr_ref(a);
	assert_int_equal(a->refs, 2);
	before = a;
	assert_int_equal(rstr_assign(&a, STR("one")), 0);
	assert_ptr_equal(a, before); /* equal text keeps the object */
	assert_int_equal(rstr_assign(&a, STR("two")), 0);
	assert_ptr_not_equal(a, before);
	assert_true(str_eq(rstr_str(shared), STR("one")));
	rstr_unref(shared);
	rstr_unref(a);
	rstr_unref(NULL);
	assert_int_equal(rstr_str(NULL).len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comparisons),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_hash_depends_on_every_byte),
		cmocka_unit_test(test_last),
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_distance),
		cmocka_unit_test(test_strbuf_numbers),
		cmocka_unit_test(test_strbuf_model),
		cmocka_unit_test(test_rstr_shares_and_replaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
