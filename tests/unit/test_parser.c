/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/condition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* Text, and its tree in canonical form. */
static const struct {
	const char *text, *canonical;
} accepted[] = {
	{ "fd.name=a", "fd.name = a" },
	{ "  fd.name  =  a  ", "fd.name = a" },
	{ "fd.name==a", "fd.name == a" },
	{ "a_macro", "a_macro" },
	{ "m and n or o", "(m and n) or o" },
	{ "m or n and o", "m or (n and o)" },
	{ "not m and n", "(not m) and n" },
	{ "not not m", "m" },
	{ "not not not m", "not m" },
	{ "not(not m)", "not (not m)" },
	{ "not (m)", "not m" },
	{ "m and(n)", "m and n" },
	{ "m or(n or o)", "m or (n or o)" },
	{ "((((m))))", "m" },
	{ "nota and orb", "nota and orb" },
	{ "fd.name existsand m", "fd.name exists and m" },
	{ "fd.name exists and m", "fd.name exists and m" },
	{ "fd.name exists", "fd.name exists" },
	{ "fd.num < 5", "fd.num < 5" },
	{ "fd.num <= -5.5e+3", "fd.num <= -5.5e+3" },
	{ "fd.num>0x1F", "fd.num > 0x1F" },
	{ "fd.num = 5", "fd.num = 5" },
	{ "fd.name = 'a b'", "fd.name = \"a b\"" },
	{ "fd.name = \"it's\"", "fd.name = \"it's\"" },
	{ "fd.name = 'it\\'s'", "fd.name = \"it's\"" },
	{ "fd.name = 'a\\\\b\\n\\t\\/'", "fd.name = \"a\\\\b\\n\\t/\"" },
	{ "fd.name = 'a\\ b'", "fd.name = \"a\\\\b\"" },
	{ "fd.name = 'a\\ '", "fd.name = \"a\\ \"" },
	{ "fd.name = ''", "fd.name = \"\"" },
	{ "fd.name = /etc/[a-z]*{x}<>|&;", "fd.name = /etc/[a-z]*{x}<>|&;" },
	{ "fd.name contains'a'", NULL },
	{ "fd.name contains 'a'", "fd.name contains \"a\"" },
	{ "fd.name in(a)", "fd.name in (a)" },
	{ "fd.name ina", "fd.name in a" },
	{ "fd.name in (a,b , 'c d')", "fd.name in (a, b, \"c d\")" },
	{ "fd.name in ()", "fd.name in ()" },
	{ "fd.name in ('\\x')", "fd.name in ()" },
	{ "fd.name pmatch(/a)", "fd.name pmatch (/a)" },
	{ "fd.name startswith anyof (a, b)", "fd.name startswith anyof (a, b)" },
	{ "fd.name = allof (a)", "fd.name = allof (a)" },
	{ "fd.name = oneof", "fd.name = oneof" },
	{ "fd.name = oneof and m", "fd.name = oneof and m" },
	{ "fd.name = oneof lst", "fd.name = oneof lst" },
	{ "fd.name =oneof(a)", NULL },
	{ "proc.aname[2] = a", "proc.aname[2] = a" },
	{ "proc.env['a b'] = a", "proc.env[\"a b\"] = a" },
	{ "evt.arg.flags contains a", "evt.arg.flags contains a" },
	{ "tolower(fd.name) = a", "tolower(fd.name) = a" },
	{ "toupper( tolower( fd.name ) ) = a", "toupper(tolower(fd.name)) = a" },
	{ "fd.name = val(proc.name)", "fd.name = val(proc.name)" },
	{ "fd.name = tolower(proc.name)", "fd.name = tolower(proc.name)" },
	{ "len(fd.name) > 5", "len(fd.name) > 5" },
	{ "concat(fd.name, 'x', 5) = a", "concat(fd.name, \"x\", 5) = a" },
	{ "join(',', (proc.name, 'x')) = a", "join(\",\", (proc.name, \"x\")) = a" },
	{ "getopt(proc.args, 'ab:')[a] = x", "getopt(proc.args, \"ab:\")[a] = x" },
	{ "m\tand\r\nn\b", "m and n" },
	{ "fd.name=allof\bx", "fd.name = \"allof\\bx\"" },
};

