/* SPDX-License-Identifier: Apache-2.0 */
/* Waits that fail with EINTR when something breaks them off, and what does so: no signal that is ignored, no birth. */
#include "acts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
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

enum { LIMIT_MS = 500 };

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

static void (*const waits[])(void) = { by_epoll, by_signal, by_semaphore, by_input, by_socket, by_read, by_sleep };
static void (*const others[])(void) = {
	by_epoll_mask,   by_epoll_time, by_semaphore_alone, by_semaphore_for_good, by_vector,
	by_message,      by_messages,   by_caller,          by_caller_4,           by_write,
	by_write_vector, by_send,       by_sent_message,    by_sent_messages,
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
	semaphores = semget(IPC_PRIVATE, 3, 0600);
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

/* A child sends signals, some time apart, and stays until the wait is over. */
static void with_signals(const int *signals, void (*wait)(void))
{
	pid_t child = started();

	if (!child) {
		pause_for(100);
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

/* A wait is neither longer nor shorter than it may be, however often it is disturbed. */
static void with_many(void (*wait)(void))
{
	pid_t child = started();
	struct timespec then, now;
	long ms;

	if (!child) {
		for (int n = 0; n < 60; n++, pause_for(30))
			kill(getppid(), SIGWINCH);
		_exit(0);
	}
	clock_gettime(CLOCK_MONOTONIC, &then);
	wait();
	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (now.tv_sec - then.tv_sec) * 1000 + (now.tv_nsec - then.tv_nsec) / 1000000;
	say("%s\n", ms >= 1700 ? "late" : ms < LIMIT_MS - 10 ? "early" : "in time");
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
		wait();
		_exit(0);
	}
	pause_for(150);
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
	{ "waits-births", births },
	{ "waits-stopped", stopped },
	{ 0 },
};
