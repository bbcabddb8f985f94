/* SPDX-License-Identifier: Apache-2.0 */
#include "app/reload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is written between the loading of a set and the begin of watching, in a folder of its own. */

static char folder[64];

static const char *at(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void put(const char *name, const char *text)
{
	auto_file FILE *f = fopen(at(name), "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
}

static int set_up(void **state)
{
	char text[256];

	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/reload.XXXXXX");
	if (!mkdtemp(folder) || mkdir(at("rules.d"), 0700) < 0 || mkdir(at("conf.d"), 0700) < 0)
		return -1;
	snprintf(text, sizeof(text), "rules_files: [%s/rules.d]\nconfig_files: [%s/conf.d]\n", folder, folder);
	put("config", text);
	put("rules.d/a.yaml", "- list: a\n  items: [1]\n");
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = { "rules.d/a.yaml", "rules.d/b.yaml", "rules.d/note", "rules.d",
					     "conf.d/c",       "conf.d",         "config",       "new" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)remove(at(names[i]));
	return rmdir(folder);
}

/* ---- a command ----------------------------------------------------------------------------------------- */

struct loads {
	int reads, compiles;
};

static int read_set(void *context, struct reload_set *set, struct error *err)
{
	struct loads *c = context;
	int r = config_load(at("config"), NULL, 0, &set->config, err);

	c->reads++;
	return r == 0 ? rules_input_add_configured(&set->input, set->config, err) : r;
}

static int compile_set(void *context, struct reload_set *set, struct error *err)
{
	struct loads *c = context;

	(void)set;
	c->compiles++;
	return error_set(err, -ECANCELED, "it is enough to have been asked");
}

static const struct reload_ops ops = { .read = read_set, .compile = compile_set };

/* How often a set is compiled at the first look when that has happened since the first one was read. */
static int compiles_after(void (*happens)(void), bool watch, int *ret_reads)
{
	struct loads c = { 0 };
	auto_reload_set struct reload_set first = { 0 };
	struct session s = { 0 };
	struct exporters exporters = { 0 };
	struct reload *r = NULL;

	assert_int_equal(read_set(&c, &first, NULL), 0);
	s.config = first.config;
	s.input = first.input;
	happens();
	assert_int_equal(reload_new(&ops, &c, &s, &exporters, watch, &r, NULL), 0);
	reload_look(r);
	reload_free(r); /* waits for its thread */
	if (ret_reads)
		*ret_reads = c.reads;
	return c.compiles;
}

/* ---- what happens -------------------------------------------------------------------------------------- */

static void nothing(void)
{
}

static void config_is_written(void)
{
	auto_file FILE *f = fopen(at("config"), "ae");

	assert_non_null(f);
	assert_true(fputs("json_output: true\n", f) >= 0);
}

static void config_is_added(void)
{
	put("conf.d/c", "json_output: true\n");
}

/* The length, and with a coarse clock the times, stay. */
static void rules_are_written(void)
{
	put("rules.d/a.yaml", "- list: a\n  items: [2]\n");
}

static void rules_are_replaced(void)
{
	char from[128];

	put("new", "- list: a\n  items: [2]\n");
	snprintf(from, sizeof(from), "%s", at("new"));
	assert_int_equal(rename(from, at("rules.d/a.yaml")), 0);
}

static void rules_are_added(void)
{
	put("rules.d/b.yaml", "- list: b\n  items: [1]\n");
}

static void rules_are_removed(void)
{
	assert_int_equal(unlink(at("rules.d/a.yaml")), 0);
}

static void another_file_comes(void)
{
	put("rules.d/note", "no rules\n");
}

static void config_goes(void)
{
	assert_int_equal(unlink(at("config")), 0);
}

static void rules_become_a_pipe(void)
{
	assert_int_equal(unlink(at("rules.d/a.yaml")), 0);
	assert_int_equal(mkfifo(at("rules.d/a.yaml"), 0600), 0);
}

static void test_nothing(void **state)
{
	int reads;

	(void)state;
	assert_int_equal(compiles_after(nothing, true, &reads), 0);
	assert_int_equal(reads, 2);
	assert_int_equal(compiles_after(another_file_comes, true, NULL), 0);
}

static void test_config(void **state)
{
	(void)state;
	assert_int_equal(compiles_after(config_is_written, true, NULL), 1);
	assert_int_equal(compiles_after(config_is_added, true, NULL), 1);
}

static void test_rules(void **state)
{
	(void)state;
	assert_int_equal(compiles_after(rules_are_written, true, NULL), 1);
	assert_int_equal(tear_down(state), 0);
	assert_int_equal(set_up(state), 0);
	assert_int_equal(compiles_after(rules_are_replaced, true, NULL), 1);
}

static void test_folder(void **state)
{
	(void)state;
	assert_int_equal(compiles_after(rules_are_added, true, NULL), 1);
	assert_int_equal(compiles_after(rules_are_removed, true, NULL), 1);
}

/* It is loaded, which cannot be: that is told as of any other loading. */
static void test_gone(void **state)
{
	int reads;

	(void)state;
	assert_int_equal(compiles_after(config_goes, true, &reads), 0);
	assert_int_equal(reads, 3);
}

/* Nobody waits for a writer. */
static void test_pipe(void **state)
{
	int reads;

	(void)state;
	assert_int_equal(compiles_after(rules_become_a_pipe, true, &reads), 0);
	assert_int_equal(reads, 1);
}

static void test_unwatched(void **state)
{
	int reads;

	(void)state;
	assert_int_equal(compiles_after(rules_are_written, false, &reads), 0);
	assert_int_equal(reads, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_config, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_rules, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_folder, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_gone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_pipe, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unwatched, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
