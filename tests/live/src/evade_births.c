/* SPDX-License-Identifier: Apache-2.0 */
/* Births that the parent has hidden, or says something else of, for evade. */
#include "evade.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

int by_untraced(const char *path)
{
	shared_path = path;
	return in_clone(open_secret, CLONE_UNTRACED);
}

/* the same with the flags in memory, where nobody else is, and where another thread puts them behind a first look */
int by_untraced_anew(const char *path)
{
	struct clone_args args = { .flags = CLONE_UNTRACED, .exit_signal = SIGCHLD };
	pid_t child = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	int status;

	if (child == 0)
		_exit(show((int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY)) ? 1 : 0);
	return child > 0 && waitpid(child, &status, 0) == child && status == 0 ? 0 : -1;
}

/* a child of one's parent: whose program it runs, and where it is, its parent does not tell */
int by_sibling(const char *path)
{
	siginfo_t info;
	int ends[2];
	char end;
	pid_t child;

	if (pipe(ends))
		return -1;
	child = (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
	if (child == 0)
		_exit(show((int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY)) ? 1 : 0);
	close(ends[1]);
	/* its parent waits for it; here is seen that all who could write are gone */
	return child > 0 && waitid(P_PID, (id_t)child, &info, WEXITED) < 0 && read(ends[0], &end, 1) == 0 ? 0 : -1;
}

static struct clone_args flipped = { .exit_signal = SIGCHLD };
static volatile int flips = 1;

static void *flip(void *unused)
{
	while (flips)
		*(volatile __u64 *)&flipped.flags ^= CLONE_UNTRACED;
	return unused;
}

int by_untraced_flip(const char *path)
{
	pthread_t thread;
	int status = 0;

	if (pthread_create(&thread, NULL, flip, NULL))
		return -1;
	for (int i = 0; i < 50 && status == 0; i++) {
		pid_t child = (pid_t)syscall(SYS_clone3, &flipped, sizeof(flipped));

		if (child == 0)
			_exit(show((int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY)) ? 1 : 0);
		if (child < 0 || waitpid(child, &status, 0) != child)
			status = -1;
	}
	flips = 0;
	return status ? -1 : pthread_join(thread, NULL);
}

/* of who was born unseen nobody knows what he shares; not by the plain path, which is opened in his place */
static int open_by_root(void *arg)
{
	(void)arg;
	return by_root_link(shared_path) ? 1 : 0;
}

int by_untraced_sharing(const char *path)
{
	shared_path = path;
	return in_clone(open_by_root, CLONE_UNTRACED | CLONE_VM);
}

/* the same of who has such a child, by either call */
static int keep(pid_t child, const char *path)
{
	int r = child < 0 ? -1 : by_root_link(path);

	if (child > 0)
		kill(child, SIGKILL);
	return r;
}

static int wait_there(void *unused)
{
	(void)unused;
	return pause();
}

int by_keeping(const char *path)
{
	static char stack[65536] __attribute__((aligned(16)));

	return keep(clone(wait_there, stack + sizeof(stack), CLONE_UNTRACED | CLONE_VM, NULL), path);
}

int by_keeping_anew(const char *path)
{
	struct clone_args args = { .flags = CLONE_UNTRACED | CLONE_FILES };
	pid_t child = (pid_t)syscall(SYS_clone3, &args, sizeof(args));

	return child ? keep(child, path) : pause();
}

/* an ordinary birth after that, by the same call or by another, takes nothing back */
static int keep_and_make(const char *path, bool anew)
{
	struct clone_args args = { .flags = CLONE_UNTRACED | CLONE_FILES }, plain = { .exit_signal = SIGCHLD };
	pid_t child = (pid_t)syscall(SYS_clone3, &args, sizeof(args)), other;

	if (child == 0)
		return pause();
	other = anew ? (pid_t)syscall(SYS_clone3, &plain, sizeof(plain)) : fork();
	if (other == 0)
		_exit(0);
	return waitpid(other, NULL, 0) == other ? keep(child, path) : -1;
}

int by_keeping_then_fork(const char *path)
{
	return keep_and_make(path, false);
}

int by_keeping_then_anew(const char *path)
{
	return keep_and_make(path, true);
}

static void *keep_in_thread(void *child)
{
	struct clone_args args = { .flags = CLONE_UNTRACED | CLONE_FILES };

	*(pid_t *)child = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (*(pid_t *)child == 0)
		pause();
	return NULL;
}

/* nor does the end of the thread that made it; its own birth was seen */
int by_thread_keeping(const char *path)
{
	pthread_t thread;
	pid_t child = -1;

	if (pthread_create(&thread, NULL, keep_in_thread, &child) || pthread_join(thread, NULL))
		return -1;
	usleep(100000);
	return keep(child, path);
}

#define THREADS 8
#define BIRTHS	100

static void *stay(void *fd)
{
	char byte;

	return read(*(int *)fd, &byte, 1) < 0 ? fd : NULL;
}

static void *do_nothing(void *unused)
{
	return unused;
}

/* threads that are over hide nobody */
int by_former_threads(const char *path)
{
	pthread_t threads[THREADS];
	int ends[2];

	if (pipe(ends))
		return -1;
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, stay, &ends[0]))
			return -1;
	close(ends[1]);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	usleep(200000); /* joined is not yet ended */
	return by_root_link(path);
}

