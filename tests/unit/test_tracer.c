/* SPDX-License-Identifier: Apache-2.0 */
/* Which calls a filter catches, seen from a child below it, and the table of threads against a naive one. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "tracer/filter.h"
#include "tracer/launch.h"
#include "tracer/tracee.h"

#define PROTECTED 12345678 /* a process id that is not in use */

static struct filter *make(const struct intercept_want *wants, size_t nwants, facts_t facts, pid_t protect)
{
	const struct intercept_set set = { .wants = wants, .nwants = nwants, .facts = facts };
	const struct filter_options options = { .protect = protect, .handover = protect > 0, .deny_io_uring = protect > 0 };
	static struct calls calls;
	struct filter *f = NULL;
	struct error err = { 0 };

	calls_init(&calls);
	assert_int_equal(filter_new(&set, &calls, &options, &f, &err), 0);
	return f;
}

struct attempt {
	long number;
	long args[3];
	bool caught;
};

/* Without a tracer a call that RET_TRACE catches fails with ENOSYS: the child sees what is caught. */
static void expect_caught(const struct filter *f, const struct attempt *attempts, size_t n)
{
	auto_free struct sock_filter *program = NULL;
	struct error err = { 0 };
	size_t length;
	int status;
	pid_t child;

	assert_int_equal(filter_program(f, FILTER_TRACE, &program, &length, &err), 0);
	child = fork();
	if (child == 0) {
		bool killable;

		if (launch_install(program, length, false, &killable) < 0)
			_exit(200);
		for (size_t i = 0; i < n; i++) {
			const struct attempt *a = &attempts[i];
			long r = syscall(a->number, a->args[0], a->args[1], a->args[2]);

			if ((r < 0 && errno == ENOSYS) != a->caught)
				_exit((int)i + 1);
		}
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0); /* else the number of the attempt, from 1 */
}

static void catches_wanted_events_only(void **state)
{
	const struct intercept_want wants[] = { { .event = EV_SYSCALL_DUP_1_X } };
	const struct attempt attempts[] = {
		{ SYS_dup, { 0 }, true },
		{ SYS_dup3, { 0, 9, 0 }, false },
		{ SYS_chdir, { (long)"/" }, false },
		{ SYS_getppid, { 0 }, false },
	};
	auto_filter struct filter *f = make(wants, 1, 0, 0);

	(void)state;
	assert_true(filter_wants(f, SYS_dup));
	assert_false(filter_catches(f, SYS_getppid));
	expect_caught(f, attempts, ARRAY_SIZE(attempts));
}

static void catches_writers_of_facts(void **state)
{
	const struct attempt attempts[] = {
		{ SYS_chdir, { (long)"/" }, true },
		{ SYS_fchdir, { 0 }, true },
		{ SYS_prctl, { PR_SET_NAME, (long)"x" }, true },
		{ SYS_prctl, { PR_GET_DUMPABLE }, false },
		{ SYS_setpgid, { 0, 0 }, false },
		{ SYS_dup, { 0 }, false }, /* descriptors are asked for, not followed */
	};
	auto_filter struct filter *f = make(NULL, 0, FACT_CWD | FACT_COMM | FACT_FD, 0);

	(void)state;
	expect_caught(f, attempts, ARRAY_SIZE(attempts));
}

static void compares_low_halves(void **state)
{
	const struct attempt attempts[] = {
		{ SYS_kill, { PROTECTED, 0 }, true },
		{ SYS_kill, { PROTECTED | 0x7700000000, 0 }, true },
		{ SYS_kill, { -1, 0 }, true },
		{ SYS_kill, { 0xffffffff, 0 }, true },
		{ SYS_kill, { -PROTECTED, 0 }, true },
		{ SYS_kill, { 0, 0 }, false },
		{ SYS_kill, { PROTECTED + 1, 0 }, false },
		{ SYS_tgkill, { PROTECTED, PROTECTED, 0 }, true },
		{ SYS_ptrace, { PTRACE_TRACEME }, true },
		{ SYS_ptrace, { PTRACE_CONT, PROTECTED + 1 }, false },
		{ SYS_ptrace, { PTRACE_CONT, PROTECTED }, true },
		{ SYS_io_uring_setup, { 1, 0 }, true },
	};
	auto_filter struct filter *f = make(NULL, 0, 0, PROTECTED);

	(void)state;
	assert_false(filter_wants(f, SYS_kill));
	assert_true(filter_catches(f, SYS_kill));
	expect_caught(f, attempts, ARRAY_SIZE(attempts));
}

