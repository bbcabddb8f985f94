/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/regex.h"

#include <regex.h>
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
	{ "", "", true },
	{ "", "a", false },
	{ "abc", "abc", true },
	{ "abc", "xabc", false },
	{ "a.c", "a\nc", false },
	{ "[^b]", "\n", true },
	{ ".*host.*", "/etc/hosts", true },
	{ "(a|b)*c", "ababc", true },
	{ "a||b", "", true },
	{ "(|a)b", "b", true },
	{ "a**", "aaa", true },
	{ "a*?", "aaa", true },
	{ "a+?", "", true },
	{ "a++", "aa", true },
	{ "(a{2}){3}", "aaaaaa", true },
	{ "a{2}{3}", "aaaaaa", true },
	{ "a{2,3}", "aaaa", false },
	{ "a{,3}", "a{,3}", true },
	{ "a{", "a{", true },
	{ "{x", "{x", true },
	{ "[[:alpha:]_][[:alnum:]_]*", "ab_1", true },
	{ "[[:^digit:]]", "5", false },
	{ "[]a]+", "]a]", true },
	{ "[a-]", "-", true },
	{ "[\\]x]", "]", true },
	{ "\\.\\*\\/", ".*/", true },
	{ "\\x41\\x{42}\\103\\t", "ABC\t", true },
	{ "^abc$", "abc", true },
	{ "a$\nb", "a\nb", true },
	{ "é+", "éé", true },
	{ ".", "é", true },
	{ ".", "\xff", false },
	{ "a.*", "a\xc3", false },
	{ "[^b]*", "a\xe9z", false },
	{ "#a b", "#a b", true },
	/* a part of the text is no match, whatever else was still possible when it matched */
	{ "/.*/[a-z]*", "/a/b-c", false },
	{ "/.*/[a-z]*", "/a/b-c/d", true },
};

static const char *const rejected[] = {
	"(",       ")",    "a)",          "[",     "[a",      "[b-a]",         "[[:foo:]]",
	"*a",      "a|*",  "(?i)a",       "(?:a)", "\\d",     "\\w",           "\\b",
	"\\Q",     "\\1",  "\\pL",        "\\",    "a{1001}", "(a{100}){100}", "a{3,2}",
	"[a-b-c]", "(*a)", "\\x{110000}", "\\_",   "{2}",     "\xff",          "a{2}{2}{2}{2}{2}{2}{2}{2}{2}{2}",
};

static void test_cases(void **state)
{
	struct regex_scratch *scratch = regex_scratch_new();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_regex struct regex *regex = NULL;
		struct error err;

		if (regex_compile(str_of(cases[i].pattern), &regex, &err) < 0)
			fail_msg("%s: %s", cases[i].pattern, err.text);
		if (regex_match(regex, scratch, str_of(cases[i].text)) != cases[i].matches)
			fail_msg("%s against %s", cases[i].pattern, cases[i].text);
	}
	regex_scratch_free(scratch);
}

static unsigned int next_random(unsigned int *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 16;
}

/* A pattern of letters, classes, repetitions, groups and alternatives that means the same to POSIX. */
static void add_pattern(struct strbuf *out, unsigned int *seed, unsigned int depth)
{
	static const char *const atoms[] = { "a", "b", "/", ".", "[a/]", "[^b]" };
	static const char *const repeats[] = { "", "", "*", "+", "?", "{1,2}" };

	for (unsigned int i = 0, n = 1 + next_random(seed) % 4; i < n; i++) {
		if (depth < 3 && next_random(seed) % 5 == 0) {
			strbuf_addc(out, '(');
			add_pattern(out, seed, depth + 1);
			if (next_random(seed) % 2) {
				strbuf_addc(out, '|');
				add_pattern(out, seed, depth + 1);
			}
			strbuf_addc(out, ')');
		} else {
			strbuf_adds(out, atoms[next_random(seed) % ARRAY_SIZE(atoms)]);
		}
		strbuf_adds(out, repeats[next_random(seed) % ARRAY_SIZE(repeats)]);
	}
}

/* Random patterns and texts: libc's matcher says the same. */
static void test_model(void **state)
{
	struct regex_scratch *scratch = regex_scratch_new();
	unsigned int seed = 1, hits = 0;

	(void)state;
	for (unsigned int i = 0; i < 3000; i++) {
		struct strbuf pattern auto_strbuf = { 0 }, whole auto_strbuf = { 0 };
		auto_regex struct regex *regex = NULL;
		regex_t model;

		add_pattern(&pattern, &seed, 0);
		strbuf_addf(&whole, "^(%s)$", pattern.ptr);
		assert_int_equal(regex_compile(strbuf_str(&pattern), &regex, NULL), 0);
		assert_int_equal(regcomp(&model, whole.ptr, REG_EXTENDED | REG_NOSUB), 0);
		for (unsigned int k = 0; k < 20; k++) {
			char text[12];
			size_t len = next_random(&seed) % (sizeof(text) - 1);
			bool want;

			for (size_t c = 0; c < len; c++)
				text[c] = "ab/"[next_random(&seed) % 3];
			text[len] = '\0';
			want = regexec(&model, text, 0, NULL, 0) == 0;
			hits += want;
			if (regex_match(regex, scratch, str_of(text)) != want)
				fail_msg("%s against '%s'", pattern.ptr, text);
		}
		regfree(&model);
	}
	assert_true(hits > 1000); /* else the patterns were no test */
	regex_scratch_free(scratch);
}

static void test_rejected(void **state)
{
	for (size_t i = 0; i < sizeof(rejected) / sizeof(rejected[0]); i++) {
		struct regex *regex;
		struct error err;

		if (regex_compile(str_of(rejected[i]), &regex, &err) != -EINVAL)
			fail_msg("%s was accepted", rejected[i]);
		assert_true(strlen(err.text) > 0);
	}
}

/* Patterns that make backtracking matchers explode, and deep ones. */
static void test_hostile(void **state)
{
	struct regex_scratch *scratch = regex_scratch_new();
	auto_regex struct regex *regex = NULL;
	auto_strbuf struct strbuf deep = { 0 };
	struct regex *none;
	char text[4000];

	memset(text, 'a', sizeof(text));
	assert_int_equal(regex_compile(STR("((a*)*)*(a|aa)+(a|a?)+b"), &regex, NULL), 0);
	assert_false(regex_match(regex, scratch, (struct str){ text, sizeof(text) }));
	for (int i = 0; i < 30000; i++)
		strbuf_addc(&deep, '(');
	assert_int_equal(regex_compile(strbuf_str(&deep), &none, NULL), -EINVAL);
	regex_scratch_free(scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases), cmocka_unit_test(test_model),
		cmocka_unit_test(test_rejected),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
