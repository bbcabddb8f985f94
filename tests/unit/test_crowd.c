/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/crowd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "tracer/notify.h"
#include "tracer/supervisor.h"

#define MIN     8
#define MAX     65536
#define LASTS   256
#define FOREVER 1000000000ull

static struct tracer t;
static int ends[2];
static pid_t caller;
static bool together; /* the flag, as it was set last */

/* The kernel's flag, which cannot be looked at; -1 knows none. */
bool notify_set_synchronous(int listener, bool synchronous)
{
	together = synchronous;
	return listener >= 0;
}

/* The kernel has a flag, and a call waits (the pipe stands for the listener). */
static int begin(void **state)
{
	(void)state;
	t = (struct tracer){ .listener = -1 };
	if (pipe(ends) < 0)
		return -1;
	crowd_begin(&t);
	caller = 1;
	t.crowd.last = caller;
	close(t.crowd.loads);
	t.listener = ends[0];
	return write(ends[1], "", 1) == 1 ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	close(ends[0]);
	if (ends[1] >= 0)
		close(ends[1]);
	return 0;
}

/* Of two threads in turn, or of the one that called last. */
static void receive(int calls, bool of_one)
{
	for (int i = 0; i < calls; i++) {
		caller = of_one ? caller : 3 - caller;
		crowd_received(&t, caller);
	}
}

static void leaves_no_choice(void **state)
{
	(void)state;
	assert_true(t.crowd.fixed); /* -1 knows no flag */
	receive(10 * MIN, false);
	assert_false(t.crowd.many);
}

static void takes_many_for_a_crowd(void **state)
{
	char byte;

	(void)state;
	t.crowd.fixed = false;
	receive(100, true); /* who comes again does not wait for himself */
	assert_int_equal(t.crowd.single, 100);
	assert_true(t.crowd.again);
	assert_false(t.crowd.others);
	receive(MIN - 1, false);
	assert_true(t.crowd.others);
	assert_false(t.crowd.again);
	assert_int_equal(t.crowd.single, 0);
	assert_false(t.crowd.many);
	/* who takes descriptors does not go on by that flag */
	crowd_injects(&t);
	receive(MIN - 1, false);
	assert_false(t.crowd.many);
	assert_true(together);
	receive(1, false);
	assert_true(t.crowd.many);
	assert_false(together);
	/* in a crowd nobody is asked */
	assert_int_equal(read(ends[0], &byte, 1), 1);
	receive(2, false);
	assert_true(t.crowd.others);
	crowd_injects(&t);
	assert_int_equal(t.crowd.calls, 2);
	/* and who comes again is one of it */
	receive(LASTS - 2, true);
	assert_false(t.crowd.others);
	assert_int_equal(t.crowd.single, 0);
	assert_int_equal(t.crowd.calls, LASTS);
	crowd_is_away(&t);
	assert_false(t.crowd.many);
	assert_true(together);
	assert_int_equal(t.crowd.calls, 0);
	receive(2, false);
	assert_false(t.crowd.others);
	assert_int_equal(t.crowd.single, 2);
	/* nor while others wait for their descriptors */
	t.injections = 1;
	receive(1, false);
	assert_true(t.crowd.others);
	t.injections = 0;
	/* a listener without anybody behind it has no calls */
	close(ends[1]);
	receive(1, false);
	assert_false(t.crowd.others);
	ends[1] = -1;
}

/* A trial that does not last makes the next one come later. */
static void is_patient(void **state)
{
	unsigned int patience = MIN;

	(void)state;
	t.crowd.fixed = false;
	crowd_is_away(&t); /* there was none */
	assert_int_equal(t.crowd.patience, MIN);
	while (patience < MAX) {
		t.crowd.many = true;
		crowd_is_away(&t);
		patience *= 2;
		assert_int_equal(t.crowd.patience, patience);
	}
	t.crowd.many = true;
	t.crowd.calls = LASTS - 1;
	crowd_is_away(&t);
	assert_int_equal(t.crowd.patience, MAX);
	t.crowd.many = true;
	t.crowd.calls = LASTS;
	crowd_is_away(&t);
	assert_int_equal(t.crowd.patience, MIN);
}

static void asks_how_many_run(void **state)
{
	static const struct {
		const char *text;
		unsigned int running;
	} cases[] = {
		{ "0.20 0.18 0.12 1/80 11206\n", 1 },
		{ "12.00 0.18 10.12 345/1024 99\n", 345 },
		{ "0.20 0.18 0.12\n", UINT_MAX },
		{ "0.20 0.18 0.12 x/80 1\n", UINT_MAX },
		{ "", UINT_MAX },
	};
	uint64_t now = FOREVER;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++, now += FOREVER) {
		t.crowd.loads = memfd_create("loads", MFD_CLOEXEC);
		assert_int_equal(write(t.crowd.loads, cases[i].text, strlen(cases[i].text)), strlen(cases[i].text));
		t.pending.since = now;
		assert_int_equal(crowd_running(&t), cases[i].running);
		/* an answer holds for a moment */
		assert_int_equal(pwrite(t.crowd.loads, "0.20 0.18 0.12 7/80 1\n", 22, 0), 22);
		t.pending.since = now + 1;
		assert_int_equal(crowd_running(&t), cases[i].running);
		t.pending.since = now + FOREVER / 2;
		assert_int_equal(crowd_running(&t), 7);
		close(t.crowd.loads);
	}
	t.crowd.loads = -1;
	t.pending.since = now;
	assert_int_equal(crowd_running(&t), UINT_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(leaves_no_choice),
		TEST(takes_many_for_a_crowd),
		TEST(is_patient),
		TEST(asks_how_many_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