static void knows_what_is_missing(void **state)
{
	const struct intercept_want wants[] = { { .event = EV_SYSCALL_DUP_1_X }, { .event = EV_SYSCALL_CHDIR_X } };
	auto_filter struct filter *both = make(wants, 2, 0, 0);
	auto_filter struct filter *one = make(wants, 1, 0, 0);
	auto_filter struct filter *some_kills = make(wants, 1, 0, PROTECTED);
	auto_filter struct filter *other_kills = make(wants, 1, 0, PROTECTED + 1);

	(void)state;
	assert_int_equal(filter_missing(both, one), -1);
	assert_int_equal(filter_missing(one, both), SYS_chdir);
	assert_int_equal(filter_missing(some_kills, one), -1);
	assert_true(filter_missing(one, some_kills) >= 0);
	assert_true(filter_missing(some_kills, other_kills) >= 0);
}

#if defined(__x86_64__)
static void refuses_foreign_calls(void **state)
{
	auto_filter struct filter *f = make(NULL, 0, 0, 0);
	auto_free struct sock_filter *program = NULL;
	size_t length;
	int status;
	pid_t child;

	(void)state;
	assert_int_equal(filter_program(f, FILTER_TRACE, &program, &length, NULL), 0);
	child = fork();
	if (child == 0) {
		bool killable;
		long r;

		if (launch_install(program, length, false, &killable) < 0)
			_exit(200);
		__asm__ volatile("int $0x80" : "=a"(r) : "a"(20) : "memory"); /* getpid of i386 */
		_exit((int)r == -ENOSYS && syscall(0x40000000 + SYS_getpid) < 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
#endif

#define IDS 600

/* Random births, ends and execs against two plain arrays. */
static void table_follows_a_naive_one(void **state)
{
	static pid_t process_of[IDS];
	struct tracees t;
	unsigned int seed = 1;
	size_t known = 0;

	(void)state;
	assert_int_equal(tracees_init(&t), 0);
	for (int step = 0; step < 60000; step++) {
		seed = seed * 1103515245u + 12345u;
		pid_t tid = (pid_t)(seed >> 8) % (IDS - 1) + 1, pid = (pid_t)(seed >> 20) % (IDS - 1) + 1;
		struct tracee *e = tracees_find(&t, tid);

		assert_int_equal(e != NULL, process_of[tid] != 0);
		if (e)
			assert_int_equal(e->process->pid, process_of[tid]);
		if (!e && seed & 1) {
			assert_non_null(tracees_add(&t, tid, pid));
			process_of[tid] = pid;
			known++;
		} else if (e && (seed >> 3) % 50 == 0) {
			pid = process_of[tid];
			/* only the process's own leader's id may be taken over */
			if (process_of[pid] == pid || process_of[pid] == 0) {
				tracees_exec(&t, pid, tid);
				for (pid_t i = 1; i < IDS; i++)
					if (process_of[i] == pid) {
						process_of[i] = 0;
						known--;
					}
				process_of[pid] = pid;
				known++;
			}
		} else if (e) {
			tracees_remove(&t, e);
			process_of[tid] = 0;
			known--;
		}
		assert_int_equal(t.count, known);
	}
	tracees_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(catches_wanted_events_only),
		cmocka_unit_test(catches_writers_of_facts),
		cmocka_unit_test(compares_low_halves),
		cmocka_unit_test(knows_what_is_missing),
#if defined(__x86_64__)
		cmocka_unit_test(refuses_foreign_calls),
#endif
		cmocka_unit_test(table_follows_a_naive_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
