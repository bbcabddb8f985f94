/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that threads make in their callers' place: who waits for them, who does not, and what comes back. */
#include "tracer/supervisor.h"

#include <errno.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

enum { VALUE = 77, OTHER = 4711 };

static struct tracer t;
static struct tracee *caller;
static struct test_errand {
	struct errand errand; /* first */
	bool holds; /* it waits for the gate */
	int number;
} errand;

/* What became of it. */
static sem_t gate;
static sigset_t told; /* SIGIO */
static pid_t actor;
static bool keeps, quick, copies_mounts;
static int acts, kept, released, settled, notices;
static enum open_way outcome;
static const struct errand *settled_one;

static void act(struct errand *e)
{
	const struct test_errand *self = (struct test_errand *)e;

	while (self->holds && sem_wait(&gate) < 0)
		;
	actor = (pid_t)syscall(SYS_gettid);
	acts += self->number;
	copies_mounts = e->lookup.slow != &t.slow;
	if (actor != getpid())
		umask(0123);
}

static bool be_quick(struct errand *e)
{
	(void)e;
	return quick;
}

static enum open_way settle(struct tracer *tracer, struct errand *e)
{
	assert_ptr_equal(tracer, &t);
	assert_string_equal(e->path, "path");
	assert_string_equal(e->second_path, "second");
	settled++;
	settled_one = e;
	t.pending.value = VALUE;
	t.ext.real_path = (struct str){ "settled", 7 };
	return outcome;
}

static bool keep(struct errand *e)
{
	(void)e;
	kept++;
	return keeps;
}

static void release(struct errand *e)
{
	(void)e;
	released++;
}

static void make_call(struct tracee *who)
{
	t.pending = (struct pending){
		.active = true,
		.notified = true,
		.since = tracer_now(),
		.tracee = who,
		.cookie = OTHER,
		.call = { .tid = who->tid, .pid = who->tid, .number = SYS_fchmod, .ts = 1, .object_fd = -1 },
	};
	t.ext = (struct event_ext){ .ip = OTHER };
	snprintf(t.path, sizeof(t.path), "path");
	snprintf(t.second_path, sizeof(t.second_path), "second");
}

static void count(void *context, const struct tracer_notice *notice)
{
	(void)context, (void)notice;
	notices++;
}

static int begin(void **state)
{
	(void)state;
	t = (struct tracer){ .listener = -1, .slow = { .fd = -1 }, .killable = true, .reader = reader_new() };
	t.options.notice = count;
	calls_init(&t.calls);
	if (tracees_init(&t.tracees, NULL) < 0)
		return -1;
	caller = tracees_add(&t.tracees, getpid(), getpid());
	if (!caller)
		return -1;
	errand = (struct test_errand){
		.errand = { .act = act, .quick = be_quick, .settle = settle, .keep = keep, .release = release,
			    .leaves = true },
		.number = 1,
	};
	keeps = true;
	quick = false;
	outcome = OPEN_DONE;
	acts = kept = released = settled = notices = 0;
	actor = 0;
	sem_init(&gate, 0, 0);
	sigemptyset(&told);
	sigaddset(&told, SIGIO);
	sigprocmask(SIG_BLOCK, &told, NULL);
	while (sigtimedwait(&told, NULL, &(struct timespec){ 0, 0 }) > 0)
		;
	make_call(caller);
	return 0;
}

/* Until a thread says that it is back. */
static void await(void)
{
	assert_int_equal(sigtimedwait(&told, NULL, &(struct timespec){ 60, 0 }), SIGIO);
}

static int end(void **state)
{
	(void)state;
	if (t.errands)
		usleep(1000); /* until its threads are behind their jobs */
	errand_free(&t);
	assert_null(t.errands);
	reader_free(t.reader);
	tracees_free(&t.tracees);
	told_free(&t);
	event_builder_free(&t.fetched);
	return 0;
}

static enum open_way do_it(void)
{
	return errand_do(&t, &errand.errand, sizeof(errand));
}

/* By a thread, which may have been too slow. */
static void do_by_thread(void)
{
	const mode_t mask = umask(022);

	if (do_it() == OPEN_ASIDE) {
		await();
		assert_true(errand_come_back(&t));
	}
	assert_int_equal(acts, 1);
	assert_true(actor > 0 && actor != getpid());
	assert_int_equal(settled, 1);
	assert_ptr_not_equal(settled_one, &errand.errand); /* which is on the stack of who has gone on */
	assert_int_equal(released, kept);
	assert_int_equal(t.pending.value, VALUE);
	assert_true(copies_mounts); /* which the tracer looks after meanwhile */
	assert_int_equal(umask(mask), 022); /* of the thread that makes files alone */
}

