/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "base/limits.h"
#include "state/fdtable.h"

#define TABLES	4
#define NUMBERS 64

/* Small and large numbers, on both sides of the border. */
static int64_t number_of(uint32_t i)
{
	return i < NUMBERS / 2 ? i : FDTABLE_DIRECT - NUMBERS / 4 + (int64_t)i * (i % 5 == 0 ? 1000 : 1);
}

struct walk {
	int64_t last;
	uint32_t count;
};

static int in_order(void *context, struct fd *fd)
{
	struct walk *w = context;

	assert_true(fd->number > w->last);
	w->last = fd->number;
	w->count++;
	return 0;
}

/*
 * Random opens, changes, closes and forks over several tables; the model has plain values, one array a table. A change
 * in one table must never show in another that a fork made share its objects.
 */
static void test_model(void **ctx)
{
	uint32_t model[TABLES][NUMBERS] = { { 0 } }, random = 99, round, i, k;
	struct fdtable *tables[TABLES];
	struct fd *fd;

	(void)ctx;
	for (k = 0; k < TABLES; k++)
		tables[k] = fdtable_new();
	for (round = 1; round < 100000; round++) {
		random = random * 1664525u + 1013904223u;
		k = (random >> 4) % TABLES;
		i = (random >> 8) % NUMBERS;
		switch ((random >> 20) % 16) {
		case 0: { /* fork */
			uint32_t to = (random >> 28) % TABLES;

			if (to == k)
				break;
			fdtable_unref(tables[to]);
			tables[to] = fdtable_copy(tables[k]);
			assert_non_null(tables[to]);
			memcpy(model[to], model[k], sizeof(model[k]));
			break;
		}
		case 1:
		case 2:
		case 3:
			assert_int_equal(fdtable_remove(tables[k], number_of(i)), model[k][i] != 0);
			model[k][i] = 0;
			break;
		case 4:
		case 5:
		case 6: /* change in place */
			fd = fdtable_own(tables[k], number_of(i));
			assert_int_equal(!!fd, model[k][i] != 0);
			if (fd)
				fd->dev = model[k][i] = round;
			break;
		default:
			fd = fd_new(FD_FILE_V2, number_of(i));
			assert_non_null(fd);
			fd->dev = model[k][i] = round;
			assert_int_equal(fdtable_put(tables[k], fd), 0);
		}
		k = random % TABLES;
		i = (random >> 14) % NUMBERS;
		fd = fdtable_get(tables[k], number_of(i));
		assert_int_equal(fd ? fd->dev : 0, model[k][i]);
	}
	for (k = 0; k < TABLES; k++) {
		struct walk w = { -1, 0 };
		uint32_t expected = 0;

		for (i = 0; i < NUMBERS; i++)
			expected += model[k][i] != 0;
		assert_int_equal(fdtable_each(tables[k], in_order, &w), 0);
		assert_int_equal(w.count, expected);
		assert_int_equal(tables[k]->count, expected);
		fdtable_unref(tables[k]);
	}
}

static bool is_even(void *context, const struct fd *fd)
{
	(void)context;
	return fd->number % 2 == 0;
}

static void test_drop(void **ctx)
{
	struct fdtable *t = fdtable_new();
	int64_t n;

	(void)ctx;
	for (n = 0; n < 3000; n++)
		assert_int_equal(fdtable_put(t, fd_new(FD_FIFO, n)), 0);
	assert_int_equal(fdtable_drop(t, is_even, NULL), 1500);
	for (n = 0; n < 3000; n++)
		assert_int_equal(!!fdtable_get(t, n), n % 2);
	fdtable_unref(t);
}

static void test_limits(void **ctx)
{
	struct fdtable *t = fdtable_new();
	int64_t n;

	(void)ctx;
	assert_int_equal(fdtable_put(t, fd_new(FD_FIFO, -1)), -EINVAL);
	assert_null(fdtable_get(t, -1));
	for (n = 0; n < STATE_FDS_PER_PROC; n++)
		assert_int_equal(fdtable_put(t, fd_new(FD_FIFO, n * 7)), 0);
	assert_int_equal(fdtable_put(t, fd_new(FD_FIFO, INT64_MAX)), -ENOSPC);
	assert_int_equal(fdtable_put(t, fd_new(FD_EVENT, 7)), 0); /* in the place of another */
	assert_int_equal(fdtable_get(t, 7)->type, FD_EVENT);
	fdtable_unref(t);
}

static void test_types(void **ctx)
{
	(void)ctx;
	assert_int_equal(fd_type_char(FD_UNKNOWN), 'o');
	assert_int_equal(fd_type_char(FD_UNINITIALIZED), '?');
	assert_int_equal(fd_type_char(FD_PIDFD), 'P');
	assert_int_equal(fd_type_char((enum fd_type)99), '?');
	assert_string_equal(fd_type_name(FD_EVENTPOLL), "eventpoll");
	assert_string_equal(fd_type_name(FD_UNSUPPORTED), "<NA>");
	assert_string_equal(fd_type_name(FD_UNKNOWN), "<NA>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_drop),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
