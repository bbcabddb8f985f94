/* SPDX-License-Identifier: Apache-2.0 */
/* Who is bound while he takes a descriptor, which way is found the faster one, and that nobody stays bound. */
#include "tracer/near.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tracer/notify.h"
#include "tracer/supervisor.h"

#define CALM     64
#define BLOCK    128
#define SETTLING 32
#define REST     10000000ull
#define KEPT     1000000000ull
#define PAUSE    1000000ull
#define LEARN    1000000000ull
#define SECOND   1000000000ull

static struct tracer t;
static struct launch_shared shared;
static cpu_set_t all;
static pid_t caller;

/* What the kernel was asked for, and how things stood then. */
static struct {
	int number; /* its answer */
	uint64_t bound;
	cpu_set_t caller, own;
	bool finish, returned;
} given;

int notify_inject(int listener, uint64_t id, int fd, bool cloexec, bool finish)
{
	(void)listener, (void)id, (void)fd, (void)cloexec;
	given.bound = atomic_load(&shared.bound);
	sched_getaffinity(caller, sizeof(given.caller), &given.caller);
	sched_getaffinity(0, sizeof(given.own), &given.own);
	given.finish = finish;
	return given.number;
}

int notify_return(int listener, uint64_t id, int64_t value)
{
	(void)listener, (void)id;
	given.returned = value == given.number;
	return 0;
}

bool notify_set_synchronous(int listener, bool synchronous)
{
	return listener >= 0 && synchronous;
}

