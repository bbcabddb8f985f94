/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a child from its parent and the flags of the call, and of calls that may have hidden one. */
#include "tracer/supervisor.h"

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tracer/rights.h"

enum { PARENT = 1000, CHILD = 1001, GRANDPARENT = 900, TIME = 77 };

static struct tracer t;
static struct tracee *parent;

static int begin(void **state)
{
	(void)state;
	t = (struct tracer){ 0 };
	assert_int_equal(tracees_init(&t.tracees, NULL), 0);
	birth_init(&t);
	parent = tracees_add(&t.tracees, PARENT, PARENT);
	assert_non_null(parent);
	parent->process->parent = GRANDPARENT;
	parent->identity = IDENTITY_SAME;
	return 0;
}

static int end(void **state)
{
	(void)state;
	told_free(&t);
	tracees_free(&t.tracees);
	return 0;
}

static struct tracee *born(uint64_t flags)
{
	const struct task_record record = { .tid = CHILD, .caller = PARENT, .flags = flags, .time = 1 };
	struct tracee *child;

	child = birth_heard(&t, parent, &record, TIME);
	assert_non_null(child);
	assert_ptr_equal(tracees_find(&t.tracees, CHILD), child);
	return child;
}

static const struct told *told(size_t i)
{
	assert_int_equal(t.told.count, 2);
	return &t.told.list[t.told.first + i];
}

static void again(void)
{
	end(NULL);
	begin(NULL);
}

/* What both share from then on, and what of the parent is not true of the child. */
static void knows_what_is_shared(void **state)
{
	static const struct {
		uint64_t flags;
		bool child_shares, parent_shares, fs_apart, other_ids, mounts_apart, other_identity;
	} cases[] = {
		{ .flags = 0 },
		{ CLONE_VM, .child_shares = true, .parent_shares = true },
		{ CLONE_FILES, .child_shares = true, .parent_shares = true },
		{ .flags = CLONE_VM | CLONE_VFORK }, /* who waits cannot meddle */
		{ CLONE_FS, .fs_apart = true },
		{ CLONE_NEWPID, .other_ids = true },
		{ CLONE_NEWNS, .mounts_apart = true, .other_identity = true },
		{ CLONE_NEWUSER, .other_ids = true, .mounts_apart = true, .other_identity = true },
		{ .flags = CLONE_NEWNET },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tracee *child = born(cases[i].flags);

		assert_int_equal(child->process->program.shares, cases[i].child_shares);
		assert_int_equal(parent->process->program.shares, cases[i].parent_shares);
		assert_int_equal(child->process->fs_apart, cases[i].fs_apart);
		assert_int_equal(parent->process->fs_apart, cases[i].fs_apart);
		assert_int_equal(child->process->other_ids, cases[i].other_ids);
		assert_int_equal(parent->process->other_ids, false);
		assert_int_equal(t.slow.apart, cases[i].mounts_apart);
		assert_int_equal(child->identity, cases[i].other_identity ? IDENTITY_OTHER : IDENTITY_SAME);
		assert_int_equal(told(1)->ids_only, !cases[i].other_ids);
		again();
	}
}

/* Whose memory is not the parent's alone is not the child's alone, either, while the parent waits. */
static void knows_who_else_shares(void **state)
{
	(void)state;
	parent->process->program.shares = true;
	assert_true(born(CLONE_VM | CLONE_VFORK)->process->program.shares);
	again();
	parent->process->program.unproven = 1;
	assert_true(born(CLONE_VM | CLONE_VFORK)->process->program.shares);
	again();
	assert_non_null(tracees_add(&t.tracees, PARENT + 50, PARENT));
	assert_true(born(CLONE_VM | CLONE_VFORK)->process->program.shares);
	assert_false(parent->process->program.shares);
	again();
	parent->process->program.shares = true;
	assert_false(born(0)->process->program.shares);
}

static void inherits(void **state)
{
	static const struct rights rights;
	struct tracee *child;

	(void)state;
	parent->rights = &rights;
	parent->process->program.signals = parent->process->other_ids = true;
	child = born(0);
	assert_ptr_equal(child->rights, &rights);
	assert_true(child->process->program.signals);
	assert_true(child->process->other_ids);
	assert_false(told(1)->ids_only);
	again();
	/* who has confined himself has no other identity that could be told from ours again */
	parent->identity = IDENTITY_CONFINED;
	assert_int_equal(born(CLONE_NEWUSER)->identity, IDENTITY_CONFINED);
	again();
	t.in_full = true;
	born(0);
	assert_false(told(0)->ids_only);
}

