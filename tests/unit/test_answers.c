/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "app/answers.h"
#include "base/cleanup.h"

static void hold(struct answers *a, int64_t tid, uint64_t call, uint64_t ts)
{
	struct event_builder b = { 0 };
	struct event ev;
	struct error err;

	event_begin(&b, EV_ITER_TASK_FILE_PIPE_E, ts, tid);
	event_put_int(&b, 1);
	event_put_text(&b, STR("pipe:[1]"));
	event_put_int(&b, 2);
	assert_int_equal(event_end(&b, &ev, &err), 0);
	assert_int_equal(answers_hold(a, &ev, call), 0);
	event_builder_free(&b);
}

/* What came, as the times of the events. */
struct got {
	uint64_t list[16];
	size_t count;
	uint64_t refuse; /* the time at which the sink fails */
};

static int take(void *context, const struct event *ev)
{
	struct got *g = context;

	g->list[g->count++] = ev->ts;
	return ev->ts == g->refuse ? -EIO : 0;
}

static void expect(struct answers *a, uint64_t call, const uint64_t *want, size_t n)
{
	struct got g = { 0 };

	assert_int_equal(answers_take(a, call, take, &g), 0);
	assert_int_equal(g.count, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(g.list[i], want[i]);
}

static void test_calls(void **state)
{
	struct answers a = { 0 };

	(void)state;
	hold(&a, 7, 1, 10);
	hold(&a, 8, 2, 20);
	hold(&a, 7, 1, 11);
	hold(&a, 9, 0, 30);
	hold(&a, 9, 3, 31);
	expect(&a, 4, NULL, 0);
	expect(&a, 1, (const uint64_t[]){ 10, 11 }, 2);
	expect(&a, 1, NULL, 0);
	expect(&a, 3, (const uint64_t[]){ 31 }, 1);
	hold(&a, 9, 3, 32); /* behind the one that was last */
	expect(&a, 0, (const uint64_t[]){ 30 }, 1);
	expect(&a, 3, (const uint64_t[]){ 32 }, 1);
	expect(&a, 2, (const uint64_t[]){ 20 }, 1);
	assert_null(a.first);
	assert_int_equal(a.bytes, 0);
}

/* All of them are forgotten, and the failure is told. */
static void test_failure(void **state)
{
	struct answers a = { 0 };
	struct got g = { .refuse = 1 };

	(void)state;
	for (uint64_t i = 0; i < 3; i++)
		hold(&a, 7, 5, i);
	assert_int_equal(answers_take(&a, 5, take, &g), -EIO);
	assert_int_equal(g.count, 2);
	assert_null(a.first);
}

static void test_ends(void **state)
{
	struct answers a = { 0 };

	(void)state;
	hold(&a, 7, 1, 10);
	hold(&a, (int64_t)7 << 32 | 8, 2, 20);
	hold(&a, 7, 3, 30);
	answers_drop_of(&a, 7);
	expect(&a, 1, NULL, 0);
	expect(&a, 3, NULL, 0);
	hold(&a, 9, 4, 40);
	expect(&a, 2, (const uint64_t[]){ 20 }, 1);
	answers_drop_of(&a, 9);
	assert_null(a.first);
	hold(&a, 9, 4, 41);
	answers_free(&a);
	assert_int_equal(a.bytes, 0);
}

static void test_limit(void **state)
{
	struct answers a = { 0 };

	(void)state;
	for (uint64_t i = 0; i < ANSWERS_HELD_BYTES / 50; i++)
		hold(&a, 7, i + 1, i);
	assert_true(a.bytes <= ANSWERS_HELD_BYTES);
	expect(&a, 1, NULL, 0);
	expect(&a, ANSWERS_HELD_BYTES / 50, (const uint64_t[]){ ANSWERS_HELD_BYTES / 50 - 1 }, 1);
	answers_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
