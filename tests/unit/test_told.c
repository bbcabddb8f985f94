/* SPDX-License-Identifier: Apache-2.0 */
/* The order in which stops and ends are told, what is owed to callers, and who did not live to see his call end. */
#include "tracer/supervisor.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "event/event.h"

static struct tracer t;
static struct launch_shared shared;
static struct tracee *first, *thread;

static bool short_of_memory;

/* In the C library's place. */
void *reallocarray(void *memory, size_t count, size_t size)
{
	return short_of_memory ? NULL : realloc(memory, count * size);
}

enum { PID = 1000, TID = 1001, WORKLOAD = 1 << 30, FRONT = WORKLOAD - 1, PASSED = 77 };

static int begin(void **state)
{
	(void)state;
	shared = (struct launch_shared){ 0 };
	t = (struct tracer){ .launch = { .shared = &shared, .workload = WORKLOAD, .front = FRONT },
			     .slow = { .fd = -1 } };
	calls_init(&t.calls);
	t.memo = decode_memo_new(NULL);
	if (!t.memo || tracees_init(&t.tracees, NULL) < 0)
		return -1;
	first = tracees_add(&t.tracees, PID, PID);
	thread = tracees_add(&t.tracees, TID, PID);
	return first && thread ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	told_free(&t);
	tracees_free(&t.tracees);
	event_builder_free(&t.builder);
	event_builder_free(&t.fetched);
	decode_memo_free(t.memo);
	return 0;
}

/* The next event; NULL: there is none. */
static const struct event *next(void)
{
	static struct event ev;
	struct error err;
	int r = told_next(&t, &ev, &err);

	assert_true(r >= 0);
	return r > 0 ? &ev : NULL;
}

static struct event *event_of(pid_t tid)
{
	struct event ev;
	struct error err;

	assert_int_equal(decode_exit(tid, 1, 0, &t.fetched, &ev, &err), 0);
	ev.ext = &t.ext;
	return event_copy(&ev);
}

static void add_lost(pid_t tid)
{
	told_add(&t, &(struct told){ .kind = TOLD_LOST, .tid = tid, .event = event_of(tid) });
}

static void tells_in_order(void **state)
{
	pid_t added = 1, told = 1;

	(void)state;
	assert_null(next());
	/* more than there is room for, while some are told */
	for (int round = 0; round < 6; round++) {
		for (int i = 0; i < 100 + 100 * round; i++)
			add_lost(added++);
		for (int i = 0; i < 50; i++)
			assert_int_equal(next()->tid, told++);
	}
	while (told < added)
		assert_int_equal(next()->tid, told++);
	assert_null(next());
	assert_int_equal(t.told.count, 0);
	assert_int_equal(t.told.first, 0);
	assert_int_equal(t.stats.dropped, 0);
	assert_int_equal(t.stats.events, added - 1);
	add_lost(TID);
	add_lost(TID); /* what is left is freed */
	assert_non_null(next());
}

/* Where memory is short for what is to be told, nobody waits for ever to be told of. */
static void lets_go_who_finds_no_room(void **state)
{
	(void)state;
	short_of_memory = true;
	add_lost(TID);
	assert_int_equal(t.stats.dropped, 1);
	thread->stopped = true;
	told_add(&t, &(struct told){ .kind = TOLD_RESUME, .tid = TID });
	assert_false(thread->stopped);
	assert_int_equal(t.stats.dropped, 1);
	assert_null(next());
	short_of_memory = false;
}

/* The first thread of a process is told last, for all who wait for it. */
static void tells_the_first_thread_last(void **state)
{
	(void)state;
	first->lingers = true;
	told_end(&t, thread, 5);
	assert_true(thread->over);
	t.pending.tracee = thread;
	assert_int_equal(next()->tid, TID);
	assert_null(t.pending.tracee);
	assert_null(tracees_find(&t.tracees, TID));
	assert_int_equal(next()->tid, PID);
	assert_null(tracees_find(&t.tracees, PID));
	assert_null(next());
}

static void waits_for_all_threads(void **state)
{
	struct tracee *other = tracees_add(&t.tracees, TID + 1, PID);

	(void)state;
	first->lingers = true;
	told_end(&t, other, 5);
	assert_int_equal(next()->tid, TID + 1);
	assert_null(next());
	first->lingers = false; /* it lives */
	told_end(&t, thread, 5);
	assert_int_equal(next()->tid, TID);
	assert_null(next());
	assert_ptr_equal(tracees_find(&t.tracees, PID), first);
}

/* An id that is another's by the time that its end is told. */
static void keeps_who_has_the_id(void **state)
{
	(void)state;
	told_end(&t, thread, 5);
	thread->over = false;
	assert_int_equal(next()->tid, TID);
	assert_ptr_equal(tracees_find(&t.tracees, TID), thread);
}

