/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "state/paths.h"

struct join {
	const char *dir, *name, *expected;
};

static const struct join joins[] = {
	{ "", "", "" },
	{ "/", "", "" },
	{ "/home/", "x", "/home/x" },
	{ "/home/", "/x", "/x" },
	{ "/home", "x", "/homex" }, /* dir is taken as it is */
	{ "/a/b/", "../c", "/a/c" },
	{ "/a/b/", "../../c", "/c" },
	{ "/a/b/", "../../../../c", "/c" },
	{ "/a/b/", "..", "/a" },
	{ "/a/b/", ".", "/a/b" },
	{ "/a/b/", "./", "/a/b" },
	{ "/a/b/", "./././c/.", "/a/b/c" },
	{ "/a/b/", "c//d///e", "/a/b/c/d/e" },
	{ "/a/b/", "c/", "/a/b/c" },
	{ "/a/b/", "...", "/a/b/..." },
	{ "/a/b/", "..c", "/a/b/..c" },
	{ "/a/b/", ".c", "/a/b/.c" },
	{ "/a/b/", "c.", "/a/b/c." },
	{ "/a/b/", "c/..d/../e", "/a/b/c/e" },
	{ "x", "/", "/" },
	{ "x", "//", "/" },
	{ "x", "/..", "/" },
	{ "x", "/../..", "/" },
	{ "x", "/../etc/./passwd", "/etc/passwd" },
	{ "x", "/etc//../etc/shadow/", "/etc/shadow" },
	{ "", "a/../b", "b" },
	{ "", "../b", "b" },
	{ "", "./b", "b" },
	/*
	 * longer than the sixteen bytes that are looked at together; what is to be folded stands in them,
	 * behind, and across
	 */
	{ "x", "/usr/lib/x86_64-linux-gnu/libc.so.6", "/usr/lib/x86_64-linux-gnu/libc.so.6" },
	{ "x", "/usr/lib/x86_64-linux-gnu/gconv/", "/usr/lib/x86_64-linux-gnu/gconv" },
	{ "x", "/usr/lib/../lib/x86_64-linux-gnu/a", "/usr/lib/x86_64-linux-gnu/a" },
	{ "x", "/123456789abcde/./f", "/123456789abcde/f" },
	{ "x", "/123456789abcdef//g", "/123456789abcdef/g" },
	{ "x", "/123456789abcdefghijklmno/..", "/" },
	{ "/srv/", "data/one/two/three/four", "/srv/data/one/two/three/four" },
	{ "<UNKNOWN>", "b", "<UNKNOWN>b" },
	{ "<UNKNOWN>", "../b", "<UNKNOWN>../b" },
};

static void test_join(void **ctx)
{
	char out[PATHS_BYTES];
	size_t i;

	(void)ctx;
	for (i = 0; i < ARRAY_SIZE(joins); i++) {
		struct str got = paths_join(out, str_of(joins[i].dir), str_of(joins[i].name));

		assert_string_equal(got.ptr, joins[i].expected);
		assert_int_equal(got.len, strlen(joins[i].expected));
	}
}

static void test_join_in_place(void **ctx)
{
	char out[PATHS_BYTES] = "/a/b/";

	(void)ctx;
	assert_string_equal(paths_join(out, (struct str){ out, 5 }, STR("../c")).ptr, "/a/c");
}

static void test_too_long(void **ctx)
{
	static char dir[STATE_PATH_BYTES + 10], out[PATHS_BYTES];
	struct str got;

	(void)ctx;
	memset(dir, 'a', sizeof(dir));
	dir[0] = dir[STATE_PATH_BYTES - 3] = '/';
	got = paths_join(out, (struct str){ dir, STATE_PATH_BYTES - 2 }, STR("b"));
	assert_int_equal(got.len, STATE_PATH_BYTES - 1);
	got = paths_join(out, (struct str){ dir, STATE_PATH_BYTES - 2 }, STR("bc"));
	assert_string_equal(got.ptr, "/DIR_TOO_LONG/FILENAME_TOO_LONG");
	got = paths_join(out, STR(""), (struct str){ dir, sizeof(dir) });
	assert_string_equal(got.ptr, "/DIR_TOO_LONG/FILENAME_TOO_LONG");
}

/* Whatever comes in: the result is bounded, absolute stays absolute, no "." or ".." component is left of the name. */
static void test_random(void **ctx)
{
	static const char alphabet[] = "/.a";
	char name[40], out[PATHS_BYTES];
	uint32_t random = 7, round, folded = 0;
	size_t i, len;

	(void)ctx;
	for (round = 0; round < 100000; round++) {
		random = random * 1664525u + 1013904223u;
		len = 1 + (random >> 10) % (sizeof(name) - 1);
		for (i = 0; i < len; i++) {
			random = random * 1664525u + 1013904223u;
			name[i] = alphabet[(random >> 16) % 3];
		}
		name[0] = '/';
		struct str got = paths_join(out, STR("/dir/"), (struct str){ name, len });

		assert_true(got.len >= 1 && got.len <= len && got.ptr[0] == '/');
		if (paths_is_folded((struct str){ name, len })) {
			assert_true(str_eq(got, (struct str){ name, len }));
			folded++;
		} else { /* in doubt only about components that begin with a dot */
			assert_true(len == 1 || !str_eq(got, (struct str){ name, len }) ||
				    str_contains(got, STR("/.")));
		}
		assert_false(str_contains(got, STR("//")) || str_contains(got, STR("/./")) ||
			     str_contains(got, STR("/../")));
		assert_false(str_ends(got, STR("/..")) || str_ends(got, STR("/.")));
		assert_true(got.len == 1 || got.ptr[got.len - 1] != '/');
	}
	assert_true(folded > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_join_in_place),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
