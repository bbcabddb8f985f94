/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a place that lacks something; each is made by a child of its own. */
#include "tracer/place.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/limits.h"

enum { LEFT_OUT = 77, USER = 54321 };

/* It ends with 0, or with a number of what is not as it should be. */
static void try(int (*in_place)(long argument), long argument)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		alarm(60);
		_exit(in_place(argument));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == LEFT_OUT)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static bool answer(long number, uint32_t action)
{
	const struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { ARRAY_SIZE(program), (struct sock_filter *)program };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

/* ---- filters that kill ---------------------------------------------------------------------------------- */

static int lives(long unused)
{
	struct error err;

	(void)unused;
	if (place_lets_live(&err) != 0)
		return 1;
	/* whoever is refused lives, and so does who is killed for what nobody tries */
	if (!answer(SYS_ptrace, SECCOMP_RET_ERRNO | EPERM) || !answer(SYS_reboot, SECCOMP_RET_KILL_PROCESS))
		return LEFT_OUT;
	return place_lets_live(&err) == 0 && waitpid(-1, NULL, 0) < 0 ? 0 : 2;
}

static const struct {
	long number;
	const char *word;
} calls[] = { { SYS_ptrace, " ptrace()" }, { SYS_kcmp, " kcmp()" }, { SYS_pidfd_getfd, " pidfd_getfd()" } };

static int dies(long i)
{
	struct error err;

	if (!answer(calls[i].number, SECCOMP_RET_KILL_PROCESS))
		return LEFT_OUT;
	if (place_lets_live(&err) != -EPERM)
		return 1;
	return strstr(err.text, calls[i].word) ? 0 : 2;
}

/* Nobody but root asks for records: whoever is another is not stopped for that. */
static int dies_as_root(long unused)
{
	struct error err;

	(void)unused;
	if (!answer(SYS_perf_event_open, SECCOMP_RET_KILL_PROCESS))
		return LEFT_OUT;
	if (geteuid() == 0 && (place_lets_live(&err) != -EPERM || setresuid(USER, USER, USER) < 0))
		return 1;
	return place_lets_live(&err) == 0 ? 0 : 2;
}

static void knows_filters_that_kill(void **state)
{
	(void)state;
	try(lives, 0);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		try(dies, (long)i);
	try(dies_as_root, 0);
}

/* ---- /proc ---------------------------------------------------------------------------------------------- */

static int lacks_proc(long unused)
{
	(void)unused;
	if (place_proc() != PLACE_PROC_OURS)
		return 1;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/proc", "tmpfs", 0, NULL) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
		return LEFT_OUT;
	if (place_proc() != PLACE_PROC_NONE)
		return 2;
	if (!place_can_mount_proc() || place_proc() != PLACE_PROC_NONE || waitpid(-1, NULL, 0) > 0)
		return 3;
	return place_mount_proc() && place_proc() == PLACE_PROC_OURS ? 0 : 4;
}

static int in_namespace(long unused)
{
	int status;
	pid_t child;

	(void)unused;
	if (unshare(CLONE_NEWPID) < 0)
		return LEFT_OUT;
	child = fork();
	if (child == 0)
		_exit(place_proc() != PLACE_PROC_FOREIGN                     ? 1 :
		      !place_can_mount_proc()                                ? LEFT_OUT :
		      place_proc() != PLACE_PROC_FOREIGN                     ? 2 :
		      !place_mount_proc() || place_proc() != PLACE_PROC_OURS ? 3 :
									       0);
	return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 4;
}

/* Whose root is a folder, or a mount below that of all, has other paths than its processes. */
static int below(long is_folder)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/tmp", "tmpfs", 0, NULL) < 0 || mkdir("/tmp/proc", 0755) < 0 || chroot("/tmp") < 0)
		return LEFT_OUT;
	if (is_folder && (mkdir("/root", 0755) < 0 || mkdir("/root/proc", 0755) < 0 || chroot("/root") < 0))
		return LEFT_OUT;
	return place_can_mount_proc();
}

