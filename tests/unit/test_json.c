/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"

#define BAD "\xef\xbf\xbd"

static void test_strings(void **state)
{
	static const struct {
		struct str in;
		const char *out;
	} rows[] = {
		{ { "", 0 }, "\"\"" },
		{ { "plain", 5 }, "\"plain\"" },
		{ { "a\"b\\c/", 6 }, "\"a\\\"b\\\\c/\"" },
		{ { "\n\t\r\b\f\x01\x1f\x7f", 8 }, "\"\\n\\t\\r\\b\\f\\u0001\\u001f\x7f\"" },
		{ { "a\0b", 3 }, "\"a\\u0000b\"" },
		{ { "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9 }, "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"" },
		{ { "\xff", 1 }, "\"" BAD "\"" },
		{ { "\xc0\x80", 2 }, "\"" BAD BAD "\"" }, /* overlong */
		{ { "\xed\xa0\x80", 3 }, "\"" BAD BAD BAD "\"" }, /* surrogate */
		{ { "\xf4\x90\x80\x80", 4 }, "\"" BAD BAD BAD BAD "\"" }, /* past U+10FFFF */
		/* what was cut off is one */
		{ { "x\xe2\x82", 3 }, "\"x" BAD "\"" },
		{ { "\xf0\x9f\x98(\xe2\"", 6 }, "\"" BAD "(" BAD "\\\"\"" },
		{ { "\xf0\x80\x80", 3 }, "\"" BAD BAD BAD "\"" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_strbuf struct strbuf b = { 0 };

		json_add_string(&b, rows[i].in);
		assert_string_equal(b.ptr, rows[i].out);
	}
}

/* What a terminal might act on, whether its characters are UTF-8 or bytes; what people write stays. */
static void test_harmless(void **state)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{ "a\tb\nc", "a\tb\nc" },	{ "\033[2J\r\x7f", "?[2J??" },     { "\xc2\x9b" "2J", "??2J" },
		{ "\x9b" "2J\xff", "?2J?" }, { "\xc2\xa0\xc3\xa9", "\xc2\xa0\xc3\xa9" },
		{ "\xe2\x82\xac\xe2\x82", "\xe2\x82\xac??" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct strbuf out auto_strbuf = { 0 };

		utf8_add_harmless(&out, str_of(rows[i].text));
		if (!str_eq(strbuf_str(&out), str_of(rows[i].expected)))
			fail_msg("%zu: " STR_FMT, i, STR_ARG(strbuf_str(&out)));
	}
}

static void test_indented(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "{}", "{}" },
		{ "[{},[]]", "[\n  {},\n  []\n]" },
		{ "{\"a\":1,\"b\":[true,null]}", "{\n  \"a\": 1,\n  \"b\": [\n    true,\n    null\n  ]\n}" },
		{ "{\"a,{\\\"\":\"[:\\\\\"}", "{\n  \"a,{\\\"\": \"[:\\\\\"\n}" },
		{ "]", "]" }, /* damaged text ends */
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_strbuf struct strbuf b = { 0 };

		json_add_indented(&b, str_of(rows[i].in));
		assert_string_equal(b.ptr, rows[i].out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_strings), cmocka_unit_test(test_harmless),
					    cmocka_unit_test(test_indented) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