static void test_accepted(void **state)
{
	for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
		auto_arena struct arena *arena = arena_new(1024);
		auto_strbuf struct strbuf first = { 0 }, again = { 0 };
		struct condition_error problem = { 0 };
		struct ast *tree;
		int r = condition_parse(arena, str_of(accepted[i].text), &tree, &problem);

		if (!accepted[i].canonical) {
			assert_int_equal(r, -EINVAL);
			continue;
		}
		if (r < 0)
			fail_msg("%s: %.*s at %zu", accepted[i].text, STR_ARG(problem.message), problem.offset);
		ast_print(&first, tree);
		assert_string_equal(first.ptr, accepted[i].canonical);

		/* the canonical form means the same, and a copy is equal */
		assert_int_equal(condition_parse(arena, strbuf_str(&first), &tree, &problem), 0);
		tree = ast_copy(arena, tree);
		assert_non_null(tree);
		ast_print(&again, tree);
		assert_string_equal(again.ptr, first.ptr);
	}
}

static const struct {
	const char *text;
	size_t offset;
	const char *hint;
} rejected[] = {
	{ "", 0, "" },
	{ "   ", 3, "" },
	{ "fd.name", 7, "" },
	{ "fd.name =", 9, "" },
	{ "fd.name = (a)", 10, "" },
	{ "fd.name = a b", 12, "" },
	{ "fd.name strartswith a", 8, "startswith" },
	{ "fd.name CONTAINS a", 8, "" },
	{ "fd.num < '3'", 9, "" },
	{ "fd.num < x", 9, "" },
	{ "fd.name = 'a", 10, "" },
	{ "fd.name = 'a\\\\'", 10, "" },
	{ "fd.name = '\\d'", 14, "" },
	{ "fd.name = '\\\"'", 14, "" },
	{ "fd.name in 5", 11, "" },
	{ "fd.name in (a", 13, "" },
	{ "fd.name in (a,)", 14, "" },
	{ "(m", 2, "" },
	{ "m)", 1, "" },
	{ "m and", 5, "" },
	{ "m and ", 6, "" },
	{ "m andn", 5, "" },
	{ "m AND n", 2, "" },
	{ "m or(n) and o", 8, "" },
	{ "and m", 4, "" },
	{ "5 = 5", 0, "" },
	{ "proc.aname[ = a", 11, "" },
	{ "proc.aname[2 = a", 12, "" },
	{ "tolower (fd.name) = a", 8, "" },
	{ "tolower() = a", 8, "" },
	{ "val(fd.name) = a", 3, "" },
	{ "fd.name = val(x)", 14, "" },
	{ "fd.name = anyof 5", 16, "" },
};

static void test_rejected(void **state)
{
	for (size_t i = 0; i < sizeof(rejected) / sizeof(rejected[0]); i++) {
		auto_arena struct arena *arena = arena_new(1024);
		struct condition_error problem = { 0 };
		struct ast *tree;

		if (condition_parse(arena, str_of(rejected[i].text), &tree, &problem) != -EINVAL)
			fail_msg("%s was accepted", rejected[i].text);
		if (problem.offset != rejected[i].offset)
			fail_msg("%s: %.*s at %zu", rejected[i].text, STR_ARG(problem.message), problem.offset);
		assert_true(problem.message.len > 0);
		assert_true(str_eq(problem.hint, str_of(rejected[i].hint)));
	}
}

static int parse_repeated(const char *open, size_t n, const char *middle, const char *close)
{
	auto_arena struct arena *arena = arena_new(65536);
	auto_strbuf struct strbuf text = { 0 };
	struct condition_error problem;
	struct ast *tree;

	for (size_t i = 0; i < n; i++)
		strbuf_adds(&text, open);
	strbuf_adds(&text, middle);
	for (size_t i = 0; i < n; i++)
		strbuf_adds(&text, close);
	return condition_parse(arena, strbuf_str(&text), &tree, &problem);
}

/* Deep nesting is refused at Falco's depth; long conditions are not. */
static void test_limits(void **state)
{
	assert_int_equal(parse_repeated("(", 150, "m", ")"), 0);
	assert_int_equal(parse_repeated("(", 10000, "m", ")"), -EINVAL);
	assert_int_equal(parse_repeated("not(", 10000, "m", ")"), -EINVAL);
	assert_int_equal(parse_repeated("tolower(", 10000, "fd.name", ") = a"), -EINVAL);
	assert_int_equal(parse_repeated("not ", 250000, "m", ""), 0);
	assert_int_equal(parse_repeated("m and ", 200000, "m", ""), 0);
	assert_int_equal(parse_repeated("", 100000, "fd.name in (a", ",b"), -EINVAL);
	assert_int_equal(parse_repeated("\"", 100001, "", ""), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_rejected),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
