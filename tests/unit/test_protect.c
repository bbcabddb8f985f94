/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom calls may name, with this program as the supervisor and children as callers: by number, by descriptor and as the
 * owner of a file's signals. Calls that would hurt are checked, never made.
 */
#include "tracer/protect.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "tracer/procfs.h"
#include "tracer/supervisor.h"

/* ---- callers ------------------------------------------------------------------------------------------- */

/* A child with our descriptors and memory as they are now. */
static pid_t new_process(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	assert_true(pid > 0);
	return pid;
}

static void end_process(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void *page(int kind)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, kind | MAP_ANONYMOUS, -1, 0);

	assert_true(at != MAP_FAILED);
	return at;
}

static struct tracer tracer = { .slow = { .fd = -1 } };
static bool done;

static int check(pid_t caller, bool alone, long number, const uint64_t args[6])
{
	struct process process = { .pid = caller, .threads = alone ? 1 : 2 };
	struct tracee tracee = { .tid = caller, .process = &process, .seized = true };
	struct call call = { .tid = caller, .pid = caller, .number = number };
	unsigned int traits = calls_traits(&tracer.calls, number);
	int r;

	memcpy(call.args, args, sizeof(call.args));
	call.memory = memory_direct(caller, NULL);
	r = traits & (CALL_PIDFD | CALL_OWNER) ? protect_check_fd(&tracer, &tracee, &call, traits, &done) :
						 protect_check(&tracer, &call, traits, &done);
	memory_close(call.memory);
	return r;
}

#define CHECK(caller, alone, number, ...) check(caller, alone, number, (const uint64_t[6]){ __VA_ARGS__ })

static int begin(void **state)
{
	(void)state;
	calls_init(&tracer.calls);
	return 0;
}

/* ---- where no descriptors may be copied ---------------------------------------------------------------- */

struct place {
	pid_t caller;
	bool alone;
	long number;
	uint64_t args[6];
	pid_t stops_at; /* the supervisor waits, in front of pidfd_open() of this process … */
	int listener; /* … until it is answered here */
	sem_t *ready;
	int result;
};

static void *check_there(void *context)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_getfd, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { ARRAY_SIZE(program), program };
	struct place *p = context;

	program[5].k = (uint32_t)p->stops_at;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	p->listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter);
	sem_post(p->ready);
	if (p->listener >= 0)
		p->result = check(p->caller, p->alone, p->number, p->args);
	return NULL;
}

/* The filter is this thread's alone, and gone with it. */
static int check_without_copies(struct place *p, void (*meanwhile)(void))
{
	struct seccomp_notif call = { 0 };
	struct seccomp_notif_resp answer = { .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };
	pthread_t thread;
	sem_t ready;

	sem_init(&ready, 0, 0);
	p->ready = &ready;
	assert_int_equal(pthread_create(&thread, NULL, check_there, p), 0);
	while (sem_wait(&ready) < 0)
		;
	if (p->listener >= 0 && meanwhile) {
		assert_int_equal(ioctl(p->listener, SECCOMP_IOCTL_NOTIF_RECV, &call), 0);
		meanwhile();
		answer.id = call.id;
		assert_int_equal(ioctl(p->listener, SECCOMP_IOCTL_NOTIF_SEND, &answer), 0);
	}
	pthread_join(thread, NULL);
	sem_destroy(&ready);
	if (p->listener < 0)
		skip();
	close(p->listener);
	return p->result;
}

/* ---- by descriptor ------------------------------------------------------------------------------------- */

static int open_process(pid_t pid, unsigned int flags)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, flags);

	if (fd < 0 && errno == EINVAL)
		skip(); /* none of threads before Linux 6.9 */
	assert_true(fd >= 0);
	return fd;
}

