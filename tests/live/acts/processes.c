/* SPDX-License-Identifier: Apache-2.0 */
/* Births, what parents and children share, ends and who is told of them, groups and sessions. */
#include "acts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char stack[1 << 18] __attribute__((aligned(16)));
static int shared;

static int change(void *arg)
{
	int *fd = arg;

	shared = 5;
	chdir("d");
	umask(0123);
	close(*fd);
	open("x", O_RDONLY);
	return 4;
}

/* One kind of sharing each, and what the parent sees of it. */
static void clone_with(int flags)
{
	int fd = open("a.txt", O_RDONLY), next;
	pid_t pid = clone(change, stack + sizeof(stack), flags, &fd);

	ended(pid);
	next = open("bin", O_RDONLY);
	say("%x: memory %d, folder %d, umask %o, next fd %d\n", flags, shared, access("sub", F_OK) == 0, umask(0),
	    next);
}

static void share_nothing(void)
{
	clone_with(SIGCHLD);
}

static void share_fs(void)
{
	clone_with(CLONE_FS | SIGCHLD);
}

static void share_files(void)
{
	clone_with(CLONE_FILES | SIGCHLD);
}

static void share_memory(void)
{
	clone_with(CLONE_VM | SIGCHLD);
}

static void share_all(void)
{
	clone_with(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | SIGCHLD);
}

static void share_as_vfork(void)
{
	clone_with(CLONE_VM | CLONE_VFORK | SIGCHLD);
}

static void share_io(void)
{
	clone_with(CLONE_IO | CLONE_SYSVSEM | SIGCHLD);
}

static void untraced(void)
{
	clone_with(CLONE_UNTRACED | SIGCHLD);
}

static int nothing(void *arg)
{
	(void)arg;
	return 3;
}

static volatile sig_atomic_t noted;

static void note(int number)
{
	noted = number;
}

static void other_signals(void)
{
	int status;
	pid_t pid;

	handle(SIGUSR1, note, 0);
	pid = clone(nothing, stack + sizeof(stack), SIGUSR1, NULL);
	TRY(waitpid(pid, &status, 0));
	TRY(waitpid(pid, &status, __WCLONE) == pid ? 0 : -1);
	say("signal %d\n", noted);
	pid = clone(nothing, stack + sizeof(stack), 0, NULL);
	TRY(waitpid(pid, &status, __WALL) == pid ? 0 : -1);
	say_status("silent", status);
}

static void wrong_flags(void)
{
	TRY(clone(nothing, stack + sizeof(stack), CLONE_THREAD, NULL));
	TRY(clone(nothing, stack + sizeof(stack), CLONE_SIGHAND, NULL));
	TRY(clone(nothing, stack + sizeof(stack), CLONE_NEWNS | CLONE_FS, NULL));
	TRY(clone(nothing, stack + sizeof(stack), CLONE_NEWPID | CLONE_PARENT | CLONE_THREAD, NULL));
	TRY(syscall(SYS_clone3, NULL, 64));
	TRY(syscall(SYS_clone3, &(struct clone_args){ 0 }, 8));
	TRY(syscall(SYS_clone3, &(struct clone_args){ .flags = 1ull << 60 }, sizeof(struct clone_args)));
	TRY(syscall(SYS_clone3, &(struct clone_args){ .exit_signal = 99 }, sizeof(struct clone_args)));
}

static void newer_clone(void)
{
	int pidfd = -1, tid = 0;
	struct clone_args args = { .flags = CLONE_PIDFD | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID |
					    CLONE_CLEAR_SIGHAND,
				   .pidfd = (uintptr_t)&pidfd,
				   .parent_tid = (uintptr_t)&tid,
				   .exit_signal = SIGCHLD };
	struct pollfd polled = { -1, POLLIN, 0 };
	long pid;

	handle(SIGUSR1, note, 0);
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (!pid) {
		raise(SIGUSR1);
		_exit(0);
	}
	if (pid < 0) {
		say("clone3: %s\n", strerrorname_np(errno));
		return;
	}
	say("tid told: %d, descriptor %d %x\n", tid == pid, pidfd, fcntl(pidfd, F_GETFD));
	polled.fd = pidfd;
	TRY(poll(&polled, 1, 5000));
	ended((pid_t)pid);
}

static void by_vfork(void)
{
	volatile int value = 1;
	pid_t pid = vfork();

	if (!pid) {
		value = 2;
		_exit(8);
	}
	say("value %d\n", value);
	ended(pid);
	pid = vfork();
	if (!pid) {
		execl("none", "none", NULL);
		value = errno;
		execl("/bin/sh", "sh", "-c", "exit 6", NULL);
		_exit(1);
	}
	say("value %d\n", value);
	ended(pid);
}