/* Whose call was followed, and has ended with it. */
static void tells_what_was_lost_before_the_end(void **state)
{
	(void)state;
	thread->follow = FOLLOW_ASIDE;
	thread->unseen = event_of(TID + 7);
	thread->late = true;
	told_end(&t, thread, 5);
	assert_int_equal(next()->tid, TID + 7);
	assert_true(t.ext.late);
	assert_int_equal(next()->tid, TID);
	add_lost(PID);
	assert_non_null(next());
	assert_false(t.ext.late);
}

/* Nobody waited to be read: who is gone is a copy of his parent. */
static void tells_births_of_who_is_gone(void **state)
{
	struct told birth = { .kind = TOLD_BIRTH_CHILD,
			      .tid = WORKLOAD,
			      .pid = WORKLOAD,
			      .parent = PID,
			      .copy_of = PID,
			      .type = EV_SYSCALL_CLONE_20_X };

	(void)state;
	told_add(&t, &birth);
	assert_null(next());
	birth.ts = 5;
	told_add(&t, &birth);
	assert_int_equal(next()->tid, WORKLOAD);
}

/* How the command ended the front says. */
static void tells_how_the_command_ended(void **state)
{
	struct tracee *workload;

	(void)state;
	for (int gone = 0; gone < 2; gone++) {
		workload = tracees_add(&t.tracees, WORKLOAD, WORKLOAD);
		t.front_gone = true; /* nobody is to be woken up */
		told_end(&t, workload, 5);
		t.front_gone = false;
		t.told.count = 0;
		t.end_waits = true;
		assert_false(told_end_comes(&t));
		assert_null(next());
		assert_false(t.status.exited);
		atomic_store(&shared.wait_status, 3 << 8);
		atomic_store(&shared.start_errno, 2);
		if (gone)
			t.front_gone = true;
		else
			atomic_store(&shared.ended, true);
		assert_int_equal(next()->tid, WORKLOAD);
		assert_true(t.status.exited);
		assert_int_equal(t.status.wait_status, gone ? SIGKILL : 3 << 8);
		assert_int_equal(t.status.start_errno, t.status.started ? 0 : 2);
		assert_null(next());
		atomic_store(&shared.ended, false);
		t.status = (struct tracer_status){ .started = true };
	}
}

/* ---- answers that are owed ----------------------------------------------------------------------------- */

static void owes_what_was_done(void **state)
{
	struct call *c = &t.pending.call;
	struct owed *owed;

	(void)state;
	*c = (struct call){ .tid = PID, .number = SYS_openat, .ip = 4096, .args = { 1, 2, 3, 4, 5, 6 } };
	assert_null(owed_begin(&t)); /* nobody to owe it to */
	assert_int_equal(owed_now(&t), OWED_NOTHING);
	t.pending.tracee = first;
	t.killable = true;
	assert_null(owed_begin(&t)); /* nothing comes between */
	t.killable = false;
	owed = owed_begin(&t);
	assert_non_null(owed);
	assert_int_equal(owed_now(&t), OWED_NOTHING);
	owed->what = OWED_ANSWER;
	assert_int_equal(owed_now(&t), OWED_ANSWER);
	/* another call */
	c->args[5]++;
	assert_int_equal(owed_now(&t), OWED_NOTHING);
	c->args[5]--;
	c->ip++;
	assert_int_equal(owed_now(&t), OWED_NOTHING);
	c->ip--;
	c->number = SYS_close;
	assert_int_equal(owed_now(&t), OWED_NOTHING);
	c->number = SYS_openat;
	t.pending.tracee = thread;
	assert_int_equal(owed_now(&t), OWED_NOTHING);
	t.pending.tracee = first;
	assert_int_equal(owed_now(&t), OWED_ANSWER);
	/* in a stop where the kernel says so, and the caller is ours */
	t.pending.way = FIGURES_ON_BEHALF;
	assert_false(owed_answer_in_stop(&t, 3));
	assert_int_equal(first->follow, FOLLOW_NONE);
}

/* ---- who did not live to see the end ------------------------------------------------------------------- */

/* What is told of him. */
static const struct event *lost(enum follow follow, bool let_in, bool opens)
{
	const struct event *ev;

	thread->follow = follow;
	thread->call = (struct call){ .tid = TID, .pid = PID, .number = opens ? SYS_openat : SYS_chdir };
	thread->continued = let_in ? thread->call.number : -1;
	thread->wants_path = opens;
	thread->path = opens ? strdup("/somewhere") : NULL;
	thread->unseen = opens ? NULL : event_of(TID);
	result_lose(&t, thread);
	assert_int_equal(thread->follow, FOLLOW_NONE);
	assert_int_equal(t.told.count, t.told.count ? 1 : 0);
	ev = next();
	free(thread->path);
	free(thread->unseen);
	thread->path = NULL;
	thread->unseen = NULL;
	return ev;
}