static void names_by_descriptor(void **state)
{
	char folder[] = "/tmp/test_protect.XXXXXX", path[64];
	pid_t other, caller, ended;
	FILE *status;
	int fds[5];

	(void)state;
	other = new_process();
	ended = new_process();
	fds[0] = open_process(getpid(), 0);
	fds[1] = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fds[2] = open_process(other, 0);
	fds[3] = open_process(ended, 0);
	/* a folder that looks like ours and is none of /proc */
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/status", folder);
	status = fopen(path, "we");
	assert_non_null(status);
	fprintf(status, "Name:\tmonitor\nNSpid:\t%d\n", getpid());
	fclose(status);
	fds[4] = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	caller = new_process();
	end_process(ended);
	for (int alone = 0; alone < 2; alone++) {
		static const int results[] = { -EPERM, -EPERM, 0, -ESRCH, -EBADF };

		for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
			/* what is not refused the kernel says itself then */
			int wanted = alone && results[i] != -EPERM ? 0 : results[i];

			assert_int_equal(CHECK(caller, alone, SYS_pidfd_send_signal, (uint64_t)fds[i]), wanted);
			assert_int_equal(done, !alone && results[i] == 0);
		}
		assert_int_equal(CHECK(caller, alone, SYS_pidfd_send_signal, 999), alone ? 0 : -EBADF);
	}
	/* one of a mount that we have not may be of a server, and is not asked */
	tracer.slow.asked = tracer.slow.apart = true;
	assert_int_equal(CHECK(caller, true, SYS_pidfd_send_signal, (uint64_t)fds[4]), -EPERM);
	tracer.slow.asked = tracer.slow.apart = false;
	end_process(caller);
	end_process(other);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
}

/* Our folder of /proc by another name, and with a false status in it, in mounts of its own: the place that failed. */
static int names_a_mounted_folder(void)
{
	char folder[] = "/tmp/test_protect.XXXXXX", path[64], status[80];
	pid_t caller;
	int fd, r[2] = { 0 };

	snprintf(path, sizeof(path), "/proc/%d", getpid());
	if (unshare(CLONE_NEWNS | (geteuid() ? CLONE_NEWUSER : 0)) < 0 || !mkdtemp(folder))
		return 77;
	for (int i = 0; i < 2; i++) {
		snprintf(status, sizeof(status), "%s/status", folder);
		if (i == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
			r[i] = 77;
		if (i == 0 ? mount(path, folder, NULL, MS_BIND, NULL) :
			     mount("/proc/1/status", status, NULL, MS_BIND, NULL))
			r[i] = 77;
		fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		caller = new_process();
		if (!r[i] && CHECK(caller, true, SYS_pidfd_send_signal, (uint64_t)fd) != -EPERM)
			r[i] = i + 1;
		end_process(caller);
		close(fd);
	}
	umount2(folder, MNT_DETACH);
	rmdir(folder);
	return r[0] ? r[0] : r[1];
}

/* Our folder of a /proc that has other numbers, where a container is shown that of its host. */
static int names_a_folder_of_the_host(void)
{
	char folder[] = "/tmp/test_protect.XXXXXX", path[96], number[16] = "";
	int fd, status, r = 77;
	pid_t child, caller;

	if (unshare(CLONE_NEWNS | CLONE_NEWPID | (geteuid() ? CLONE_NEWUSER : 0)) < 0 || !mkdtemp(folder))
		return 77;
	child = fork();
	if (child == 0) {
		if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		    mount("/proc", folder, NULL, MS_BIND | MS_REC, NULL) || mount("proc", "/proc", "proc", 0, NULL))
			_exit(77);
		snprintf(path, sizeof(path), "%s/self", folder);
		if (readlink(path, number, sizeof(number) - 1) < 0)
			_exit(1);
		snprintf(path, sizeof(path), "%s/%s", folder, number);
		procfs_keep();
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		caller = new_process();
		_exit(fd >= 0 && CHECK(caller, true, SYS_pidfd_send_signal, (uint64_t)fd) == -EPERM ? 0 : 2);
	}
	if (waitpid(child, &status, 0) == child)
		r = WIFEXITED(status) ? WEXITSTATUS(status) : 3;
	umount2(folder, MNT_DETACH);
	rmdir(folder);
	return r;
}

