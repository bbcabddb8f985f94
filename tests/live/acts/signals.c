/* SPDX-License-Identifier: Apache-2.0 */
/* Signals: who gets them, what they say of themselves, which calls they break off. */
#include "acts.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static volatile sig_atomic_t count, last;

static void note(int number)
{
	count++;
	last = number;
}

static void tell(int number, siginfo_t *info, void *context)
{
	(void)context;
	say("signal %d code %d value %d from %s\n", number, info->si_code, info->si_value.sival_int,
	    info->si_pid == getpid()  ? "me" :
	    info->si_pid == getppid() ? "parent" :
	    info->si_pid              ? "another" :
					"nobody");
}

static void handle_info(int number, int flags)
{
	struct sigaction action = { .sa_sigaction = tell, .sa_flags = SA_SIGINFO | flags };

	sigaction(number, &action, NULL);
}

static void senders(void)
{
	union sigval value = { .sival_int = 42 };

	handle_info(SIGUSR1, SA_RESTART);
	handle_info(SIGRTMIN + 3, 0);
	kill(getpid(), SIGUSR1);
	raise(SIGUSR1);
	syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1);
	syscall(SYS_tkill, getpid(), SIGUSR1);
	sigqueue(getpid(), SIGRTMIN + 3, value);
	if (in_child()) {
		kill(getpid(), SIGUSR1);
		kill(getppid(), SIGUSR1);
		_exit(0);
	}
	TRY(kill(getpid(), 0));
	TRY(kill(getpid(), 99));
	TRY(kill(999999, 0));
	TRY(syscall(SYS_tgkill, getpid(), 999999, 0));
	TRY(syscall(SYS_tgkill, -1, 1, 0));
	TRY(kill(0x7fffffff, SIGTERM));
}

static void faults(void)
{
	static const struct {
		const char *name;
		int number;
	} ways[] = { { "null", SIGSEGV },
		     { "division", SIGFPE },
		     { "instruction", SIGILL },
		     { "trap", SIGTRAP },
		     { "bus", SIGBUS } };

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		say("%s:\n", ways[i].name);
		if (!in_child())
			continue;
		if (i == 0)
			*(volatile int *)NULL = 1;
		else if (i == 4)
			*(volatile char *)mmap(NULL, 4096, PROT_READ, MAP_SHARED, open("/dev/null", O_RDONLY), 0) = 1;
		else
			raise(ways[i].number);
		_exit(0);
	}
}

static void fault_address(int number, siginfo_t *info, void *context)
{
	(void)context;
	say("signal %d code %d at %p\n", number, info->si_code, info->si_addr);
	_exit(6);
}

static void addresses(void)
{
	struct sigaction action = { .sa_sigaction = fault_address, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	if (in_child())
		*(volatile int *)0x1234 = 1;
	if (in_child()) {
		int fd = open("a.txt", O_RDONLY);
		char *page = mmap((void *)0x70000000, 8192, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0);

		_exit(page[4096]);
	}
	if (in_child()) {
		char *page = mmap((void *)0x70000000, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

		page[8] = 1;
		_exit(0);
	}
}

/* A page that a handler opens: the instruction is made again. */
static void open_page(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	count++;
	mprotect((void *)((uintptr_t)info->si_addr & ~4095ul), 4096, PROT_READ | PROT_WRITE);
}

static void mended(void)
{
	struct sigaction action = { .sa_sigaction = open_page, .sa_flags = SA_SIGINFO };
	char *pages = mmap(NULL, 50 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	sigaction(SIGSEGV, &action, NULL);
	for (int i = 0; i < 50; i++)
		pages[4096 * i] = 1;
	say("faults %d\n", count);
}

static void other_stack(int number)
{
	char here;
	stack_t stack;

	sigaltstack(NULL, &stack);
	say("signal %d on the other stack: %d %d\n", number,
	    &here >= (char *)stack.ss_sp && &here < (char *)stack.ss_sp + stack.ss_size, stack.ss_flags & SS_ONSTACK);
	close(open("a.txt", O_RDONLY));
}

static void stacks(void)
{
	static char room[65536];
	stack_t stack = { .ss_sp = room, .ss_size = sizeof(room) };

	TRY(sigaltstack(&stack, NULL));
	handle(SIGUSR1, other_stack, SA_ONSTACK);
	handle(SIGUSR2, other_stack, 0);
	raise(SIGUSR1);
	raise(SIGUSR2);
	stack.ss_size = 10;
	TRY(sigaltstack(&stack, NULL));
}

static void masks(void)
{
	sigset_t set, old, pending;
	siginfo_t info;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN);
	TRY(sigprocmask(SIG_BLOCK, &set, &old));
	raise(SIGUSR1);
	raise(SIGUSR1);
	for (int i = 0; i < 3; i++)
		sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = i });
	sigpending(&pending);
	say("pending %d %d\n", sigismember(&pending, SIGUSR1), sigismember(&pending, SIGUSR2));
	for (int i = 0; i < 4; i++) {
		int r = sigtimedwait(&set, &info, &(struct timespec){ 0, 0 });

		say("%d %d\n", r == SIGRTMIN ? 34 : r, info.si_value.sival_int);
	}
	TRY(sigtimedwait(&set, &info, &(struct timespec){ 0, 0 }));
	say("in a program of its own:\n");
	execl("/bin/sh", "sh", "-c", "kill -USR1 $$; echo lives; grep SigBlk /proc/self/status", NULL);
}