static int begin(void **state)
{
	static const char loads[] = "0.20 0.18 0.12 1/80 11206\n";

	(void)state;
	if (sched_getaffinity(0, sizeof(all), &all) < 0)
		return -1;
	caller = fork();
	if (caller == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	shared = (struct launch_shared){ 0 };
	t = (struct tracer){ .listener = -1, .launch.shared = &shared };
	t.crowd.loads = memfd_create("loads", MFD_CLOEXEC);
	t.crowd.single = CALM;
	t.pending.since = SECOND;
	t.pending.call.tid = caller;
	near_begin(&t);
	near_waited(&t, 0, SECOND);
	return write(t.crowd.loads, loads, strlen(loads)) < 0 ? -1 : 0;
}

static int end(void **state)
{
	(void)state;
	kill(caller, SIGKILL);
	waitpid(caller, NULL, 0);
	close(t.crowd.loads);
	return sched_setaffinity(0, sizeof(all), &all);
}

static bool runs_on(pid_t tid, const cpu_set_t *set)
{
	cpu_set_t now;

	assert_int_equal(sched_getaffinity(tid, sizeof(now), &now), 0);
	return CPU_EQUAL(&now, set);
}

/* One more open, some time behind the one before: whether a way was chosen for it. Nothing stays as it is not to be. */
static bool opens(uint64_t later)
{
	unsigned int before = t.near.opens;
	int fd = open("/", O_PATH);

	t.pending.since += later;
	near_hand_over(&t, fd, true, false);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_int_equal(atomic_load(&shared.bound), 0);
	return t.near.opens != before;
}

static void need_processors(void)
{
	if (!t.near.possible)
		skip();
}

static void leaves_nobody_bound(void **state)
{
	cpu_set_t one;
	int fd = open("/", O_PATH), first = 0;

	(void)state;
	need_processors();
	assert_true(opens(1));
	assert_true(t.near.on);
	assert_int_equal((pid_t)given.bound, caller);
	CPU_ZERO(&one);
	CPU_SET(given.bound >> 32, &one);
	assert_true(CPU_EQUAL(&given.caller, &one) && CPU_EQUAL(&given.own, &one));
	assert_true(runs_on(caller, &all));
	assert_true(runs_on(0, &all));
	/* who may not run anywhere is not bound, nor set free */
	while (!CPU_ISSET((size_t)first, &all))
		first++;
	CPU_ZERO(&one);
	CPU_SET((size_t)first, &one);
	assert_int_equal(sched_setaffinity(caller, sizeof(one), &one), 0);
	assert_true(opens(1));
	assert_true(runs_on(caller, &one));
	assert_true(runs_on(0, &all));
	/* one that is held stays open */
	near_hand_over(&t, fd, true, true);
	assert_true(fcntl(fd, F_GETFD) >= 0);
	close(fd);
}

/* In one step, or in two where nothing comes between these. */
static void answers_once(void **state)
{
	static const struct {
		bool killable, holds;
		int number;
		bool finish, returned;
	} cases[] = {
		{ false, false, 5, true, false },       { true, false, 5, false, true },
		{ true, false, -ENOENT, false, false }, { false, true, 5, false, false },
		{ true, true, 5, false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int fd = open("/", O_PATH);

		given.number = cases[i].number;
		given.returned = false;
		t.killable = cases[i].killable;
		assert_int_equal(near_hand_over(&t, fd, true, cases[i].holds), cases[i].number);
		assert_int_equal(given.finish, cases[i].finish);
		assert_int_equal(given.returned, cases[i].returned);
		if (cases[i].holds)
			close(fd);
	}
}

static void knows_when_it_may(void **state)
{
	char loads[64];
	int n;

	(void)state;
	need_processors();
	assert_true(opens(1));
	near_rest(&t);
	assert_false(opens(REST - 1));
	assert_true(opens(1));
	t.crowd.single = CALM - 1;
	assert_false(opens(1));
	t.crowd.single = CALM;
	t.crowd.many = true;
	assert_false(opens(1));
	t.crowd.many = false;
	/* who did not sleep was called by another, or by the same one again */
	near_waited(&t, SECOND, SECOND + 1999);
	assert_false(opens(1));
	t.crowd.again = true;
	assert_true(opens(1));
	near_waited(&t, SECOND, SECOND + 2000);
	t.crowd.again = false;
	assert_true(opens(1));
	/* others are at work on all processors */
	n = snprintf(loads, sizeof(loads), "0.20 0.18 0.12 %d/80 1\n", CPU_COUNT(&all));
	assert_int_equal(pwrite(t.crowd.loads, loads, (size_t)n, 0), n);
	assert_false(opens(SECOND));
	t.near.possible = false;
	t.crowd.asked = 0;
	assert_int_equal(pwrite(t.crowd.loads, "0.20 0.18 0.12 1/80 1   \n", 25, 0), 25);
	assert_false(opens(SECOND));
}

/* A trial of both ways, in which an open takes so long by each of them; whatever else comes between. */
static void try_both(uint64_t together, uint64_t apart)
{
	for (int i = 0; i < 2 * BLOCK; i++) {
		/* what settles, and a pause, are no measure */
		uint64_t takes = i < BLOCK ? together : apart;

		if (i % BLOCK < 20 || i % BLOCK == 100)
			takes = i < BLOCK ? 900000 : 2;
		if (i % BLOCK == 60)
			takes = i < BLOCK ? 30 * PAUSE : PAUSE;
		opens(takes);
		assert_int_equal(t.near.on, i == 2 * BLOCK - 1 ? t.near.on : i < BLOCK);
	}
}

static void takes_the_faster_way(void **state)
{
	(void)state;
	need_processors();
	try_both(10000, 30000);
	assert_true(t.near.on);
	/* that holds for a while */
	for (int i = 0; i < 10; i++) {
		assert_false(opens(KEPT / 20));
		assert_true(t.near.on);
	}
	/* what was seen before counts for less each time */
	for (int i = 0; i < 2; i++) {
		t.pending.since += KEPT;
		try_both(30000, 10000);
	}
	assert_false(t.near.on);
	assert_false(opens(1));
	assert_false(t.near.on);
}

/* What nothing is known of is the worse way. */
static void takes_no_way_unseen(void **state)
{
	(void)state;
	need_processors();
	for (int i = 0; i < 2 * BLOCK; i++)
		opens(i < BLOCK ? PAUSE : 10000);
	assert_false(t.near.on);
	t.pending.since += KEPT;
	t.near.together = t.near.apart = (struct near_way){ 0 };
	for (int i = 0; i < 2 * BLOCK; i++)
		opens(i < BLOCK ? 10000 : PAUSE);
	assert_true(t.near.on);
}

/* Processors may come and go. */
static void learns_again(void **state)
{
	(void)state;
	need_processors();
	t.near.learnt = t.pending.since;
	for (int i = 0; i < 2; i++) {
		CPU_SET(CPU_SETSIZE - 1, &t.near.all);
		opens(LEARN - 2);
		assert_false(CPU_EQUAL(&t.near.all, &all));
		opens(2);
		assert_true(CPU_EQUAL(&t.near.all, &all));
	}
}

/* The gain has to be one; and half of what was seen is for the next time. */
static void takes_no_way_for_nothing(void **state)
{
	const uint64_t half = (BLOCK - SETTLING) / 2;

	(void)state;
	need_processors();
	for (int i = 0; i < 2 * BLOCK; i++)
		opens(i < BLOCK ? 30000 : 31000);
	assert_false(t.near.on);
	assert_int_equal(t.near.together.count, half);
	assert_int_equal(t.near.together.ns, half * 30000);
	assert_int_equal(t.near.apart.count, half);
	assert_int_equal(t.near.apart.ns, half * 31000);
}

/* Who was given some of the processors only keeps to them. */
static void keeps_to_its_processors(void **state)
{
	cpu_set_t some = all;
	size_t first = 0;

	(void)state;
	need_processors();
	while (!CPU_ISSET(first, &all))
		first++;
	CPU_CLR(first, &some);
	assert_int_equal(sched_setaffinity(0, sizeof(some), &some), 0);
	near_begin(&t);
	assert_false(t.near.possible);
	assert_true(runs_on(0, &some));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(leaves_nobody_bound), TEST(answers_once),
		TEST(knows_when_it_may),   TEST(takes_the_faster_way),
		TEST(takes_no_way_unseen), TEST(takes_no_way_for_nothing),
		TEST(learns_again),        TEST(keeps_to_its_processors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
