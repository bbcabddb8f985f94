/* SPDX-License-Identifier: Apache-2.0 */
/* Who waits for files and pipes: what watchers are told of opens, pollers, pipes with names. */
#include "acts.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <unistd.h>

static void tell(int watch)
{
	char buffer[8192] __attribute__((aligned(8)));
	ssize_t n = read(watch, buffer, sizeof(buffer));

	for (char *at = buffer; at < buffer + n;) {
		struct inotify_event *event = (struct inotify_event *)at;

		say("%x %s\n", event->mask, event->len ? event->name : "");
		at += sizeof(*event) + event->len;
	}
}

/* A file is opened once for each open, also when somebody else does it. */
static void opens_told(void)
{
	int watch = inotify_init1(IN_NONBLOCK);

	TRY(inotify_add_watch(watch, ".", IN_OPEN | IN_CREATE | IN_MODIFY | IN_ATTRIB | IN_DELETE | IN_MOVE));
	close(open("a.txt", O_RDONLY));
	close(open("a.txt", O_RDWR));
	close(open("link", O_RDONLY));
	close(open("new", O_WRONLY | O_CREAT, 0600));
	close(open("new", O_WRONLY | O_TRUNC));
	close(open("a.txt", O_PATH));
	open("none", O_RDONLY);
	open("a.txt", O_RDONLY | O_CREAT | O_EXCL, 0600);
	rename("new", "newer");
	chmod("newer", 0640);
	unlink("newer");
	mkdir("folder", 0700);
	tell(watch);
}

static void closes_told(void)
{
	int watch = inotify_init1(IN_NONBLOCK);

	inotify_add_watch(watch, "a.txt", IN_CLOSE | IN_OPEN);
	for (int i = 0; i < 3; i++) {
		int fd = open("a.txt", O_RDWR);

		tell(watch);
		close(fd);
		pause_for(20);
		tell(watch);
	}
	TRY(inotify_add_watch(watch, "none", IN_OPEN));
	TRY(inotify_rm_watch(watch, 77));
	TRY(read(watch, &(struct inotify_event){ 0 }, sizeof(struct inotify_event)));
}

static void permissions_asked(void)
{
	struct fanotify_event_metadata event;
	uint64_t seen = 0;
	int watch = (int)DID(fanotify_init(FAN_CLASS_NOTIF | FAN_NONBLOCK, O_RDONLY)) ? -1 : 3;

	if (watch < 0)
		return;
	DID(fanotify_mark(watch, FAN_MARK_ADD, FAN_OPEN | FAN_ACCESS, AT_FDCWD, "a.txt"));
	say_file("a.txt");
	/* who opened is told, too, and may be the monitor: then there are two events */
	while (read(watch, &event, sizeof(event)) > 0) {
		seen |= event.mask;
		close(event.fd);
	}
	say("%llx\n", (unsigned long long)seen);
}

static volatile sig_atomic_t noted;

static void note(int number)
{
	noted = number;
}

static void folder_signals(void)
{
	int fd = open("d", O_RDONLY);

	handle(SIGIO, note, 0);
	TRY(fcntl(fd, F_NOTIFY, DN_CREATE | DN_DELETE));
	put("d/new", "x");
	say("signal %d\n", noted);
	noted = 0;
	put("d/newer", "x");
	say("signal %d\n", noted);
}

static void pollers(void)
{
	int fds[2], group = epoll_create1(0);
	struct epoll_event event = { EPOLLIN | EPOLLET, { .u64 = 7 } }, got;

	pipe(fds);
	TRY(epoll_ctl(group, EPOLL_CTL_ADD, fds[0], &event));
	TRY(epoll_ctl(group, EPOLL_CTL_ADD, fds[0], &event));
	TRY(epoll_ctl(group, EPOLL_CTL_ADD, open("a.txt", O_RDONLY), &event));
	TRY(epoll_wait(group, &got, 1, 0));
	write(fds[1], "xy", 2);
	TRY(epoll_wait(group, &got, 1, 1000));
	TRY(epoll_wait(group, &got, 1, 10));
	event.events = EPOLLIN | EPOLLONESHOT;
	TRY(epoll_ctl(group, EPOLL_CTL_MOD, fds[0], &event));
	TRY(epoll_wait(group, &got, 1, 10));
	TRY(epoll_wait(group, &got, 1, 10));
	close(fds[1]);
	TRY(epoll_ctl(group, EPOLL_CTL_MOD, fds[0], &event));
	TRY(epoll_wait(group, &got, 1, 10));
	say("%x\n", got.events);
	TRY(epoll_ctl(group, EPOLL_CTL_DEL, fds[1], &event));
}

static void selectors(void)
{
	struct timeval now = { 0, 1000 };
	struct pollfd polled[3] = { { 0, POLLIN, 0 }, { -1, POLLIN, 0 }, { 99, POLLIN, 0 } };
	fd_set set;
	int fds[2];

	pipe(fds);
	polled[0].fd = fds[0];
	TRY(poll(polled, 3, 10));
	say("%x %x %x\n", polled[0].revents, polled[1].revents, polled[2].revents);
	FD_ZERO(&set);
	FD_SET(fds[0], &set);
	TRY(select(fds[0] + 1, &set, NULL, NULL, &now));
	say("left %ld\n", (long)now.tv_usec);
	FD_SET(fds[1], &set);
	TRY(select(fds[1] + 1, NULL, &set, NULL, NULL));
	FD_SET(50, &set);
	TRY(select(51, &set, NULL, NULL, NULL));
	TRY(ppoll(NULL, 0, &(struct timespec){ 0, 1 }, NULL));
}