static void tells_whose_child_it_is(void **state)
{
	struct tracee *child = born(0);

	(void)state;
	assert_int_equal(child->process->pid, CHILD);
	assert_int_equal(child->process->parent, PARENT);
	assert_int_equal(told(0)->kind, TOLD_BIRTH_PARENT);
	assert_int_equal(told(0)->tid, PARENT);
	assert_int_equal(told(0)->pid, PARENT);
	assert_int_equal(told(0)->parent, GRANDPARENT);
	assert_int_equal(told(0)->child, CHILD);
	assert_int_equal(told(0)->ts, TIME);
	assert_int_equal(told(1)->kind, TOLD_BIRTH_CHILD);
	assert_int_equal(told(1)->tid, CHILD);
	assert_int_equal(told(1)->pid, CHILD);
	assert_int_equal(told(1)->parent, PARENT);
	assert_int_equal(told(1)->child, 0);
	assert_int_equal(told(1)->copy_of, PARENT);
	assert_int_equal(told(1)->ts, TIME);
	again();
	child = born(CLONE_PARENT);
	assert_int_equal(child->process->parent, GRANDPARENT);
	assert_int_equal(told(1)->parent, GRANDPARENT);
	again();
	/* in another cgroup it is not what its parent is */
	born(CLONE_INTO_CGROUP);
	assert_int_equal(told(1)->copy_of, 0);
	assert_false(told(1)->ids_only);
	again();
	child = born(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD);
	assert_ptr_equal(child->process, parent->process);
	assert_int_equal(child->process->parent, GRANDPARENT);
	assert_int_equal(told(1)->pid, PARENT);
	assert_false(parent->process->program.shares); /* with other processes */
	assert_false(parent->process->fs_apart);
	again();
	child = born(CLONE_VM | CLONE_SIGHAND | CLONE_THREAD);
	assert_true(parent->process->fs_apart); /* threads with masks of their own */
}

