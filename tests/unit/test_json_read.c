/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/json_read.h"

static void test_members(void **state)
{
	static const char text[] = " { \"a\" : \"x\\\"}\" , \"b\":[1,{\"b\":2},\"]\"],\"c\":-5, \"d\":true,\"e\":{}}";
	struct str json = { text, sizeof(text) - 1 }, v = STR("unset");

	(void)state;
	assert_true(json_member(json, STR("a"), &v) && str_eq(v, STR("\"x\\\"}\"")));
	assert_true(json_member(json, STR("b"), &v) && str_eq(v, STR("[1,{\"b\":2},\"]\"]")));
	assert_true(json_member(json, STR("c"), &v) && json_int(v, 0) == -5);
	assert_true(json_member(json, STR("d"), &v) && json_true(v));
	assert_true(json_member(json, STR("e"), &v) && str_eq(v, STR("{}")));
	assert_false(json_member(json, STR("f"), &v));
	assert_int_equal(json_int(STR("null"), 9), 9);
}

static void test_elements(void **state)
{
	struct str name, value;
	size_t at = 0, n = 0;

	(void)state;
	while (json_next(STR("[ 1 , \"two\", [3] ]"), &at, &name, &value)) {
		static const char *const want[] = { "1", "\"two\"", "[3]" };

		assert_true(str_eq(value, str_of(want[n++])));
	}
	assert_int_equal(n, 3);
	at = 0;
	assert_false(json_next(STR("[]"), &at, &name, &value));
	at = 0;
	assert_false(json_next(STR("5"), &at, &name, &value));
	at = 0;
	assert_false(json_next(STR(""), &at, &name, &value));
}

static const struct {
	const char *json, *text;
} strings[] = {
	{ "\"plain\"", "plain" },
	{ "\"a\\n\\\"\\\\\\/\"", "a\n\"\\/" },
	{ "\"\\u0041\\u00e9\\u20ac\"", "A\xc3\xa9\xe2\x82\xac" },
	{ "\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80" },
	{ "\"\\ud83dx\"", "\xef\xbf\xbdx" },
	{ "\"\\u12\"", "12" },
	{ "5", "" },
	{ "\"", "" },
};

static void test_strings(void **state)
{
	auto_arena struct arena *arena = arena_new(1024);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
		struct str s = json_string(arena, str_of(strings[i].json));

		if (!str_eq(s, str_of(strings[i].text)))
			fail_msg("%s: %.*s", strings[i].json, STR_ARG(s));
	}
}

/* Whatever the text, every walk ends. */
static void test_damage(void **state)
{
	static const char text[] = "{\"a\":[1,{\"b\":\"\\u00";
	struct str name, value;

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		size_t at = 0;
		int steps = 0;

		while (json_next((struct str){ text, len }, &at, &name, &value))
			assert_true(++steps < 100);
	}
}

static void test_base64(void **state)
{
	static const char *const rows[][2] = {
		{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "\xff\xfe", "//4=" }
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct strbuf out auto_strbuf = { 0 };
		char back[8];
		size_t len;

		strbuf_adds(&out, "");
		base64_add(&out, str_of(rows[i][0]));
		assert_string_equal(out.ptr, rows[i][1]);
		assert_int_equal(base64_decode(back, sizeof(back), strbuf_str(&out), &len), 0);
		assert_true(str_eq((struct str){ back, len }, str_of(rows[i][0])));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members), cmocka_unit_test(test_elements), cmocka_unit_test(test_strings),
		cmocka_unit_test(test_damage),	cmocka_unit_test(test_base64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
