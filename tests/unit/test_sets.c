/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/pathset.h"
#include "rule/textset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Random members and questions against a linear search. */
static void test_texts(void **state)
{
	unsigned int seed = 7, found = 0;

	for (int turn = 0; turn < 200; turn++) {
		auto_arena struct arena *arena = arena_new(1024);
		uint32_t n = (uint32_t)rand_r(&seed) % 40;
		struct str *members = arena_array_of(arena, struct str, n);
		struct textset set;

		for (uint32_t i = 0; i < n; i++)
			members[i] =
				arena_printf(arena, "%.*s%d", rand_r(&seed) % 70,
					     "/usr/lib/a/very/long/path/that/has/many/bytes/in/it/and/then/some/more",
					     rand_r(&seed) % 5);
		assert_int_equal(textset_build(arena, members, n, &set), 0);
		for (int q = 0; q < 100; q++) {
			struct str text =
				arena_printf(arena, "%.*s%d", rand_r(&seed) % 70,
					     "/usr/lib/a/very/long/path/that/has/many/bytes/in/it/and/then/some/more",
					     rand_r(&seed) % 5);
			bool expect = false;

			for (uint32_t i = 0; i < n; i++)
				expect |= str_eq(members[i], text);
			assert_int_equal(textset_has(&set, text), expect);
			found += expect;
		}
		assert_false(textset_has(&set, STR("")));
	}
	assert_true(found > 100);
}

static const struct {
	const char *path;
	bool in;
} paths[] = {
	{ "/etc", true },	 { "/etc/passwd", true },   { "/etcetera", false }, { "etc/x", true },
	{ "//etc//x", true },	 { "/usr", false },	    { "/usr/lib", true },   { "/usr/lib64", false },
	{ "/home/bob/.ssh", true }, { "/home/bob", false }, { "", false },	    { "/", false },
};

static void test_paths(void **state)
{
	static const struct str members[] = {
		{ "/etc", 4 }, { "/usr/lib/", 9 }, { "/usr/lib/x", 10 }, { "/home/*/.ssh", 12 }
	};
	auto_arena struct arena *arena = arena_new(1024);
	struct str root = STR("/");
	struct pathset set;

	assert_int_equal(pathset_build(arena, members, 4, &set), 0);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (pathset_has(&set, str_of(paths[i].path)) != paths[i].in)
			fail_msg("%s", paths[i].path);
	}
	assert_int_equal(pathset_build(arena, &root, 1, &set), 0);
	assert_true(pathset_has(&set, STR("/any/thing")));
	assert_int_equal(pathset_build(arena, NULL, 0, &set), 0);
	assert_false(pathset_has(&set, STR("/any/thing")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
