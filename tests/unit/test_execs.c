/* SPDX-License-Identifier: Apache-2.0 */
/* Which execs wait for another thread's, and that each comes when that one is over. */
#include "tracer/supervisor.h"

#include <linux/audit.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "tracer/notify.h"

enum { PROCESS = 100, OTHER_PROCESS = 200, UNKNOWN = 300, GONE = 7 };

static struct tracer t;
static struct tracee *first, *second, *other;

/* Callers that were killed do not wait any more. */
bool notify_valid(int listener, uint64_t id)
{
	(void)listener;
	return id != GONE;
}

/* The first of two threads is in an exec, and so is another process. */
static int begin(void **state)
{
	(void)state;
	t = (struct tracer){ .listener = -1 };
	calls_init(&t.calls);
	if (tracees_init(&t.tracees, NULL) < 0)
		return -1;
	first = tracees_add(&t.tracees, PROCESS, PROCESS);
	second = tracees_add(&t.tracees, PROCESS + 1, PROCESS);
	other = tracees_add(&t.tracees, OTHER_PROCESS, OTHER_PROCESS);
	if (!first || !second || !other)
		return -1;
	first->seized = other->seized = true;
	first->follow = other->follow = FOLLOW_EXEC;
	first->call.number = other->call.number = SYS_execve;
	first->process->program.executes = other->process->program.executes = true;
	return 0;
}

static int end(void **state)
{
	(void)state;
	execs_free(&t);
	assert_null(t.execs);
	tracees_free(&t.tracees);
	return 0;
}

static bool hold(pid_t tid, uint64_t id, long number, uint32_t arch)
{
	struct seccomp_notif n = { .id = id, .pid = (uint32_t)tid, .data = { .nr = (int)number, .arch = arch } };

	return execs_hold(&t, &n);
}

static bool is_held(pid_t tid, uint64_t id)
{
	return hold(tid, id, SYS_execve, ARCH_AUDIT);
}

/* The notification that comes; 0 = none. */
static uint64_t come(void)
{
	struct seccomp_notif n = { 0 };

	return execs_come(&t, &n) ? n.id : 0;
}

static void holds_no_others(void **state)
{
	(void)state;
	assert_false(hold(second->tid, 1, SYS_openat, ARCH_AUDIT));
	assert_false(hold(second->tid, 1, SYS_execve, AUDIT_ARCH_I386)); /* a number of another table */
	assert_false(is_held(UNKNOWN, 1));
	assert_false(is_held(first->tid, 1)); /* the kernel has it make its call again */
	assert_false(is_held(other->tid, 1));
	second->follow = FOLLOW_LEAVING; /* likewise */
	assert_false(is_held(second->tid, 1));
	second->follow = FOLLOW_NONE;
	/* nobody would hear of the end of the first one's call, or it is over, or another one */
	first->seized = false;
	assert_false(is_held(second->tid, 1));
	first->seized = true;
	first->over = true;
	assert_false(is_held(second->tid, 1));
	first->over = false;
	first->follow = FOLLOW_NONE;
	assert_false(is_held(second->tid, 1));
	first->follow = FOLLOW_EXEC;
	first->call.number = SYS_openat;
	assert_false(is_held(second->tid, 1));
	first->call.number = SYS_execveat;
	first->process->program.executes = false;
	assert_false(is_held(second->tid, 1));
	assert_null(t.execs);
	first->process->program.executes = true;
	assert_true(hold(second->tid, 1, SYS_execveat, ARCH_AUDIT));
}

static void come_one_by_one(void **state)
{
	struct tracee *third = tracees_add(&t.tracees, PROCESS + 2, PROCESS);

	(void)state;
	assert_int_equal(come(), 0);
	assert_true(is_held(second->tid, 1));
	assert_true(is_held(third->tid, 2));
	assert_int_equal(come(), 0);
	first->follow = FOLLOW_NONE; /* it has failed */
	t.pending.active = true;
	assert_int_equal(come(), 0);
	t.pending.active = false;
	t.injections = 1;
	assert_int_equal(come(), 0);
	t.injections = 0;
	assert_int_equal(come(), 2);
	/* now this one is in the kernel */
	third->follow = FOLLOW_EXEC;
	third->call.number = SYS_execve;
	third->seized = true;
	assert_int_equal(come(), 0);
	third->over = true; /* without having failed */
	assert_int_equal(come(), 1);
	assert_int_equal(come(), 0);
	assert_null(t.execs);
}

static void pass_those_who_wait(void **state)
{
	struct tracee *others_second = tracees_add(&t.tracees, OTHER_PROCESS + 1, OTHER_PROCESS);

	(void)state;
	assert_true(is_held(second->tid, 1));
	assert_true(is_held(others_second->tid, 2));
	first->follow = FOLLOW_NONE;
	assert_int_equal(come(), 1);
	assert_int_equal(come(), 0);
	other->follow = FOLLOW_NONE;
	assert_int_equal(come(), 2);
	assert_null(t.execs);
}

static void are_forgotten(void **state)
{
	(void)state;
	/* when their callers were killed, by the exec that they waited for or otherwise */
	assert_true(is_held(second->tid, 1));
	assert_true(is_held(second->tid, GONE));
	assert_int_equal(come(), 0);
	first->follow = FOLLOW_NONE;
	assert_int_equal(come(), 1);
	/* and nobody else is kept waiting who is not known any more */
	first->follow = FOLLOW_EXEC;
	assert_true(is_held(second->tid, 2));
	tracees_remove(&t.tracees, second);
	assert_int_equal(come(), 2);
	assert_null(t.execs);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(are_forgotten),
		TEST(come_one_by_one),
		TEST(holds_no_others),
		TEST(pass_those_who_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
