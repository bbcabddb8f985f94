/* SPDX-License-Identifier: Apache-2.0 */
/* Ends, and births that nobody tells of: what is to be told of them, and before what else. */
#include "tests/unit/stops_world.h"

enum { PID = UNKNOWN + 1000, TID, OTHER };

static struct tracee *known(pid_t tid, pid_t pid)
{
	struct tracee *tracee = tracees_add(&t.tracees, tid, pid);

	assert_non_null(tracee);
	return tracee;
}

/* The first thread is reaped as the last, so whoever is left had its id. */
static void tells_ends(void **state)
{
	struct tracee *first = known(PID, PID), *thread = known(TID, PID), *other = known(OTHER, OTHER);

	(void)state;
	stops_ended(&t, TID, 0);
	assert_int_equal(t.told.count, 1);
	assert_true(thread->over);
	assert_false(first->over);
	thread->over = false;
	forget_said();
	for (int over = 0; over < 2; over++) {
		thread->over = over;
		stops_ended(&t, PID, 5);
		assert_int_equal(t.told.count, over ? 1 : 2);
		if (!over)
			said(0, TOLD_END, TID);
		assert_int_equal(said(!over, TOLD_END, PID)->status, 5);
		assert_true(first->over && thread->over);
		assert_false(other->over);
		forget_said();
	}
	other->held_notification = CALL;
	other->follow = FOLLOW_ASIDE;
	other->unseen = any_event(OTHER);
	stops_ended(&t, OTHER, 0);
	assert_int_equal(let_in, CALL);
	said(0, TOLD_LOST, OTHER);
	said(1, TOLD_END, OTHER);
}

static void tells_ends_of_few_unknown(void **state)
{
	struct tracee *embryo = known(PID, PID);

	(void)state;
	embryo->embryo = true;
	t.tracees.embryos = 1;
	stops_ended(&t, PID, 0);
	assert_null(tracees_find(&t.tracees, PID));
	assert_int_equal(t.tracees.embryos, 0);
	stops_ended(&t, PID, 0);
	assert_int_equal(t.told.count, 0);
	stops_ended(&t, UNKNOWN, 7);
	assert_int_equal(said(0, TOLD_END, UNKNOWN)->status, 7);
	t.rings = (struct task_rings *)&t; /* the record of its birth may come */
	stops_ended(&t, PID, 0);
	assert_int_equal(said(1, TOLD_END, PID)->pid, PID);
}

/* What is known of an id is told before another has it. */
static void looks_at_who_had_an_id(void **state)
{
	struct tracee *before = known(PID, PID);

	(void)state;
	t.taken[0] = (struct taken){ .tid = PID, .freed = PID };
	t.taken[1] = (struct taken){ .tid = OTHER, .freed = OTHER };
	t.taken_count = 2;
	known(OTHER, OTHER);
	stops_freed(&t, PID);
	assert_true(before->over);
	assert_int_equal(t.told.count, 1);
	assert_true(stops_take(&t)); /* it was looked at */
	assert_int_equal(t.told.count, 1);
	assert_true(stops_take(&t));
	said(1, TOLD_END, OTHER);
	assert_int_equal(t.taken_count, 0);
}

/* What becomes of who has stopped before the tracer asks again. */
static enum { NOTHING, IS_KILLED, IS_REPLACED } fate;
static pid_t fated;

pid_t waitpid(pid_t pid, int *status, int options)
{
	pid_t tid = (pid_t)syscall(SYS_wait4, pid, status, options, NULL);

	if (tid <= 0 || tid != fated || fate == NOTHING)
		return tid;
	if (fate == IS_KILLED)
		kill(tid, SIGKILL);
	else
		open_gate('e');
	fate = NOTHING;
	await(tid);
	return tid;
}

static void stop_behind_call(struct tracee *tracee, pid_t pid)
{
	tracee->follow = FOLLOW_RESTARTING;
	interrupt(tracee);
	take(tracee->tid);
	assert_int_equal(tracee->follow, FOLLOW_LEAVING);
	assert_int_equal(syscall(SYS_tgkill, pid, tracee->tid, SIGUSR2), 0);
	await(tracee->tid);
	fated = tracee->tid;
}

/* Who has ended is no parent any more. */
static void tells_ends_before_calls(void **state)
{
	struct tracee *caller = new_tracee(), *younger = new_tracee();

	(void)state;
	stop_behind_call(caller, caller->tid);
	kill(younger->tid, SIGKILL);
	await(younger->tid);
	assert_true(stops_take(&t));
	said(0, TOLD_END, younger->tid);
	said(1, TOLD_RESULT, caller->tid);
}

