/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "tracer/hands.h"
#include "tracer/procfs.h"

/* What a thread is asked for: memory, or a file of /proc/tid. */
struct reading {
	struct job job; /* first */
	pid_t tid;
	char name[READER_NAME_BYTES]; /* of the file; empty = memory */
	int fd; /* of the memory, its own; -1 = none */
	uint64_t address;
	size_t len;
	ssize_t n;
	char bytes[];
};

struct reader {
	bool wary, held_up, fears_locks;
	struct hands *hands; /* NULL = nobody was asked yet */
	struct hands *lock_hands; /* likewise: who waits for a lock takes nobody's memory away */
	atomic_int left[LOOK_THREADS]; /* descriptors that are to be closed, and 1 */
};

/* ---- on a thread ----------------------------------------------------------------------------------------- */

/*
 * A kept descriptor tells whether the address space is the one that it was opened for. But read through, it
 * has the whole address space wait with it (no other thread gets memory), so that comes last.
 */
static ssize_t read_memory(const struct reading *j, char *bytes)
{
	struct iovec ours = { bytes, j->len }, theirs = { (void *)(uintptr_t)j->address, j->len };
	ssize_t n;
	char byte;

	if (j->fd >= 0 && pread(j->fd, &byte, 1, 0) == 0)
		return 0;
	n = process_vm_readv(j->tid, &ours, 1, &theirs, 1, 0);
	if (n < 0 && errno != EFAULT && j->fd >= 0) {
		n = pread(j->fd, bytes, j->len, (off_t)j->address);
		return n < 0 && errno == EIO ? -EFAULT : n < 0 ? -errno : n;
	}
	return n >= 0 ? n : errno == ESRCH ? 0 : -errno;
}

static void read_it(struct job *job)
{
	struct reading *j = (struct reading *)job;

	j->n = j->name[0] ? procfs_read_file(j->tid, j->name, j->bytes, j->len) : read_memory(j, j->bytes);
}

static void forget(struct reading *j)
{
	if (j->fd >= 0)
		close(j->fd);
	free(j);
}

static void be_late(struct job *job)
{
	forget((struct reading *)job);
}

/* ---- asking -------------------------------------------------------------------------------------------- */

static int do_reading(struct reader *r, struct job *job)
{
	int n;

	if (!r->hands)
		r->hands = hands_new(READER_THREADS, NULL);
	if (!r->hands)
		return -ENOMEM;
	n = hands_do(r->hands, job, READER_WAIT_MS, READER_STARVED_MS);
	r->held_up |= n == -EAGAIN;
	return n;
}

/* Takes the descriptor. */
static ssize_t ask(struct reader *r, const struct reading *what, int (*have_done)(struct reader *r, struct job *job),
		   void *bytes)
{
	struct reading *j = malloc(sizeof(*j) + what->len);
	ssize_t n;

	if (!j) {
		if (what->fd >= 0)
			close(what->fd);
		return -ENOMEM;
	}
	*j = *what;
	j->job = (struct job){ read_it, be_late };
	n = have_done(r, &j->job);
	if (n == -EAGAIN)
		return n;
	if (n == 0) {
		n = j->n;
		if (n > 0)
			memcpy(bytes, j->bytes, (size_t)n);
	}
	forget(j);
	return n;
}

ssize_t reader_memory(struct reader *r, pid_t tid, int fd, uint64_t address, void *bytes, size_t len)
{
	/* the caller may close his while the thread reads */
	struct reading what = {
		.tid = tid, .fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0), .address = address, .len = len
	};

	return fd >= 0 && what.fd < 0 ? -EBUSY : ask(r, &what, do_reading, bytes);
}

static ssize_t ask_for_file(struct reader *r, pid_t tid, const char *name,
			    int (*have_done)(struct reader *r, struct job *job), char *bytes, size_t max)
{
	struct reading what = { .tid = tid, .fd = -1, .len = max };

	snprintf(what.name, sizeof(what.name), "%s", name);
	return ask(r, &what, have_done, bytes);
}

ssize_t reader_file(struct reader *r, pid_t tid, const char *name, char *bytes, size_t max)
{
	return reader_is_wary(r) ? ask_for_file(r, tid, name, do_reading, bytes, max) :
				   procfs_read_file(tid, name, bytes, max);
}

ssize_t reader_locked_file(struct reader *r, pid_t tid, const char *name, char *bytes, size_t max)
{
	return reader_fears_locks(r) ? ask_for_file(r, tid, name, reader_do, bytes, max) :
				       procfs_read_file(tid, name, bytes, max);
}

int reader_do(struct reader *r, struct job *job)
{
	if (!r->lock_hands)
		r->lock_hands = hands_new(LOOK_THREADS, NULL);
	return r->lock_hands ? hands_do(r->lock_hands, job, ERRAND_WAIT_MS, READER_STARVED_MS) : -EBUSY;
}

/* There is room for one of each thread, and whoever has them do more takes what they left first. */
void reader_leave(struct reader *r, int fd)
{
	for (size_t i = 0; i < ARRAY_SIZE(r->left); i++) {
		int none = 0;

		if (atomic_compare_exchange_strong(&r->left[i], &none, fd + 1))
			return;
	}
	close(fd);
}

int reader_take_left(struct reader *r)
{
	for (size_t i = 0; i < ARRAY_SIZE(r->left); i++)
		if (atomic_load_explicit(&r->left[i], memory_order_relaxed))
			return atomic_exchange(&r->left[i], 0) - 1;
	return -1;
}

/* ---- what is known ------------------------------------------------------------------------------------- */

struct reader *reader_new(void)
{
	return calloc(1, sizeof(struct reader));
}

void reader_free(struct reader *r)
{
	if (!r)
		return;
	hands_free(r->hands);
	if (hands_free(r->lock_hands))
		free(r); /* else they leave descriptors here */
}

void reader_be_wary(struct reader *r)
{
	if (r)
		r->wary = true;
}

bool reader_is_wary(const struct reader *r)
{
	return r && r->wary;
}

void reader_fear_locks(struct reader *r)
{
	if (r)
		r->fears_locks = true;
}

bool reader_fears_locks(const struct reader *r)
{
	return r && r->fears_locks;
}

bool reader_is_trusting(const struct reader *r)
{
	return !r->held_up;
}