/* In a child, which is the supervisor then. */
static void in_child(int (*look)(void))
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(look());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void names_by_a_folder_elsewhere(void **state)
{
	(void)state;
	in_child(names_a_mounted_folder);
}

static void names_by_a_folder_of_the_host(void **state)
{
	(void)state;
	in_child(names_a_folder_of_the_host);
}

static void *wait_for_ever(void *ret_tid)
{
	*(_Atomic pid_t *)ret_tid = gettid();
	for (;;)
		pause();
	return NULL;
}

/* A child whose second thread a descriptor names, which without copies is opened once more: as one of a thread. */
static void names_a_thread_without_copies(void **state)
{
	_Atomic pid_t *tid = page(MAP_SHARED);
	struct place p = { .number = SYS_pidfd_send_signal };
	pid_t other;
	int fd;

	(void)state;
	other = fork();
	if (other == 0) {
		pthread_t thread;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pthread_create(&thread, NULL, wait_for_ever, (void *)tid);
		pause();
	}
	while (!*tid)
		usleep(1000);
	fd = open_process(*tid, O_EXCL);
	p.caller = new_process();
	p.args[0] = (uint64_t)fd;
	assert_int_equal(check_without_copies(&p, NULL), 0);
	assert_true(done);
	end_process(p.caller);
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	close(fd);
	munmap((void *)tid, 4096);
}

static void names_nobody_without_copies(void **state)
{
	pid_t ended = new_process();
	int fd = open_process(ended, 0);

	(void)state;
	for (int alone = 0; alone < 2; alone++) {
		struct place p = { .number = SYS_pidfd_send_signal, .alone = alone };

		p.caller = new_process();
		p.args[0] = 999;
		assert_int_equal(check_without_copies(&p, NULL), alone ? 0 : -EBADF);
		p.args[0] = (uint64_t)fd;
		if (alone == 0)
			end_process(ended);
		assert_int_equal(check_without_copies(&p, NULL), alone ? 0 : -ESRCH);
		end_process(p.caller);
	}
	close(fd);
}

static int two[2]; /* descriptors of processes */
static pid_t mover; /* who puts the second one over the first one at SIGUSR1 */
static atomic_bool *moved;

static void move(int signal)
{
	(void)signal;
	dup2(two[1], two[0]);
	*moved = true;
}

static void have_moved(void)
{
	kill(mover, SIGUSR1);
	while (!*moved)
		usleep(1000);
}

/*
 * The number of a process is another's by the time that it is opened: what the descriptor names is looked at again, and
 * nobody gets a signal that was meant for somebody else.
 */
static void looks_twice_without_copies(void **state)
{
	struct place p = { .number = SYS_pidfd_send_signal };
	pid_t first = new_process(), second = new_process();

	(void)state;
	two[0] = open_process(first, 0);
	two[1] = open_process(second, 0);
	moved = page(MAP_SHARED);
	signal(SIGUSR1, move);
	p.caller = mover = new_process();
	signal(SIGUSR1, SIG_DFL);
	p.args[0] = (uint64_t)two[0];
	p.args[1] = SIGKILL;
	p.stops_at = first;
	assert_int_equal(check_without_copies(&p, have_moved), -EPERM);
	assert_false(done);
	assert_int_equal(waitpid(first, NULL, WNOHANG), 0);
	end_process(p.caller);
	end_process(first);
	end_process(second);
	close(two[0]);
	close(two[1]);
	munmap(moved, 4096);
}

/* ---- owners of files ----------------------------------------------------------------------------------- */

