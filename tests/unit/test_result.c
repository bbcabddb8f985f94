/* SPDX-License-Identifier: Apache-2.0 */
/* What a thread that stops behind a call says of it, and gets for it. */
#include "tracer/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct tracer t;
static struct tracee *tracee;
static int gate[2];

static void note(int number)
{
	(void)number;
}

/* What the child does, from its call on: the gate is opened for each. */
static void make_calls(void)
{
	const struct sigaction action = { .sa_handler = note };
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigaction(SIGUSR1, &action, NULL);
	while (read(gate[0], &byte, 1) == 1)
		switch (byte) {
		case 'c':
			syscall(SYS_chdir, "/");
			break;
		case 'o':
			syscall(SYS_openat, AT_FDCWD, "/etc/../etc/.", O_RDONLY, 0);
			break;
		case 'n':
			syscall(SYS_openat, AT_FDCWD, "/proc/self/ns/net", O_RDONLY, 0);
			break;
		case 'w':
			syscall(SYS_wait4, -1, NULL, 0, NULL);
			syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
			break;
		}
	_exit(0);
}

static int begin(void **state)
{
	pid_t pid;

	(void)state;
	t = (struct tracer){ .listener = -1, .slow = { .fd = -1 }, .killable = true, .notifying = true };
	calls_init(&t.calls);
	if (tracees_init(&t.tracees, NULL) < 0 || pipe(gate) < 0)
		return -1;
	pid = fork();
	if (pid == 0)
		make_calls();
	tracee = tracees_add(&t.tracees, pid, pid);
	return tracee ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	kill(tracee->tid, SIGKILL);
	waitpid(tracee->tid, NULL, __WALL);
	figures_clear(&t.figures);
	tracees_free(&t.tracees);
	event_builder_free(&t.builder);
	event_builder_free(&t.fetched);
	close(gate[0]);
	close(gate[1]);
	return 0;
}

/* Whether it stops where the call begins, or behind it. */
static void await(long number, bool behind)
{
	struct arch_regs regs;
	int status;

	for (;;) {
		assert_int_equal(ptrace(PTRACE_SYSCALL, tracee->tid, NULL, NULL), 0);
		assert_int_equal(waitpid(tracee->tid, &status, __WALL), tracee->tid);
		assert_true(WIFSTOPPED(status));
		assert_int_equal(arch_read(tracee->tid, &regs), 0);
		if (WSTOPSIG(status) == (SIGTRAP | 0x80) && arch_number(&regs) == number &&
		    (arch_result(&regs) == -ENOSYS) == !behind)
			return;
	}
}

static void seize(void)
{
	int status;

	if (ptrace(PTRACE_SEIZE, tracee->tid, NULL, PTRACE_O_TRACESYSGOOD) < 0)
		skip();
	assert_int_equal(ptrace(PTRACE_INTERRUPT, tracee->tid, NULL, NULL), 0);
	assert_int_equal(waitpid(tracee->tid, &status, __WALL), tracee->tid);
	tracee->seized = true;
}

static void open_gate(char byte)
{
	assert_int_equal(write(gate[1], &byte, 1), 1);
}

/* The event of what was followed, which ended with the stop at hand; NULL = none. */
static const struct event *tell(enum follow follow, long number)
{
	static struct event ev;
	struct error err;
	int r;

	tracee->follow = follow;
	tracee->stopped = true;
	tracee->cookie = 99;
	tracee->call = (struct call){ .tid = tracee->tid, .pid = tracee->tid, .ts = 1, .number = number, .ip = 4096 };
	tracee->wants_path = calls_traits(&t.calls, number) & CALL_OPEN;
	t.ext = (struct event_ext){ .real_path = { "", 0 } };
	t.looked_behind = 0;
	r = result_tell(&t, tracee, &ev, &err);
	return r > 0 ? &ev : NULL;
}

static void tells_results(void **state)
{
	const struct event *ev;

	(void)state;
	seize();
	open_gate('c');
	await(SYS_chdir, true);
	for (int alone = 0; alone < 2; alone++) {
		tracee->alone = alone;
		tracee->continued = SYS_chdir;
		ev = tell(FOLLOW_EXIT_CHECK, SYS_chdir);
		assert_non_null(ev);
		assert_int_equal(ev->type, EV_SYSCALL_CHDIR_X);
		assert_int_equal(ev->call, 99);
		assert_int_equal(event_param_int(ev, 0), 0);
		assert_int_equal(t.ext.raced, alone ? RACED_NO : RACED_POSSIBLE);
		assert_int_equal(t.ext.ip, 4096);
		assert_int_equal(t.looked_behind, tracee->tid);
		assert_int_equal(tracee->follow, FOLLOW_NONE);
		assert_int_equal(tracee->continued, -1);
	}
	assert_non_null(tell(FOLLOW_LEAVING, SYS_chdir));
	/* another call came between; and an exec that went well its own stop tells */
	assert_null(tell(FOLLOW_EXIT_CHECK, SYS_fchdir));
	assert_int_equal(tracee->follow, FOLLOW_NONE);
	assert_null(tell(FOLLOW_EXEC, SYS_chdir));
}

