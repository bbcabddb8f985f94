/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/glob.h"

#include <fnmatch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
	const char *pattern, *text;
	bool matches;
} cases[] = {
	{ "", "", true },		{ "", "a", false },	      { "*", "", true },
	{ "a*", "a/b/c", true },	{ "*c", "/.a/b/c", true },    { "a?c", "a/c", true },
	{ "[a-c]x", "bx", true },	{ "[!a-c]x", "bx", false },   { "[^a-c]x", "dx", true },
	{ "[]a]", "]", true },		{ "[]a]", "b", false },	      { "[a", "[a", true },
	{ "[[:digit:]]*", "7up", true }, { "[[:digit:]]", "x", false }, { "\\*", "*", true },
	{ "\\*", "a", false },		{ "a\\", "a", false },	      { "*.so*", "lib.so.1", true },
	{ "a*b*c*d", "aXbXcXbXd", true }, { "a*b*c*d", "aXbXcX", false }, { "[a-]x", "-x", true },
};

static void test_cases(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (glob_match(str_of(cases[i].pattern), str_of(cases[i].text), false) != cases[i].matches)
			fail_msg("%s against %s", cases[i].pattern, cases[i].text);
	}
	assert_true(glob_match(STR("*.EXE"), STR("a.exe"), true));
	assert_true(glob_match(STR("[A-C]x"), STR("bX"), true));
	assert_false(glob_match(STR("*.EXE"), STR("a.exe"), false));
}

/* The C library's matcher is the model. */
static void test_model(void **state)
{
	static const char pattern_bytes[] = "ab*?[]-!\\", text_bytes[] = "ab[]-!";
	unsigned int seed = 5, matched = 0;

	for (int i = 0; i < 200000; i++) {
		char pattern[9], text[7];
		size_t np = (size_t)rand_r(&seed) % 8, nt = (size_t)rand_r(&seed) % 6;
		bool fold = rand_r(&seed) & 1, expect;

		for (size_t k = 0; k < np; k++)
			pattern[k] = pattern_bytes[(size_t)rand_r(&seed) % (sizeof(pattern_bytes) - 1)];
		for (size_t k = 0; k < nt; k++)
			text[k] = text_bytes[(size_t)rand_r(&seed) % (sizeof(text_bytes) - 1)];
		pattern[np] = text[nt] = '\0';
		expect = fnmatch(pattern, text, fold ? FNM_CASEFOLD : 0) == 0;
		/*
		 * a backslash before a bracket's end, and ranges that begin or end in odd places, are the
		 * library's own affair
		 */
		if (strchr(pattern, '[') && (strchr(pattern, '\\') || strchr(pattern, '-')))
			continue;
		if (glob_match((struct str){ pattern, np }, (struct str){ text, nt }, fold) != expect)
			fail_msg("%s against %s: expected %d", pattern, text, expect);
		matched += expect;
	}
	assert_true(matched > 1000);
}

/* Many stars over a long text that does not match: no exponential backtracking. */
static void test_hostile(void **state)
{
	char pattern[201], text[20001];

	for (size_t i = 0; i < 200; i++)
		pattern[i] = i % 2 ? 'a' : '*';
	memset(text, 'a', sizeof(text));
	assert_true(glob_match((struct str){ pattern, 200 }, (struct str){ text, 20000 }, false));
	pattern[199] = 'b';
	assert_false(glob_match((struct str){ pattern, 200 }, (struct str){ text, 20000 }, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