static void owns_files(void **state)
{
	static const int asks[] = { FIOSETOWN, SIOCSPGRP };
	struct f_owner_ex *owners = page(MAP_PRIVATE), got;
	int *who = page(MAP_PRIVATE), ends[2];
	pid_t caller, other = new_process();
	uint64_t fd;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	fd = (uint64_t)ends[0];
	owners[0] = (struct f_owner_ex){ F_OWNER_PID, getpid() };
	owners[1] = (struct f_owner_ex){ F_OWNER_PGRP, getpid() };
	owners[2] = (struct f_owner_ex){ F_OWNER_PID, other };
	who[0] = getpid();
	who[1] = -getpid();
	who[2] = other;
	who[3] = INT_MIN;
	who[4] = -other;
	assert_int_equal(setpgid(other, other), 0);
	caller = new_process();
	for (int alone = 0; alone < 2; alone++) {
		for (size_t i = 0; i < 3; i++) {
			uint64_t at = (uintptr_t)&who[i], owner = (uintptr_t)&owners[i];
			int wanted = i < 2 ? -EPERM : 0;

			assert_int_equal(CHECK(caller, alone, SYS_fcntl, fd, F_SETOWN, (uint32_t)who[i]), wanted);
			assert_false(done); /* a number in a register is the caller's own */
			fcntl(ends[0], F_SETOWN, 0);
			assert_int_equal(CHECK(caller, alone, SYS_fcntl, fd, F_SETOWN_EX, owner), wanted);
			assert_int_equal(done, wanted == 0);
			assert_int_equal(fcntl(ends[0], F_GETOWN_EX, &got), 0);
			assert_int_equal(got.pid, wanted == 0 ? other : 0);
			for (size_t j = 0; j < ARRAY_SIZE(asks); j++) {
				assert_int_equal(CHECK(caller, alone, SYS_ioctl, fd, (uint64_t)asks[j], at), wanted);
				assert_int_equal(done, wanted == 0);
			}
		}
		assert_int_equal(CHECK(caller, alone, SYS_ioctl, fd, FIOSETOWN, (uintptr_t)&who[4]), 0);
		assert_int_equal(fcntl(ends[0], F_GETOWN_EX, &got), 0);
		assert_true(got.type == F_OWNER_PGRP && got.pid == other);
		done = false;
		assert_int_equal(CHECK(caller, alone, SYS_fcntl, fd, F_SETOWN, (uint32_t)INT_MIN), -EINVAL);
		assert_int_equal(CHECK(caller, alone, SYS_ioctl, fd, FIOSETOWN, (uintptr_t)&who[3]), -EINVAL);
		/* others could put something there, until the kernel looks */
		assert_int_equal(CHECK(caller, alone, SYS_fcntl, fd, F_SETOWN_EX, 8), alone ? 0 : -EFAULT);
		assert_int_equal(CHECK(caller, alone, SYS_fcntl, 999, F_SETOWN_EX, (uintptr_t)&owners[2]),
				 alone ? 0 : -EBADF);
		assert_false(done);
	}
	end_process(caller);
	end_process(other);
	close(ends[0]);
	close(ends[1]);
	munmap(owners, 4096);
	munmap(who, 4096);
}

/* Without copies the kernel reads again: only what nobody else can change passes. */
static void owns_files_without_copies(void **state)
{
	static const struct {
		int kind;
		bool alone;
		int result;
	} rows[] = { { MAP_PRIVATE, true, 0 }, { MAP_SHARED, true, -EPERM }, { MAP_PRIVATE, false, -EPERM } };
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct f_owner_ex *owner = page(rows[i].kind);
		struct place p = { .alone = rows[i].alone, .number = SYS_fcntl };

		*owner = (struct f_owner_ex){ F_OWNER_PID, getppid() };
		p.caller = new_process();
		p.args[0] = (uint64_t)ends[0];
		p.args[1] = F_SETOWN_EX;
		p.args[2] = (uintptr_t)owner;
		assert_int_equal(check_without_copies(&p, NULL), rows[i].result);
		assert_false(done);
		end_process(p.caller);
		munmap(owner, 4096);
	}
	close(ends[0]);
	close(ends[1]);
}

