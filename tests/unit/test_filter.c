/* SPDX-License-Identifier: Apache-2.0 */
/* What options and wants add to a filter, by what it would say to calls; test_tracer.c has the kernel's own word. */
#include "tracer/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "base/cleanup.h"

#define PROTECTED 12345678

static struct filter *make(const struct intercept_set *set, const struct filter_options *options)
{
	static struct calls calls;
	struct filter *f = NULL;

	calls_init(&calls);
	assert_int_equal(filter_new(set, &calls, options, &f, NULL), 0);
	return f;
}

#define ON_BEHALF { .on_behalf = true }

/* Each call is caught with the option and passes without; so do those below. */
static const struct row {
	struct filter_options options;
	long number;
	uint64_t args[6];
} caught[] = {
	{ ON_BEHALF, SYS_setuid, { 0 } },
	{ ON_BEHALF, SYS_setfsgid, { 0 } },
	{ ON_BEHALF, SYS_capset, { 0 } },
	{ ON_BEHALF, SYS_chroot, { 0 } },
	{ ON_BEHALF, SYS_setns, { 0 } },
	{ ON_BEHALF, SYS_umask, { 0 } },
	{ ON_BEHALF, SYS_landlock_restrict_self, { 0 } },
	{ ON_BEHALF, SYS_ioctl, { 0, 0xc0045877 } },
	{ ON_BEHALF, SYS_ioctl, { 0, 0xc138fd06 } },
	{ ON_BEHALF, SYS_ioctl, { 0, 0x1100000000 | 0xc0045877 } },
	{ ON_BEHALF, SYS_fallocate, { 0, 0, 0, 4096 } },
	{ ON_BEHALF, SYS_fanotify_mark, { 0, 0, 0x10000 } },
	{ ON_BEHALF, SYS_fanotify_mark, { 0, 0, 0x100020 } },
	{ { .watch_births = true }, SYS_clone, { CLONE_UNTRACED | CLONE_VM } },
	{ { .watch_births = true }, SYS_clone3, { 0 } },
	{ { .watch_execs = true }, SYS_execve, { 0 } },
	{ { .watch_execs = true }, SYS_execveat, { 0 } },
	{ { .watch_timers = true }, SYS_setitimer, { 0 } },
	{ { .watch_timers = true }, SYS_timer_create, { 0 } },
	{ { .watch_ends = true }, SYS_exit, { 0 } },
	{ { .watch_ends = true }, SYS_exit_group, { 0 } },
	{ { .watch_io_uring = true }, SYS_io_uring_setup, { 0 } },
	{ { .use_io_uring = true }, SYS_io_uring_enter, { 0 } },
	{ { .use_io_uring = true }, SYS_io_uring_register, { 0 } },
	{ { .watch_faults = true }, SYS_userfaultfd, { 0 } },
	{ { .watch_faults = true }, SYS_ioctl, { 0, CALLS_IOCTL_FAULTS } },
	{ { .watch_mounts = true }, SYS_mount, { 0 } },
	{ { .watch_mounts = true }, SYS_fsmount, { 0 } },
	{ { .watch_mounts = true }, SYS_move_mount, { 0 } },
	{ { .watch_mounts = true }, SYS_open_tree, { 0, 0, 1 } },
	{ { .watch_dumpable = true }, SYS_prctl, { PR_SET_DUMPABLE } },
	{ { .watch_listeners = true }, SYS_seccomp, { SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER | 1 } },
	{ { .handover = true }, SYS_ptrace, { PTRACE_TRACEME } },
	{ { .handover = true }, SYS_ptrace, { PTRACE_ATTACH } },
	{ { .handover = true }, SYS_ptrace, { PTRACE_SEIZE } },
	{ { .protect = PROTECTED }, SYS_ptrace, { PTRACE_ATTACH } },
	{ { .protect = PROTECTED }, SYS_ptrace, { PTRACE_SEIZE } },
	{ { .protect = PROTECTED }, SYS_pidfd_send_signal, { 3 } },
	{ { .protect = PROTECTED }, SYS_fcntl, { 3, F_SETOWN } },
	{ { .protect = PROTECTED }, SYS_fcntl, { 3, F_SETOWN_EX } },
	{ { .protect = PROTECTED }, SYS_ioctl, { 3, FIOSETOWN } },
	{ { .protect = PROTECTED }, SYS_ioctl, { 3, SIOCSPGRP } },
	{ { .protect = PROTECTED }, SYS_process_vm_writev, { PROTECTED + 1 } },
	{ { .protect = PROTECTED }, SYS_setpriority, { 0, PROTECTED + 1 } },
	{ { .protect = PROTECTED, .protect_programs = true }, SYS_rt_tgsigqueueinfo, { PROTECTED + 1 } },
}, passing[] = {
	{ ON_BEHALF, SYS_ioctl, { 0, 0x5401 } },
	{ ON_BEHALF, SYS_fanotify_mark, { 0, 0, 0x20 } },
	{ { .watch_births = true }, SYS_clone, { CLONE_VM } },
	{ { .watch_mounts = true }, SYS_open_tree, { 0, 0, 0x1000 } },
	{ { .watch_dumpable = true }, SYS_prctl, { PR_GET_DUMPABLE } },
	{ { .watch_listeners = true }, SYS_seccomp, { SECCOMP_SET_MODE_FILTER, 1 } },
	{ { .watch_listeners = true }, SYS_seccomp, { 3, SECCOMP_FILTER_FLAG_NEW_LISTENER } },
	{ { .handover = true }, SYS_ptrace, { PTRACE_CONT } },
	{ { .protect = PROTECTED }, SYS_rt_tgsigqueueinfo, { PROTECTED + 1 } },
	{ { .protect = PROTECTED }, SYS_tgkill, { PROTECTED + 1, PROTECTED + 1, SIGKILL } },
	{ { .protect = PROTECTED, .protect_programs = true }, SYS_tgkill, { PROTECTED + 1, 1, SIGURG } },
};