static void tells_what_was_opened(void **state)
{
	(void)state;
	seize();
	open_gate('o');
	await(SYS_openat, true);
	assert_non_null(tell(FOLLOW_EXIT_CHECK, SYS_openat));
	assert_true(str_eq(t.ext.real_path, STR("/etc")));
	open_gate('n');
	await(SYS_openat, true);
	assert_non_null(tell(FOLLOW_EXIT_CHECK, SYS_openat));
	assert_int_equal(t.ext.real_path.len, 0); /* of no path */
}

/* What a signal broke off is followed again, unless it waited there as it would natively. */
static void knows_what_was_broken_off(void **state)
{
	(void)state;
	seize();
	open_gate('w');
	await(SYS_ppoll, false);
	assert_int_equal(kill(tracee->tid, SIGUSR1), 0);
	await(SYS_ppoll, true);
	assert_null(tell(FOLLOW_EXIT_CHECK, SYS_ppoll));
	assert_int_equal(tracee->follow, FOLLOW_ENTERING);
	assert_false(tracee->broken_off);
	assert_int_equal(tracee->continued, -1); /* the signal came before it was received again */
	assert_null(tell(FOLLOW_LEAVING, SYS_ppoll));
	assert_int_equal(tracee->follow, FOLLOW_NONE);
	assert_false(tracee->broken_off);
	tracee->continued = SYS_ppoll;
	assert_null(tell(FOLLOW_LEAVING, SYS_ppoll)); /* its next stop says whether it was natively, too */
	assert_int_equal(tracee->follow, FOLLOW_BROKEN_OFF);
	assert_true(tracee->broken_off);
	assert_int_equal(tracee->continued, SYS_ppoll);
	/* made again it waits on, also when its caller is gone by now; another one is not that one */
	t.pending = (struct pending){ .active = true, .notified = true, .tracee = tracee, .call = tracee->call };
	assert_true(result_repeats(&t));
	assert_false(t.pending.active);
	assert_int_equal(tracee->follow, FOLLOW_LEAVING);
	assert_int_equal(tracee->continued, SYS_ppoll);
	t.pending = (struct pending){ .active = true, .notified = true, .tracee = tracee, .call = tracee->call };
	t.pending.call.args[5]++;
	assert_false(result_repeats(&t));
	assert_true(t.pending.active);
	assert_int_equal(tracee->follow, FOLLOW_NONE);
	assert_int_equal(tracee->continued, -1);
	t.pending = (struct pending){ 0 };
	tracee->continued = SYS_ppoll;
	/* before Linux 5.19 also one that nothing breaks off once it has begun */
	tracee->broken_off = false;
	t.calls.by_number[SYS_ppoll].traits = 0;
	assert_null(tell(FOLLOW_LEAVING, SYS_ppoll));
	assert_int_equal(tracee->follow, FOLLOW_BROKEN_OFF);
	t.killable = false;
	assert_null(tell(FOLLOW_LEAVING, SYS_ppoll));
	assert_int_equal(tracee->follow, FOLLOW_NONE);
}

/* What was broken off natively, too, is told as it was then, whatever the registers say by now. */
static void tells_what_was_broken_off(void **state)
{
	const struct event *ev;
	struct error err;
	struct event got;

	(void)state;
	seize();
	open_gate('c');
	await(SYS_chdir, true);
	assert_non_null(tell(FOLLOW_LEAVING, SYS_chdir));
	tracee->follow = FOLLOW_BROKEN_OFF;
	tracee->call.number = SYS_chdir;
	tracee->call.result = -ARCH_ERESTARTSYS;
	ev = result_tell(&t, tracee, &got, &err) > 0 ? &got : NULL;
	assert_non_null(ev);
	assert_int_equal(event_param_int(ev, 0), -ARCH_ERESTARTSYS);
	assert_int_equal(tracee->follow, FOLLOW_NONE);
}

static void keeps_what_is_followed_of_who_is_gone(void **state)
{
	siginfo_t info;

	(void)state;
	seize();
	open_gate('c');
	await(SYS_chdir, true);
	assert_int_equal(kill(tracee->tid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)tracee->tid, &info, WEXITED | WNOWAIT | __WALL), 0);
	assert_null(tell(FOLLOW_EXIT_CHECK, SYS_chdir));
	assert_int_equal(tracee->follow, FOLLOW_EXIT_CHECK); /* its end tells */
	tracee->stopped = false;
	tracee->follow = FOLLOW_EXIT_CHECK;
	assert_int_equal(result_tell(&t, tracee, NULL, NULL), 0);
	assert_int_equal(tracee->follow, FOLLOW_NONE);
}

