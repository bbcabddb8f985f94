/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/hands.h"

#include <errno.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"

#define LONG_MS 10000 /* for what ends at once, on a machine that is busy */

struct test_job {
	struct job job; /* first */
	sem_t *wait; /* NULL = it ends at once */
	sem_t *late;
	bool ran;
};

static void run(struct job *job)
{
	struct test_job *j = (struct test_job *)job;

	while (j->wait && sem_wait(j->wait) < 0)
		;
	j->ran = true;
}

static void doze(struct job *job)
{
	usleep(30000);
	((struct test_job *)job)->ran = true;
}

static void be_late(struct job *job)
{
	sem_post(((struct test_job *)job)->late);
}

static void test_at_once(void **state)
{
	struct hands *hands = hands_new(2, NULL);

	(void)state;
	assert_non_null(hands);
	for (int i = 0; i < 1000; i++) {
		struct test_job j = { .job = { run, be_late } };

		assert_int_equal(hands_do(hands, &j.job, LONG_MS, LONG_MS), 0);
		assert_true(j.ran);
	}
	assert_true(hands_free(hands));
}

/* When its threads are behind what was late. */
static void end(struct hands *hands)
{
	struct test_job j = { .job = { run, be_late } };

	while (hands_do(hands, &j.job, LONG_MS, LONG_MS) == -EBUSY)
		usleep(1000);
	usleep(1000);
	hands_free(hands);
}

/* Also one that no thread has come to when its asker goes on is run, and comes back. */
static void test_late(void **state)
{
	struct hands *hands = hands_new(1, NULL);

	(void)state;
	for (int i = 0; i < 200; i++) {
		sem_t late;
		struct test_job j = { .job = { run, be_late }, .late = &late };
		int r;

		sem_init(&late, 0, 0);
		r = hands_do(hands, &j.job, 0, 0);
		assert_true(r == 0 || r == -EAGAIN || r == -EBUSY);
		if (r == -EAGAIN)
			while (sem_wait(&late) < 0)
				;
		assert_int_equal(j.ran, r != -EBUSY);
		sem_destroy(&late);
	}
	end(hands);
}

static void test_none_left(void **state)
{
	struct hands *hands = hands_new(2, NULL);
	struct test_job list[3];
	sem_t wait, late;

	(void)state;
	sem_init(&wait, 0, 0);
	sem_init(&late, 0, 0);
	for (size_t i = 0; i < 3; i++) {
		list[i] = (struct test_job){ .job = { run, be_late }, .wait = &wait, .late = &late };
		assert_int_equal(hands_do(hands, &list[i].job, 1, 1), i < 2 ? -EAGAIN : -EBUSY);
	}
	for (size_t i = 0; i < 2; i++)
		sem_post(&wait);
	for (size_t i = 0; i < 2; i++)
		while (sem_wait(&late) < 0)
			;
	assert_true(list[0].ran && list[1].ran && !list[2].ran);
	end(hands);
	sem_destroy(&wait);
	sem_destroy(&late);
}

static bool refuse(void)
{
	return false;
}

static void test_useless(void **state)
{
	struct hands *hands = hands_new(1, refuse);
	struct test_job j = { .job = { run, be_late } };

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(hands_do(hands, &j.job, LONG_MS, LONG_MS), -EBUSY);
	assert_false(j.ran);
	assert_true(hands_free(hands));
}

/* A job that takes its time is waited for, but one that sleeps no longer than that: more is for the starved. */
static void test_patience(void **state)
{
	struct hands *hands = hands_new(1, NULL);
	struct test_job j = { .job = { doze, be_late } };
	uint64_t since;
	sem_t wait, late;

	(void)state;
	assert_int_equal(hands_do(hands, &j.job, LONG_MS, LONG_MS), 0);
	assert_true(j.ran);
	sem_init(&wait, 0, 0);
	sem_init(&late, 0, 0);
	j = (struct test_job){ .job = { run, be_late }, .wait = &wait, .late = &late };
	since = clock_ns(CLOCK_MONOTONIC);
	assert_int_equal(hands_do(hands, &j.job, 20, 10 * LONG_MS), -EAGAIN);
	assert_true(clock_ns(CLOCK_MONOTONIC) - since < LONG_MS * UINT64_C(1000000));
	sem_post(&wait);
	while (sem_wait(&late) < 0)
		;
	end(hands);
	sem_destroy(&wait);
	sem_destroy(&late);
}

static bool refuse_late(void)
{
	usleep(100000);
	return false;
}

/* Whoever has gone on before the thread could not begin gets its job back. */
static void test_useless_late(void **state)
{
	struct hands *hands = hands_new(1, refuse_late);
	sem_t late;
	struct test_job j = { .job = { run, be_late }, .late = &late };
	int r;

	(void)state;
	sem_init(&late, 0, 0);
	r = hands_do(hands, &j.job, 1, 1);
	assert_true(r == -EAGAIN || r == -EBUSY);
	for (int i = 0; r == -EAGAIN && sem_trywait(&late) < 0; i++) {
		assert_true(i < LONG_MS);
		usleep(1000);
	}
	assert_false(j.ran);
	assert_int_equal(hands_do(hands, &j.job, LONG_MS, LONG_MS), -EBUSY);
	assert_true(hands_free(hands));
	sem_destroy(&late);
}

/* More than there may be are not started. */
static void test_most(void **state)
{
	struct hands *hands = hands_new(HANDS_MAX + 1, NULL);
	struct test_job list[HANDS_MAX + 1];
	sem_t wait, late;

	(void)state;
	assert_non_null(hands);
	sem_init(&wait, 0, 0);
	sem_init(&late, 0, 0);
	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		list[i] = (struct test_job){ .job = { run, be_late }, .wait = &wait, .late = &late };
		assert_int_equal(hands_do(hands, &list[i].job, 1, 1), i < HANDS_MAX ? -EAGAIN : -EBUSY);
	}
	for (size_t i = 0; i < HANDS_MAX; i++)
		sem_post(&wait);
	for (size_t i = 0; i < HANDS_MAX; i++)
		while (sem_wait(&late) < 0)
			;
	end(hands);
	sem_destroy(&wait);
	sem_destroy(&late);
}

/* Whoever frees them is told that one is away, for which it has to keep what that thread uses; others end. */
static void test_away(void **state)
{
	struct hands *hands = hands_new(3, NULL);
	struct test_job j = { .job = { run, be_late } }, away[2];
	sem_t wait, late;

	(void)state;
	sem_init(&wait, 0, 0);
	sem_init(&late, 0, 0);
	for (size_t i = 0; i < 2; i++) {
		away[i] = (struct test_job){ .job = { run, be_late }, .wait = &wait, .late = &late };
		assert_int_equal(hands_do(hands, &away[i].job, 1, 1), -EAGAIN);
	}
	assert_int_equal(hands_do(hands, &j.job, LONG_MS, LONG_MS), 0);
	assert_false(hands_free(hands));
	for (size_t i = 0; i < 2; i++)
		sem_post(&wait);
	for (size_t i = 0; i < 2; i++)
		while (sem_wait(&late) < 0)
			;
	assert_true(away[0].ran && away[1].ran);
	usleep(20000); /* until they are behind that */
	sem_destroy(&wait);
	sem_destroy(&late);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at_once),
		cmocka_unit_test(test_away),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_most),
		cmocka_unit_test(test_none_left),
		cmocka_unit_test(test_patience),
		cmocka_unit_test(test_useless),
		cmocka_unit_test(test_useless_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
