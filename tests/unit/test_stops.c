/* SPDX-License-Identifier: Apache-2.0 */
/* What is made of stops: who goes on, and how, who waits, and what is to be told of it. */
#include "tests/unit/stops_world.h"
#include "tracer/status.h"

/* ---- going on ---- */

static void knows_what_stops_whom(void **state)
{
	const unsigned long always = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC,
			    births = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
	struct process process = { 0 };

	(void)state;
	assert_int_equal(stops_options(&t, &process), always | births | PTRACE_O_TRACESECCOMP);
	t.notifying = true;
	assert_int_equal(stops_options(&t, &process), always | births);
	t.rings = (struct task_rings *)&t;
	assert_int_equal(stops_options(&t, &process), always);
	process.program.signals = true;
	assert_int_equal(stops_options(&t, &process), always | births);
	t.options.on_exit = TRACER_ON_EXIT_KILL;
	assert_int_equal(stops_options(&t, &process), always | births | PTRACE_O_EXITKILL);
	/* no filter would let calls fail */
	t = (struct tracer){ .tracees = t.tracees, .memo = t.memo, .every_call = true };
	assert_int_equal(stops_options(&t, &process), always | births | PTRACE_O_EXITKILL);
}

/* A stop that was not looked at yet is not taken away. */
static void leaves_stops_that_are_not_known(void **state)
{
	struct tracee *tracee = new_tracee();

	(void)state;
	assert_int_equal(ptrace(PTRACE_INTERRUPT, tracee->tid, NULL, NULL), 0);
	await(tracee->tid);
	stops_resume(&t, tracee, 0);
	await(tracee->tid);
	tracee->follow = FOLLOW_EXIT_CHECK;
	take(tracee->tid);
	assert_true(tracee->stopped);
	said(0, TOLD_RESULT, tracee->tid);
	said(1, TOLD_RESUME, tracee->tid);
	stops_resume(&t, tracee, 0);
	assert_false(tracee->stopped);
	kill(tracee->tid, SIGTERM);
	take(tracee->tid);
	take(tracee->tid);
	assert_int_equal(said(2, TOLD_END, tracee->tid)->status, SIGTERM);
	assert_true(tracee->over);
}

static bool does_not_run(pid_t tid)
{
	char *text = NULL;
	bool is;

	assert_int_equal(status_read(tid, &text), 0);
	is = *status_line(text, "State").ptr == 't';
	free(text);
	return is;
}

static void stays_stopped_with_its_job(void **state)
{
	struct tracee *tracee = new_tracee();
	pid_t front = new_process(false, NULL);
	int status;

	(void)state;
	t.launch.workload = tracee->tid;
	t.launch.front = front;
	t.front_held = true;
	kill(front, SIGSTOP);
	assert_int_equal(waitpid(front, &status, WUNTRACED), front);
	for (size_t i = 0; i < 4; i++) {
		static const int stopping[] = { SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU };

		kill(tracee->tid, stopping[i]);
		take(tracee->tid); /* the signal … */
		take(tracee->tid); /* … and what it does */
		assert_true(tracee->listening);
		assert_false(tracee->stopped);
		assert_true(does_not_run(tracee->tid));
		assert_true(t.front_held);
		assert_int_equal(waitpid(front, &status, WCONTINUED | WNOHANG), 0);
		kill(tracee->tid, SIGCONT);
		take(tracee->tid);
		assert_false(tracee->listening);
		assert_false(t.front_held);
		assert_int_equal(waitpid(front, &status, WCONTINUED), front);
		take(tracee->tid); /* that signal */
		assert_false(tracee->stopped);
		t.front_held = true;
		kill(front, SIGSTOP);
		assert_int_equal(waitpid(front, &status, WUNTRACED), front);
	}
	/* of another nothing is said to the front, and nobody has its id when it is gone */
	stops_wake_front(&t, tracee->tid + 1);
	t.front_gone = true;
	stops_wake_front(&t, tracee->tid);
	assert_int_equal(waitpid(front, &status, WCONTINUED | WNOHANG), 0);
	t.front_gone = false;
	kill(tracee->tid, SIGKILL);
	take(tracee->tid);
	assert_int_equal(waitpid(front, &status, WCONTINUED), front);
}

static const struct {
	int signal;
	bool heeded;
} signals[] = {
	{ SIGCHLD, false }, { SIGWINCH, false }, { SIGURG, true }, /* it has a handler */
	{ SIGUSR1, false }, /* ignored */
	{ SIGUSR2, true },  { SIGTERM, true },
};