static void by_descriptor(void)
{
	struct signalfd_siginfo info;
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_NONBLOCK);
	TRY(read(fd, &info, sizeof(info)));
	if (!fork()) {
		kill(getppid(), SIGUSR1);
		_exit(9);
	}
	wait(NULL);
	for (int i = 0; i < 2; i++) {
		TRY(read(fd, &info, sizeof(info)));
		say("signal %u code %d status %d\n", info.ssi_signo, info.ssi_code, info.ssi_status);
	}
}

/* What a handler breaks off, and what goes on. */
static void broken_calls(int flags)
{
	struct itimerval often = { { 0, 20000 }, { 0, 20000 } }, never = { 0 };
	int fds[2];
	char byte;
	pid_t pid;

	pipe(fds);
	handle(SIGALRM, note, flags);
	pid = started();
	if (!pid) {
		pause_for(150);
		write(fds[1], "x", 1);
		pause_for(150);
		_exit(3);
	}
	setitimer(ITIMER_REAL, &often, NULL);
	TRY(read(fds[0], &byte, 1));
	TRY(nanosleep(&(struct timespec){ 1, 0 }, NULL));
	TRY(pause());
	TRY(waitpid(pid, NULL, 0) == pid ? 0 : -1);
	setitimer(ITIMER_REAL, &never, NULL);
	if (flags == 0)
		ended(pid);
}

static void broken(void)
{
	broken_calls(0);
}

static void restarted(void)
{
	broken_calls(SA_RESTART);
}

static int descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 1000; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* Calls that never fail by a signal do not under a storm of them either, and are made once. */
static void storm(void)
{
	struct itimerval often = { { 0, 200 }, { 0, 200 } }, never = { 0 };
	int failures = 0, before = descriptors();
	sigset_t pending;

	handle(SIGALRM, note, 0);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < 400; i++) {
		int fd = open("a.txt", O_RDONLY), made = open("new", O_WRONLY | O_CREAT | O_EXCL, 0600);

		failures += fd < 0 || made < 0 || mkdir("folder", 0700) || rmdir("folder") || rename("new", "newer") ||
			    unlink("newer") || dup2(fd, 20) != 20 || close(fd) || close(made) || close(20);
	}
	/* gVisor may leave one pending, by chance, until one of another number comes; what follows is the same one */
	sigpending(&pending);
	setitimer(ITIMER_REAL, &never, NULL);
	say("failures %d, descriptors left %d, signals came: %d\n", failures, descriptors() - before,
	    count > 0 || sigismember(&pending, SIGALRM));
}

static void births_in_storm(void)
{
	struct itimerval often = { { 0, 500 }, { 0, 500 } };
	int status, wrong = 0;

	handle(SIGALRM, note, SA_RESTART);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < 60; i++) {
		pid_t pid = i % 2 ? fork() : vfork();

		if (!pid) {
			if (i % 3 == 0)
				execl("/bin/true", "true", NULL);
			_exit(i % 3 ? i : 99);
		}
		wrong += waitpid(pid, &status, 0) != pid || status != (i % 3 ? i << 8 : 0);
	}
	say("wrong %d\n", wrong);
}

