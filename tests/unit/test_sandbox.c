/* SPDX-License-Identifier: Apache-2.0 */
#include "app/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/thread.h"

#define UNKNOWN_CALL 900 /* kernels have some 470 */
#define NONE 77 /* there can be no sandbox here */

/* Each case is a child's own: what is closed stays so. Its status: 0 = as expected, else the line. */
#define EXPECT(condition)                         \
	do {                                      \
		if (!(condition))                 \
			_exit(__LINE__ % 75 + 1); \
	} while (0)

static void enter(enum sandbox_use use)
{
	struct error err = { 0 };
	int r;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		_exit(NONE);
	r = sandbox_enter(use, &err);
	if (r < 0)
		_exit(NONE);
}

static void in_child(void (*body)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		body();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NONE)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void is_refused(const char *name, uint64_t count)
{
	const char *call;

	EXPECT(errno == EPERM);
	EXPECT(sandbox_refused(&call) == count);
	EXPECT(call && strcmp(call, name) == 0);
	errno = 0;
}

static void refuses(void)
{
	char *const argv[] = { (char[]){ "true" }, NULL };
	const char *call;

	enter(SANDBOX_WATCH);
	EXPECT(sandbox_refused(&call) == 0 && !call);
	EXPECT(execv("/bin/true", argv) < 0);
	is_refused("execve", 1);
	EXPECT(ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0);
	is_refused("ptrace", 2);
	EXPECT(mount("none", "/", "tmpfs", 0, NULL) < 0);
	is_refused("mount", 3);
	EXPECT(unshare(CLONE_NEWUSER) < 0);
	is_refused("unshare", 4);
	EXPECT(kill(getppid(), 0) < 0);
	is_refused("kill", 5);
	/* allowed calls, with what is not allowed */
	EXPECT(socket(AF_PACKET, SOCK_RAW, 0) < 0);
	is_refused("socket", 6);
	EXPECT(ioctl(0, TIOCSTI, "x") < 0);
	is_refused("ioctl", 7);
	EXPECT(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
	is_refused("mmap", 8);
	EXPECT(prctl(PR_SET_PTRACER, 1, 0, 0, 0) < 0);
	is_refused("prctl", 9);
	/* libraries go back to older calls: from newer ones, and from those that no table knows */
	EXPECT(syscall(SYS_pidfd_getfd, 0, 0, 0) < 0 && errno == ENOSYS);
	EXPECT(sandbox_refused(&call) == 10 && call && strcmp(call, "pidfd_getfd") == 0);
	EXPECT(syscall(UNKNOWN_CALL) < 0 && errno == ENOSYS);
	EXPECT(sandbox_refused(&call) == 11);
}

static void *work(void *context)
{
	*(int *)context = ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 ? errno : 0;
	return NULL;
}

static void allows(void)
{
	auto_fd int file = -1, inet = -1;
	pthread_t thread;
	const char *call;
	void *memory;
	int result = 0;

	enter(SANDBOX_WATCH);
	file = open("/dev/null", O_RDWR | O_CLOEXEC);
	EXPECT(file >= 0 && write(file, "x", 1) == 1);
	inet = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	EXPECT(inet >= 0);
	memory = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	EXPECT(memory != MAP_FAILED && munmap(memory, 1 << 20) == 0);
	EXPECT(kill(getpid(), 0) < 0); /* this one is no need of ours */
	EXPECT(sandbox_refused(&call) == 1);
	/* threads that come later, which block all signals that are sent */
	EXPECT(thread_start(&thread, work, &result) == 0);
	EXPECT(pthread_join(thread, NULL) == 0);
	EXPECT(result == EPERM);
	EXPECT(sandbox_refused(&call) == 2);
}

static _Atomic int go;

static void *wait_and_work(void *context)
{
	while (!go)
		sched_yield();
	return work(context);
}

static void closes_threads_that_are_there(void)
{
	pthread_t thread;
	int result = 0;

	EXPECT(thread_start(&thread, wait_and_work, &result) == 0);
	enter(SANDBOX_WATCH);
	go = 1;
	EXPECT(pthread_join(thread, NULL) == 0);
	EXPECT(result == EPERM);
}

static void traces(void)
{
	enter(SANDBOX_TRACE);
	EXPECT(kill(getppid(), 0) == 0);
	EXPECT(execl("/bin/true", "true", NULL) < 0);
	is_refused("execve", 1);
	EXPECT(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0); /* last: a signal would now stop us */
}

static void lets_plugins_do_more(void)
{
	int status;
	pid_t pid;

	enter(SANDBOX_PLUGINS);
	EXPECT(mount("none", "/", "tmpfs", 0, NULL) < 0);
	is_refused("mount", 1);
	EXPECT(ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0);
	is_refused("ptrace", 2);
	pid = fork();
	if (pid == 0) {
		execl("/bin/true", "true", NULL);
		_exit(1);
	}
	EXPECT(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
}

static void lets_plugins_trace(void)
{
	enter(SANDBOX_TRACE_PLUGINS);
	EXPECT(mount("none", "/", "tmpfs", 0, NULL) < 0);
	is_refused("mount", 1);
	EXPECT(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
}

#define CASE(name)                            \
	static void test_##name(void **state) \
	{                                     \
		(void)state;                  \
		in_child(name);               \
	}
CASE(refuses)
CASE(allows)
CASE(closes_threads_that_are_there)
CASE(traces)
CASE(lets_plugins_do_more)
CASE(lets_plugins_trace)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_allows),
		cmocka_unit_test(test_closes_threads_that_are_there),
		cmocka_unit_test(test_traces),
		cmocka_unit_test(test_lets_plugins_do_more),
		cmocka_unit_test(test_lets_plugins_trace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
