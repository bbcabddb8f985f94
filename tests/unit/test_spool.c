/* SPDX-License-Identifier: Apache-2.0 */
#include "output/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/file.h"

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/spool.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char path[400];
	DIR *dir = opendir(folder);
	struct dirent *e;

	(void)state;
	while (dir && (e = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		unlink(path);
	}
	if (dir)
		closedir(dir);
	return rmdir(folder);
}

static struct spool *open_it(uint64_t max_bytes)
{
	struct spool *s = NULL;
	struct error err = { 0 };

	if (spool_open(folder, max_bytes, &s, &err) < 0)
		fail_msg("%s", err.text);
	return s;
}

/* The number in the first record, -1 = none waits. */
static long peek(struct spool *s)
{
	struct spool_record record;
	char number[9] = { 0 };

	if (spool_first(s, &record) == 0)
		return -1;
	if (record.body.len < 1000) /* the large one of test_too_large() has another kind */
		assert_int_equal(record.kind, record.body.len == 8 ? 1 : record.body.len % 7);
	memcpy(number, record.body.ptr, 8);
	return strtol(number, NULL, 10);
}

static int put(struct spool *s, long number, size_t len)
{
	auto_free char *text = malloc(len + 9);
	struct error err;

	snprintf(text, len + 9, "%08ld", number);
	memset(text + 8, 'x', len);
	return spool_add(s, (uint32_t)((len + 8) % 7), (struct str){ text, len + 8 }, &err);
}

static uint64_t waiting(struct spool *s)
{
	struct spool_stats stats;

	spool_stats(s, &stats);
	return stats.records;
}

/* Against the plain model: two numbers. Closed and opened now and then. */
static void test_random_order(void **state)
{
	struct spool *s = open_it(100000);
	long added = 0, taken = 0;
	unsigned int seed = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		unsigned int what = (seed = seed * 1103515245 + 12345) >> 16;

		if (what % 500 == 0) {
			spool_free(s);
			s = open_it(100000);
		} else if (what % 2) {
			int r = put(s, added, what % 300);

			assert_true(r == 0 || (r == -ENOSPC && added - taken > 100));
			added += r == 0;
		} else {
			long n = peek(s);

			assert_int_equal(n, added == taken ? -1 : taken);
			assert_int_equal(peek(s), n);
			if (n >= 0)
				assert_int_equal(spool_done(s, NULL), 0);
			taken += n >= 0;
		}
		assert_int_equal(waiting(s), added - taken);
	}
	assert_true(added > 5000);
	while (taken < added) {
		assert_int_equal(peek(s), taken++);
		spool_done(s, NULL);
	}
	assert_int_equal(peek(s), -1);
	spool_free(s);
}

/* What a kill leaves behind: the files as they are, the last delivery not noted. */
static void test_position_lost(void **state)
{
	struct spool *s = open_it(1 << 20);
	char path[100];

	(void)state;
	for (long i = 0; i < 10; i++)
		assert_int_equal(put(s, i, 10), 0);
	assert_int_equal(peek(s), 0);
	spool_done(s, NULL);
	spool_free(s);
	s = open_it(1 << 20);
	assert_int_equal(peek(s), 1);
	spool_free(s);
	snprintf(path, sizeof(path), "%s/position", folder);
	assert_int_equal(truncate(path, 3), 0);
	s = open_it(1 << 20);
	assert_int_equal(waiting(s), 10); /* again rather than never */
	assert_int_equal(peek(s), 0);
	spool_free(s);
}

static void test_limit(void **state)
{
	struct spool *s = open_it(4096);
	long n = 0, taken = 0;

	(void)state;
	while (put(s, n, 84) == 0)
		n++;
	assert_true(n > 30);
	assert_true(n * 108 <= 4096);
	/* room comes back */
	while (put(s, n, 84) < 0) {
		assert_int_equal(peek(s), taken++);
		spool_done(s, NULL);
	}
	assert_true(taken < n);
	spool_free(s);
}

static void test_one_process(void **state)
{
	struct spool *s = open_it(4096), *other = NULL;
	struct error err;

	(void)state;
	assert_int_equal(spool_open(folder, 4096, &other, &err), -EBUSY);
	assert_non_null(strstr(err.text, "another process"));
	spool_free(s);
	assert_int_equal(spool_open("/proc/none/there", 4096, &other, &err), -ENOENT);
}

/* Each byte of a file damaged in turn, and each length of it: the others are there, in order. */
static void test_damage(void **state)
{
	auto_strbuf struct strbuf good = { 0 };
	unsigned int cases = 0;
	char path[100];

	(void)state;
	for (uint32_t i = 0; i < 5; i++) {
		char text[9];

		snprintf(text, sizeof(text), "%08u", i);
		spool_record_add(&good, 1, str_of(text));
	}
	snprintf(path, sizeof(path), "%s/%016x.spool", folder, 7);
	for (size_t at = 0; at < good.len * 2; at++) {
		int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		size_t n = at < good.len ? good.len : at - good.len;
		struct spool_stats stats;
		struct spool *s;
		long last = -1, got;

		if (at < good.len)
			good.ptr[at] ^= 0x41;
		assert_int_equal(file_write_all(fd, good.ptr, n), 0);
		close(fd);
		if (at < good.len)
			good.ptr[at] ^= 0x41;
		s = open_it(4096);
		spool_stats(s, &stats);
		assert_int_equal(stats.records, at < good.len ? 4 : n / 24);
		assert_int_equal(stats.damaged, at < good.len ? 24 : n % 24);
		for (uint64_t i = 0; i < stats.records; i++) {
			got = peek(s);
			assert_true(got > last);
			last = got;
			spool_done(s, NULL);
		}
		assert_int_equal(peek(s), -1);
		assert_int_equal(access(path, F_OK), -1);
		spool_free(s);
		snprintf(path, sizeof(path), "%s/position", folder);
		unlink(path);
		snprintf(path, sizeof(path), "%s/%016x.spool", folder, 7);
		cases++;
	}
	assert_int_equal(cases, 240);
}

/* A full disk leaves no half record: RLIMIT_FSIZE would raise a signal, so a tiny file system is the live test's. */
static void test_too_large(void **state)
{
	auto_free char *large = calloc(1, (16 << 20) + 1);
	struct spool *s = open_it(64 << 20);
	struct error err;

	(void)state;
	assert_int_equal(spool_add(s, 0, (struct str){ large, (16 << 20) + 1 }, &err), -EMSGSIZE);
	assert_int_equal(spool_add(s, 0, (struct str){ large, 16 << 20 }, &err), 0);
	assert_int_equal(put(s, 5, 10), 0);
	assert_int_equal(waiting(s), 2);
	spool_free(s);
	s = open_it(64 << 20);
	assert_int_equal(waiting(s), 2);
	assert_int_equal(peek(s), 0);
	spool_done(s, NULL);
	assert_int_equal(peek(s), 5);
	spool_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_random_order, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_position_lost, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_limit, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_one_process, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_damage, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_too_large, make_folder, remove_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
