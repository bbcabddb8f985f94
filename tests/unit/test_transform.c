/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "field/transform.h"

/* One text argument in, one text out; NULL out = absent. */
static const struct {
	const char *name, *in, *out;
} texts[] = {
	{ "tolower", "AbC-\xc3\x84", "abc-\xc3\x84" },
	{ "toupper", "aBz1", "ABZ1" },
	{ "toupper", "", "" },
	{ "basename", "/a/b", "b" },
	{ "basename", "/a/", "" },
	{ "basename", "plain", "plain" },
	{ "b64", "aGVsbG8=", "hello" },
	{ "b64", "aGVsbG8", "hello" },
	{ "b64", "", "" },
	{ "b64", "a", NULL },
	{ "b64", "aGV*bG8=", NULL },
	{ "b64", "aGVsbG9=", NULL },
};

static struct transform_arg text_arg(const struct value *v, uint32_t n, bool list)
{
	return (struct transform_arg){ { .type = PT_CHARBUF, .list = list }, PRESENT, { v, n } };
}

static void test_texts(void **state)
{
	auto_arena struct arena *arena = arena_new(1024);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const struct transform *t = transform_lookup(str_of(texts[i].name));
		struct value v = { .s = str_of(texts[i].in) };
		struct transform_arg arg = text_arg(&v, 1, false);
		struct values out = { 0 };
		enum presence presence = transform_apply(t, arena, &arg, 1, STR(""), &out);

		if (presence != (texts[i].out ? PRESENT : ABSENT) ||
		    (texts[i].out && !str_eq(out.list[0].s, str_of(texts[i].out))))
			fail_msg("%s(%s)", texts[i].name, texts[i].in);
	}
}

#define ONE(t)	{ PT_##t, false, PT_NONE, false }
#define SOME(t) { PT_##t, true, PT_NONE, false }
#define MADE(t, list, from, from_list) { PT_##t, list, PT_##from, from_list }

static const struct {
	const char *name;
	struct transform_type args[3];
	size_t nargs;
	bool has_selector;
	const char *selector;
	bool good;
	struct transform_type result;
} checks[] = {
	{ "tolower", { ONE(CHARBUF) }, 1, false, "", true, ONE(CHARBUF) },
	{ "tolower", { SOME(CHARBUF) }, 1, false, "", true, SOME(CHARBUF) },
	{ "tolower", { ONE(FSPATH) }, 1, false, "", true, ONE(FSPATH) },
	{ "tolower", { ONE(BYTEBUF) }, 1, false, "", false, { 0 } },
	{ "tolower", { ONE(INT64) }, 1, false, "", false, { 0 } },
	{ "tolower", { ONE(CHARBUF) }, 1, true, "a", false, { 0 } },
	{ "tolower", { { 0 } }, 0, false, "", false, { 0 } },
	{ "b64", { ONE(BYTEBUF) }, 1, false, "", true, ONE(BYTEBUF) },
	{ "b64", { ONE(FSPATH) }, 1, false, "", false, { 0 } },
	{ "len", { ONE(BYTEBUF) }, 1, false, "", true, ONE(UINT64) },
	{ "len", { SOME(INT64) }, 1, false, "", true, ONE(UINT64) },
	{ "len", { ONE(INT64) }, 1, false, "", false, { 0 } },
	{ "join", { ONE(CHARBUF), SOME(CHARBUF) }, 2, false, "", true, ONE(CHARBUF) },
	{ "join", { SOME(CHARBUF), SOME(CHARBUF) }, 2, false, "", false, { 0 } },
	{ "join", { ONE(CHARBUF), ONE(CHARBUF) }, 2, false, "", false, { 0 } },
	{ "join", { ONE(CHARBUF) }, 1, false, "", false, { 0 } },
	{ "concat", { ONE(CHARBUF), ONE(CHARBUF), ONE(CHARBUF) }, 3, false, "", true, ONE(CHARBUF) },
	{ "concat", { ONE(CHARBUF), ONE(INT64) }, 2, false, "", false, { 0 } },
	{ "concat", { MADE(UINT64, false, CHARBUF, false), ONE(CHARBUF) }, 2, false, "", true, ONE(CHARBUF) },
	{ "concat", { MADE(UINT64, false, CHARBUF, true), ONE(CHARBUF) }, 2, false, "", false, { 0 } },
	{ "join", { ONE(INT64), SOME(CHARBUF) }, 2, false, "", true, ONE(CHARBUF) },
	{ "join", { ONE(CHARBUF), MADE(CHARBUF, true, CHARBUF, false) }, 2, false, "", false, { 0 } },
	{ "getopt", { SOME(CHARBUF), MADE(UINT64, false, CHARBUF, false) }, 2, false, "", true, SOME(CHARBUF) },
	{ "concat", { ONE(CHARBUF) }, 1, false, "", false, { 0 } },
	{ "getopt", { SOME(CHARBUF), ONE(CHARBUF) }, 2, false, "", true, SOME(CHARBUF) },
	{ "getopt", { SOME(CHARBUF), ONE(CHARBUF) }, 2, true, "t", true, ONE(CHARBUF) },
	{ "getopt", { SOME(CHARBUF), ONE(CHARBUF) }, 2, true, "tt", false, { 0 } },
	{ "getopt", { ONE(CHARBUF), ONE(CHARBUF) }, 2, false, "", false, { 0 } },
};