static void tells_what_may_have_been_done(void **state)
{
	static const struct {
		enum follow follow;
		bool let_in, told;
	} cases[] = {
		{ FOLLOW_NONE, true, false },        { FOLLOW_EXIT_CHECK, true, true },
		{ FOLLOW_EXIT_CHECK, false, false }, { FOLLOW_LEAVING, true, true },
		{ FOLLOW_LEAVING, false, false },    { FOLLOW_RESTARTING, true, false },
		{ FOLLOW_ENTERING, true, false },    { FOLLOW_ASIDE, false, true },
		{ FOLLOW_EXEC, true, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (int opens = 0; opens < 2; opens++) {
			uint64_t now = tracer_now();
			const struct event *ev = lost(cases[i].follow, cases[i].let_in, opens);

			assert_int_equal(ev != NULL, cases[i].told);
			if (!ev)
				continue;
			assert_int_equal(ev->tid, TID);
			assert_true(ev->ts >= now);
			if (opens)
				assert_int_equal(ev->type, EV_SYSCALL_OPENAT_2_X);
		}
}

/* What is told of a call that was put aside by the thread when that is gone: an event, or none. */
static void lose_call(long number, uint64_t first_arg, uint64_t second_arg, bool leaves)
{
	t.pending.tracee = thread;
	t.pending.cookie = 99;
	t.pending.call = (struct call){ .tid = TID,
					.pid = PID,
					.ts = 1,
					.number = number,
					.args = { first_arg, second_arg },
					.ip = 4096,
					.has_how = true };
	if (calls_traits(&t.calls, number) & CALL_OPEN)
		t.pending.call.path = STR("/somewhere");
	result_aside(&t, leaves);
	assert_int_equal(thread->follow, FOLLOW_ASIDE);
	assert_false(thread->call.has_how); /* it may be another by the time that the kernel reads it */
	result_lose(&t, thread);
}

static void knows_how_calls_may_have_ended(void **state)
{
	static const struct {
		long number;
		uint64_t second_arg;
		bool told;
		int64_t result;
	} cases[] = {
		{ SYS_openat, 0, true, NUMBER_OF_NOBODY },
#ifdef SYS_open
		{ SYS_open, 0, true, NUMBER_OF_NOBODY },
#endif
		{ SYS_socket, 0, true, NUMBER_OF_NOBODY },
		{ SYS_dup3, PASSED, true, PASSED }, /* the number that was asked for */
		{ SYS_pipe2, 0, true, 0 },
		{ SYS_socketpair, 0, true, 0 },
		{ SYS_fchmod, 0600, true, 0 },
		{ SYS_execve, 0, false, 0 }, /* that it goes on as another its stop tells */
		{ SYS_exit_group, 0, false, 0 }, /* has none */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct event *ev;

		lose_call(cases[i].number, 1, cases[i].second_arg, true);
		ev = next();
		assert_int_equal(ev != NULL, cases[i].told);
		if (!ev)
			continue;
		assert_int_equal(event_param_int(ev, 0), cases[i].result);
		assert_int_equal(ev->call, 99);
		assert_int_equal(ev->ext->raced, RACED_POSSIBLE);
		assert_int_equal(ev->ext->ip, 4096);
		/* what leaves nothing behind is not told of */
		lose_call(cases[i].number, 1, cases[i].second_arg, false);
		assert_null(next());
	}
}

/* The path of an open is read while there is somebody to read it from. */
static void knows_what_was_to_be_opened(void **state)
{
	static char path[] = "/in/memory";
	static const long numbers[] = {
		SYS_openat,
#ifdef SYS_open
		SYS_open,
#endif
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		const struct event *ev;
		struct str name;

		t.pending.tracee = thread;
		t.pending.call = (struct call){ .tid = TID, .pid = PID, .ts = 1, .number = numbers[i] };
		t.pending.call.args[numbers[i] == SYS_openat] = (uint64_t)(uintptr_t)path;
		t.pending.call.memory = memory_direct(getpid(), NULL);
		result_aside(&t, true);
		memory_close(t.pending.call.memory);
		result_lose(&t, thread);
		ev = next();
		assert_non_null(ev);
		name = event_param_text(ev, (unsigned int)event_param_index(ev->type, STR("name")));
		assert_true(str_eq(name, STR("/in/memory")));
	}
}

/* Who only waited for others has nothing, unless he shares what he may have got. */
static void knows_who_was_broken_off(void **state)
{
	const struct event *ev;

	(void)state;
	lose_call(SYS_accept4, 1, 0, true);
	ev = next();
	assert_non_null(ev);
	assert_true(event_param_int(ev, 0) < 0);
	thread->process->program.shares = true;
	lose_call(SYS_accept4, 1, 0, true);
	ev = next();
	assert_non_null(ev);
	assert_int_equal(event_param_int(ev, 0), NUMBER_OF_NOBODY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tells_in_order),
		TEST(lets_go_who_finds_no_room),
		TEST(tells_the_first_thread_last),
		TEST(waits_for_all_threads),
		TEST(keeps_who_has_the_id),
		TEST(tells_what_was_lost_before_the_end),
		TEST(tells_births_of_who_is_gone),
		TEST(tells_how_the_command_ended),
		TEST(owes_what_was_done),
		TEST(tells_what_may_have_been_done),
		TEST(knows_how_calls_may_have_ended),
		TEST(knows_what_was_to_be_opened),
		TEST(knows_who_was_broken_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