static void tells_flags(void **state)
{
	static const struct {
		uint64_t native;
		uint32_t told;
	} flags[] = {
		{ CLONE_FILES, 1 },
		{ CLONE_FS, 2 },
		{ CLONE_IO, 4 },
		{ CLONE_NEWNS, 0x20 },
		{ CLONE_VM, 0x8000 },
		{ CLONE_VFORK, 0x8000000 },
		{ CLONE_NEWCGROUP, 0x10000000 },
		{ SIGCHLD | CLONE_SETTLS, 0x2000000 },
		{ CLONE_INTO_CGROUP, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		born(flags[i].native);
		assert_int_equal(told(0)->flags, flags[i].told);
		assert_int_equal(told(1)->flags, flags[i].told);
		again();
	}
}

/* Of whom something was heard before his birth is; whose end is known was another. */
static void knows_who_was_there_before(void **state)
{
	for (int over = 0; over < 2; over++) {
		struct tracee *before = tracees_add(&t.tracees, CHILD, CHILD), *child;

		(void)state;
		before->seized = before->stopped = true;
		before->over = over;
		before->process->program.told = 1;
		t.pending.tracee = before;
		child = born(0);
		assert_int_equal(t.tracees.count, 2);
		assert_int_equal(child->process->program.told, 0);
		assert_int_equal(child->seized, !over);
		assert_int_equal(child->stopped, !over);
		assert_int_equal(child->loose, over);
		assert_ptr_equal(t.pending.tracee, over ? NULL : child);
		again();
		t.pending.tracee = parent;
		born(0);
		assert_ptr_equal(t.pending.tracee, parent);
		again();
	}
}

static void knows_when_it_was(void **state)
{
	uint64_t ticks = (uint64_t)sysconf(_SC_CLK_TCK), now = clock_ns(CLOCK_MONOTONIC);
	struct task_record record = { .tid = CHILD, .time = now > NS_PER_SECOND ? now - NS_PER_SECOND : 0 };
	struct tracee *child = birth_heard(&t, parent, &record, TIME), *later;

	(void)state;
	later = tracees_add(&t.tracees, CHILD + 1, CHILD + 1);
	assert_true(child->born + ticks - 1 <= later->born);
}

/* ---- calls that may hide a child ----------------------------------------------------------------------- */

static void call(struct tracee *caller, long number, uint64_t first, uint64_t second)
{
	t.pending.tracee = caller;
	t.pending.notified = true;
	t.pending.call = (struct call){ .tid = caller->tid, .number = number, .args = { first, second } };
	assert_int_equal(birth_unhide(&t), 0);
}

static void counts_hidden_children(void **state)
{
	static const struct {
		uint64_t flags;
		bool shares;
	} cases[] = {
		{ CLONE_UNTRACED | CLONE_VM, true },
		{ CLONE_UNTRACED | CLONE_FILES, true },
		{ CLONE_UNTRACED, false },
		{ CLONE_VM | CLONE_FILES, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		call(parent, SYS_clone, cases[i].flags, 0);
		assert_int_equal(parent->process->program.shares, cases[i].shares);
		again();
	}
	call(parent, SYS_clone3, 0, CLONE_ARGS_SIZE_VER0 - 1); /* an error in any case */
	assert_false(tracees_shares(parent->process));
	call(parent, SYS_fork, CLONE_UNTRACED | CLONE_VM, CLONE_ARGS_SIZE_VER0);
	assert_false(tracees_shares(parent->process));
}

static void proves_that_none_was_hidden(void **state)
{
	struct tracee *other = tracees_add(&t.tracees, PARENT + 50, PARENT);

	(void)state;
	call(parent, SYS_clone3, 0, CLONE_ARGS_SIZE_VER0);
	assert_true(tracees_shares(parent->process));
	birth_failed(parent, SYS_openat); /* another call's error */
	assert_true(tracees_shares(parent->process));
	call(other, SYS_clone3, 0, CLONE_ARGS_SIZE_VER0);
	birth_failed(parent, SYS_clone3);
	assert_true(tracees_shares(parent->process));
	birth_failed(parent, SYS_clone3); /* said already */
	assert_true(tracees_shares(parent->process));
	birth_failed(other, SYS_clone3);
	assert_false(tracees_shares(parent->process));
	/* what was not shown until the next call is not shown any more */
	call(parent, SYS_clone3, 0, CLONE_ARGS_SIZE_VER0);
	call(parent, SYS_clone3, 0, CLONE_ARGS_SIZE_VER0);
	birth_failed(parent, SYS_clone3);
	assert_true(tracees_shares(parent->process));
	assert_int_equal(parent->process->program.unproven, 0);
}

static int unhide(struct memory *memory, const void *args)
{
	t.pending.tracee = parent;
	t.pending.call = (struct call){ .tid = getpid(),
					.pid = getpid(),
					.number = SYS_clone3,
					.memory = memory,
					.args = { (uint64_t)(uintptr_t)args, CLONE_ARGS_SIZE_VER0 } };
	return birth_unhide(&t);
}

/* Where nobody is asked but ptrace: the flag is taken away where nobody can put it back, else the call is refused. */
static void takes_the_flag_away(void **state)
{
	const uint64_t hidden = CLONE_UNTRACED | CLONE_VM | CLONE_INTO_CGROUP, plain = CLONE_VM | CLONE_INTO_CGROUP;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint64_t *own = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t *common = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct memory *memory = NULL;

	(void)state;
	assert_true(own != MAP_FAILED && common != MAP_FAILED);
	assert_int_equal(memory_open(getpid(), NULL, &memory, NULL), 0);
	*own = *common = hidden;
	assert_int_equal(unhide(NULL, own), -ENOSYS);
	assert_int_equal(unhide(memory, own), 0);
	assert_int_equal(*own, plain);
	assert_int_equal(unhide(memory, own), 0);
	assert_int_equal(*own, plain);
	assert_int_equal(unhide(memory, common), -ENOSYS);
	assert_int_equal(*common, hidden);
	assert_int_equal(unhide(memory, (void *)8), 0); /* for the kernel it is an error, too */
	assert_non_null(tracees_add(&t.tracees, PARENT + 50, PARENT));
	*own = hidden;
	assert_int_equal(unhide(memory, own), -ENOSYS);
	assert_int_equal(*own, hidden);
	assert_int_equal(unhide(memory, (void *)8), -ENOSYS); /* others may put something there */
	again();
	assert_int_equal(mprotect(own, page, PROT_READ), 0);
	assert_int_equal(unhide(memory, own), -ENOSYS);
	t.pending.tracee = NULL;
	assert_int_equal(birth_unhide(&t), 0);
	memory_close(memory);
	munmap(own, page);
	munmap(common, page);
}

/* ---- births by stops ----------------------------------------------------------------------------------- */

static struct clone_args args = { .flags = CLONE_FS, .exit_signal = SIGCHLD };
static struct clone_args waiting = { .flags = CLONE_VFORK, .exit_signal = SIGCHLD };

/* A process that makes a child at its first byte. */
static pid_t maker_by(int gate)
{
	pid_t pid = fork(), child = -1;
	char how;

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (read(gate, &how, 1) != 1)
		_exit(1);
	switch (how) {
	case 'v':
		child = vfork();
		break;
	case 'c':
		child = (pid_t)syscall(SYS_clone, CLONE_FS | SIGCHLD, 0, 0, 0, 0);
		break;
	case 'n': /* a signal of its own makes it look like a thread */
		child = (pid_t)syscall(SYS_clone, CLONE_FS | SIGUSR1, 0, 0, 0, 0);
		break;
	case '3':
		child = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
		break;
	case 'w':
		child = (pid_t)syscall(SYS_clone3, &waiting, sizeof(waiting));
		break;
	}
	if (child != 0)
		pause();
	_exit(0);
}

/* The maker is stopped where it has made a child; its memory says other flags by then, unless that is -1. */
static void stop_at_birth(char how, int64_t then, bool crowded)
{
	struct clone_args *said = how == 'w' ? &waiting : &args;
	unsigned long child;
	struct tracee *maker;
	int gate[2], status;
	pid_t pid;

	assert_int_equal(pipe(gate), 0);
	pid = maker_by(gate[0]);
	if (ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE) < 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		skip();
	}
	assert_int_equal(write(gate[1], &how, 1), 1);
	assert_int_equal(waitpid(pid, &status, __WALL), pid);
	assert_true(WIFSTOPPED(status) && status >> 16);
	assert_int_equal(ptrace(PTRACE_GETEVENTMSG, pid, NULL, &child), 0);
	if (then >= 0)
		assert_int_equal(ptrace(PTRACE_POKEDATA, pid, &said->flags, then), 0);
	maker = tracees_add(&t.tracees, pid, pid);
	assert_non_null(maker);
	maker->seized = maker->stopped = true;
	maker->process->program.crowded = crowded;
	birth_stop(&t, maker, status >> 16);
	assert_true(t.told.count >= 2);
	assert_int_equal(t.told.list[0].child, child);
	assert_int_equal(t.told.list[1].tid, child);
	assert_true(tracees_find(&t.tracees, (pid_t)child)->newborn);
	assert_int_equal(tracees_find(&t.tracees, (pid_t)child)->process->pid, child);
	kill((pid_t)child, SIGKILL);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid((pid_t)child, NULL, __WALL), child);
	assert_int_equal(waitpid(pid, NULL, __WALL), pid);
	close(gate[0]);
	close(gate[1]);
}

