/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "rule/assemble.h"

static void test_patterns(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool fits;
	} cases[] = {
		{ "alpha one", "alpha one", true },
		{ "alpha", "alpha one", false },
		{ "*one", "alpha one", true },
		{ "a*o*e", "alpha one", true },
		{ "alpha ?ne", "alpha one", false },
		{ "one", "alpha one", false },
		{ "*", "", true },
		{ "", "", true },
		{ "", "a", false },
		{ "a*b*", "ab", true },
		{ "a**b", "axxb", true },
		{ "*a*a*b", "aaaaaaaaaac", false },
		{ "A*", "alpha", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (selection_matches(str_of(cases[i].pattern), str_of(cases[i].name)) != cases[i].fits)
			fail_msg("%s against %s", cases[i].pattern, cases[i].name);
}

#define ON(text)      { true, { text, sizeof(text) - 1 }, { NULL, 0 } }
#define OFF(text)     { false, { text, sizeof(text) - 1 }, { NULL, 0 } }
#define TAG_ON(text)  { true, { NULL, 0 }, { text, sizeof(text) - 1 } }
#define TAG_OFF(text) { false, { NULL, 0 }, { text, sizeof(text) - 1 } }

/* Rules a (tag t), b (off), c (tags t and u), d (debug). What is enabled anew goes to the end. */
static void test_order(void **state)
{
	static const struct {
		struct rule_selection list[3];
		size_t count;
		const char *want;
	} cases[] = {
		{ { { 0 } }, 0, "acd" },
		{ { OFF("a") }, 1, "cd" },
		{ { ON("b") }, 1, "acdb" },
		{ { ON("a") }, 1, "acd" },
		{ { OFF("*"), ON("c"), ON("a") }, 3, "ca" },
		{ { OFF("*"), ON("*") }, 2, "abcd" },
		{ { TAG_OFF("t") }, 1, "d" },
		{ { TAG_OFF("t"), TAG_ON("u") }, 2, "dc" },
		{ { TAG_OFF("T"), TAG_OFF("*") }, 2, "acd" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_arena struct arena *arena = arena_new(4096);
		struct str t = STR("t"), tu[] = { STR("t"), STR("u") };
		struct rule rules[] = {
			{ .name = STR("a"), .tags = &t, .ntags = 1, .enabled = true },
			{ .name = STR("b") },
			{ .name = STR("c"), .tags = tu, .ntags = 2, .enabled = true },
			{ .name = STR("d"), .enabled = true, .priority = PRIORITY_DEBUG },
		};
		struct ruleset set = { .arena = arena, .rules = rules, .nrules = 4 };
		struct engine_options options = { .min_priority = PRIORITY_DEBUG, .selections = cases[i].list,
						  .nselections = cases[i].count };
		struct strbuf got auto_strbuf = { 0 };

		assert_int_equal(selection_apply(&set, &options), 0);
		for (size_t k = 0; k < set.norder; k++)
			strbuf_addstr(&got, set.rules[set.order[k]].name);
		if (strcmp(got.ptr ? got.ptr : "", cases[i].want) != 0)
			fail_msg("case %zu gives %s, expected %s", i, got.ptr, cases[i].want);
	}
}

static void test_priority(void **state)
{
	const struct rule_selection all = ON("*");
	auto_arena struct arena *arena = arena_new(4096);
	struct rule rules[] = { { .name = STR("a"), .priority = PRIORITY_NOTICE, .enabled = true },
				{ .name = STR("b"), .priority = PRIORITY_WARNING, .enabled = true } };
	struct ruleset set = { .arena = arena, .rules = rules, .nrules = 2 };
	struct engine_options options = { .min_priority = PRIORITY_WARNING, .selections = &all, .nselections = 1 };

	(void)state;
	assert_int_equal(selection_apply(&set, &options), 0);
	assert_int_equal(set.norder, 1);
	assert_int_equal(set.order[0], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_priority),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
