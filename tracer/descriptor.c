/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "tracer/hands.h"
#include "tracer/procfs.h"
#include "tracer/reader.h"
#include "tracer/sight.h"
#include "tracer/statx.h"

/* Not so where a thread has descriptors of its own (unshare()), or the other one has ended. */
static bool same_descriptor(pid_t a, pid_t b, int fd)
{
	char name[32], text[2][64];
	ssize_t len[2];
	long r = syscall(SYS_kcmp, a, b, KCMP_FILES, 0, 0);

	if (r >= 0)
		return r == 0;
	snprintf(name, sizeof(name), "fd/%d", fd);
	len[0] = procfs_read_link(a, name, text[0], sizeof(text[0]));
	len[1] = procfs_read_link(b, name, text[1], sizeof(text[1]));
	return len[0] > 0 && len[0] == len[1] && memcmp(text[0], text[1], (size_t)len[0]) == 0;
}

/* Before Linux 6.9 a descriptor names processes alone, and of these the descriptors of the first thread. */
static int open_process_of(pid_t tid, int fd)
{
	pid_t tgid, ppid;
	int r = procfs_read_ids(tid, &tgid, &ppid, NULL);

	if (r < 0)
		return r;
	if (tid != tgid && !same_descriptor(tid, tgid, fd))
		return -EPERM;
	r = (int)syscall(SYS_pidfd_open, tgid, 0);
	return r < 0 ? -errno : r;
}

/*
 * Who closes a file may have to wait, since its file system tells the server (flush): sockets, pipes, devices and what
 * has no path are free of that. tid 0: ours.
 */
static bool may_be_served(pid_t tid, int fd)
{
	char name[32], path[PROCFS_PATH_BYTES], first;
	struct stat st;

	snprintf(name, sizeof(name), "fd/%d", fd);
	procfs_path(path, tid, name);
	return SIGHT(path, readlinkat(procfs_folder(), path, &first, 1)) == 1 && first == '/' &&
	       (SIGHT(path, statx_known_at(procfs_folder(), path, 0, &st)) < 0 || S_ISREG(st.st_mode) ||
		S_ISDIR(st.st_mode));
}

int descriptor_copy(pid_t tid, int fd, struct reader *reader)
{
	auto_fd int pidfd = -1;
	int copy;

	if (reader_is_wary(reader) && may_be_served(tid, fd))
		return -EPERM;
	pidfd = (int)syscall(SYS_pidfd_open, tid, O_EXCL); /* PIDFD_THREAD */
	if (pidfd < 0)
		pidfd = errno == EINVAL ? open_process_of(tid, fd) : -errno;
	if (pidfd < 0)
		return pidfd;
	copy = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	return copy < 0 ? -errno : copy;
}

/*
 * Whoever closes the last descriptor of a socket that lingers waits until the other end has taken all, which may be
 * never, or until a signal comes: then the kernel sends the rest by itself, as when the time to linger is over. So one
 * comes soon, or with the tracer's own timer, if somebody makes the socket linger in just this moment.
 */
static void close_socket(int fd, bool lingers)
{
	const struct itimerval soon = { { 0, CLOSE_US }, { 0, CLOSE_US } }; /* again, if it came before the wait */
	struct itimerval before;
	sigset_t alarm, mask;

	lingers = lingers && setitimer(ITIMER_REAL, &soon, &before) == 0;
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	pthread_sigmask(SIG_UNBLOCK, &alarm, &mask);
	close(fd);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	if (lingers)
		setitimer(ITIMER_REAL, &before, NULL);
}

struct closing {
	struct job job; /* first */
	int fd;
};

static void close_it(struct job *job)
{
	close(((struct closing *)job)->fd);
}

static void forget_closing(struct job *job)
{
	free(job);
}

/* Who waits here waits for a server: from then on files are not copied. */
static void close_file(int fd, struct reader *reader)
{
	struct closing *c = malloc(sizeof(*c));
	int r;

	if (!c) {
		close(fd);
		return;
	}
	*c = (struct closing){ .job = { close_it, forget_closing }, .fd = fd };
	r = reader_do(reader, &c->job);
	if (r < 0)
		reader_be_wary(reader);
	/* -EBUSY: nobody is left who could wait, and it stays open */
	if (r != -EAGAIN)
		free(c);
}

static void drop(int fd, struct reader *reader)
{
	struct linger linger;
	socklen_t len = sizeof(linger);

	if (getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &len) == 0)
		close_socket(fd, linger.l_onoff && linger.l_linger);
	else if (may_be_served(0, fd))
		close_file(fd, reader);
	else
		close(fd);
}

void descriptor_drop_left(struct reader *reader)
{
	int left;

	while ((left = reader_take_left(reader)) >= 0)
		drop(left, reader);
}

void descriptor_drop(int copy, struct reader *reader)
{
	if (copy < 0)
		return;
	if (!reader) {
		close(copy);
		return;
	}
	descriptor_drop_left(reader);
	drop(copy, reader);
}