static void options_catch(void **state)
{
	static const struct filter_options none = { 0 };
	const struct intercept_set nothing = { 0 };
	auto_filter struct filter *empty = make(&nothing, &none);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(caught); i++) {
		auto_filter struct filter *f = make(&nothing, &caught[i].options);

		if (!filter_matches(f, caught[i].number, caught[i].args))
			fail_msg("row %zu passes", i);
		if (filter_wants(f, caught[i].number) || filter_wants_success(f, caught[i].number, caught[i].args))
			fail_msg("row %zu: a rule is said to want it", i);
		assert_false(filter_matches(empty, caught[i].number, caught[i].args));
		/* one that is installed without it does not do, and with it does for both */
		assert_true(filter_missing(empty, f) >= 0);
		assert_int_equal(filter_missing(f, empty), -1);
	}
	for (size_t i = 0; i < ARRAY_SIZE(passing); i++) {
		auto_filter struct filter *f = make(&nothing, &passing[i].options);

		if (filter_matches(f, passing[i].number, passing[i].args))
			fail_msg("row %zu is caught", i);
	}
}

static bool matches(const struct filter *f, long number, uint64_t first, uint64_t second)
{
	return filter_matches(f, number, (const uint64_t[6]){ first, second });
}

/* The tests of a want are and-ed, several wants or-ed. */
static void wants_are_alternatives(void **state)
{
	const struct intercept_want wants[] = {
		{ .event = EV_SYSCALL_KILL_X,
		  .ntests = 2,
		  .tests = { { 2, false, 0xff, 9 }, { 1, false, UINT32_MAX, 77 } } },
		{ .event = EV_SYSCALL_KILL_X, .ntests = 1, .tests = { { 2, false, 0xff, 15 } } },
		{ .event = EV_SYSCALL_KILL_X, .ntests = 1, .tests = { { 2, false, 0xff, 15 } } },
		{ .event = EV_SYSCALL_KILL_X,
		  .ntests = 2,
		  .tests = { { 2, false, 0x0f, 0x06 }, { 2, false, 0xf0, 0x20 } } },
		/* holds never */
		{ .event = EV_SYSCALL_KILL_X, .ntests = 2, .tests = { { 2, false, 0xff, 3 }, { 2, false, 0xff, 4 } } },
	};
	const struct intercept_set set = { .wants = wants, .nwants = ARRAY_SIZE(wants) };
	const struct intercept_set one = { .wants = wants, .nwants = 1 };
	const struct filter_options none = { 0 };
	auto_filter struct filter *f = make(&set, &none), *narrow = make(&one, &none);

	(void)state;
	assert_true(filter_wants(f, SYS_kill));
	assert_true(matches(f, SYS_kill, 77, 9));
	assert_false(matches(f, SYS_kill, 78, 9));
	assert_true(matches(f, SYS_kill, 78, 15));
	assert_false(matches(f, SYS_kill, 77, 3));
	assert_false(matches(f, SYS_kill, 77, 4));
	assert_false(matches(f, SYS_kill, 77, 3 | 4));
	assert_false(matches(f, SYS_kill, 77, 10));
	assert_true(matches(f, SYS_kill, 77, 0x26));
	assert_false(matches(f, SYS_kill, 77, 0x16));
	assert_false(matches(f, SYS_kill, 77, 0x25));
	assert_int_equal(filter_missing(f, narrow), -1);
	assert_int_equal(filter_missing(narrow, f), SYS_kill);
}

/* Which of two filters does for the other, by the masks of their comparisons. */
static void wide_serves_for_narrow(void **state)
{
	const struct intercept_want low = { .event = EV_SYSCALL_KILL_X,
					    .ntests = 1,
					    .tests = { { 2, false, 0x0f, 9 } } };
	const struct intercept_want all = { .event = EV_SYSCALL_KILL_X,
					    .ntests = 1,
					    .tests = { { 2, false, 0xff, 9 } } };
	const struct intercept_set lows = { .wants = &low, .nwants = 1 }, alls = { .wants = &all, .nwants = 1 };
	const struct filter_options none = { 0 };
	auto_filter struct filter *wide = make(&lows, &none), *narrow = make(&alls, &none);

	(void)state;
	assert_int_equal(filter_missing(wide, narrow), -1);
	assert_int_equal(filter_missing(narrow, wide), SYS_kill);
}