static void are_made_at_once(void **state)
{
	(void)state;
	do { /* a busy machine makes it slow */
		reader_free(t.reader);
		t.reader = reader_new();
		make_call(caller);
		assert_int_equal(do_it(), OPEN_DONE);
		assert_int_equal(actor, getpid());
		assert_ptr_equal(settled_one, &errand.errand);
	} while (reader_fears_locks(t.reader) && acts < 20);
	assert_int_equal(kept, 0);
	assert_null(t.errands);
	assert_false(reader_fears_locks(t.reader));
}

/* One that took long shows that there are locks to wait for. */
static void learn_of_locks(void **state)
{
	(void)state;
	t.pending.since -= ERRAND_SLOW_NS;
	assert_int_equal(do_it(), OPEN_DONE);
	assert_true(reader_fears_locks(t.reader));
	assert_null(t.errands);
	acts = settled = 0;
	make_call(caller);
	do_by_thread();
}

static void need_no_thread(void **state)
{
	(void)state;
	reader_fear_locks(t.reader);
	quick = true;
	assert_int_equal(do_it(), OPEN_DONE);
	assert_int_equal(acts, 0);
	assert_int_equal(settled, 1);
	assert_null(t.errands);
}

static void are_made_by_threads(void **state)
{
	(void)state;
	reader_fear_locks(t.reader);
	do_by_thread();
	assert_int_equal(kept, 1);
}

static void need_not_look_first(void **state)
{
	(void)state;
	reader_fear_locks(t.reader);
	errand.errand.quick = NULL;
	errand.errand.keep = NULL;
	errand.errand.release = NULL;
	do_by_thread();
}

/* Who may make the call once more meanwhile is not let wait (before Linux 5.19). */
static void are_made_at_once_for_some(void **state)
{
	(void)state;
	reader_fear_locks(t.reader);
	t.killable = false;
	assert_int_equal(do_it(), OPEN_DONE);
	assert_int_equal(actor, getpid());
	actor = 0;
	t.killable = true;
	t.pending.tracee = NULL;
	assert_int_equal(do_it(), OPEN_DONE);
	assert_int_equal(actor, getpid());
	assert_null(t.errands);
	/* in a stop nobody goes anywhere */
	make_call(caller);
	t.killable = t.pending.notified = false;
	acts = settled = 0;
	do_by_thread();
}

static void are_the_callers_own(void **state)
{
	(void)state;
	reader_fear_locks(t.reader);
	keeps = false;
	assert_int_equal(do_it(), OPEN_CHECK);
	assert_int_equal(acts + settled + released, 0);
}

static void put_aside(struct tracee *who)
{
	make_call(who);
	errand.holds = true;
	assert_int_equal(do_it(), OPEN_ASIDE);
	assert_false(t.pending.active);
	assert_int_equal(who->follow, FOLLOW_ASIDE);
}

/* The pending call is another one meanwhile. */
static void wait_aside(void **state)
{
	(void)state;
	reader_fear_locks(t.reader);
	put_aside(caller);
	assert_int_equal(t.errands_away, 1);
	assert_false(errand_come_back(&t));
	errand_look_around(&t);
	if (tracer_now() - t.pending.since < ERRAND_LONG_NS)
		assert_int_equal(notices, 0);
	snprintf(t.path, sizeof(t.path), "another");
	snprintf(t.second_path, sizeof(t.second_path), "another");
	t.pending = (struct pending){ .active = true };
	t.ext = (struct event_ext){ 0 };
	sem_post(&gate);
	await();
	assert_false(errand_come_back(&t));
	t.pending.active = false;
	t.injections = 1;
	assert_false(errand_come_back(&t));
	t.injections = 0;
	assert_true(errand_come_back(&t));
	assert_true(t.pending.active && t.pending.event_due && t.pending.tried);
	assert_int_equal(t.pending.tried_way, OPEN_DONE);
	assert_int_equal(t.pending.value, VALUE);
	assert_int_equal(t.pending.cookie, OTHER);
	assert_ptr_equal(t.pending.tracee, caller);
	assert_string_equal(t.path, "path");
	assert_string_equal(t.second_path, "second");
	assert_true(str_eq(t.pending.ext.real_path, STR("settled")));
	assert_int_equal(t.pending.ext.ip, OTHER);
	assert_non_null(t.pending.call.memory);
	assert_int_equal(caller->follow, FOLLOW_NONE);
	assert_null(caller->trip);
	assert_int_equal(t.errands_away, 0);
	assert_int_equal(released, 1);
	t.pending.active = false;
	assert_false(errand_come_back(&t) || errand_lose(&t));
}