static void learns_births_by_stops(void **state)
{
	enum { FS = 2, VM = 0x8000, VFORK = 0x8000000 };
	static const struct {
		char how;
		bool crowded;
		int64_t then;
		uint16_t type;
		uint32_t flags;
		bool shares;
	} cases[] = {
		{ 'v', false, -1, EV_SYSCALL_VFORK_20_X, VM | VFORK, false },
		{ 'c', false, -1, EV_SYSCALL_CLONE_20_X, FS, false },
		{ 'n', false, -1, EV_SYSCALL_CLONE_20_X, FS, false },
		{ '3', false, -1, EV_SYSCALL_CLONE3_X, FS, false },
		{ 'w', false, -1, EV_SYSCALL_CLONE3_X, VFORK, false },
		/* whether the caller waits the kernel says, whatever is in memory by then */
		{ '3', false, CLONE_FS | CLONE_VFORK, EV_SYSCALL_CLONE3_X, FS, false },
		{ 'w', false, 0, EV_SYSCALL_CLONE3_X, VFORK, false },
		/* a thread that was there may have changed it */
		{ '3', true, 0, EV_SYSCALL_CLONE3_X, 0, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct tracee *child;

		stop_at_birth(cases[i].how, cases[i].then, cases[i].crowded);
		assert_int_equal(t.told.list[0].type, cases[i].type);
		assert_int_equal(t.told.list[0].flags, cases[i].flags);
		child = tracees_find(&t.tracees, t.told.list[1].tid);
		assert_int_equal(child->process->program.shares, cases[i].shares);
		assert_int_equal(child->process->other_ids, cases[i].shares);
		assert_int_equal(child->process->fs_apart, cases[i].flags & FS || cases[i].shares);
		assert_int_equal(t.slow.apart, cases[i].shares);
		again();
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(knows_what_is_shared),
		TEST(knows_who_else_shares),
		TEST(inherits),
		TEST(tells_whose_child_it_is),
		TEST(tells_flags),
		TEST(knows_who_was_there_before),
		TEST(knows_when_it_was),
		TEST(learns_births_by_stops),
		TEST(counts_hidden_children),
		TEST(proves_that_none_was_hidden),
		TEST(takes_the_flag_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
