/* SPDX-License-Identifier: Apache-2.0 */
/* Waits that fail with EINTR when something breaks them off, and what does so: no signal that is ignored, no birth. */
#include "acts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { LIMIT_MS = 500, TURN_MS = 200 };

static int group, pair[2], full[2], listener, semaphores;
static sigset_t awaited;

static void note(int number)
{
	(void)number;
}

static void by_epoll(void)
{
	struct epoll_event event;

	TRY(epoll_wait(group, &event, 1, LIMIT_MS));
}

static void by_signal(void)
{
	struct timespec limit = { 0, LIMIT_MS * 1000000 };

	TRY(sigtimedwait(&awaited, NULL, &limit));
}

static void by_semaphore(void)
{
	struct timespec limit = { 0, LIMIT_MS * 1000000 };
	struct sembuf take = { 0, -1, 0 };

	TRY(semtimedop(semaphores, &take, 1, &limit));
}

static void by_input(void)
{
	struct timespec limit = { 0, LIMIT_MS * 1000000 };
	struct io_event event;
	aio_context_t ring = 0;

	TRY(syscall(SYS_io_setup, 1, &ring));
	TRY(syscall(SYS_io_getevents, ring, 1, 1, &event, &limit));
}

static void by_socket(void)
{
	char byte;

	TRY(recv(pair[0], &byte, 1, 0));
}

static void by_read(void)
{
	char byte;

	TRY(read(pair[0], &byte, 1));
}

static void by_sleep(void)
{
	struct timespec time = { 0, LIMIT_MS * 1000000 };

	TRY(nanosleep(&time, NULL));
}

/* One that goes on by itself, also when it was stopped. */
static void by_poll(void)
{
	struct timespec limit = { 0, LIMIT_MS * 1000000 };
	struct pollfd input = { pair[0], POLLIN, 0 };

	TRY(ppoll(&input, 1, &limit, NULL));
}

/* Waits of the same kinds by other calls: one way to disturb them says all. */

static void by_epoll_mask(void)
{
	struct epoll_event event;

	TRY(epoll_pwait(group, &event, 1, LIMIT_MS, &awaited));
}

static void by_epoll_time(void)
{
#ifdef SYS_epoll_pwait2
	struct {
		long long seconds, ns;
	} limit = { 0, LIMIT_MS * 1000000 };
	struct epoll_event event;

	TRY(syscall(SYS_epoll_pwait2, group, &event, 1, &limit, NULL, 0));
#endif
}

/* Without a limit: somebody else ends it. */
static void give_later(unsigned short which)
{
	struct sembuf give = { which, 1, 0 };

	if (fork() == 0) {
		pause_for(LIMIT_MS);
		semop(semaphores, &give, 1);
		_exit(0);
	}
}

static void by_semaphore_alone(void)
{
	struct sembuf take = { 1, -1, 0 };

	give_later(take.sem_num);
	TRY(syscall(SYS_semop, semaphores, &take, 1));
}

static void by_semaphore_for_good(void)
{
	struct sembuf take = { 2, -1, 0 };

	give_later(take.sem_num);
	TRY(syscall(SYS_semtimedop, semaphores, &take, 1, NULL));
}

/* So long that there are no such numbers. */
static void by_semaphore_for_ages(void)
{
	struct sembuf take = { 3, -1, 0 };
	struct timespec limit = { 1ll << 55, 300000000 };

	give_later(take.sem_num);
	TRY(syscall(SYS_semtimedop, semaphores, &take, 1, &limit));
}

static char byte;
static struct iovec bytes = { &byte, 1 };

static void by_vector(void)
{
	TRY(readv(pair[0], &bytes, 1));
}

static void by_message(void)
{
	struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1 };

	TRY(recvmsg(pair[0], &message, 0));
}

static void by_messages(void)
{
	struct mmsghdr messages = { .msg_hdr = { .msg_iov = &bytes, .msg_iovlen = 1 } };

	TRY(syscall(SYS_recvmmsg, pair[0], &messages, 1, 0, NULL));
}

static void by_caller(void)
{
	TRY(syscall(SYS_accept, listener, NULL, NULL));
}

static void by_caller_4(void)
{
	TRY(syscall(SYS_accept4, listener, NULL, NULL, 0));
}

static void by_write(void)
{
	TRY(write(full[0], &byte, 1));
}

static void by_write_vector(void)
{
	TRY(writev(full[0], &bytes, 1));
}

static void by_send(void)
{
	TRY(syscall(SYS_sendto, full[0], &byte, 1, 0, NULL, 0));
}

static void by_sent_message(void)
{
	struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1 };

	TRY(sendmsg(full[0], &message, 0));
}

