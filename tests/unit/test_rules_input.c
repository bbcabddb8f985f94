/* SPDX-License-Identifier: Apache-2.0 */
#include "app/rules_input.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/stat.h>

static char folder[64];

static int set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/rules-input.XXXXXX");
	if (!mkdtemp(folder) || chdir(folder) < 0 || mkdir("empty", 0700) < 0 || mkdir("full", 0700) < 0 ||
	    mkdir("full/c.yml", 0700) < 0)
		return -1;
	return system("echo '[]' >full/b.yaml; echo '[]' >full/a.yml; echo '[]' >full/notes; : >nothing.yaml");
}

static int tear_down(void **state)
{
	static const char *const names[] = { "full/a.yml", "full/b.yaml", "full/c.yml",  "full/notes",
					     "full",       "empty",       "nothing.yaml" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (remove(names[i]) < 0)
			return -1;
	return chdir("/") < 0 ? -1 : rmdir(folder);
}

/* What is added, in its order, or what is said. */
static const struct {
	const char *names[3];
	unsigned int flags;
	const char *result;
} cases[] = {
	{ { "full" }, 0, "full/a.yml full/b.yaml" },
	{ { "full/notes", "full/b.yaml" }, 0, "full/notes full/b.yaml" },
	{ { "full/notes", "empty", "full/b.yaml" }, RULES_INPUT_YAML_ONLY, "full/b.yaml" },
	{ { "nothing.yaml" }, 0, "nothing.yaml" },
	{ { "missing" }, 0, "cannot read rules: cannot open missing: No such file or directory" },
	{ { "missing.yml" },
	  RULES_INPUT_YAML_ONLY,
	  "cannot read rules: cannot open missing.yml: No such file or directory" },
	{ { "" }, 0, "cannot read rules: the path is empty" },
	{ { NULL }, 0, "no rules: remedy" },
	{ { "missing.yaml", "full/b.yaml" }, RULES_INPUT_OPTIONAL, "full/b.yaml" },
	{ { "missing.yaml", "missing" },
	  RULES_INPUT_OPTIONAL | RULES_INPUT_YAML_ONLY,
	  "no rules: missing.yaml is not there, missing is not there; remedy" },
	{ { "empty" }, 0, "no rules: empty is a folder without *.yaml and *.yml; remedy" },
	{ { "missing" }, RULES_INPUT_YAML_ONLY, "no rules: missing is not there; remedy" },
	{ { "full/notes" }, RULES_INPUT_YAML_ONLY, "no rules: full/notes is not named *.yaml or *.yml; remedy" },
	{ { "empty", "" },
	  RULES_INPUT_YAML_ONLY,
	  "no rules: empty is a folder without *.yaml and *.yml, an empty path; remedy" },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_rules_input struct rules_input in = { 0 };
		auto_strbuf struct strbuf got = { 0 };
		struct error err = { 0 };
		int r = 0;

		for (size_t k = 0; r == 0 && k < ARRAY_SIZE(cases[i].names) && cases[i].names[k]; k++)
			r = rules_input_add(&in, cases[i].names[k], cases[i].flags, &err);
		if (r == 0)
			r = rules_input_require(&in, "remedy", &err);
		for (size_t k = 0; r == 0 && k < in.count; k++)
			strbuf_addf(&got, "%s%s", k ? " " : "", in.list[k].path);
		if (r < 0)
			assert_int_equal(r, -ENOENT);
		assert_string_equal(r < 0 ? err.text : got.ptr, cases[i].result);
	}
}

static void test_same(void **state)
{
	auto_rules_input struct rules_input one = { 0 }, other = { 0 };

	(void)state;
	assert_true(rules_input_is_same(&one, &other));
	assert_int_equal(rules_input_add_text(&one, "a", STR("x"), NULL), 0);
	assert_false(rules_input_is_same(&one, &other));
	assert_int_equal(rules_input_add_text(&other, "a", STR("x"), NULL), 0);
	assert_true(rules_input_is_same(&one, &other));
	assert_int_equal(rules_input_add_text(&one, "b", STR("xy"), NULL), 0);
	assert_int_equal(rules_input_add_text(&other, "b", STR("xz"), NULL), 0);
	assert_false(rules_input_is_same(&one, &other));
	other.list[1].text[1] = 'y';
	assert_true(rules_input_is_same(&one, &other));
	other.list[1].path[0] = 'c';
	assert_false(rules_input_is_same(&one, &other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_cases, set_up, tear_down),
		cmocka_unit_test(test_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