/* Who is traced is woken for signals that natively reach nobody, and waits on then. */
static void knows_who_is_woken(void **state)
{
	struct tracee *tracee;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		tracee = new_tracee();
		tracee->follow = FOLLOW_BROKEN_OFF;
		kill(tracee->tid, signals[i].signal);
		take(tracee->tid);
		assert_int_equal(tracee->stopped, signals[i].heeded);
		assert_int_equal(tracee->follow, FOLLOW_BROKEN_OFF);
		assert_int_equal(t.told.count, signals[i].heeded ? 2 : 0);
		if (!signals[i].heeded) {
			take(tracee->tid); /* where it begins again */
			assert_int_equal(tracee->follow, FOLLOW_LEAVING);
			assert_int_equal(t.told.count, 0);
			continue;
		}
		said(0, TOLD_RESULT, tracee->tid);
		assert_int_equal(said(1, TOLD_RESUME, tracee->tid)->signal, signals[i].signal);
		forget_said();
	}
	tracee = new_tracee();
	/* a followed call that is broken off is made again, and caught again */
	for (int follow = FOLLOW_ENTERING; follow <= FOLLOW_LEAVING; follow++) {
		tracee->follow = (enum follow)follow;
		kill(tracee->tid, SIGURG);
		take(tracee->tid);
		assert_int_equal(tracee->follow, FOLLOW_NONE);
	}
}

static void tells_what_its_stops_mean(void **state)
{
	static const enum follow told[] = { FOLLOW_EXIT_CHECK, FOLLOW_EXEC };
	struct tracee *tracee = new_tracee();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(told); i++) {
		tracee->follow = told[i];
		interrupt(tracee);
		said(0, TOLD_RESULT, tracee->tid);
		said(1, TOLD_RESUME, tracee->tid);
		assert_true(tracee->stopped);
		forget_said();
		stops_resume(&t, tracee, 0);
	}
	tracee->follow = FOLLOW_NONE;
	tracee->newborn = tracee->loose = tracee->options_due = true;
	interrupt(tracee);
	assert_false(tracee->newborn || tracee->loose || tracee->options_due);
	assert_false(tracee->stopped || t.told.count);
	/* from one call's entry to its end */
	tracee->follow = FOLLOW_RESTARTING;
	interrupt(tracee);
	assert_int_equal(tracee->follow, FOLLOW_ENTERING);
	take(tracee->tid);
	assert_int_equal(tracee->follow, FOLLOW_LEAVING);
	assert_int_equal(t.told.count, 0);
	interrupt(tracee);
	said(0, TOLD_RESULT, tracee->tid);
	said(1, TOLD_RESUME, tracee->tid);
	forget_said();
	tracee->follow = FOLLOW_NONE;
	stops_resume(&t, tracee, 0);
	tracee->leaving_for_debugger = true;
	interrupt(tracee);
	assert_false(tracee->seized);
	/* what we break off ourselves waits on */
	tracee = new_tracee();
	tracee->follow = FOLLOW_BROKEN_OFF;
	interrupt(tracee);
	assert_int_equal(tracee->follow, FOLLOW_BROKEN_OFF);
	assert_false(tracee->stopped);
	take(tracee->tid);
	assert_int_equal(tracee->follow, FOLLOW_LEAVING);
	assert_int_equal(t.told.count, 0);
}

/* Where its stop is not the end of its call the answer is kept. */
static void gives_what_is_owed(void **state)
{
	struct tracee *tracee = new_tracee();

	(void)state;
	for (int by_signal = 0; by_signal < 2; by_signal++) {
		tracee->answer = (struct owed){ .what = OWED_ANSWER, .number = -1, .value = CALL };
		tracee->owed.what = OWED_NOTHING;
		tracee->follow = FOLLOW_ANSWERING;
		if (by_signal) {
			kill(tracee->tid, SIGCHLD);
			take(tracee->tid);
		} else {
			interrupt(tracee);
		}
		assert_int_equal(tracee->follow, FOLLOW_NONE);
		assert_int_equal(tracee->owed.what, OWED_ANSWER);
		assert_int_equal(tracee->owed.value, CALL);
	}
}

/* ---- calls that a signal breaks off ---- */

static struct filter *filter_of(uint16_t event)
{
	const struct intercept_want want = { .event = event };
	const struct intercept_set set = { .wants = &want, .nwants = 1 };
	const struct filter_options options = { 0 };
	struct filter *filter = NULL;

	assert_int_equal(filter_new(&set, &t.calls, &options, &filter, NULL), 0);
	return filter;
}

