/* SPDX-License-Identifier: Apache-2.0 */
/* Of a call that was made in its place the caller gets the result once, whatever signals come (before Linux 5.19). */
#include "tracer/supervisor.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { VALUE = 77 };

static struct tracer t;
static struct tracee *tracee;
static int gate[2];

/* The child waits in a call, and ends with what that gave. */
static int begin(void **state)
{
	char byte;
	pid_t pid;

	(void)state;
	alarm(60); /* a stop that does not come */
	t = (struct tracer){ .listener = -1, .notifying = true };
	if (tracees_init(&t.tracees, NULL) < 0 || pipe(gate) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(gate[1]);
		_exit((int)syscall(SYS_read, gate[0], &byte, 1));
	}
	tracee = tracees_add(&t.tracees, pid, pid);
	if (!tracee)
		return -1;
	t.pending = (struct pending){
		.notified = true,
		.way = FIGURES_ON_BEHALF,
		.tracee = tracee,
		.call = { .tid = pid, .pid = pid, .number = SYS_read, .ip = 4096, .args = { 1, 2, 3, 4, 5, 6 } },
	};
	return 0;
}

static int end(void **state)
{
	(void)state;
	kill(tracee->tid, SIGKILL);
	waitpid(tracee->tid, NULL, __WALL);
	tracees_free(&t.tracees);
	close(gate[0]);
	if (gate[1] >= 0)
		close(gate[1]);
	return 0;
}

static void await_stop(void)
{
	int status;

	assert_int_equal(waitpid(tracee->tid, &status, __WALL), tracee->tid);
	assert_true(WIFSTOPPED(status));
}

/* Stopped where its call begins, which becomes the pending one. */
static void seize(void)
{
	struct arch_regs regs;

	if (!arch_can_restart() || ptrace(PTRACE_SEIZE, tracee->tid, NULL, PTRACE_O_TRACESYSGOOD) < 0)
		skip();
	tracee->seized = true;
	assert_int_equal(ptrace(PTRACE_INTERRUPT, tracee->tid, NULL, NULL), 0);
	do {
		await_stop();
		assert_int_equal(arch_read(tracee->tid, &regs), 0);
		if (arch_number(&regs) == SYS_read && arch_result(&regs) == -ENOSYS)
			break;
		assert_int_equal(ptrace(PTRACE_SYSCALL, tracee->tid, NULL, NULL), 0);
	} while (true);
	t.pending.call.ip = arch_ip(&regs);
	for (unsigned int i = 0; i < 6; i++)
		t.pending.call.args[i] = arch_arg(&regs, i);
}