/* Its call comes before its end, also when both are there; and none is told of who is another by then. */
static void tells_both_of_one(void **state)
{
	pid_t tid, pid;
	struct tracee *caller = new_tracee();

	(void)state;
	stop_behind_call(caller, caller->tid);
	fate = IS_KILLED;
	assert_true(stops_take(&t));
	said(0, TOLD_RESULT, caller->tid);
	assert_true(stops_take(&t));
	said(1, TOLD_RESUME, caller->tid);
	said(2, TOLD_END, caller->tid);
	forget_said();
	pid = new_process(true, &tid);
	caller = seize(pid, pid);
	seize(tid, pid);
	stop_behind_call(caller, pid);
	fate = IS_REPLACED;
	assert_true(stops_take(&t));
	assert_int_equal(t.told.count, 0);
	assert_true(stops_take(&t));
	said(0, TOLD_EXEC, pid);
	said(1, TOLD_RESUME, pid);
	assert_int_equal(t.told.count, 2);
}

static void *have_child(void *pipe_ends)
{
	const int *ends = pipe_ends;
	pid_t child = fork(), reaped;
	siginfo_t info;
	char byte;

	if (child == 0)
		_exit(0);
	waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
	if (write(ends[1], "", 1) != 1 || read(ends[2], &byte, 1) != 1)
		return NULL;
	reaped = waitpid(child, NULL, 0);
	return reaped == child ? pipe_ends : NULL;
}

/* Such as the programs of outputs. */
static void leaves_children_of_other_threads(void **state)
{
	int ends[4];
	pthread_t thread;
	void *result;
	char byte;

	(void)state;
	assert_true(pipe(ends) == 0 && pipe(ends + 2) == 0);
	assert_int_equal(pthread_create(&thread, NULL, have_child, ends), 0);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	assert_false(stops_take(&t));
	assert_int_equal(write(ends[3], "", 1), 1);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_non_null(result);
	for (size_t i = 0; i < 4; i++)
		close(ends[i]);
}

/* ---- births that nobody tells of ---- */

static struct tracee *stop_unknown(pid_t tid)
{
	const uint64_t before = tracer_now();
	struct tracee *tracee;

	if (ptrace(PTRACE_SEIZE, tid, NULL, 0) < 0)
		skip();
	assert_int_equal(ptrace(PTRACE_INTERRUPT, tid, NULL, NULL), 0);
	take(tid);
	tracee = tracees_find(&t.tracees, tid);
	assert_non_null(tracee);
	assert_true(tracee->embryo && tracee->seized && tracee->stopped);
	assert_true(tracee->since >= before);
	assert_int_equal(t.tracees.embryos, 1);
	return tracee;
}

static void adopts_whose_parent_is_gone(void **state)
{
	for (int threads = 0; threads < 2; threads++) {
		pid_t tid, pid = new_process(threads, &tid);
		struct tracee *tracee = stop_unknown(threads ? tid : pid);

		(void)state;
		tid = tracee->tid;
		t.confining = true;
		t.slow.apart = false;
		tracee->since = tracer_now();
		stops_adopt(&t);
		if (tracer_now() - tracee->since < SECOND / 100) { /* its parent may still say more */
			assert_true(tracee->embryo);
			assert_int_equal(t.told.count, 0);
		}
		tracee->since -= SECOND;
		stops_adopt(&t);
		tracee = tracees_find(&t.tracees, tid);
		assert_non_null(tracee);
		assert_int_equal(tracee->process->pid, pid);
		assert_false(tracee->embryo);
		assert_int_equal(t.tracees.embryos, 0);
		assert_true(tracee->seized && tracee->stopped && tracee->late);
		assert_true(tracee->process->other_ids && t.slow.apart);
		assert_int_equal(tracee->identity, IDENTITY_CONFINED);
		assert_int_equal(said(0, TOLD_FIRST, tid)->pid, pid);
		said(1, TOLD_RESUME, tid);
		forget_said();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tells_ends),
		TEST(tells_ends_of_few_unknown),
		TEST(looks_at_who_had_an_id),
		TEST(tells_ends_before_calls),
		TEST(tells_both_of_one),
		TEST(leaves_children_of_other_threads),
		TEST(adopts_whose_parent_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
