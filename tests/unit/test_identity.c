/* SPDX-License-Identifier: Apache-2.0 */
/* For whom calls may be made in his place: who has our root and mounts, and rights that can be taken on. */
#include "tracer/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"
#include "tracer/rights.h"

static struct tracer t;
static char folder[] = "/tmp/test_identity.XXXXXX";

/* ---- what a child does to be another ------------------------------------------------------------------- */

static bool stay(void)
{
	return true;
}

static bool change_root(void)
{
	return chroot("/etc") == 0;
}

/* The same folder, by another mount. */
static bool change_root_mount(void)
{
	return chroot(folder) == 0;
}

static bool change_mounts(void)
{
	return unshare(CLONE_NEWNS) == 0;
}

/* The root is still a folder of ours. */
static bool change_mounts_alone(void)
{
	int root = open("/", O_PATH | O_DIRECTORY);

	return unshare(CLONE_NEWNS) == 0 && fchdir(root) == 0 && chroot(".") == 0;
}

static bool change_users(void)
{
	return unshare(CLONE_NEWUSER) == 0;
}

/* All that may be, but those of lacking. */
static bool set_capabilities(uint32_t lacking)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	data[0].effective = data[0].permitted & ~lacking;
	data[1].effective = data[1].permitted;
	return syscall(SYS_capset, &header, data) == 0;
}

/* With all capabilities, of which the kernel takes some away then. */
static bool change_user(void)
{
	return setresuid(0, 0, 12345) == 0 && syscall(SYS_setfsuid, 12345) == 0 && set_capabilities(0);
}

static bool change_group(void)
{
	syscall(SYS_setfsgid, 12345);
	return true;
}

static bool change_saved_user(void)
{
	return setresuid(0, 0, 12345) == 0;
}

static bool change_capabilities(void)
{
	return set_capabilities(1u << CAP_CHOWN);
}

/* More of them than are read. */
static bool take_many_groups(void)
{
	gid_t groups[RIGHTS_GROUPS_BYTES / 8 + 1];

	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		groups[i] = (gid_t)(10000000 + i);
	return setgroups(ARRAY_SIZE(groups), groups) == 0;
}

static bool filter_calls(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	return filter && seccomp_load(filter) == 0;
}

/* Four calls are left to him. */
static bool be_strict(void)
{
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0;
}

struct child {
	pid_t pid;
	int asks, told;
};

static struct child child_that(bool (*change)(void))
{
	struct child c;
	int asks[2], told[2];
	char byte;

	assert_int_equal(pipe(asks), 0);
	assert_int_equal(pipe(told), 0);
	c.pid = fork();
	if (c.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		byte = read(asks[0], &byte, 1) == 1 && change();
		if (write(told[1], &byte, 1) == 1)
			while (read(asks[0], &byte, 1) > 0)
				;
		syscall(SYS_exit, 0);
	}
	assert_true(c.pid > 0);
	close(asks[0]);
	close(told[1]);
	c.asks = asks[1];
	c.told = told[0];
	return c;
}

static bool has_changed(const struct child *c)
{
	char byte = 0;

	return write(c->asks, &byte, 1) == 1 && read(c->told, &byte, 1) == 1 && byte == 1;
}

static void end(struct child *c)
{
	kill(c->pid, SIGKILL);
	assert_int_equal(waitpid(c->pid, NULL, 0), c->pid);
	close(c->asks);
	close(c->told);
}

/* ---- whose place can be taken -------------------------------------------------------------------------- */

static const struct rights *own_rights(void)
{
	struct child c = child_that(stay);
	struct tracee *tracee = tracees_add(&t.tracees, c.pid, c.pid);
	const struct rights *rights;

	assert_true(identity_assumable(&t, tracee));
	rights = tracee->rights;
	tracees_remove(&t.tracees, tracee);
	end(&c);
	return rights;
}

static void knows_whose_place_it_takes(void **state)
{
	static const struct {
		const char *what;
		bool (*change)(void);
		bool assumable, as_we_are, every_call;
	} cases[] = {
		{ "nothing", stay, true, true, false },
		{ "root", change_root, false, false, false },
		{ "mount of the root", change_root_mount, false, false, false },
		{ "mounts", change_mounts, false, false, false },
		{ "mounts, but not the root", change_mounts_alone, false, false, false },
		{ "users", change_users, false, false, false },
		{ "user", change_user, true, false, false },
		{ "group", change_group, true, false, false },
		{ "saved user", change_saved_user, true, true, false },
		{ "capabilities", change_capabilities, true, false, false },
		{ "groups", take_many_groups, false, false, false },
		{ "filters that judge before us", filter_calls, true, true, false },
		{ "filters that judge behind us", filter_calls, false, true, true },
		{ "strict mode", be_strict, false, true, true },
		{ "no filters", stay, true, true, true },
	};
	const struct rights *own = own_rights();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct child c = child_that(cases[i].change);
		struct tracee *tracee = tracees_add(&t.tracees, c.pid, c.pid);

		t.every_call = cases[i].every_call;
		if (has_changed(&c)) {
			if (identity_assumable(&t, tracee) != cases[i].assumable)
				fail_msg("another one by %s: %d", cases[i].what, tracee->identity);
			if (cases[i].assumable)
				assert_int_equal(tracee->rights == own, cases[i].as_we_are);
			/* what was read stays */
			assert_int_equal(identity_assumable(&t, tracee), cases[i].assumable);
		}
		tracees_remove(&t.tracees, tracee);
		end(&c);
	}
	assert_false(identity_assumable(&t, NULL));
	t.every_call = false;
}