/* ---- by number ----------------------------------------------------------------------------------------- */

static void names_by_number(void **state)
{
	pid_t caller = new_process();
	uint32_t own = (uint32_t)getpid();

	(void)state;
	assert_int_equal(CHECK(caller, true, SYS_kill, own), -EPERM);
	assert_int_equal(CHECK(caller, true, SYS_kill, 0x100000000u | own), -EPERM);
	assert_int_equal(CHECK(caller, true, SYS_kill, -own), -EPERM);
	assert_int_equal(CHECK(caller, true, SYS_kill, (uint32_t)getppid()), 0);
	assert_int_equal(CHECK(caller, true, SYS_kill, (uint32_t)INT_MIN), 0);
	assert_int_equal(CHECK(caller, true, SYS_kill, (uint32_t)-1, 0), 0); /* no signal: the kernel's own affair */
	assert_int_equal(CHECK(caller, true, SYS_tkill, own), -EPERM);
	assert_int_equal(CHECK(caller, true, SYS_setpriority, PRIO_PROCESS, own), -EPERM);
	assert_int_equal(CHECK(caller, true, SYS_setpriority, PRIO_PGRP, own), -EPERM);
	assert_int_equal(CHECK(caller, true, SYS_setpriority, PRIO_USER, own), 0);
	assert_int_equal(CHECK(caller, true, SYS_ioprio_set, 1, own), -EPERM);
	assert_int_equal(CHECK(caller, true, SYS_ioprio_set, 2, own), -EPERM);
	assert_int_equal(CHECK(caller, true, SYS_ioprio_set, 3, own), 0);
	assert_false(done);
	end_process(caller);
}

/* Who counts processes anew means another by the same number. */
static void numbers_of_another_namespace(void **state)
{
	uint32_t own = (uint32_t)getpid();
	pid_t caller;

	(void)state;
	caller = (pid_t)syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
	if (caller == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
	}
	if (caller < 0)
		skip();
	assert_int_equal(CHECK(caller, true, SYS_kill, own, SIGTERM), 0);
	assert_int_equal(CHECK(caller, true, SYS_setpriority, PRIO_PROCESS, own), 0);
	assert_false(done);
	kill(caller, SIGKILL);
	waitpid(caller, NULL, 0);
}

/* The same where a caller may not be looked into. */
static int ids_of_who_is_closed(void)
{
	bool same[2];

	for (int i = 0; i < 2; i++) {
		pid_t caller = (pid_t)syscall(SYS_clone, (i ? CLONE_NEWPID : 0) | SIGCHLD, 0, 0, 0, 0);

		if (caller < 0)
			return 77;
		if (caller == 0)
			for (prctl(PR_SET_PDEATHSIG, SIGKILL);;)
				pause();
		if (seteuid(12345) < 0) {
			end_process(caller);
			return 77;
		}
		same[i] = protect_same_ids(caller);
		if (seteuid(0) < 0)
			return 3;
		end_process(caller);
	}
	return !same[0] ? 1 : same[1] ? 2 : 0;
}

static void numbers_of_who_is_closed(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	in_child(ids_of_who_is_closed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_by_descriptor),
		cmocka_unit_test(names_by_a_folder_elsewhere),
		cmocka_unit_test(names_by_a_folder_of_the_host),
		cmocka_unit_test(names_a_thread_without_copies),
		cmocka_unit_test(names_nobody_without_copies),
		cmocka_unit_test(looks_twice_without_copies),
		cmocka_unit_test(owns_files),
		cmocka_unit_test(owns_files_without_copies),
		cmocka_unit_test(names_by_number),
		cmocka_unit_test(numbers_of_another_namespace),
		cmocka_unit_test(numbers_of_who_is_closed),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