static void test_checks(void **state)
{
	(void)state;
	assert_null(transform_lookup(STR("nosuch")));
	assert_null(transform_lookup(STR("val")));
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		struct transform_type result = { 0 };
		struct error err = { 0 };
		int r = transform_check(transform_lookup(str_of(checks[i].name)), checks[i].args, checks[i].nargs,
					checks[i].has_selector, str_of(checks[i].selector), &result, &err);

		if ((r == 0) != checks[i].good || (r < 0 && !err.text[0]))
			fail_msg("row %zu: %d %s", i, r, err.text);
		if (r == 0 && (result.type != checks[i].result.type || result.list != checks[i].result.list))
			fail_msg("row %zu: type %d", i, result.type);
	}
}

static void test_lists(void **state)
{
	auto_arena struct arena *arena = arena_new(1024);
	struct value items[3] = { { .s = STR("a") }, { .s = STR("") }, { .s = STR("c") } },
		     separator = { .s = STR(", ") };
	struct transform_arg args[2] = { text_arg(&separator, 1, false), text_arg(items, 3, true) };
	struct values out = { 0 };

	(void)state;
	assert_int_equal(transform_apply(transform_lookup(STR("join")), arena, args, 2, STR(""), &out), PRESENT);
	assert_true(str_eq(out.list[0].s, STR("a, , c")));
	assert_int_equal(transform_apply(transform_lookup(STR("len")), arena, &args[1], 1, STR(""), &out), PRESENT);
	assert_int_equal(out.list[0].u, 3);
	assert_int_equal(transform_apply(transform_lookup(STR("toupper")), arena, &args[1], 1, STR(""), &out), PRESENT);
	assert_int_equal(out.count, 3);
	assert_true(str_eq(out.list[2].s, STR("C")));
}

/* What is no text goes into one as it lies in memory: joined by all its bytes, concatenated up to a zero. */
static void test_raw_bytes(void **state)
{
	auto_arena struct arena *arena = arena_new(1024);
	struct value items[2] = { { .s = STR("a") }, { .s = STR("b") } }, number = { .i = 0x41 };
	struct transform_arg args[2] = { { MADE(INT64, false, CHARBUF, false), PRESENT, { &number, 1 } },
					 text_arg(items, 2, true) };
	struct values out = { 0 };

	(void)state;
	assert_int_equal(transform_apply(transform_lookup(STR("join")), arena, args, 2, STR(""), &out), PRESENT);
	assert_true(str_eq(out.list[0].s, STR("aA\0\0\0\0\0\0\0b")));
	assert_int_equal(transform_apply(transform_lookup(STR("concat")), arena, args, 2, STR(""), &out), PRESENT);
	assert_true(str_eq(out.list[0].s, STR("Aa"))); /* the first value of a list */
}

static void test_absent_and_unknown(void **state)
{
	auto_arena struct arena *arena = arena_new(1024);
	struct value v = { .s = STR("x") };
	struct transform_arg args[2] = { text_arg(&v, 1, false), text_arg(&v, 1, false) };
	const struct transform *concat = transform_lookup(STR("concat"));
	struct values out = { 0 };

	(void)state;
	args[0].presence = ABSENT;
	assert_int_equal(transform_apply(concat, arena, args, 2, STR(""), &out), ABSENT);
	args[1].presence = UNKNOWN;
	assert_int_equal(transform_apply(concat, arena, args, 2, STR(""), &out), UNKNOWN);
}

static const struct {
	const char *letters, *selector, *out; /* values with '|' between; NULL = absent */
	const char *in[6];
} options[] = {
	{ "ab:", "", "a|b|v", { "-a", "-b", "v" } },
	{ "ab:", "", "a|b|v", { "-abv" } },
	{ "ab:", "b", "w", { "-b", "v", "-bw" } },
	{ "ab:", "a", "a", { "-a" } },
	{ "ab:", "x", NULL, { "-a" } },
	{ "ab:", "", "a", { "-a", "stop", "-b", "v" } },
	{ "ab:", "", "a", { "-a", "--", "-b", "v" } },
	{ "ab:", "", "b|v", { "--long", "-b", "v" } },
	{ "a", "", "?|a", { "-xa" } },
	{ "ab:", "", "a|", { "-ab" } },
	{ "ab:", "b", "", { "-b" } },
	{ ":a", "", "a", { "-a" } },
	{ "a", "", "", { "-" } },
};

static void test_getopt(void **state)
{
	auto_arena struct arena *arena = arena_new(1024);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		struct value items[6] = { 0 }, letters = { .s = str_of(options[i].letters) };
		struct strbuf got auto_strbuf = { 0 };
		struct transform_arg args[2];
		struct values out = { 0 };
		enum presence presence;
		uint32_t n = 0;

		while (n < 6 && options[i].in[n]) {
			items[n].s = str_of(options[i].in[n]);
			n++;
		}
		args[0] = text_arg(items, n, true);
		args[1] = text_arg(&letters, 1, false);
		presence = transform_apply(transform_lookup(STR("getopt")), arena, args, 2, str_of(options[i].selector),
					   &out);
		assert_int_equal(presence, options[i].out ? PRESENT : ABSENT);
		for (uint32_t k = 0; k < out.count && presence == PRESENT; k++) {
			strbuf_adds(&got, k ? "|" : "");
			strbuf_addstr(&got, out.list[k].s);
		}
		if (options[i].out && !str_eq(strbuf_str(&got), str_of(options[i].out)))
			fail_msg("row %zu: %s, not %s", i, got.ptr, options[i].out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_checks),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_raw_bytes),
		cmocka_unit_test(test_absent_and_unknown),
		cmocka_unit_test(test_getopt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
