/* SPDX-License-Identifier: Apache-2.0 */
/* Whom the workload wants to trace, and that our tracing of him ends before its own begins. */
#include "tracer/supervisor.h"

#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/parse.h"
#include "tracer/procfs.h"
#include "tracer/status.h"

enum { CALL = 4711 };

static struct tracer t;
static struct tracee *caller, *target;

static pid_t new_process(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

static struct tracee *known(pid_t pid)
{
	struct tracee *tracee = tracees_add(&t.tracees, pid, pid);

	assert_non_null(tracee);
	tracee->seized = true;
	return tracee;
}

static int begin(void **state)
{
	(void)state;
	t = (struct tracer){ .listener = -1, .slow = { .fd = -1 } };
	if (tracees_init(&t.tracees, NULL) < 0)
		return -1;
	caller = known(new_process());
	target = known(new_process());
	t.pending.notified = true;
	t.pending.id = CALL;
	return 0;
}

static void end_process(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, __WALL);
}

static int end(void **state)
{
	(void)state;
	end_process(caller->tid);
	end_process(target->tid);
	figures_clear(&t.figures);
	tracees_free(&t.tracees);
	return 0;
}

static void call(struct tracee *who, long request, pid_t number)
{
	t.pending.tracee = who;
	t.pending.active = true;
	t.pending.call = (struct call){
		.tid = who->tid, .pid = who->tid, .number = SYS_ptrace, .args = { (uint64_t)request, (uint64_t)number }
	};
}

static bool is_due(long request, pid_t number)
{
	call(caller, request, number);
	return handover_due(&t);
}

static void knows_who_is_meant(void **state)
{
	(void)state;
	assert_true(is_due(PTRACE_ATTACH, target->tid));
	assert_true(is_due(PTRACE_SEIZE, target->tid));
	assert_false(is_due(PTRACE_CONT, target->tid));
	assert_false(is_due(PTRACE_ATTACH, getpid()));
	assert_false(is_due(PTRACE_ATTACH, caller->tid)); /* the kernel refuses that */
	assert_true(is_due(PTRACE_TRACEME, 0));
	target->held_notification = 1; /* by another caller, already */
	assert_false(is_due(PTRACE_ATTACH, target->tid));
	target->held_notification = 0;
	t.pending.notified = false;
	assert_false(is_due(PTRACE_ATTACH, target->tid));
	assert_false(is_due(PTRACE_TRACEME, 0));
	t.pending.notified = true;
	/* who is not ours is nobody's to let go */
	caller->seized = target->seized = false;
	assert_false(is_due(PTRACE_ATTACH, target->tid));
	assert_false(is_due(PTRACE_TRACEME, 0));
	assert_false(t.apart);
	/* nor is he to become ours meanwhile */
	target->loose = target->over = true;
	assert_false(is_due(PTRACE_ATTACH, target->tid));
	assert_true(target->loose);
	target->over = false;
	assert_false(is_due(PTRACE_ATTACH, target->tid));
	assert_false(target->loose);
	assert_true(t.apart);
}

static pid_t child_of(pid_t pid)
{
	char path[64], text[32] = "";
	FILE *f;

	/* it may not be there yet */
	for (int i = 0; i < 20000 && !text[0]; i++) {
		snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
		f = fopen(path, "re");
		if (f && !fgets(text, sizeof(text), f))
			usleep(1000);
		if (f)
			fclose(f);
	}
	return (pid_t)strtol(text, NULL, 10);
}

/* Its first process, whose child is the second; the helper is their parent. */
static pid_t new_namespace(pid_t *ret_first, pid_t *ret_second)
{
	pid_t helper = fork();

	if (helper == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWPID) < 0)
			_exit(1);
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			new_process();
		}
		for (;;)
			pause();
	}
	*ret_first = child_of(helper);
	*ret_second = *ret_first > 0 ? child_of(*ret_first) : 0;
	return helper;
}

