/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/loading.h"

#include <sys/resource.h>

#include "rule/resolve.h"

/* The condition "R" with the macros put in, or the findings. */
static const struct {
	const char *macros, *condition, *want;
} cases[] = {
	{ "- {macro: m, condition: fd.num=1}", "m", "fd.num = 1" },
	{ "- {macro: m, condition: fd.num=1 or fd.num=2}", "not m and m",
	  "(not (fd.num = 1 or fd.num = 2)) and (fd.num = 1 or fd.num = 2)" },
	{ "- {macro: m, condition: fd.num=1}\n- {macro: n, condition: not m}", "n", "not fd.num = 1" },
	{ "- {macro: n, condition: not m}\n- {macro: m, condition: fd.num=1}", "n", "ERR_VALIDATE n 1:7" },
	{ "- {macro: n, condition: fd.num=1}\n- {macro: m, condition: fd.num=2}\n- {macro: n, condition: m}", "n",
	  "fd.num = 2" },
	{ "- {macro: m, condition: m}", "m", "ERR_VALIDATE m 1:3" },
	{ "- {macro: m, condition: fd.num=1}\n- {macro: m, condition: m}", "m", "ERR_VALIDATE m 2:3" },
	{ "- {macro: m, condition: fd.num=1}\n- {macro: n, condition: m}\n- {macro: m, condition: n}", "m",
	  "ERR_VALIDATE m 3:3" },
	{ "- {macro: m, condition: fd.num=}", "x.y=1", "ERR_COMPILE_CONDITION m 1:32" },
	{ "- {macro: m, condition: fd.num=1}", "m and n", "ERR_VALIDATE R 1:7" },
	{ "- {list: l, items: [1, 2]}\n- {macro: m, condition: fd.num in (l)}", "m", "fd.num in (1, 2)" },
};

static int resolve(struct loading *l, struct resolver *r, const char *condition, struct ast **ret_tree)
{
	const struct load_context *file = findings_file(&l->findings, &l->file);
	const struct load_context *rule =
		findings_context_at(&l->findings, file, ITEM_RULE, STR("R"), (struct yaml_position){ 0 });
	int n;

	*r = (struct resolver){ .arena = l->arena };
	n = resolve_start(r, &l->findings, &l->items);
	if (n == 0)
		n = resolve_condition(r, &l->findings, str_of(condition), rule, rule, ret_tree);
	return n;
}

static void test_macros(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strbuf got auto_strbuf = { 0 };
		struct ast *tree;
		struct resolver r;
		struct loading l;

		loading_start(&l);
		assert_int_equal(loading_read(&l, cases[i].macros), 0);
		if (resolve(&l, &r, cases[i].condition, &tree) == 0)
			ast_print(&got, tree);
		else
			loading_print(&got, l.findings.list, l.findings.count);
		if (strcmp(got.ptr, cases[i].want) != 0)
			fail_msg("%s: %s\n  gives %s\n  expected %s", cases[i].macros, cases[i].condition, got.ptr,
				 cases[i].want);
		loading_end(&l);
	}
}

static void assert_refused_by(const char *text, const char *macro, bool ours)
{
	struct resolver r;
	struct loading l;
	struct ast *tree;

	loading_start(&l);
	l.findings.ours = ours;
	assert_int_equal(loading_read(&l, text), 0);
	assert_int_equal(resolve(&l, &r, macro, &tree), -EINVAL);
	assert_int_equal(l.findings.list[0].code, LOAD_ERR_VALIDATE);
	loading_end(&l);
}

static void assert_refused(const char *text, const char *macro)
{
	struct rusage used;

	assert_refused_by(text, macro, false);
	/* all of its macros are looked at: what is refused of the first must not take memory for each */
	assert_refused_by(text, macro, true);
	assert_int_equal(getrusage(RUSAGE_SELF, &used), 0);
	assert_in_range(used.ru_maxrss, 0, 1 << 20);
}

/* Each macro holds the one before twice: a tree of 2^40 nodes, shared, must be refused and not be walked. */
static void test_doubling(void **state)
{
	struct strbuf text auto_strbuf = { 0 };

	(void)state;
	strbuf_adds(&text, "- {macro: m0, condition: fd.num=1}\n");
	for (int i = 1; i <= 40; i++)
		strbuf_addf(&text, "- {macro: m%d, condition: m%d and m%d}\n", i, i - 1, i - 1);
	assert_refused(text.ptr, "m40");
}

/* The same, backwards: the first macro sees all others before they are resolved. */
static void test_doubling_backwards(void **state)
{
	struct strbuf text auto_strbuf = { 0 };

	(void)state;
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i <= 40; i++)
			strbuf_addf(&text, pass && i < 40 ? "- {macro: m%d, condition: m%d and m%d}\n" :
							    "- {macro: m%d, condition: fd.num=1}\n", i, i + 1, i + 1);
	assert_refused(text.ptr, "m0");
}

/* Macros of half the most nodes, each seen by many that come before them. */
static void test_backwards_many(void **state)
{
	struct strbuf text auto_strbuf = { 0 };

	(void)state;
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < 64; i++)
			strbuf_addf(&text, "- {macro: n%d, condition: %s}\n", i, pass ? "m0" : "fd.num=1");
		for (int i = 0; i <= 17; i++)
			strbuf_addf(&text, pass && i < 17 ? "- {macro: m%d, condition: m%d and m%d}\n" :
							    "- {macro: m%d, condition: fd.num=1}\n", i, i + 1, i + 1);
	}
	assert_refused(text.ptr, "n63");
}

static void test_depth(void **state)
{
	struct strbuf text auto_strbuf = { 0 };

	(void)state;
	strbuf_adds(&text, "- {macro: m0, condition: fd.num=1}\n");
	for (int i = 1; i <= 50000; i++)
		strbuf_addf(&text, "- {macro: m%d, condition: not m%d}\n", i, i - 1);
	assert_refused(text.ptr, "m50000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_macros),
		cmocka_unit_test(test_doubling),
		cmocka_unit_test(test_doubling_backwards),
		cmocka_unit_test(test_backwards_many),
		cmocka_unit_test(test_depth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