/* One that has begun, and was broken off when its caller was killed, is told; of an open that it has opened nothing. */
static void loses_nothing_that_was_broken_off(void **state)
{
	const struct event *ev;

	(void)state;
	seize();
	open_gate('c');
	await(SYS_chdir, true);
	ev = tell(FOLLOW_EXIT_CHECK, SYS_chdir);
	assert_non_null(ev);
	for (int opens = 0; opens < 2; opens++) {
		tracee->unseen = event_copy(ev);
		tracee->follow = FOLLOW_BROKEN_OFF;
		tracee->wants_path = opens;
		tracee->path = opens ? str_dup(STR("/etc/fifo")) : NULL;
		tracee->call.number = opens ? SYS_openat : SYS_chdir;
		tracee->call.result = -ARCH_ERESTARTSYS;
		result_lose(&t, tracee);
		assert_int_equal(tracee->follow, FOLLOW_NONE);
		assert_int_equal(t.told.count, 1);
		assert_int_equal(event_param_int(t.told.list[0].event, 0), opens ? -ARCH_ERESTARTSYS : 0);
		told_free(&t);
		t.told = (struct told_queue){ 0 };
	}
}

/* ---- answers that are owed ----------------------------------------------------------------------------- */

/* What the call at hand gave its caller, and what is owed to him then. */
static int64_t given(enum follow follow, long number, uint64_t ip)
{
	struct arch_regs regs;

	tracee->owed = (struct owed){ .what = OWED_NOTHING };
	tracee->answer = (struct owed){ .what = OWED_ANSWER, .number = number, .ip = ip, .value = 4711 };
	tracee->follow = follow;
	owed_give(tracee);
	assert_int_equal(arch_read(tracee->tid, &regs), 0);
	return arch_result(&regs);
}

static void gives_what_is_owed(void **state)
{
	struct arch_regs regs;
	int64_t before;
	uint64_t ip;

	(void)state;
	seize();
	open_gate('w');
	await(SYS_ppoll, false);
	assert_int_equal(kill(tracee->tid, SIGUSR1), 0);
	await(SYS_ppoll, true);
	assert_int_equal(arch_read(tracee->tid, &regs), 0);
	before = arch_result(&regs);
	assert_true(arch_is_restart(before));
	ip = arch_ip(&regs);
	/* nothing, and to another call: it is owed on */
	assert_int_equal(given(FOLLOW_EXIT_CHECK, SYS_ppoll, ip), before);
	assert_int_equal(tracee->owed.what, OWED_NOTHING);
	assert_int_equal(tracee->follow, FOLLOW_EXIT_CHECK);
	assert_int_equal(given(FOLLOW_ANSWERING, SYS_openat, ip), before);
	assert_int_equal(tracee->owed.what, OWED_ANSWER);
	assert_int_equal(given(FOLLOW_ANSWERING, SYS_ppoll, ip + 2), before);
	assert_int_equal(tracee->owed.what, OWED_ANSWER);
	assert_int_equal(tracee->owed.value, 4711);
	assert_int_equal(given(FOLLOW_ANSWERING, SYS_ppoll, ip), 4711);
	assert_int_equal(tracee->owed.what, OWED_NOTHING);
	assert_int_equal(tracee->follow, FOLLOW_NONE);
	/* the call has another end by now */
	assert_int_equal(given(FOLLOW_ANSWERING, SYS_ppoll, ip), 4711);
	assert_int_equal(tracee->owed.what, OWED_ANSWER);
}

/* In a stop where signals could take callers away, and where there are such stops. */
static void answers_in_stops(void **state)
{
	int status;

	(void)state;
	seize();
	assert_int_equal(ptrace(PTRACE_CONT, tracee->tid, NULL, NULL), 0);
	t.pending.tracee = tracee;
	t.pending.way = FIGURES_ON_BEHALF;
	t.pending.call = (struct call){ .tid = tracee->tid, .number = SYS_openat, .ip = 4096 };
	assert_false(owed_answer_in_stop(&t, 5)); /* nothing takes them away */
	t.killable = false;
	t.pending.way = FIGURES_TO_RESULT;
	assert_false(owed_answer_in_stop(&t, 5)); /* its own */
	t.pending.way = FIGURES_ON_BEHALF;
	tracee->leaving_for_debugger = true;
	assert_false(owed_answer_in_stop(&t, 5));
	tracee->leaving_for_debugger = false;
	tracee->seized = false;
	assert_false(owed_answer_in_stop(&t, 5));
	tracee->seized = true;
	assert_int_equal(tracee->follow, FOLLOW_NONE);
	assert_int_equal(owed_answer_in_stop(&t, 5), arch_can_restart());
	if (!arch_can_restart())
		return;
	assert_int_equal(tracee->follow, FOLLOW_ANSWERING);
	assert_int_equal(tracee->answer.what, OWED_ANSWER);
	assert_int_equal(tracee->answer.value, 5);
	assert_int_equal(tracee->answer.number, SYS_openat);
	assert_int_equal(waitpid(tracee->tid, &status, __WALL), tracee->tid);
	assert_true(WIFSTOPPED(status));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tells_results),
		TEST(tells_what_was_opened),
		TEST(knows_what_was_broken_off),
		TEST(tells_what_was_broken_off),
		TEST(keeps_what_is_followed_of_who_is_gone),
		TEST(loses_nothing_that_was_broken_off),
		TEST(gives_what_is_owed),
		TEST(answers_in_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