/* Before the call was received it had not begun: it begins behind the handler. Else that ends it, as natively. */
static void lets_calls_begin(void **state)
{
	static const struct {
		uint16_t caught;
		bool polls, notifying;
		long continued;
		int result;
		long left;
	} cases[] = {
		{ EV_SYSCALL_READ_X, false, true, -1, 0, -1 },
		{ EV_SYSCALL_READ_X, false, true, SYS_read, EINTR, -1 },
		{ EV_SYSCALL_READ_X, false, true, SYS_write, 0, SYS_write },
		{ EV_SYSCALL_READ_X, false, false, -1, EINTR, -1 },
		{ EV_SYSCALL_PPOLL_X, false, true, -1, EINTR, -1 },
		{ EV_SYSCALL_PPOLL_X, true, true, -1, EINTR, -1 }, /* a handler ends that in any case */
	};

	(void)state;
	if (!arch_can_restart())
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tracee *tracee = new_tracee();

		forget_said();
		filter_free(t.filter);
		t.filter = filter_of(cases[i].caught);
		t.notifying = cases[i].notifying;
		if (cases[i].polls)
			open_gate('p');
		wait_until_asleep(tracee->tid, cases[i].polls ? SYS_ppoll : SYS_read);
		tracee->continued = cases[i].continued;
		kill(tracee->tid, SIGUSR2);
		take(tracee->tid);
		assert_int_equal(tracee->continued, cases[i].left);
		open_gate('g');
		take(tracee->tid);
		assert_int_equal(WEXITSTATUS(said(0, TOLD_END, tracee->tid)->status), cases[i].result);
	}
}

/* ---- execs ---- */

static int next_descriptor(void)
{
	auto_fd int fd = dup(STDIN_FILENO);

	return fd;
}

/* A second thread executes, and has the id of the first from then on, and who waits for that. */
static void knows_who_executed(void **state)
{
	static const struct {
		enum identity before, behind;
	} cases[] = {
		{ IDENTITY_SAME, IDENTITY_EXECUTING },
		{ IDENTITY_CONFINED, IDENTITY_CONFINED },
		{ IDENTITY_OTHER, IDENTITY_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		pid_t tid, pid = new_process(true, &tid);
		struct tracee *first = seize(pid, pid), *second = seize(tid, pid), *tracee;
		int unused = next_descriptor();

		decode_exec_ahead(tid, t.memo);
		first->follow = FOLLOW_ASIDE;
		first->unseen = any_event(pid);
		first->held_notification = CALL;
		first->leaving_for_debugger = true;
		second->held_notification = OTHER_CALL;
		second->leaving_for_debugger = true;
		second->identity = cases[i].before;
		second->changes = 3;
		second->continued = SYS_execve;
		second->follow = FOLLOW_EXEC;
		second->loose = second->lingers = true;
		open_gate('e');
		take(pid);
		said(0, TOLD_LOST, pid);
		said(1, TOLD_EXEC, pid);
		said(2, TOLD_RESUME, pid);
		assert_null(tracees_find(&t.tracees, tid));
		tracee = tracees_find(&t.tracees, pid);
		assert_non_null(tracee);
		assert_int_equal(tracee->process->threads, 1);
		assert_true(tracee->seized && tracee->stopped && tracee->in_call);
		assert_false(tracee->loose || tracee->lingers);
		assert_int_equal(tracee->identity, cases[i].behind);
		assert_int_equal(tracee->changes, 0);
		assert_int_equal(tracee->continued, -1);
		assert_int_equal(tracee->follow, FOLLOW_NONE);
		assert_int_equal(tracee->held_notification, CALL);
		assert_true(tracee->leaving_for_debugger);
		assert_int_equal(let_in, OTHER_CALL);
		assert_int_equal(next_descriptor(), unused); /* what was read ahead is of an id that nobody has */
		forget_said();
	}
}

static void knows_strangers_that_execute(void **state)
{
	pid_t tid, pid = new_process(true, &tid);
	const struct tracee *tracee;

	(void)state;
	t.confining = true;
	if (ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACEEXEC) < 0 ||
	    ptrace(PTRACE_SEIZE, tid, NULL, PTRACE_O_TRACEEXEC) < 0)
		skip();
	open_gate('e');
	take(pid);
	said(0, TOLD_EXEC, pid);
	tracee = tracees_find(&t.tracees, pid);
	assert_non_null(tracee);
	assert_true(tracee->seized && tracee->stopped);
	assert_int_equal(tracee->identity, IDENTITY_CONFINED); /* for all that is known */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(knows_what_stops_whom),
		TEST(leaves_stops_that_are_not_known),
		TEST(stays_stopped_with_its_job),
		TEST(knows_who_is_woken),
		TEST(tells_what_its_stops_mean),
		TEST(gives_what_is_owed),
		TEST(lets_calls_begin),
		TEST(knows_who_executed),
		TEST(knows_strangers_that_execute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