static void spawned(void)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	char *words[] = { "sh", "-c", "cat; umask; ulimit -n >/dev/null; exit 3", NULL }, *none[] = { NULL };
	sigset_t all;
	pid_t pid = -1;
	int r;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "a.txt", O_RDONLY, 0);
	posix_spawnattr_init(&attributes);
	sigfillset(&all);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	/* its words come before ours */
	r = posix_spawn(&pid, "/bin/sh", &actions, &attributes, words, none);
	ended(pid);
	say("spawned %d\n", r);
	TRY(posix_spawn(&pid, "none", NULL, NULL, words, none));
	posix_spawn_file_actions_addopen(&actions, 5, "none", O_RDONLY, 0);
	TRY(posix_spawn(&pid, "/bin/sh", &actions, NULL, words, none));
}

static void waits(void)
{
	siginfo_t info = { 0 };
	pid_t pid = started();

	if (!pid) {
		raise(SIGSTOP);
		pause_for(100);
		_exit(41);
	}
	TRY(waitid(P_PID, pid, &info, WSTOPPED | WNOWAIT));
	say("code %d status %d\n", info.si_code, info.si_status);
	TRY(waitid(P_PID, pid, &info, WSTOPPED));
	kill(pid, SIGCONT);
	TRY(waitid(P_PID, pid, &info, WCONTINUED));
	say("code %d status %d\n", info.si_code, info.si_status);
	TRY(waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	say("code %d status %d mine %d\n", info.si_code, info.si_status, info.si_pid == pid);
	ended(pid);
	TRY(waitid(P_ALL, 0, &info, WEXITED));
	TRY(waitpid(-1, NULL, WNOHANG));
	TRY(waitpid(getppid(), NULL, WNOHANG));
	TRY(waitpid(-1, NULL, 0x40));
}

static void told(int number, siginfo_t *info, void *context)
{
	(void)context;
	say("%d: code %d status %d\n", number, info->si_code, info->si_status);
	waitpid(info->si_pid, NULL, WUNTRACED);
}

static void told_of_ends(void)
{
	struct sigaction action = { .sa_sigaction = told, .sa_flags = SA_SIGINFO };
	sigset_t ends, open;
	pid_t pid;

	/* a child may end before its parent waits to be told */
	sigemptyset(&ends);
	sigaddset(&ends, SIGCHLD);
	sigprocmask(SIG_BLOCK, &ends, &open);
	sigaction(SIGCHLD, &action, NULL);
	if (!fork())
		_exit(7);
	sigsuspend(&open);
	pid = fork();
	if (!pid) {
		pause();
		_exit(0);
	}
	kill(pid, SIGTERM);
	sigsuspend(&open);
	sigprocmask(SIG_SETMASK, &open, NULL);
	action.sa_flags |= SA_NOCLDSTOP;
	sigaction(SIGCHLD, &action, NULL);
	pid = fork();
	if (!pid) {
		raise(SIGSTOP);
		_exit(2);
	}
	pause_for(50);
	kill(pid, SIGCONT);
	pause_for(50);
}

static void not_told(void)
{
	signal(SIGCHLD, SIG_IGN);
	if (!fork())
		_exit(7);
	TRY(wait(NULL));
	signal(SIGCHLD, SIG_DFL);
	TRY(wait(NULL));
}

static void orphans(void)
{
	int fds[2];
	char text[64] = "";

	pipe(fds);
	TRY(prctl(PR_SET_CHILD_SUBREAPER, 1));
	if (in_child()) {
		pid_t first = getpid();

		if (!fork()) {
			while (getppid() == first)
				pause_for(5);
			write(fds[1], "adopted", 7);
			_exit(12);
		}
		_exit(0);
	}
	read(fds[0], text, 63);
	say("%s\n", text);
	ended(-1);
}

static void parents_death(void)
{
	int fds[2];
	char byte;

	pipe(fds);
	if (in_child()) {
		int ready[2];

		pipe(ready);
		if (!fork()) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			write(ready[1], "x", 1);
			pause();
			_exit(0);
		}
		read(ready[0], &byte, 1);
		_exit(0);
	}
	close(fds[1]);
	TRY(read(fds[0], &byte, 1));
}

static void sessions(void)
{
	pid_t pid;

	say("leads: session %d group %d\n", getsid(0) == getpid(), getpgrp() == getpid());
	if (in_child()) {
		say("leads: session %d group %d\n", getsid(0) == getpid(), getpgrp() == getpid());
		TRY(setpgid(0, 0));
		TRY(setsid());
		TRY(setpgid(0, getppid()));
		_exit(0);
	}
	if (in_child()) {
		TRY(setsid() == getpid() ? 0 : -1);
		TRY(setpgid(0, 0));
		_exit(0);
	}
	pid = started();
	if (!pid) {
		execl("/bin/sleep", "sleep", "0.2", NULL);
		_exit(1);
	}
	pause_for(60);
	TRY(setpgid(pid, pid));
	TRY(getpgid(999999));
	TRY(getsid(999999));
	TRY(setpgid(0, -1));
	ended(pid);
}

