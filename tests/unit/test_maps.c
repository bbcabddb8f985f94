/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/maps.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"

static const struct {
	const char *line;
	bool good;
	uint64_t start, end, inode;
	const char *path;
} lines[] = {
	{ "00400000-00452000 r-xp 00001000 08:02 173521      /usr/bin/my prog", true, 0x400000, 0x452000, 173521,
	  "/usr/bin/my prog" },
	{ "7ffc0-7ffd0 rw-p 00000000 00:00 0 ", true, 0x7ffc0, 0x7ffd0, 0, "" },
	{ "7ffc0-7ffd0 rw-p 00000000 00:00 0", true, 0x7ffc0, 0x7ffd0, 0, "" },
	{ "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]", true,
	  0xffffffffff600000, 0xffffffffff601000, 0, "[vsyscall]" },
	{ "", false, 0, 0, 0, "" },
	{ "-", false, 0, 0, 0, "" },
	{ "1-2", false, 0, 0, 0, "" },
	{ "2000-1000 r-xp 0 0:0 0 x", false, 0, 0, 0, "" },
	{ "00000000000000001-2 r-xp 0 0:0 0 x", false, 0, 0, 0, "" },
	{ "1-2 r-x 0 0:0 0 x", false, 0, 0, 0, "" },
	{ "1-2 r-xp 0", false, 0, 0, 0, "" },
	{ "1-2 r-xp 0 0:0 99999999999999999999 x", false, 0, 0, 0, "" },
	{ "g-2 r-xp 0 0:0 0 x", false, 0, 0, 0, "" },
};

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct mapping m = { 0 };

		if (maps_parse(str_of(lines[i].line), &m) != lines[i].good)
			fail_msg("%s", lines[i].line);
		if (lines[i].good && (m.start != lines[i].start || m.end != lines[i].end || m.inode != lines[i].inode ||
				      !str_eq(m.path, str_of(lines[i].path))))
			fail_msg("%s: %.*s", lines[i].line, STR_ARG(m.path));
	}
}

static void test_own(void **state)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char path[MAPS_PATH_BYTES];
	struct mapping m;

	(void)state;
	assert_int_equal(maps_find(getpid(), (uintptr_t)test_own, &m, path), 0);
	assert_true(m.inode && str_contains(m.path, STR("test_maps")) && m.start <= (uintptr_t)test_own);
	assert_int_equal(maps_region(getpid(), (uintptr_t)test_own), REGION_FILE);
	assert_int_equal(maps_region(getpid(), (uintptr_t)page), REGION_ANONYMOUS);
	assert_int_equal(maps_region(getpid(), (uintptr_t)&m), REGION_STACK);
	assert_int_equal(maps_find(getpid(), 1, &m, path), -ENOENT);
	assert_int_equal(maps_region(getpid(), 1), REGION_UNKNOWN);
	assert_int_equal(maps_find(getpid(), (uintptr_t)page, &m, path), 0);
	assert_true(m.readable && m.allowed);
	mprotect(page, 4096, PROT_WRITE);
	assert_int_equal(maps_find(getpid(), (uintptr_t)page, &m, path), 0);
	assert_true(!m.readable && m.allowed);
	mprotect(page, 4096, PROT_NONE);
	assert_int_equal(maps_find(getpid(), (uintptr_t)page, &m, path), 0);
	assert_true(!m.readable && !m.allowed);
	munmap(page, 4096);
}

static void test_allowed(void **state)
{
	struct mapping m;

	(void)state;
	assert_true(maps_parse(STR("1000-2000 -w-p 0 0:0 0 x"), &m) && m.allowed && !m.readable);
	assert_true(maps_parse(STR("1000-2000 --xp 0 0:0 0 x"), &m) && m.allowed && !m.readable);
	assert_true(maps_parse(STR("1000-2000 ---p 0 0:0 0 x"), &m) && !m.allowed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
