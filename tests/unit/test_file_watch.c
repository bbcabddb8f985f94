/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app/file_watch.h"

static char folder[64];

static const char *at(const char *name)
{
	static char path[2][128];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[0]), "%s/%s", folder, name);
	return path[turn];
}

static void put(const char *name, const char *text)
{
	auto_file FILE *f = fopen(at(name), "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
}

/* Whether a change is seen within a second. */
static bool changes(struct file_watch *w)
{
	for (int i = 0; i < 50; i++) {
		if (file_watch_changed(w)) {
			file_watch_note(w);
			return true;
		}
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	}
	return false;
}

static int set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/file-watch.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
	static const char *const names[] = { "a",      "other",  "rules/one", "rules", "..data",
					     "v1/map", "v2/map", "v1",        "v2",    "map" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)remove(at(names[i]));
	return rmdir(folder);
}

static void test_file(void **state)
{
	auto_file_watch struct file_watch *w = NULL;

	(void)state;
	assert_int_equal(file_watch_new(&w, NULL), 0);
	assert_int_equal(file_watch_add(w, at("a")), 0);
	file_watch_note(w);
	assert_false(changes(w));
	put("a", "1");
	assert_true(changes(w));
	put("a", "2"); /* as long as before */
	assert_true(changes(w));
	put("other", "1");
	assert_false(changes(w));
	assert_int_equal(rename(at("other"), at("a")), 0);
	assert_true(changes(w));
	assert_int_equal(unlink(at("a")), 0);
	assert_true(changes(w));
}

static void test_folder(void **state)
{
	auto_file_watch struct file_watch *w = NULL;

	(void)state;
	assert_int_equal(mkdir(at("rules"), 0700), 0);
	assert_int_equal(file_watch_new(&w, NULL), 0);
	assert_int_equal(file_watch_add(w, at("rules")), 0);
	file_watch_note(w);
	put("rules/one", "1");
	assert_true(changes(w));
	put("a", "1");
	assert_false(changes(w));
	assert_int_equal(unlink(at("rules/one")), 0);
	assert_true(changes(w));
}

/* Kubernetes: FILE -> ..data/FILE, and ..data, a link to a folder, is replaced. */
static void test_map(void **state)
{
	auto_file_watch struct file_watch *w = NULL;

	(void)state;
	assert_int_equal(mkdir(at("v1"), 0700), 0);
	assert_int_equal(mkdir(at("v2"), 0700), 0);
	put("v1/map", "1");
	put("v2/map", "2");
	assert_int_equal(symlink("v1", at("..data")), 0);
	assert_int_equal(symlink("..data/map", at("map")), 0);
	assert_int_equal(file_watch_new(&w, NULL), 0);
	assert_int_equal(file_watch_add(w, at("map")), 0);
	file_watch_note(w);
	assert_int_equal(symlink("v2", at("other")), 0);
	assert_int_equal(rename(at("other"), at("..data")), 0);
	assert_true(changes(w));
}

/* Other files come and go all the time. */
static void test_busy(void **state)
{
	auto_file_watch struct file_watch *w = NULL;
	bool seen = false;

	(void)state;
	assert_int_equal(file_watch_new(&w, NULL), 0);
	assert_int_equal(file_watch_add(w, at("a")), 0);
	file_watch_note(w);
	put("a", "1");
	for (int i = 0; i < 100 && !seen; i++) {
		put("other", "x");
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
		seen = file_watch_changed(w);
	}
	assert_true(seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_folder, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_map, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_busy, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