static void *early_exit(void *arg)
{
	(void)arg;
	pause_for(30);
	_exit(33);
}

static void *late_end(void *arg)
{
	(void)arg;
	pause_for(60);
	say("the other goes on\n");
	return NULL;
}

static void thread_ends(void)
{
	pthread_t thread;

	if (in_child()) {
		pthread_create(&thread, NULL, early_exit, NULL);
		pause();
	}
	if (in_child()) {
		pthread_create(&thread, NULL, late_end, NULL);
		pthread_exit(NULL);
	}
	if (in_child()) {
		pthread_create(&thread, NULL, late_end, NULL);
		kill(getpid(), SIGKILL);
	}
}

static void *fork_here(void *arg)
{
	pid_t pid = fork();

	(void)arg;
	if (!pid)
		_exit(syscall(SYS_gettid) == getpid() ? 21 : 22);
	ended(pid);
	return NULL;
}

static void thread_forks(void)
{
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, fork_here, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	TRY(wait(NULL));
}

static void statuses(void)
{
	for (int i = 0; i < 3; i++) {
		static const int numbers[] = { 0, 255, 256 + 17 };

		if (in_child())
			_exit(numbers[i]);
	}
	for (int number = 1; number < 32; number++) {
		if (number == SIGSTOP || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU ||
		    number == SIGCONT)
			continue;
		if (in_child()) {
			setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
			raise(number);
			_exit(0);
		}
	}
}

static void *wait_a_while(void *unused)
{
	usleep(100000);
	return unused;
}

/* Numbers that mean the caller, where the kernel has them, and their neighbours. */
static void by_own_pidfd(void)
{
	pthread_t thread;

	signal(SIGUSR1, SIG_IGN);
	for (int number = -9999; number >= -10003; number--)
		TRY(syscall(SYS_pidfd_send_signal, number, SIGUSR1, NULL, 0));
	if (pthread_create(&thread, NULL, wait_a_while, NULL))
		return;
	for (int number = -9999; number >= -10003; number--)
		TRY(syscall(SYS_pidfd_send_signal, number, SIGUSR1, NULL, 0));
	pthread_join(thread, NULL);
}

static void by_pidfd(void)
{
	pid_t pid = started();
	struct pollfd polled = { -1, POLLIN, 0 };
	siginfo_t info = { 0 };

	if (!pid) {
		pause();
		_exit(0);
	}
	polled.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (polled.fd < 0) {
		say("pidfd_open: %s\n", strerrorname_np(errno));
		kill(pid, SIGKILL);
		ended(pid);
		return;
	}
	TRY(poll(&polled, 1, 0));
	TRY(syscall(SYS_pidfd_send_signal, polled.fd, SIGTERM, NULL, 0));
	TRY(poll(&polled, 1, 5000));
	TRY(waitid(P_PIDFD, (id_t)polled.fd, &info, WEXITED));
	say("code %d status %d\n", info.si_code, info.si_status);
	TRY(syscall(SYS_pidfd_send_signal, polled.fd, SIGTERM, NULL, 0));
	TRY(syscall(SYS_pidfd_open, 999999, 0));
	TRY(syscall(SYS_pidfd_open, -1, 0));
}

static void too_many(void)
{
	struct rlimit few = { 0, 0 };

	as_nobody();
	TRY(setrlimit(RLIMIT_NPROC, &few));
	TRY(fork());
	TRY(vfork());
}

const struct act acts_processes[] = {
	{ "clone-nothing", share_nothing },
	{ "clone-fs", share_fs },
	{ "clone-files", share_files },
	{ "clone-memory", share_memory },
	{ "clone-all", share_all },
	{ "clone-vfork", share_as_vfork },
	{ "clone-io", share_io },
	{ "clone-untraced", untraced },
	{ "clone-other-signals", other_signals },
	{ "clone-wrong-flags", wrong_flags },
	{ "clone-newer", newer_clone },
	{ "birth-vfork", by_vfork },
	{ "birth-spawn", spawned },
	{ "birth-too-many", too_many },
	{ "end-waits", waits },
	{ "end-told", told_of_ends },
	{ "end-not-told", not_told },
	{ "end-orphans", orphans },
	{ "end-parents-death", parents_death },
	{ "end-threads", thread_ends },
	{ "end-statuses", statuses },
	{ "end-pidfd", by_pidfd },
	{ "own-pidfd", by_own_pidfd },
	{ "process-sessions", sessions },
	{ "thread-forks", thread_forks },
	{ 0 },
};
