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

/* A chained hash as the C++ library has it: one list, and for each bucket the element before its first. */
struct chain {
	int64_t list[64];
	uint32_t count, buckets;
};

static uint32_t bucket_start(const struct chain *c, int64_t number)
{
	uint32_t i;

	for (i = 0; i < c->count && c->list[i] % c->buckets != number % c->buckets; i++)
		;
	return i < c->count ? i : 0;
}

static void chain_insert(struct chain *c, int64_t number)
{
	uint32_t at = bucket_start(c, number);

	memmove(&c->list[at + 1], &c->list[at], (c->count - at) * sizeof(c->list[0]));
	c->list[at] = number;
	c->count++;
}

static void chain_add(struct chain *c, int64_t number)
{
	static const uint32_t sizes[] = { 13, 29, 59, 127 };
	struct chain grown = { 0 };
	uint32_t i;

	if (c->count >= c->buckets) {
		while (grown.buckets <= c->buckets)
			grown.buckets = sizes[grown.buckets < 13 ? 0 :
					      grown.buckets < 29 ? 1 :
					      grown.buckets < 59 ? 2 :
								   3];
		for (i = 0; i < c->count; i++)
			chain_insert(&grown, c->list[i]);
		*c = grown;
	}
	chain_insert(c, number);
}

static void chain_remove(struct chain *c, int64_t number)
{
	uint32_t i;

	for (i = 0; i < c->count && c->list[i] != number; i++)
		;
	if (i < c->count)
		memmove(&c->list[i], &c->list[i + 1], (--c->count - i) * sizeof(c->list[0]));
}

static int as_in_chain(void *context, struct fd *fd)
{
	struct chain *c = context;

	assert_int_equal(fd->number, c->list[c->buckets++]);
	return 0;
}

static void check_order(const struct fdtable *t, const struct chain *c)
{
	struct chain walk = *c;

	walk.buckets = 0;
	assert_int_equal(t->count, c->count);
	assert_int_equal(fdtable_each_hashed(t, as_in_chain, &walk), 0);
	assert_int_equal(walk.buckets, c->count);
}

/* Bucket numbers that meet, growth, forks of small and of large tables; closes where no bucket is shared. */
static void test_falcos_order(void **ctx)
{
	static const struct {
		uint32_t numbers, rounds;
		bool closes;
		int64_t step;
	} rows[] = { { 13, 400, true, 1 },
		     { 50, 50, false, 1 },
		     { 12, 12, false, 85 },
		     { 40, 40, false, 7 },
		     { 5, 5, false, 13 } };

	(void)ctx;
	for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		struct fdtable *t = fdtable_new(), *copy;
		struct chain c = { 0 };
		uint32_t random = 7;

		for (uint32_t round = 0; round < rows[k].rounds; round++) {
			struct chain child = { 0 };
			int64_t number;

			random = random * 1664525u + 1013904223u;
			number = (int64_t)((random >> 8) % rows[k].numbers) * rows[k].step;
			if (fdtable_get(t, number) && rows[k].closes) {
				fdtable_remove(t, number);
				chain_remove(&c, number);
			} else if (!fdtable_get(t, number)) {
				assert_int_equal(fdtable_put(t, fd_new(FD_FILE, number)), 0);
				chain_add(&c, number);
			}
			check_order(t, &c);
			copy = fdtable_copy(t);
			for (uint32_t i = 0; i < c.count; i++)
				chain_add(&child, c.list[i]);
			check_order(copy, &child);
			if (round % 16 == 3) { /* go on with the child */
				fdtable_unref(t);
				t = copy;
				c = child;
			} else {
				fdtable_unref(copy);
			}
		}
		fdtable_unref(t);
	}
}

struct order {
	int64_t numbers[600];
	uint32_t count;
};

static int note_number(void *context, struct fd *fd)
{
	struct order *o = context;

	o->numbers[o->count++] = fd->number;
	return 0;
}

static int put_one(void *context, struct fd *fd)
{
	return fdtable_put(context, fd_new(FD_FILE, fd->number));
}

/* A fork's table is in the order of one to which the descriptors were added one by one, whatever was closed before. */
static void test_copied_order(void **ctx)
{
	uint32_t random = 5, shortcuts = 0;

	(void)ctx;
	for (uint32_t round = 0; round < 2000; round++) {
		uint32_t range = 4 + round % 40, opens = 1 + round % 50;
		struct fdtable *t = fdtable_new(), *copy, *plain = fdtable_new();
		struct order is = { .count = 0 }, expected = { .count = 0 };

		for (uint32_t i = 0; i < 2 * opens; i++) {
			int64_t number;

			random = random * 1664525u + 1013904223u;
			number = (random >> 8) % 8 ? (random >> 12) % range : (random >> 12) % 600;
			if (i < opens)
				assert_int_equal(fdtable_put(t, fd_new(FD_FILE, number)), 0);
			else
				fdtable_remove(t, number);
		}
		copy = fdtable_copy(t);
		assert_int_equal(fdtable_each_hashed(t, put_one, plain), 0);
		assert_int_equal(fdtable_each_hashed(copy, note_number, &is), 0);
		assert_int_equal(fdtable_each_hashed(plain, note_number, &expected), 0);
		assert_int_equal(is.count, t->count);
		assert_int_equal(expected.count, t->count);
		assert_memory_equal(is.numbers, expected.numbers, is.count * sizeof(is.numbers[0]));
		shortcuts += is.count > 2 && is.count <= 13;
		fdtable_unref(t);
		fdtable_unref(copy);
		fdtable_unref(plain);
	}
	assert_true(shortcuts > 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_copied_order),
		cmocka_unit_test(test_drop),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_falcos_order),
		cmocka_unit_test(test_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
