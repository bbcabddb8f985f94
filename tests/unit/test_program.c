/* SPDX-License-Identifier: Apache-2.0 */
#include "output/program.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static bool may(void *context, const char *command)
{
	return strcmp(command, context) == 0;
}

static struct program_starter *fork_starter(const char *command)
{
	const struct program_starter_options options = { .may = may, .context = (void *)(uintptr_t)command };
	struct program_starter *s;
	struct error err = { 0 };

	assert_int_equal(program_starter_fork(&options, &s, &err), 0);
	return s;
}

static int wait_for(struct program_starter *s, pid_t pid)
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	int status, r;

	for (int i = 0; i < 5000; i++) {
		r = program_poll(s, pid, &status);
		if (r < 0)
			return r;
		if (r > 0)
			return status;
		nanosleep(&pause, NULL);
	}
	return -ETIMEDOUT;
}

static void test_statuses(void **state)
{
	static const char command[] = "read n && exit \"$n\"";
	auto_program_starter struct program_starter *helper = fork_starter(command);
	struct program_starter *const starters[] = { helper, NULL };
	int ends[2], status;
	pid_t pid;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(starters); i++) {
		for (int n = 0; n < 4; n++) {
			char line[8];

			snprintf(line, sizeof(line), "%d\n", n);
			assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
			assert_int_equal(program_start(starters[i], command, ends[0], &pid), 0);
			close(ends[0]);
			assert_int_equal(write(ends[1], line, strlen(line)), (ssize_t)strlen(line));
			close(ends[1]);
			status = wait_for(starters[i], pid);
			assert_true(WIFEXITED(status));
			assert_int_equal(WEXITSTATUS(status), n);
			/* it is told once */
			assert_int_equal(program_poll(starters[i], pid, &status), -ECHILD);
		}
	}
}

/* All of the group, as the pipe that they read from tells. */
static void test_kill(void **state)
{
	static const char command[] = "trap '' TERM; sleep 1000; true";
	auto_program_starter struct program_starter *helper = fork_starter(command);
	struct program_starter *const starters[] = { helper, NULL };
	const struct timespec pause = { .tv_nsec = 2000000 };
	int ends[2], status;
	pid_t pid;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < ARRAY_SIZE(starters); i++) {
		assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
		assert_int_equal(program_start(starters[i], command, ends[0], &pid), 0);
		close(ends[0]);
		assert_int_equal(program_poll(starters[i], pid, &status), 0);
		program_kill(starters[i], pid);
		assert_int_equal(program_poll(starters[i], pid, &status), -ECHILD);
		for (int n = 0; n < 2000 && write(ends[1], "", 1) == 1; n++)
			nanosleep(&pause, NULL);
		assert_int_equal(write(ends[1], "", 1), -1);
		assert_int_equal(errno, EPIPE);
		close(ends[1]);
	}
}

static void test_refusals(void **state)
{
	auto_program_starter struct program_starter *s = fork_starter("exit 3");
	int input = open("/dev/null", O_RDONLY | O_CLOEXEC), status;
	pid_t pid = -1, parent = getpid();

	(void)state;
	assert_int_equal(program_start(s, "exit 4", input, &pid), -EPERM);
	assert_int_equal(program_start(s, "", input, &pid), -EPERM);
	assert_int_equal(program_start(s, "exit 3", -1, &pid), -EBADF);
	assert_int_equal(pid, -1);
	/* processes that are not its own are nobody's to ask about or to end */
	assert_int_equal(program_poll(s, parent, &status), -ECHILD);
	program_kill(s, parent);
	assert_int_equal(program_start(s, "exit 3", input, &pid), 0);
	status = wait_for(s, pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 3);
	close(input);
}

static void test_many(void **state)
{
	auto_program_starter struct program_starter *s = fork_starter("cat >/dev/null");
	int ends[2], status, started = 0, r;
	pid_t pids[100];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	while (started < 100 && (r = program_start(s, "cat >/dev/null", ends[0], &pids[started])) == 0)
		started++;
	assert_int_equal(r, -EAGAIN);
	assert_true(started > 1);
	close(ends[0]);
	close(ends[1]); /* the input of all */
	for (int i = 0; i < started; i++) {
		status = wait_for(s, pids[i]);
		assert_int_equal(status, 0);
	}
}

static void succeeds(struct program_starter *s, const char *command, int input)
{
	int status;
	pid_t pid;

	assert_int_equal(program_start(s, command, input, &pid), 0);
	status = wait_for(s, pid);
	assert_int_equal(status, 0);
}

/*
 * Nothing that the monitor has open is a program's, and signals to all of a service's processes do not end
 * what starts them.
 */
static void test_surroundings(void **state)
{
	static const char command[] =
		"test ! -e /proc/self/fd/20 && kill -TERM $PPID && kill -INT $PPID && kill -HUP $PPID";
	int extra = fcntl(STDERR_FILENO, F_DUPFD, 20); /* stays open at an exec */
	auto_program_starter struct program_starter *s = fork_starter(command);
	int input = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(extra, 20);
	succeeds(s, command, input);
	succeeds(s, command, input);
	close(extra);
	close(input);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statuses),  cmocka_unit_test(test_kill),	       cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_many),	  cmocka_unit_test(test_surroundings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
