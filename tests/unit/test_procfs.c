/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/procfs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "tracer/arch.h"
#include "tracer/creds.h"
#include "tracer/decode.h"
#include "tracer/image.h"

/* The program looks at itself and at its children, of which it knows everything. */

static struct str text_of(const struct event *ev, const char *param)
{
	return event_param_text(ev, (unsigned int)event_param_index(ev->type, str_of(param)));
}

static int64_t int_of(const struct event *ev, const char *param)
{
	return event_param_int(ev, (unsigned int)event_param_index(ev->type, str_of(param)));
}

static void test_own_ids(void **state)
{
	struct procfs_task t;
	struct error err = { 0 };
	pid_t tgid, ppid;

	assert_int_equal(procfs_read_task(getpid(), &t, &err), 0);
	assert_int_equal(t.tgid, getpid());
	assert_int_equal(t.ppid, getppid());
	assert_int_equal(t.pgid, getpgrp());
	assert_int_equal(t.sid, getsid(0));
	assert_int_equal(t.uid, geteuid());
	assert_int_equal(t.gid, getegid());
	assert_true(t.start_ticks > 0);
	assert_true(t.vm_size_kb > 0);
	assert_int_equal(procfs_read_ids(getpid(), &tgid, &ppid, &err), 0);
	assert_int_equal(tgid, getpid());
	assert_int_equal(ppid, getppid());
	assert_int_equal(procfs_read_task(0x3fffffff, &t, &err), -ESRCH);
}

/* The kernel tells the id 0 of a caller that we cannot see. */
static void test_nobody_is_not_us(void **state)
{
	char link[64];

	(void)state;
	assert_int_equal(procfs_open(0, "status"), -ESRCH);
	assert_int_equal(procfs_read_link(0, "exe", link, sizeof(link)), -ENOENT);
	assert_int_equal(procfs_namespace(0x3fffffff, "ns/pid"), 0);
	assert_true(procfs_namespace(0, "ns/pid") != 0);
	assert_true(procfs_namespace(0, "ns/pid") == procfs_namespace(getpid(), "ns/pid"));
}

/* A name that looks like the rest of the line must not shift the columns. */
static void test_hostile_name(void **state)
{
	char old[16];
	struct procfs_task t;

	prctl(PR_GET_NAME, old);
	prctl(PR_SET_NAME, "a) R 1 1 1\n(b");
	assert_int_equal(procfs_read_task(getpid(), &t, NULL), 0);
	prctl(PR_SET_NAME, old);
	assert_string_equal(t.comm, "a) R 1 1 1\n(b");
	assert_int_equal(t.ppid, getppid());
	assert_int_equal(t.pgid, getpgrp());
}

static void test_cgroups_have_falco_form(void **state)
{
	char bytes[4096];
	size_t n = procfs_read_cgroups(getpid(), bytes, sizeof(bytes));

	assert_true(n > 0);
	assert_int_equal(bytes[n - 1], 0);
	assert_memory_equal(bytes, "cpuset=/", 8);
	assert_int_equal(procfs_read_cgroups(getpid(), bytes, 4), 0); /* no room: nothing half written */
}

#define NOBODY 12345678 /* a process id that is not in use */

static pid_t start_sleep(void)
{
	char *argv[] = { (char *)"sl ep", (char *)"1000", NULL };
	char *env[] = { (char *)"COLOR=red", NULL };
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execve("/bin/sleep", argv, env);
		_exit(127);
	}
	return child;
}

/* The kernel gives the program its environment last. */
static void wait_for_exec(pid_t child)
{
	char env[64];

	for (int i = 0; i < 10000; i++) {
		if (procfs_read_file(child, "environ", env, sizeof(env)) > 0 && strncmp(env, "COLOR=", 6) == 0)
			return;
		usleep(1000);
	}
}