static void nested(int number)
{
	say("in %d\n", number);
	if (number == SIGUSR1) {
		raise(SIGUSR1);
		raise(SIGUSR2);
	}
	say("out of %d\n", number);
}

static void nesting(void)
{
	handle(SIGUSR1, nested, 0);
	handle(SIGUSR2, nested, SA_RESETHAND);
	signal(SIGWINCH, SIG_DFL);
	if (in_child()) {
		alarm(1);
		handle(SIGUSR1, note, 0);
		raise(SIGWINCH);
		raise(SIGUSR1);
		say("noted %d\n", count);
		_exit(0);
	}
	if (in_child()) {
		sigset_t none;

		handle(SIGUSR1, nested, SA_RESETHAND);
		sigemptyset(&none);
		raise(SIGUSR1);
		sigprocmask(SIG_SETMASK, &none, NULL);
		_exit(0);
	}
}

/* A handler may go on elsewhere than where it came from. */
static void elsewhere(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
#ifdef __x86_64__
	((ucontext_t *)context)->uc_mcontext.gregs[REG_RAX] = 77;
#elif defined(__aarch64__)
	((ucontext_t *)context)->uc_mcontext.regs[0] = 77;
#endif
}

static void changed_result(void)
{
	struct sigaction action = { .sa_sigaction = elsewhere, .sa_flags = SA_SIGINFO };

	sigaction(SIGUSR1, &action, NULL);
	TRY(syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1));
	TRY(syscall(SYS_kill, getpid(), SIGUSR1));
}

static void *sleeper(void *arg)
{
	(void)arg;
	pause();
	return NULL;
}

static void to_threads(void)
{
	pthread_t thread;
	sigset_t set;

	handle(SIGUSR1, note, 0);
	pthread_create(&thread, NULL, sleeper, NULL);
	pause_for(30);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	kill(getpid(), SIGUSR1);
	pthread_join(thread, NULL);
	say("noted %d\n", count);
}

static void to_owner(void)
{
	int fds[2];

	handle(SIGIO, note, 0);
	handle(SIGUSR2, note, 0);
	pipe(fds);
	TRY(fcntl(fds[0], F_SETOWN, getpid()));
	say("mine: %d\n", fcntl(fds[0], F_GETOWN) == getpid());
	TRY(fcntl(fds[0], F_SETFL, O_ASYNC | O_NONBLOCK));
	write(fds[1], "x", 1);
	say("noted %d\n", last);
	TRY(fcntl(fds[0], F_SETSIG, SIGUSR2));
	write(fds[1], "x", 1);
	say("noted %d\n", last);
	TRY(fcntl(fds[0], F_SETOWN, 999999));
}

static void to_group(void)
{
	handle(SIGUSR1, note, 0);
	if (in_child()) {
		setpgid(0, 0);
		for (int i = 0; i < 3; i++)
			if (!fork()) {
				signal(SIGUSR1, SIG_DFL);
				pause();
				_exit(0);
			}
		pause_for(50);
		TRY(kill(0, SIGUSR1));
		for (int i = 0; i < 3; i++)
			ended(-1);
		say("noted %d\n", count);
		TRY(kill(-getpgrp(), 0));
		TRY(killpg(999999, 0));
		_exit(0);
	}
	say("noted %d\n", count);
}

const struct act acts_signals[] = {
	{ "signal-senders", senders },
	{ "signal-faults", faults },
	{ "signal-addresses", addresses },
	{ "signal-mended-page", mended },
	{ "signal-stacks", stacks },
	{ "signal-masks", masks },
	{ "signal-by-descriptor", by_descriptor },
	{ "signal-broken-calls", broken },
	{ "signal-restarted-calls", restarted },
	{ "signal-storm", storm },
	{ "signal-births-in-storm", births_in_storm },
	{ "signal-nesting", nesting },
	{ "signal-changed-result", changed_result },
	{ "signal-to-threads", to_threads },
	{ "signal-to-owner", to_owner },
	{ "signal-to-group", to_group },
	{ 0 },
};