/* More than there is room for: always, and that stays so. */
static void many_alternatives(void **state)
{
	struct intercept_want wants[40] = { 0 };
	const struct intercept_set set = { .wants = wants, .nwants = ARRAY_SIZE(wants) };
	const struct filter_options none = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wants); i++) {
		wants[i] = (struct intercept_want){ .event = EV_SYSCALL_KILL_X, .ntests = 1 };
		wants[i].tests[0] = (struct arg_test){ 2, false, 0xff, 1 + i };
	}
	for (size_t n = 1; n <= ARRAY_SIZE(wants); n++) {
		const struct intercept_set some = { .wants = wants, .nwants = n };
		auto_filter struct filter *f = make(&some, &none);

		for (size_t i = 0; i < n; i++)
			assert_true(matches(f, SYS_kill, 1, 1 + i));
		assert_int_equal(matches(f, SYS_kill, 1, 100), n > 24);
	}
	/* what is equal takes no room */
	for (size_t i = 0; i < ARRAY_SIZE(wants); i++)
		wants[i].tests[0].value = 9;
	auto_filter struct filter *same = make(&set, &none);

	assert_false(matches(same, SYS_kill, 1, 10));
	/* one without a test is always, whatever comes behind it */
	wants[3].ntests = 0;
	auto_filter struct filter *always = make(&set, &none);

	assert_true(matches(always, SYS_kill, 1, 10));
	assert_int_equal(filter_missing(always, same), -1);
	assert_int_equal(filter_missing(same, always), SYS_kill);
}

static void facts_and_codes(void **state)
{
	/* of births stops tell, or records; of calls without an event the code is what is wanted */
	const struct intercept_want others[] = { { .event = EV_SYSCALL_CLONE_20_X }, { .event = EV_GENERIC_X } };
	struct intercept_set set = { .facts = FACT_COMM };
	const struct filter_options none = { 0 };
	auto_filter struct filter *names = make(&set, &none);
	int code = -1;

	(void)state;
	assert_true(matches(names, SYS_prctl, PR_SET_NAME, 0));
	assert_false(matches(names, SYS_prctl, PR_SET_CHILD_SUBREAPER, 0));
	assert_false(filter_catches(names, SYS_execve)); /* its stop tells */
	set.facts = FACT_CWD;
	auto_filter struct filter *folders = make(&set, &none);

	assert_true(filter_catches(folders, SYS_chdir));
	assert_false(filter_catches(folders, SYS_getcwd));
	assert_false(filter_catches(folders, SYS_clone));
	/* a call without an event of its own */
	code = syscall_by_number(SYS_sysinfo)->code;
	assert_int_equal(syscall_by_number(SYS_sysinfo)->event, EV_GENERIC_X);
	set = (struct intercept_set){ .wants = others, .nwants = ARRAY_SIZE(others) };
	set.syscall_codes[code] = true;
	auto_filter struct filter *generic = make(&set, &none);

	assert_true(filter_wants(generic, SYS_sysinfo) && matches(generic, SYS_sysinfo, 0, 0));
	assert_false(filter_catches(generic, SYS_getcpu));
	assert_false(filter_catches(generic, SYS_clone));
}

/* What is wanted of failures alone; and other rules, for which what is installed does. */
static void ends_and_followers(void **state)
{
	const struct intercept_want any = { .event = EV_SYSCALL_KILL_X };
	const struct intercept_want failure = { .event = EV_SYSCALL_KILL_X, .result = RESULT_FAILURE };
	const struct intercept_set nothing = { 0 }, both = { .wants = &any, .nwants = 1 },
				   failing = { .wants = &failure, .nwants = 1 };
	const struct filter_options none = { 0 };
	const uint64_t args[6] = { 1, 9 };
	auto_filter struct filter *f = make(&both, &none), *g = make(&failing, &none), *h = make(&nothing, &none);

	(void)state;
	assert_true(filter_wants_success(f, SYS_kill, args));
	assert_true(filter_matches(g, SYS_kill, args));
	assert_false(filter_wants_success(g, SYS_kill, args));
	filter_follow(f, g);
	assert_true(filter_wants(f, SYS_kill));
	assert_false(filter_wants_success(f, SYS_kill, args));
	filter_follow(f, h);
	assert_true(filter_matches(f, SYS_kill, args));
	assert_false(filter_wants(f, SYS_kill));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_catch),
		cmocka_unit_test(wants_are_alternatives),
		cmocka_unit_test(wide_serves_for_narrow),
		cmocka_unit_test(many_alternatives),
		cmocka_unit_test(facts_and_codes),
		cmocka_unit_test(ends_and_followers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
