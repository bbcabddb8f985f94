/* SPDX-License-Identifier: Apache-2.0 */
#include "app/options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct command run = { .name = "run" }, replay = { .name = "replay" }, falco = { .name = "falco" };

#define WORDS 10
static int parse(const struct command *c, const char *const *words, struct options *ret, struct error *err)
{
	char *argv[WORDS + 2] = { (char *)c->name };
	static char *kept[WORDS + 2];
	int n = 1;

	for (; *words; words++)
		argv[n++] = (char *)*words;
	memcpy(kept, argv, sizeof(kept));
	return options_parse(c, n, kept, ret, err);
}

static void test_values(void **state)
{
	static const char *const words[] = { "-ra", "--rules=b", "--rules", "c", "-j", "x.scap", NULL };
	auto_options struct options o = { 0 };

	(void)state;
	assert_int_equal(parse(&replay, words, &o, NULL), 0);
	assert_string_equal(options_nth(&o, OPT_replay_rules, 0), "a");
	assert_string_equal(options_nth(&o, OPT_replay_rules, 1), "b");
	assert_string_equal(options_nth(&o, OPT_replay_rules, 2), "c");
	assert_null(options_nth(&o, OPT_replay_rules, 3));
	assert_string_equal(options_value(&o, OPT_replay_rules, NULL), "c");
	assert_true(options_has(&o, OPT_replay_json));
	assert_false(options_has(&o, OPT_replay_stats));
	assert_int_equal(o.noperands, 1);
	assert_string_equal(o.operands[0], "x.scap");
}

/* What follows the command belongs to the command. */
static void test_run_stops(void **state)
{
	static const char *const plain[] = { "-j", "ls", "-v", "--json", NULL }, *const dashes[] = { "--", "-j", NULL };
	auto_options struct options a = { 0 }, b = { 0 };

	(void)state;
	assert_int_equal(parse(&run, plain, &a, NULL), 0);
	assert_int_equal(a.ngiven, 1);
	assert_int_equal(a.noperands, 3);
	assert_string_equal(a.operands[0], "ls");
	assert_null(a.operands[3]);
	assert_int_equal(parse(&run, dashes, &b, NULL), 0);
	assert_int_equal(b.ngiven, 0);
	assert_string_equal(b.operands[0], "-j");
}

static void test_messages(void **state)
{
	static const struct {
		const struct command *c;
		const char *words[3], *part;
	} cases[] = {
		{ &run, { "--jsno" }, "unknown option --jsno; did you mean --json?" },
		{ &run, { "--outptu=x" }, "unknown option --outptu; did you mean --output?" },
		{ &run, { "--zzzzzzz" }, "unknown option --zzzzzzz (see monitor run --help)" },
		{ &run, { "-Z" }, "unknown option -Z" },
		{ &run, { "-jZ" }, "unknown option -Z" },
		{ &run, { "--json=1" }, "--json takes no value" },
		{ &run, { "--output" }, "--output needs a value" },
		{ &replay, { "x", "-r" }, "-r needs a value" },
		{ &falco, { "-V" }, "-V needs a value" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct options o = { 0 };
		struct error err = { 0 };

		assert_int_equal(parse(cases[i].c, cases[i].words, &o, &err), -EINVAL);
		if (!str_contains(str_of(err.text), str_of(cases[i].part)))
			fail_msg("%s: %s", cases[i].words[0], err.text);
		assert_null(o.given);
	}
}

static void test_choice(void **state)
{
	static const char *const fast[] = { "--opens=fast", NULL }, *const wrong[] = { "--opens=f", NULL },
				 *const none[] = { NULL };
	auto_options struct options a = { 0 }, b = { 0 }, c = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(parse(&run, fast, &a, NULL), 0);
	assert_int_equal(options_choice(&a, OPT_run_opens, 0, &err), 1);
	assert_int_equal(parse(&run, wrong, &b, NULL), 0);
	assert_int_equal(options_choice(&b, OPT_run_opens, 0, &err), -EINVAL);
	assert_non_null(strstr(err.text, "exact|fast"));
	assert_int_equal(parse(&run, none, &c, NULL), 0);
	assert_int_equal(options_choice(&c, OPT_run_opens, 7, &err), 7);
}

static void test_optional(void **state)
{
	static const char *const with[] = { "--list=syscall", NULL }, *const without[] = { "--list", "-N", NULL };
	auto_options struct options a = { 0 }, b = { 0 };

	(void)state;
	assert_int_equal(parse(&falco, with, &a, NULL), 0);
	assert_string_equal(options_value(&a, OPT_falco_list, NULL), "syscall");
	assert_int_equal(parse(&falco, without, &b, NULL), 0);
	assert_true(options_has(&b, OPT_falco_list));
	assert_null(options_value(&b, OPT_falco_list, NULL));
	assert_true(options_has(&b, OPT_falco_names_only));
}

/* Rows that the parser, the help and the manual rely on. */
static void test_table(void **state)
{
	int i, j;

	(void)state;
	for (i = 0; i < OPT_COUNT; i++) {
		const struct option_info *a = &option_table[i];

		assert_true(a->short_name || *a->long_name);
		assert_true(*a->help);
		assert_int_equal(*a->metavar != 0, a->argument != OPTION_NONE);
		for (j = i + 1; j < OPT_COUNT; j++) {
			const struct option_info *b = &option_table[j];

			if (strcmp(a->command, b->command) != 0)
				continue;
			assert_false(a->short_name && a->short_name == b->short_name);
			assert_false(*a->long_name && strcmp(a->long_name, b->long_name) == 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values), cmocka_unit_test(test_run_stops), cmocka_unit_test(test_messages),
		cmocka_unit_test(test_choice), cmocka_unit_test(test_optional),	 cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