static int without_rights(long unused)
{
	(void)unused;
	if (setresgid(USER, USER, USER) < 0 || setresuid(USER, USER, USER) < 0)
		return LEFT_OUT;
	return place_can_mount_proc() || place_mount_proc() || place_proc() != PLACE_PROC_OURS;
}

static void knows_proc(void **state)
{
	(void)state;
	try(lacks_proc, 0);
	try(in_namespace, 0);
	try(below, false);
	try(below, true);
	try(without_rights, 0);
}

/* ---- rights and calls ------------------------------------------------------------------------------------ */

static bool keeps_set_uid(enum tracer_backend backend)
{
	return place_set_uid(backend) == PLACE_SET_UID_KEPT;
}

static int drops(long capability)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0 || !(data[0].effective >> CAP_SYS_PTRACE & 1))
		return LEFT_OUT;
	if (!place_sees_all() || !keeps_set_uid(TRACER_NOTIFY))
		return 1;
	data[0].effective &= ~(1u << capability);
	if (syscall(SYS_capset, &header, data) < 0 || place_sees_all() != (capability != CAP_SYS_PTRACE))
		return 2;
	if (keeps_set_uid(TRACER_NOTIFY) || keeps_set_uid(TRACER_PTRACE_ALL) != (capability == CAP_SYS_ADMIN) ||
	    keeps_set_uid(TRACER_NOTIFY_ONLY) != (capability == CAP_SYS_PTRACE))
		return 3;
	if (setresuid(USER, USER, USER) < 0 || place_set_uid(TRACER_NOTIFY) != PLACE_SET_UID_LOST)
		return 4;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || place_set_uid(TRACER_NOTIFY) != PLACE_SET_UID_NONE ? 5 : 0;
}

static int refuses(long number)
{
	bool opens = place_opens(), masks = place_keeps_masks();

	if (!opens || !masks || !answer(number, SECCOMP_RET_ERRNO | EPERM))
		return LEFT_OUT;
	return place_opens() != (number == SYS_unshare) || place_keeps_masks() != (number != SYS_unshare);
}

static void knows_rights(void **state)
{
	(void)state;
	try(drops, CAP_SYS_PTRACE);
	try(drops, CAP_SYS_ADMIN);
	try(refuses, SYS_openat2);
	try(refuses, SYS_statx);
	try(refuses, SYS_unshare);
}

/* ---- limits ---------------------------------------------------------------------------------------------- */

/* With as many processes beside this one. */
static int has_processes(long more)
{
	struct rlimit limit = { (rlim_t)more + 1, (rlim_t)more + 1 };
	const uid_t user = USER + (uid_t)getpid(); /* whose processes nobody else makes */

	if (!place_forks() || waitpid(-1, NULL, 0) > 0)
		return 1;
	if (setresuid(user, user, user) < 0 || setrlimit(RLIMIT_NPROC, &limit) < 0)
		return LEFT_OUT;
	if (place_forks() != (more >= 2))
		return 2;
	return waitpid(-1, NULL, WNOHANG) >= 0 ? 3 : 0; /* and nobody is left */
}

static int has_descriptors(long number)
{
	struct rlimit limit = { 8, (rlim_t)number };

	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return LEFT_OUT;
	return place_few_descriptors() != (number < RUN_FEW_DESCRIPTORS);
}

static void knows_limits(void **state)
{
	(void)state;
	for (long more = 0; more < 3; more++)
		try(has_processes, more);
	try(has_descriptors, RUN_FEW_DESCRIPTORS - 1);
	try(has_descriptors, RUN_FEW_DESCRIPTORS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_filters_that_kill),
		cmocka_unit_test(knows_limits),
		cmocka_unit_test(knows_proc),
		cmocka_unit_test(knows_rights),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