/* Of a new program its rights are compared with those that were known. */
static void knows_who_executed(void **state)
{
	static const struct {
		bool (*change)(void);
		enum identity then;
	} cases[] = {
		{ stay, IDENTITY_SAME },
		{ change_user, IDENTITY_UNKNOWN },
		{ change_group, IDENTITY_UNKNOWN },
		{ change_capabilities, IDENTITY_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct child c = child_that(cases[i].change);
		struct tracee *tracee = tracees_add(&t.tracees, c.pid, c.pid);
		struct event ev;
		struct error err;

		assert_true(identity_assumable(&t, tracee));
		assert_true(has_changed(&c));
		assert_int_equal(decode_exec(c.pid, c.pid, 1, STR("/nowhere"), NULL, t.memo, &t.builder, &ev, &err), 0);
		identity_executed(&t, tracee); /* it did not */
		assert_int_equal(tracee->identity, IDENTITY_SAME);
		tracee->identity = IDENTITY_EXECUTING;
		identity_executed(&t, tracee);
		assert_int_equal(tracee->identity, cases[i].then);
		/* nothing is known of another */
		decode_exec_forget(t.memo, c.pid);
		tracee->identity = IDENTITY_EXECUTING;
		assert_true(identity_assumable(&t, tracee));
		assert_int_equal(tracee->identity, IDENTITY_SAME);
		tracees_remove(&t.tracees, tracee);
		end(&c);
	}
}

/* ---- calls that change it ------------------------------------------------------------------------------ */

static void follows_calls(void **state)
{
	struct tracee *first = tracees_add(&t.tracees, 1000, 1000), *thread = tracees_add(&t.tracees, 1001, 1000);
	struct tracee *other = tracees_add(&t.tracees, 2000, 2000);

	(void)state;
	first->identity = thread->identity = other->identity = IDENTITY_SAME;
	/* credentials are the thread's; who changes them all the time is not looked at each time */
	for (int i = 0; i < RIGHTS_CHANGES; i++) {
		identity_spoil(&t, first, CALL_CRED);
		assert_int_equal(first->identity, IDENTITY_UNKNOWN);
		first->identity = IDENTITY_SAME;
	}
	identity_spoil(&t, first, CALL_CRED);
	assert_int_equal(first->identity, IDENTITY_OTHER);
	identity_spoil(&t, first, CALL_CRED);
	assert_int_equal(first->identity, IDENTITY_OTHER);
	assert_int_equal(thread->identity, IDENTITY_SAME);
	assert_int_equal(identity_of_stranger(&t), IDENTITY_UNKNOWN);
	/* what confines one may confine all threads, for good */
	identity_spoil(&t, thread, CALL_CONFINE);
	assert_int_equal(first->identity, IDENTITY_CONFINED);
	assert_int_equal(thread->identity, IDENTITY_CONFINED);
	assert_int_equal(other->identity, IDENTITY_SAME);
	assert_int_equal(identity_of_stranger(&t), IDENTITY_CONFINED);
	identity_spoil(&t, first, CALL_CRED);
	assert_int_equal(first->identity, IDENTITY_CONFINED);
	/* a root may be that of others, too */
	assert_false(t.slow.apart);
	identity_spoil(&t, first, CALL_ROOT);
	assert_int_equal(first->identity, IDENTITY_CONFINED);
	assert_int_equal(other->identity, IDENTITY_OTHER);
	assert_true(t.slow.apart);
	assert_true(first->process->other_ids);
	assert_true(first->process->fs_apart);
	assert_false(other->process->other_ids);
	other->identity = IDENTITY_SAME;
	identity_spoil(&t, NULL, CALL_ROOT);
	assert_int_equal(other->identity, IDENTITY_OTHER);
	t.confining = t.slow.apart = false;
	tracees_remove(&t.tracees, thread);
	tracees_remove(&t.tracees, first);
	tracees_remove(&t.tracees, other);
}

static int begin(void **state)
{
	(void)state;
	t.slow.fd = -1;
	t.memo = decode_memo_new(NULL);
	if (!t.memo || tracees_init(&t.tracees, NULL) < 0 || !mkdtemp(folder))
		return -1;
	/* mounts of our own, of which one shows the root once more */
	if (unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
		mount("/", folder, NULL, MS_BIND, NULL);
	return identity_init(&t);
}

static int finish(void **state)
{
	(void)state;
	identity_free(&t);
	tracees_free(&t.tracees);
	decode_memo_free(t.memo);
	umount2(folder, MNT_DETACH);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_whose_place_it_takes),
		cmocka_unit_test(knows_who_executed),
		cmocka_unit_test(follows_calls),
	};

	if (geteuid() != 0)
		return 77;
	return cmocka_run_group_tests(tests, begin, finish);
}