static void counters(void)
{
	uint64_t value = 3;
	int fd = eventfd(0, EFD_NONBLOCK | EFD_SEMAPHORE);

	TRY(read(fd, &value, 8));
	TRY(write(fd, &value, 8));
	TRY(read(fd, &value, 8));
	say("%llu\n", (unsigned long long)value);
	value = UINT64_MAX;
	TRY(write(fd, &value, 8));
	TRY(read(fd, &value, 4));
}

static void named_pipes(void)
{
	char text[8] = "";
	pid_t pid;

	mkfifo("fifo", 0600);
	TRY(open("fifo", O_WRONLY | O_NONBLOCK));
	TRY(open("fifo", O_RDONLY | O_NONBLOCK));
	TRY(open("fifo", O_WRONLY | O_NONBLOCK));
	close(3);
	close(4);
	pid = started();
	if (!pid) {
		pause_for(50);
		write(open("fifo", O_WRONLY), "text", 4);
		_exit(0);
	}
	TRY(read(open("fifo", O_RDONLY), text, 8));
	TRY(read(3, text, 8));
	say("%s\n", text);
	ended(pid);
}

/* An open that waits is broken off by a handler, and goes on after one that wants it to. */
static void waiting_open(int flags)
{
	pid_t me = getpid(), pid;

	mkfifo("fifo", 0600);
	handle(SIGUSR1, note, flags);
	pid = started();
	if (!pid) {
		pause_for(80);
		kill(me, SIGUSR1);
		pause_for(80);
		close(open("fifo", O_WRONLY | O_NONBLOCK));
		_exit(0);
	}
	TRY(open("fifo", O_RDONLY));
	say("signal %d\n", noted);
	ended(pid);
}

static void broken_open(void)
{
	waiting_open(0);
}

static void restarted_open(void)
{
	waiting_open(SA_RESTART);
}

static void pipes(void)
{
	static char page[65536];
	int fds[2], n;

	TRY(pipe2(fds, O_NONBLOCK | O_CLOEXEC));
	TRY(write(fds[1], page, sizeof(page)));
	TRY(write(fds[1], page, 1));
	TRY(ioctl(fds[0], FIONREAD, &n));
	say("%d waiting\n", n);
	TRY(fcntl(fds[0], F_GETPIPE_SZ));
	TRY(read(fds[0], page, 4096));
	TRY(fcntl(fds[0], F_SETPIPE_SZ, 4096));
	TRY(pipe2(fds, 0x12345));
	TRY(pipe2(fds, O_DIRECT));
	write(fds[1], "ab", 2);
	write(fds[1], "cde", 3);
	TRY(read(fds[0], page, 100));
	TRY(pipe(NULL));
	signal(SIGPIPE, SIG_IGN);
	close(fds[0]);
	TRY(write(fds[1], "x", 1));
	signal(SIGPIPE, SIG_DFL);
	if (in_child())
		_exit((int)write(fds[1], "x", 1));
}

/*
 * Who is asked whether a file may be opened opens another one before he answers, and is told who opens; the
 * second time he says no.
 */
static void asked(void)
{
	struct fanotify_event_metadata event;
	struct fanotify_response answer;
	int watch = fanotify_init(FAN_CLASS_CONTENT, O_RDONLY), mark = 0, opened = 0, of_child = 0, answered = 0;
	pid_t child;

	if (watch >= 0)
		mark = fanotify_mark(watch, FAN_MARK_ADD, FAN_OPEN_PERM, AT_FDCWD, "a.txt");
	if (watch < 0 || mark) {
		say("nobody is asked here\n");
		return;
	}
	put("other", "text");
	child = started();
	if (child == 0) {
		TRY(open("a.txt", O_RDONLY));
		TRY(open("a.txt", O_RDWR));
		TRY(open("a.txt", O_PATH));
		_exit(0);
	}
	for (int i = 0; i < 2 && read(watch, &event, sizeof(event)) == sizeof(event); i++) {
		opened += close(open("other", O_RDONLY)) == 0;
		of_child += event.pid == child;
		answer = (struct fanotify_response){ .fd = event.fd, .response = i ? FAN_DENY : FAN_ALLOW };
		answered += write(watch, &answer, sizeof(answer)) == sizeof(answer);
		close(event.fd);
	}
	ended(child);
	say("opened %d, of the child %d, answered %d\n", opened, of_child, answered);
}

const struct act acts_watches[] = {
	{ "watch-opens", opens_told },
	{ "watch-closes", closes_told },
	{ "watch-permissions", permissions_asked },
	{ "watch-asked", asked },
	{ "watch-folder", folder_signals },
	{ "wait-epoll", pollers },
	{ "wait-select", selectors },
	{ "wait-eventfd", counters },
	{ "fifo-both-ends", named_pipes },
	{ "fifo-broken-off", broken_open },
	{ "fifo-restarted", restarted_open },
	{ "pipe-all", pipes },
	{ 0 },
};