static void test_exec_event(void **state)
{
	struct event_builder b = { 0 };
	struct error err = { 0 };
	struct event ev;
	struct decode_memo *memo = decode_memo_new(NULL);
	pid_t child = start_sleep();
	char exe[64];

	wait_for_exec(child);
	assert_true(procfs_read_link(child, "exe", exe, sizeof(exe)) > 0);
	assert_int_equal(decode_exec(child, child, 42, STR("/bin/sleep"), NULL, memo, &b, &ev, &err), 0);
	assert_int_equal(ev.type, EV_SYSCALL_EXECVE_19_X);
	assert_int_equal(ev.nparams, 31);
	assert_true(str_eq(text_of(&ev, "exe"), STR("sl ep")));
	assert_true(str_eq(event_param(&ev, 2), (struct str){ "1000", 5 }));
	assert_true(str_eq(event_param(&ev, 15), (struct str){ "COLOR=red", 10 }));
	assert_true(str_eq(text_of(&ev, "comm"), STR("sleep")));
	assert_true(str_eq(text_of(&ev, "trusted_exepath"), str_of(exe)));
	assert_true(str_eq(text_of(&ev, "filename"), STR("/bin/sleep")));
	assert_int_equal(int_of(&ev, "pid"), child);
	assert_int_equal(int_of(&ev, "ptid"), getpid());
	assert_true(int_of(&ev, "exe_ino") > 0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_int_equal(decode_exec(child, child, 42, STR("x"), NULL, memo, &b, &ev, &err), -ESRCH);
	event_builder_free(&b);
	decode_memo_free(memo);
}

/* A program at its first instruction, with n texts of len bytes in its environment. */
static pid_t stop_at_exec(size_t n, size_t len, struct arch_regs *ret_regs)
{
	char *argv[] = { (char *)"sl ep", (char *)"", (char *)"1000", NULL };
	pid_t child = fork();
	int status;

	if (child == 0) {
		char **env = calloc(n + 1, sizeof(*env));

		for (size_t i = 0; env && i < n; i++) {
			env[i] = calloc(1, len + 1);
			memset(env[i], 'a' + (int)(i % 26), len);
		}
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execve("/bin/sleep", argv, env);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
	assert_int_equal(arch_read(child, ret_regs), 0);
	return child;
}

static void expect_image(size_t n, size_t len, bool direct, int expected)
{
	static struct exec_image image;
	static char text[EVENT_STRING_BYTES];
	struct memory *m = NULL;
	struct arch_regs regs;
	pid_t child = stop_at_exec(n, len, &regs);
	ssize_t bytes;

	if (direct)
		m = memory_direct(child, NULL);
	else
		assert_int_equal(memory_open(child, NULL, &m, NULL), 0);
	assert_non_null(m);
	assert_int_equal(image_read(m, arch_sp(&regs), &image), expected);
	if (expected == 0) {
		bytes = procfs_read_file(child, "cmdline", text, sizeof(text));
		assert_int_equal(image.args_len, bytes);
		assert_memory_equal(image.args, text, (size_t)bytes);
		bytes = procfs_read_file(child, "environ", text, sizeof(text));
		assert_int_equal(image.env_len, bytes);
		assert_memory_equal(image.env, text, (size_t)bytes);
	}
	/* what is no stack is said to be none */
	assert_true(image_read(m, arch_sp(&regs) + 8, &image) < 0);
	assert_true(image_read(m, arch_sp(&regs) + 1, &image) < 0);
	assert_true(image_read(m, 4096, &image) < 0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_true(image_read(m, arch_sp(&regs), &image) < 0);
	memory_close(m);
}

static void test_image(void **state)
{
	(void)state;
	for (int direct = 0; direct < 2; direct++) {
		expect_image(0, 0, direct, 0);
		expect_image(3, 10, direct, 0);
		expect_image(30, 1000, direct, 0); /* beyond the window, and cut */
		expect_image(4000, 1, direct, -E2BIG);
	}
}

/* By calls the same as by files. */
static void expect_same_creds(pid_t pid)
{
	struct procfs_task by_calls = { 0 }, by_files;

	assert_int_equal(creds_read(pid, &by_calls), 0);
	assert_int_equal(procfs_read_task(pid, &by_files, NULL), 0);
	assert_int_equal(by_calls.tgid, by_files.tgid);
	assert_int_equal(by_calls.uid, by_files.uid);
	assert_int_equal(by_calls.gid, by_files.gid);
	assert_int_equal(by_calls.fsuid, by_files.fsuid);
	assert_int_equal(by_calls.fsgid, by_files.fsgid);
	assert_true(by_calls.cap_effective == by_files.cap_effective);
	assert_true(by_calls.cap_permitted == by_files.cap_permitted);
	assert_true(by_calls.cap_inheritable == by_files.cap_inheritable);
}

static void test_creds(void **state)
{
	struct procfs_task none;
	int ready[2], status;
	char byte;
	pid_t pid;

	(void)state;
	expect_same_creds(getpid());
	assert_int_equal(creds_read(NOBODY, &none), -ESRCH);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) { /* another user, where there may be one, who is not dumpable */
		bool root = geteuid() == 0;

		if ((root && (setgid(4321) < 0 || setuid(1234) < 0)) || prctl(PR_SET_DUMPABLE, 0) < 0)
			_exit(1);
		close(ready[1]);
		pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 0);
	close(ready[0]);
	expect_same_creds(pid);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void test_task_event(void **state)
{
	struct event_builder b = { 0 };
	struct event ev;
	char cwd[4096];

	assert_int_equal(decode_task(getpid(), getpid(), 42, NULL, &b, &ev, NULL), 0);
	assert_int_equal(ev.tid & 0xffffffff, getpid());
	assert_int_equal(ev.tid >> 32, getpid());
	assert_int_equal(int_of(&ev, "ppid"), getppid());
	assert_true(str_eq(text_of(&ev, "cwd"), str_of(getcwd(cwd, sizeof(cwd)))));
	assert_true(str_eq(text_of(&ev, "root"), STR("/")));
	event_builder_free(&b);
}

static void test_exit_event(void **state)
{
	struct event_builder b = { 0 };
	struct event ev;

	assert_int_equal(decode_exit(7, 42, W_EXITCODE(3, 0), &b, &ev, NULL), 0);
	assert_int_equal(int_of(&ev, "ret"), 3);
	assert_int_equal(int_of(&ev, "sig"), 0);
	assert_int_equal(decode_exit(7, 42, W_EXITCODE(0, SIGKILL), &b, &ev, NULL), 0);
	assert_int_equal(int_of(&ev, "ret"), 0);
	assert_int_equal(int_of(&ev, "sig"), SIGKILL);
	event_builder_free(&b);
}

static void test_descriptors(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	auto_fd int file = open("/dev/null", O_WRONLY | O_APPEND | O_CLOEXEC), dir = open("/", O_RDONLY | O_DIRECTORY);
	auto_fd int sock = socket(AF_INET, SOCK_STREAM, 0), un = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct event_builder b = { 0 };
	struct event ev;
	int pipes[2];

	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(bind(sock, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(sock, (struct sockaddr *)&address, &len), 0);

	assert_int_equal(decode_fd(getpid(), file, 42, NULL, &b, &ev, NULL), 0);
	assert_int_equal(ev.type, EV_ITER_TASK_FILE_REGULAR_E);
	assert_true(str_eq(text_of(&ev, "path"), STR("/dev/null")));
	assert_int_equal(int_of(&ev, "flags") & 0x100b, 0x100a); /* O_WRONLY, O_APPEND, O_CLOEXEC */

	assert_int_equal(decode_fd(getpid(), dir, 42, NULL, &b, &ev, NULL), 0);
	assert_int_equal(ev.type, EV_ITER_TASK_FILE_DIRECTORY_E);

	assert_int_equal(decode_fd(getpid(), pipes[0], 42, NULL, &b, &ev, NULL), 0);
	assert_int_equal(ev.type, EV_ITER_TASK_FILE_PIPE_E);

	assert_int_equal(decode_fd(getpid(), sock, 42, NULL, &b, &ev, NULL), 0);
	assert_int_equal(ev.type, EV_ITER_TASK_FILE_SOCKET_INET_E);
	assert_int_equal(int_of(&ev, "local_port"), ntohs(address.sin_port));
	assert_memory_equal(event_param(&ev, 3).ptr, "\x7f\0\0\x01", 4);

	assert_int_equal(decode_fd(getpid(), un, 42, NULL, &b, &ev, NULL), 0);
	assert_int_equal(ev.type, EV_ITER_TASK_FILE_SOCKET_UNIX_E);

	assert_int_equal(decode_fd(getpid(), 9999, 42, NULL, &b, &ev, NULL), -ENOENT);
	close(pipes[0]);
	close(pipes[1]);
	event_builder_free(&b);
}

static void test_memory(void **state)
{
	static const char text[] = "a string in the memory";
	struct memory *m = NULL;
	char bytes[64];

	assert_int_equal(memory_open(getpid(), NULL, &m, NULL), 0);
	assert_int_equal(memory_read(m, (uint64_t)(uintptr_t)text, bytes, sizeof(text)), 0);
	assert_string_equal(bytes, text);
	assert_int_equal(memory_read_string(m, (uint64_t)(uintptr_t)text, bytes, sizeof(bytes)), sizeof(text) - 1);
	assert_int_equal(memory_read_string(m, (uint64_t)(uintptr_t)text, bytes, 8), -ENAMETOOLONG);
	assert_int_equal(memory_read(m, 16, bytes, 8), -EFAULT);
	assert_int_equal(memory_read(m, UINT64_MAX - 8, bytes, 8), -EFAULT);
	memory_close(m);
	memory_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_ids),
		cmocka_unit_test(test_nobody_is_not_us),
		cmocka_unit_test(test_hostile_name),
		cmocka_unit_test(test_cgroups_have_falco_form),
		cmocka_unit_test(test_exec_event),
		cmocka_unit_test(test_image),
		cmocka_unit_test(test_creds),
		cmocka_unit_test(test_task_event),
		cmocka_unit_test(test_exit_event),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