/* nor does one who had them share with programs that he starts, and waits for until they have begun */
int by_former_threads_spawning(const char *path)
{
	char name[] = "true", *argv[] = { name, NULL };
	pthread_t thread;
	pid_t child;
	int status;

	if (pthread_create(&thread, NULL, do_nothing, NULL) || pthread_join(thread, NULL))
		return -1;
	usleep(100000);
	if (posix_spawnp(&child, name, NULL, NULL, argv, environ) || waitpid(child, &status, 0) != child || status)
		return -1;
	return by_root_link(path);
}

static void ignore(int signal)
{
	(void)signal;
}

/* nor do calls that begin anew since a signal came */
int by_interrupted_births(const char *path)
{
	/* longer than a call waits for the monitor: a birth with a signal before it is begun anew, each time */
	struct itimerval often = { { 0, 250 }, { 0, 250 } }, never = { 0 };
	struct sigaction act = { .sa_handler = ignore, .sa_flags = SA_RESTART };
	struct clone_args args = { .exit_signal = SIGCHLD };

	if (sigaction(SIGALRM, &act, NULL) || setitimer(ITIMER_REAL, &often, NULL))
		return -1;
	for (int i = 0; i < 4 * BIRTHS; i++) {
		pid_t child = (pid_t)syscall(SYS_clone3, &args, sizeof(args));

		if (child == 0)
			_exit(0);
		if (child < 0 || waitpid(child, NULL, 0) != child)
			return -1;
	}
	setitimer(ITIMER_REAL, &never, NULL);
	return by_root_link(path);
}

/* a program that asks whether there is such a call */
int by_asking(const char *path)
{
	return syscall(SYS_clone3, NULL, 0) < 0 && errno == EINVAL ? by_root_link(path) : -1;
}

static struct clone_args forged;
static volatile pid_t forged_child;

/* the kernel has read the arguments when it writes there, and nobody else has */
static void *forge(void *unused)
{
	while (!forged_child)
		;
	*(volatile __u64 *)&forged.flags = 0;
	return unused;
}

/* a birth whose flags say nothing of sharing any more when somebody looks */
int by_forged_birth(const char *path)
{
	pthread_t thread;
	int status;
	pid_t child;

	if (pthread_create(&thread, NULL, forge, NULL))
		return -1;
	usleep(10000);
	forged = (struct clone_args){ .flags = CLONE_FILES | CLONE_PARENT_SETTID,
				      .exit_signal = SIGCHLD,
				      .parent_tid = (uintptr_t)&forged_child };
	child = (pid_t)syscall(SYS_clone3, &forged, sizeof(forged));
	if (child == 0)
		_exit(by_root_link(path) ? 1 : 0); /* not opened in its place, so that its birth matters */
	return child > 0 && waitpid(child, &status, 0) == child && status == 0 ? 0 : -1;
}
