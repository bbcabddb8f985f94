/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/hands.h"

#include <errno.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at_once),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_none_left),
		cmocka_unit_test(test_useless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