/* In a pid namespace numbers are that one's. */
static void knows_numbers_of_namespaces(void **state)
{
	pid_t first, second, others_first, others_second, helper, other;

	(void)state;
	if (geteuid() != 0)
		skip();
	helper = new_namespace(&first, &second);
	other = new_namespace(&others_first, &others_second);
	if (first > 0 && others_first > 0) {
		assert_true(second > 0 && others_second > 0);
		known(others_second);
		call(known(first), PTRACE_ATTACH, 2);
		assert_false(handover_due(&t)); /* not one that has the number elsewhere */
		known(second);
		assert_true(handover_due(&t));
		if (ptrace(PTRACE_SEIZE, second, NULL, NULL) == 0) {
			assert_true(handover_pending(&t));
			assert_int_equal(tracees_find(&t.tracees, second)->held_notification, CALL);
		}
		call(tracees_find(&t.tracees, first), PTRACE_ATTACH, 3);
		assert_false(handover_due(&t));
		call(tracees_find(&t.tracees, first), PTRACE_ATTACH, second);
		assert_false(handover_due(&t));
	}
	end_process(helper);
	end_process(other);
}

static bool has_tracer(pid_t pid)
{
	char *text = NULL;
	bool has;

	assert_int_equal(status_read(pid, &text), 0);
	has = !str_eq(status_line(text, "TracerPid"), STR("0"));
	free(text);
	return has;
}

/* The caller waits until the other has stopped and been let go. */
static void lets_go_first(void **state)
{
	int status;

	(void)state;
	if (ptrace(PTRACE_SEIZE, target->tid, NULL, NULL) < 0)
		skip();
	call(caller, PTRACE_SEIZE, target->tid);
	assert_true(handover_pending(&t));
	assert_false(t.pending.active);
	assert_true(target->leaving_for_debugger);
	assert_int_equal(target->held_notification, CALL);
	assert_false(handover_pending(&t)); /* once */
	assert_int_equal(waitpid(target->tid, &status, __WALL), target->tid);
	target->stopped = target->listening = true;
	target->follow = FOLLOW_EXIT_CHECK;
	assert_true(has_tracer(target->tid));
	assert_true(handover_stop(&t, target, 0));
	assert_false(has_tracer(target->tid));
	assert_false(target->leaving_for_debugger || target->seized || target->stopped || target->listening);
	assert_int_equal(target->follow, FOLLOW_NONE);
	assert_int_equal(target->held_notification, 0);
	assert_true(t.apart);
	assert_false(handover_stop(&t, target, 0)); /* it is not ours any more */
}

static void lets_go_who_asks_for_it(void **state)
{
	int status;

	(void)state;
	if (ptrace(PTRACE_SEIZE, caller->tid, NULL, NULL) < 0)
		skip();
	call(caller, PTRACE_TRACEME, 0);
	assert_true(handover_pending(&t));
	assert_true(caller->leaving_for_debugger);
	assert_true(caller->debugged);
	assert_true(t.pending.repeated);
	assert_int_equal(caller->held_notification, 0); /* the call comes again */
	assert_int_equal(waitpid(caller->tid, &status, __WALL), caller->tid);
	/* with the signal that it stopped for */
	ptrace(PTRACE_CONT, caller->tid, NULL, NULL);
	kill(caller->tid, SIGUSR1);
	assert_int_equal(waitpid(caller->tid, &status, __WALL), caller->tid);
	assert_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGUSR1);
	assert_true(handover_stop(&t, caller, SIGUSR1));
	assert_int_equal(waitpid(caller->tid, &status, __WALL), caller->tid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1);
}

/* A thread that executes takes the place of the first one, and who waited for that waits for this one. */
static void follows_execs(void **state)
{
	(void)state;
	target->held_notification = CALL;
	target->leaving_for_debugger = true;
	handover_replace(&t, target, caller);
	assert_int_equal(caller->held_notification, CALL);
	assert_true(caller->leaving_for_debugger);
	assert_int_equal(target->held_notification, 0);
	/* what waited for the one that executes has nobody to wait for: its id is gone */
	handover_replace(&t, target, caller);
	assert_int_equal(caller->held_notification, 0);
	assert_false(caller->leaving_for_debugger);
	handover_replace(&t, NULL, caller);
	handover_replace(&t, target, NULL);
	target->held_notification = CALL;
	handover_replace(&t, target, NULL);
	assert_int_equal(target->held_notification, CALL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(knows_who_is_meant), TEST(knows_numbers_of_namespaces),
		TEST(lets_go_first),      TEST(lets_go_who_asks_for_it),
		TEST(follows_execs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
