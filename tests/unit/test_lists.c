/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/loading.h"

#include "rule/lists.h"

static const struct {
	const char *lists, *condition, *want;
} cases[] = {
	{ "- {list: l, items: [a, b c, '\"q r\"']}", "x in (l)", "x in ( a, \"b c\", \"q r\" )" },
	{ "- {list: l, items: [a]}", "x in (ll, l.x, l)", "x in (ll, l.x, a )" },
	{ "- {list: l, items: [a]}", "l", "a " },
	{ "- {list: l, items: [a]}", "x=l", "x= a " },
	{ "- {list: l, items: [a]}", "x in (l, l)", "x in ( a , a )" },
	{ "- {list: l, items: [a]}", "l l", "a l" }, /* right after a paste at the start nothing is found */
	{ "- {list: l, items: [a]}", "x in (l l)", "x in ( a a )" },
	{ "- {list: l, items: []}", "x in (a, l, b)", "x in (a  , b)" },
	{ "- {list: l, items: []}", "x in (l, b)", "x in (   b)" },
	{ "- {list: l, items: []}", "x in (l)", "x in (  )" },
	{ "- {list: l, items: [a]}", "x in 'm l n'", "x in 'm a n'" },
	/* lists in lists: one level, and only those that were defined before */
	{ "- {list: l, items: [a]}\n- {list: m, items: [l, b]}", "x in (m)", "x in ( a, b )" },
	{ "- {list: m, items: [l, b]}\n- {list: l, items: [a]}", "x in (m)",
	  "x in ( a , b )" }, /* pasted: l comes later */
	{ "- {list: l, items: [a]}\n- {list: m, items: [l]}\n- {list: n, items: [m]}", "x in (n)", "x in ( l )" },
	{ "- {list: l, items: [l, b]}", "x in (l)", "x in ( l, b )" },
	{ "- {list: a b, items: [c]}", "x in (a b)", "x in ( c )" },
	{ "- {list: a=b, items: [c]}", "x in (a=b, a=bb)", "x in ( c , a=bb)" },
	{ "- {list: l, items: [a]}", "nothing", "nothing" },
};

static void test_paste(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct paste *pastes;
		struct loading l;
		struct lists lists;
		struct str got;
		size_t which;

		loading_start(&l);
		assert_int_equal(loading_read(&l, cases[i].lists), 0);
		assert_int_equal(lists_prepare(l.arena, &l.items, &lists, &which), 0);
		assert_int_equal(lists_paste(l.arena, &lists, str_of(cases[i].condition), &got, &pastes), 0);
		if (!str_eq(got, str_of(cases[i].want)))
			fail_msg("%s: '%s' becomes '" STR_FMT "', expected '%s'", cases[i].lists, cases[i].condition,
				 STR_ARG(got), cases[i].want);
		loading_end(&l);
	}
}

static void test_used(void **state)
{
	struct loading l;
	struct lists lists;
	const struct paste *pastes;
	struct str got;
	size_t which;

	(void)state;
	loading_start(&l);
	assert_int_equal(loading_read(&l, "- {list: l, items: [a]}\n- {list: m, items: [l]}\n- {list: n, items: [b]}"),
			 0);
	assert_int_equal(lists_prepare(l.arena, &l.items, &lists, &which), 0);
	assert_true(lists.list[0].used);
	assert_false(lists.list[1].used);
	assert_int_equal(lists_paste(l.arena, &lists, STR("x in (m)"), &got, &pastes), 0);
	assert_true(lists.list[1].used);
	assert_false(lists.list[2].used);
	loading_end(&l);
}

/* Places behind pasted lists are found again in the text as it was written. */
static void test_unpaste(void **state)
{
	static const char condition[] = "x in (l, m) and y in ( l ) and Z";
	struct loading l;
	struct lists lists;
	const struct paste *pastes;
	struct str got;
	size_t which;

	(void)state;
	loading_start(&l);
	assert_int_equal(loading_read(&l, "- {list: l, items: [one, two, three]}\n- {list: m, items: []}"), 0);
	assert_int_equal(lists_prepare(l.arena, &l.items, &lists, &which), 0);
	assert_int_equal(lists_paste(l.arena, &lists, STR(condition), &got, &pastes), 0);
	for (const char *mark = "yZ"; *mark; mark++) {
		size_t at = (size_t)((const char *)memchr(got.ptr, *mark, got.len) - got.ptr);

		assert_int_equal(lists_unpaste(pastes, at), strchr(condition, *mark) - condition);
	}
	loading_end(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paste),
		cmocka_unit_test(test_used),
		cmocka_unit_test(test_unpaste),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