static int result_of_call(void)
{
	int status;

	close(gate[1]); /* so that it gives 0 if it goes on */
	gate[1] = -1;
	assert_int_equal(ptrace(PTRACE_CONT, tracee->tid, NULL, NULL), 0);
	assert_int_equal(waitpid(tracee->tid, &status, __WALL), tracee->tid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void answers_in_the_stop(void **state)
{
	(void)state;
	seize();
	assert_int_equal(ptrace(PTRACE_CONT, tracee->tid, NULL, NULL), 0);
	assert_true(owed_answer_in_stop(&t, VALUE));
	assert_int_equal(tracee->follow, FOLLOW_ANSWERING);
	await_stop();
	owed_give(tracee);
	assert_int_equal(tracee->follow, FOLLOW_NONE);
	assert_int_equal(owed_now(&t), OWED_NOTHING); /* it has it */
	assert_int_equal(result_of_call(), VALUE);
}

/* A stop elsewhere is not the call's: the answer is kept for when it is made again. */
static void keep_answer(bool in_call)
{
	if (in_call)
		assert_int_equal(ptrace(PTRACE_CONT, tracee->tid, NULL, NULL), 0);
	assert_true(owed_answer_in_stop(&t, VALUE));
	if (in_call)
		await_stop();
	owed_give(tracee);
	assert_int_equal(tracee->follow, FOLLOW_NONE);
	assert_int_equal(owed_now(&t), OWED_ANSWER);
	assert_int_equal(tracee->owed.value, VALUE);
	if (!in_call) {
		assert_int_equal(ptrace(PTRACE_CONT, tracee->tid, NULL, NULL), 0);
		await_stop();
	}
	assert_int_equal(result_of_call(), 0);
}

static void keeps_answers_of_other_calls(void **state)
{
	(void)state;
	seize();
	t.pending.call.number++;
	keep_answer(true);
}

static void keeps_answers_of_other_places(void **state)
{
	(void)state;
	seize();
	t.pending.call.ip++;
	keep_answer(true);
}

static void keeps_answers_of_calls_that_begin(void **state)
{
	(void)state;
	seize();
	keep_answer(false);
}

/* Who cannot be stopped, or need not be, is answered as ever. */
static void leaves_others(void **state)
{
	(void)state;
	seize();
	t.killable = true;
	assert_false(owed_answer_in_stop(&t, VALUE));
	t.killable = false;
	t.pending.way = FIGURES_REFUSED;
	assert_false(owed_answer_in_stop(&t, VALUE));
	t.pending.way = FIGURES_ON_BEHALF;
	t.pending.tracee = NULL;
	assert_false(owed_answer_in_stop(&t, VALUE));
	t.pending.tracee = tracee;
	tracee->seized = false;
	assert_false(owed_answer_in_stop(&t, VALUE));
	tracee->seized = true;
	tracee->leaving_for_debugger = true;
	assert_false(owed_answer_in_stop(&t, VALUE));
	tracee->leaving_for_debugger = false;
	kill(tracee->tid, SIGKILL);
	waitpid(tracee->tid, NULL, __WALL);
	assert_false(owed_answer_in_stop(&t, VALUE));
	assert_int_equal(tracee->follow, FOLLOW_NONE);
	assert_int_equal(tracee->answer.what, OWED_NOTHING);
}

/* Nor does a stop of who is owed nothing change its call. */
static void gives_nothing_else(void **state)
{
	(void)state;
	seize();
	assert_int_equal(ptrace(PTRACE_CONT, tracee->tid, NULL, NULL), 0);
	assert_int_equal(ptrace(PTRACE_INTERRUPT, tracee->tid, NULL, NULL), 0);
	await_stop();
	tracee->answer = (struct owed){ OWED_ANSWER, SYS_read, t.pending.call.ip, { 0 }, VALUE, 0, 0 };
	tracee->follow = FOLLOW_EXIT_CHECK;
	owed_give(tracee);
	assert_int_equal(tracee->follow, FOLLOW_EXIT_CHECK);
	assert_int_equal(result_of_call(), 0);
}

static void knows_the_same_call_again(void **state)
{
	struct call *c = &t.pending.call;
	struct owed *owed;

	(void)state;
	assert_int_equal(owed_now(&t), OWED_NOTHING);
	t.killable = true;
	assert_null(owed_begin(&t)); /* no signal takes anything away */
	t.killable = false;
	t.pending.tracee = NULL;
	assert_null(owed_begin(&t));
	assert_int_equal(owed_now(&t), OWED_NOTHING);
	t.pending.tracee = tracee;
	owed = owed_begin(&t);
	assert_ptr_equal(owed, &tracee->owed);
	owed->what = OWED_FILE;
	assert_int_equal(owed_now(&t), OWED_FILE);
	c->number++;
	assert_int_equal(owed_now(&t), OWED_NOTHING);
	c->number--;
	c->ip++;
	assert_int_equal(owed_now(&t), OWED_NOTHING);
	c->ip--;
	for (size_t i = 0; i < 6; i++) {
		c->args[i]++;
		assert_int_equal(owed_now(&t), OWED_NOTHING);
		c->args[i]--;
	}
	assert_int_equal(owed_now(&t), OWED_FILE);
	/* one call at most: the next one takes its place, and begins empty */
	owed->value = VALUE;
	c->number++;
	assert_int_equal(owed_begin(&t)->what, OWED_NOTHING);
	assert_int_equal(tracee->owed.value, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answers_in_the_stop),
		TEST(gives_nothing_else),
		TEST(keeps_answers_of_calls_that_begin),
		TEST(keeps_answers_of_other_calls),
		TEST(keeps_answers_of_other_places),
		TEST(knows_the_same_call_again),
		TEST(leaves_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
