/* SPDX-License-Identifier: Apache-2.0 */
/* What is mounted over /proc, or in it, hides nothing from who had taken hold of it before. */
#include "tracer/procfs_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"

enum { LEFT_OUT = 77 };

static bool refuse(long number)
{
	const struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { ARRAY_SIZE(program), (struct sock_filter *)program };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

/* A mount namespace of its own, where a mount shows in each copy of what it is mounted on. */
static bool own_mounts(int flags)
{
	return unshare(CLONE_NEWNS | flags) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) == 0;
}

static bool shows(const char *path)
{
	return faccessat(procfs_folder(), path, F_OK, 0) == 0;
}

static bool cover(const char *path)
{
	return mount("none", path, "tmpfs", 0, NULL) == 0;
}

static int none_is_hidden(void)
{
	if (!own_mounts(0) || !cover("/proc/sys"))
		return LEFT_OUT;
	procfs_keep();
	if (!shows("self/stat") || !shows("sys/kernel/ostype"))
		return 1;
	if (!cover("/proc/self/task") || !cover("/proc"))
		return LEFT_OUT;
	return shows("thread-self/stat") && faccessat(AT_FDCWD, "/proc/self/stat", F_OK, 0) < 0 ? 0 : 2;
}

/* Nobody else takes its locks. */
static int is_apart(void)
{
	struct stat own, shared;

	/* Linux 5.8 has this call, too */
	if (syscall(SYS_faccessat2, AT_FDCWD, "/", F_OK, 0) < 0 || !own_mounts(0))
		return LEFT_OUT;
	procfs_keep();
	return fstat(procfs_folder(), &own) < 0 || stat("/proc", &shared) < 0 || own.st_dev == shared.st_dev;
}

/* Without one of our own (before Linux 5.8). */
static int none_is_hidden_in_a_copy(void)
{
	if (!own_mounts(0) || !refuse(SYS_fsopen))
		return LEFT_OUT;
	procfs_keep();
	if (!shows("self/stat") || !shows("sys/kernel/ostype"))
		return 1;
	if (!cover("/proc/self/task") || !cover("/proc"))
		return LEFT_OUT;
	return shows("thread-self/stat") ? 0 : 2;
}

/* Who may not see what is below another's mounts has them in the copy. */
static int a_copy_has_what_is_locked(void)
{
	if (!own_mounts(0) || !cover("/proc/sys"))
		return LEFT_OUT;
	if (!own_mounts(CLONE_NEWUSER) || !refuse(SYS_fsopen))
		return LEFT_OUT;
	procfs_keep();
	if (!shows("self/stat") || shows("sys/kernel/ostype"))
		return 1;
	if (!cover("/proc/self/task") || !cover("/proc"))
		return LEFT_OUT;
	return shows("thread-self/stat") ? 0 : 2;
}

/* Whoever may mount nothing has that of all. */
static int works_without_rights(void)
{
	if (!refuse(SYS_fsopen) || !refuse(SYS_open_tree))
		return LEFT_OUT;
	procfs_keep();
	return shows("self/stat") ? 0 : 1;
}

static int descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 64; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static int leaves_no_descriptors(void)
{
	const int before = descriptors();
	DIR *dir;

	if (!shows("self/stat")) /* also for who has not taken hold of it */
		return 1;
	if (!(fcntl(procfs_folder(), F_GETFD) & FD_CLOEXEC))
		return 2;
	for (int i = 0; i < 3; i++)
		procfs_keep();
	if (descriptors() != before + 1)
		return 3;
	if (procfs_list("self/none") || errno != ENOENT || procfs_list("self/stat") || errno != ENOTDIR)
		return 4;
	dir = procfs_list("self/task");
	if (!dir || !readdir(dir))
		return 5;
	closedir(dir);
	return descriptors() == before + 1 ? 0 : 6;
}

static void try(int (*in_place)(void))
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(in_place());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == LEFT_OUT)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define TEST(name)                            \
	static void test_##name(void **state) \
	{                                     \
		(void)state;                  \
		try(name);                    \
	}
TEST(a_copy_has_what_is_locked)
TEST(is_apart)
TEST(leaves_no_descriptors)
TEST(none_is_hidden)
TEST(none_is_hidden_in_a_copy)
TEST(works_without_rights)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_copy_has_what_is_locked), cmocka_unit_test(test_is_apart),
		cmocka_unit_test(test_leaves_no_descriptors),     cmocka_unit_test(test_none_is_hidden),
		cmocka_unit_test(test_none_is_hidden_in_a_copy),  cmocka_unit_test(test_works_without_rights),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