static void by_sent_messages(void)
{
	struct mmsghdr messages = { .msg_hdr = { .msg_iov = &bytes, .msg_iovlen = 1 } };

	TRY(syscall(SYS_sendmmsg, full[0], &messages, 1, 0));
}

static void (*const waits[])(void) = {
	by_epoll, by_signal, by_semaphore, by_input, by_socket, by_read, by_sleep, by_poll,
};
static void (*const others[])(void) = {
	by_epoll_mask,
	by_epoll_time,
	by_semaphore_alone,
	by_semaphore_for_good,
	by_semaphore_for_ages,
	by_vector,
	by_message,
	by_messages,
	by_caller,
	by_caller_4,
	by_write,
	by_write_vector,
	by_send,
	by_sent_message,
	by_sent_messages,
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static void begin(void)
{
	struct timeval limit = { 0, LIMIT_MS * 1000 };
	struct sockaddr_un nowhere = { .sun_family = AF_UNIX };

	group = epoll_create1(0);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	socketpair(AF_UNIX, SOCK_STREAM, 0, full);
	setsockopt(full[0], SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	while (send(full[0], &byte, 1, MSG_DONTWAIT) == 1)
		;
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	bind(listener, (struct sockaddr *)&nowhere, sizeof(nowhere.sun_family)); /* a name of the kernel's */
	listen(listener, 1);
	setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	semaphores = semget(IPC_PRIVATE, 4, 0600);
	sigemptyset(&awaited);
	sigaddset(&awaited, SIGUSR2);
	sigprocmask(SIG_BLOCK, &awaited, NULL);
}

/* Each wait in a process of its own, all at once; what they say is told in their order. */
static void each_of(void (*const *list)(void), size_t n, void (*act)(void (*wait)(void)))
{
	pid_t children[16];
	char name[16];

	begin();
	for (size_t i = 0; i < n; i++) {
		children[i] = started();
		if (children[i])
			continue;
		snprintf(name, sizeof(name), "wait-%zu", i);
		dup2(open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644), STDOUT_FILENO);
		act(list[i]);
		_exit(0);
	}
	for (size_t i = 0; i < n; i++) {
		ended(children[i]);
		snprintf(name, sizeof(name), "wait-%zu", i);
		say_file(name);
	}
	semctl(semaphores, 0, IPC_RMID);
}

static void each(void (*act)(void (*wait)(void)))
{
	each_of(waits, COUNT(waits), act);
}

/* Until the process waits in a call, as far as that can be looked at: on a busy machine that may be late. */
static void until_it_waits(pid_t pid)
{
	char path[64];
	long call = -1;
	FILE *f;

	pause_for(100);
	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	for (int n = 0; n < 200; n++, pause_for(10)) {
		f = fopen(path, "r");
		if (!f)
			return;
		/* "running", or the number of a call */
		if (fscanf(f, "%ld", &call) != 1)
			call = -1;
		fclose(f);
		if (call >= 0 && call != SYS_io_setup)
			return;
	}
}

/* A child sends signals, some time apart, and stays until the wait is over. */
static void with_signals(const int *signals, void (*wait)(void))
{
	pid_t child = started();

	if (!child) {
		until_it_waits(getppid());
		for (; *signals; signals++, pause_for(20))
			kill(getppid(), *signals);
		pause_for(LIMIT_MS);
		_exit(0);
	}
	wait();
	ended(child);
}

static void for_child(void (*wait)(void))
{
	pid_t child = started();

	if (!child) {
		pause_for(100);
		_exit(0);
	}
	wait();
	ended(child);
}

static void ends_of_children(void)
{
	each(for_child);
}

static void with_ignored(void (*wait)(void))
{
	with_signals((const int[]){ SIGURG, SIGWINCH, SIGCONT, SIGUSR1, SIGTSTP, 0 }, wait);
}

static void ignored(void)
{
	handle(SIGUSR1, SIG_IGN, 0);
	handle(SIGTSTP, SIG_IGN, 0);
	each(with_ignored);
}

static void with_handled(void (*wait)(void))
{
	with_signals((const int[]){ SIGURG, SIGUSR1, 0 }, wait);
}

static void handled(void)
{
	handle(SIGUSR1, note, SA_RESTART);
	each(with_handled);
}

static long ms_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* How long it was since then, for a wait that may last for limit_ms. */
static void say_time(long then, int limit_ms)
{
	long ms = ms_now() - then;

	say("%s\n", ms >= limit_ms + 1200 ? "late" : ms < limit_ms - 10 ? "early" : "in time");
}

/* A wait is neither longer nor shorter than it may be, however often it is disturbed. */
static void with_many(void (*wait)(void))
{
	pid_t child = started();
	long then;

	if (!child) {
		for (int n = 0; n < 60; n++, pause_for(30))
			kill(getppid(), SIGWINCH);
		_exit(0);
	}
	then = ms_now();
	wait();
	say_time(then, LIMIT_MS);
	kill(child, SIGKILL);
	ended(child);
}

static void limits(void)
{
	each(with_many);
}

static void other_calls(void)
{
	each_of(others, COUNT(others), with_many);
}

/* Two waits, one behind the other, while signals come: what the first has lasted for is not the second's. */
struct turn {
	long second; /* the call, SYS_epoll_pwait or, in nanoseconds, SYS_epoll_pwait2 */
	int ms; /* its limit */
	bool comes; /* what the first waits for, soon */
	bool deeper; /* the second is made below another function */
	bool rests; /* between the two */
};

static __attribute__((noinline)) void wait_for(long number, int ms)
{
	struct {
		long long seconds, ns;
	} limit = { 0, ms * 1000000LL };
	struct epoll_event event;
	bool by_ms = number == SYS_epoll_pwait;
	long then = ms_now();

	if (TRY(syscall(number, group, &event, 1, by_ms ? ms : (long)&limit, NULL, 0)) == 0)
		say_time(then, ms);
}

static __attribute__((noinline)) void wait_deeper(long number, int ms)
{
	volatile char room[256] = { 0 };

	wait_for(number, ms);
	(void)room[0];
}

static void take_turns(struct turn turn)
{
	struct epoll_event in = { .events = EPOLLIN };
	int ends[2];
	pid_t child;

	group = epoll_create1(0);
	if (pipe(ends) < 0 || epoll_ctl(group, EPOLL_CTL_ADD, ends[0], &in) < 0)
		return;
	child = started();
	if (!child) {
		for (int n = 0; n < 100; n++, pause_for(20)) {
			kill(getppid(), SIGWINCH);
			if (n == 5 && turn.comes)
				(void)!write(ends[1], "", 1);
		}
		_exit(0);
	}
	wait_for(SYS_epoll_pwait, TURN_MS);
	if (turn.comes)
		TRY(read(ends[0], &byte, 1));
	if (turn.rests)
		pause_for(2 * TURN_MS);
	(turn.deeper ? wait_deeper : wait_for)(turn.second, turn.ms);
	kill(child, SIGKILL);
	ended(child);
}

static void behind_its_limit(void)
{
	take_turns((struct turn){ SYS_epoll_pwait, .ms = TURN_MS });
}

static void of_another_limit(void)
{
	take_turns((struct turn){ SYS_epoll_pwait, .ms = TURN_MS + 100, .comes = true });
}

static void of_another_place(void)
{
	take_turns((struct turn){ SYS_epoll_pwait, .ms = TURN_MS, .comes = true, .deeper = true });
}

static void at_another_time(void)
{
	take_turns((struct turn){ SYS_epoll_pwait, .ms = TURN_MS, .comes = true, .rests = true });
}

static void of_another_call(void)
{
#ifdef SYS_epoll_pwait2
	take_turns((struct turn){ SYS_epoll_pwait2, .ms = TURN_MS, .comes = true });
#endif
}

static void (*const turns[])(void) = {
	behind_its_limit, of_another_limit, of_another_place, at_another_time, of_another_call,
};

static void undisturbed(void (*wait)(void))
{
	wait();
}

static void in_turn(void)
{
	each_of(turns, COUNT(turns), undisturbed);
}

static void with_birth(void (*wait)(void))
{
	pid_t child = started();

	if (!child) {
		pause_for(100); /* its birth may become known by what it does */
		close(open("/dev/null", O_RDONLY));
		pause_for(LIMIT_MS);
		_exit(0);
	}
	wait();
	ended(child);
}

static void births(void)
{
	handle(SIGUSR1, note, 0);
	each(with_birth);
}

static void until_stopped(void (*wait)(void))
{
	pid_t child = started();

	if (!child) {
		close(open("/dev/null", O_RDONLY)); /* from here on it may be traced */
		wait();
		_exit(0);
	}
	until_it_waits(child);
	kill(child, SIGSTOP);
	pause_for(50);
	kill(child, SIGCONT);
	ended(child);
}

static void stopped(void)
{
	each(until_stopped);
}

const struct act acts_waits[] = {
	{ "waits-ends-of-children", ends_of_children },
	{ "waits-ignored", ignored },
	{ "waits-handled", handled },
	{ "waits-limits", limits },
	{ "waits-other-calls", other_calls },
	{ "waits-in-turn", in_turn },
	{ "waits-births", births },
	{ "waits-stopped", stopped },
	{ 0 },
};