/* What is handed over by yet another thread is told by that. */
static void are_handed_on(void **state)
{
	(void)state;
	reader_fear_locks(t.reader);
	outcome = OPEN_QUEUED;
	put_aside(caller);
	sem_post(&gate);
	await();
	assert_true(errand_come_back(&t));
	assert_false(t.pending.event_due || t.pending.tried);
}

/* More than that many callers make their calls themselves, and each gets what is its own. */
static void are_a_few(void **state)
{
	struct tracee *callers[ERRAND_THREADS], *last = tracees_add(&t.tracees, OTHER, OTHER);

	(void)state;
	reader_fear_locks(t.reader);
	for (int i = 0; i < ERRAND_THREADS; i++) {
		callers[i] = tracees_add(&t.tracees, OTHER + 1 + i, OTHER + 1 + i);
		put_aside(callers[i]);
	}
	make_call(last);
	assert_int_equal(do_it(), OPEN_CHECK);
	assert_int_equal(released, 1);
	assert_int_equal(last->follow, FOLLOW_NONE);
	for (int i = 0; i < ERRAND_THREADS; i++)
		sem_post(&gate);
	for (int i = 0; i < ERRAND_THREADS; i++) {
		t.pending.active = false;
		if (!errand_come_back(&t)) {
			await();
			i--;
			continue;
		}
		assert_int_equal(t.pending.tracee->follow, FOLLOW_NONE);
		assert_int_equal(t.pending.call.tid, t.pending.tracee->tid);
	}
	for (int i = 0; i < ERRAND_THREADS; i++)
		assert_int_equal(callers[i]->follow, FOLLOW_NONE);
	assert_int_equal(t.errands_away, 0);
	assert_int_equal(settled, ERRAND_THREADS);
}

static void come_back_to_nobody(void)
{
	sem_post(&gate);
	await();
	t.pending.active = false;
	assert_true(errand_come_back(&t));
	assert_false(t.pending.active);
	assert_int_equal(settled, 0);
	assert_int_equal(released, 1);
	assert_int_equal(t.errands_away, 0);
}

static void outlive_their_callers(void **state)
{
	(void)state;
	reader_fear_locks(t.reader);
	put_aside(caller);
	caller->over = true;
	come_back_to_nobody();
	assert_null(caller->trip);
}

/* Nor is it for another thread that has the id since. */
static void are_for_nobody_else(void **state)
{
	pid_t tid = caller->tid;

	(void)state;
	reader_fear_locks(t.reader);
	put_aside(caller);
	tracees_remove(&t.tracees, caller);
	caller = tracees_add(&t.tracees, tid, tid);
	assert_non_null(caller);
	caller->follow = FOLLOW_ASIDE;
	come_back_to_nobody();
	assert_int_equal(caller->follow, FOLLOW_ASIDE);
}

/* When all is over what may have been done is told, once. */
static void are_told_at_the_end(void **state)
{
	(void)state;
	assert_false(errand_lose(&t));
	reader_fear_locks(t.reader);
	put_aside(caller);
	assert_true(errand_lose(&t));
	assert_int_equal(t.told.count, 1);
	errand_lose(&t);
	assert_int_equal(t.told.count, 1);
	come_back_to_nobody();
}

static void are_not_told_if_they_leave_nothing(void **state)
{
	(void)state;
	reader_fear_locks(t.reader);
	errand.errand.leaves = false;
	put_aside(caller);
	assert_false(errand_lose(&t));
	come_back_to_nobody();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(are_a_few),
		TEST(are_for_nobody_else),
		TEST(are_handed_on),
		TEST(are_made_at_once),
		TEST(are_made_at_once_for_some),
		TEST(are_made_by_threads),
		TEST(are_not_told_if_they_leave_nothing),
		TEST(are_the_callers_own),
		TEST(are_told_at_the_end),
		TEST(learn_of_locks),
		TEST(need_no_thread),
		TEST(need_not_look_first),
		TEST(outlive_their_callers),
		TEST(wait_aside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
