/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/thread.h"
#include "tracer/procfs.h"

/* What a thread is asked for: memory, or a file of /proc/tid. */
struct job {
	pid_t tid;
	char name[16]; /* of the file; empty = memory */
	int fd; /* of the memory, the job's own; -1 = none */
	uint64_t address;
	size_t len;
};

struct hand {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t asked, answered;
	enum {
		HAND_FREE,
		HAND_ASKED,
		HAND_ANSWERED,
		HAND_HELD, /* nobody waits for the answer any more */
		HAND_ENDING,
	} state; /* below the lock, as is all that follows; a job is its thread's from ASKED to ANSWERED */
	pid_t tid; /* the thread's; 0 = it has not begun */
	struct job job;
	char *bytes; /* heap, as many as the longest job wanted */
	size_t size;
	ssize_t n;
};

struct reader {
	bool wary, held_up;
	struct hand *hands[READER_THREADS]; /* NULL = not started */
};

/* ---- the threads --------------------------------------------------------------------------------------- */

/*
 * A kept descriptor tells whether the address space is the one that it was opened for. But read through, it
 * has the whole address space wait with it (no other thread gets memory), so that comes last.
 */
static ssize_t read_memory(const struct job *j, char *bytes)
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

static void *work(void *context)
{
	struct hand *h = context;
	ssize_t n;

	pthread_mutex_lock(&h->lock);
	h->tid = gettid();
	for (;;) {
		while (h->state != HAND_ASKED && h->state != HAND_ENDING)
			pthread_cond_wait(&h->asked, &h->lock);
		if (h->state == HAND_ENDING)
			break;
		pthread_mutex_unlock(&h->lock);
		n = h->job.name[0] ? procfs_read_file(h->job.tid, h->job.name, h->bytes, h->job.len) :
				     read_memory(&h->job, h->bytes);
		if (h->job.fd >= 0)
			close(h->job.fd);
		pthread_mutex_lock(&h->lock);
		h->n = n;
		h->state = h->state == HAND_HELD ? HAND_FREE : HAND_ANSWERED;
		pthread_cond_signal(&h->answered);
	}
	pthread_mutex_unlock(&h->lock);
	return NULL;
}

static void hand_free(struct hand *h)
{
	pthread_cond_destroy(&h->asked);
	pthread_cond_destroy(&h->answered);
	pthread_mutex_destroy(&h->lock);
	free(h->bytes);
	free(h);
}

static struct hand *hand_new(void)
{
	struct hand *h = calloc(1, sizeof(*h));
	pthread_condattr_t attr;

	if (!h)
		return NULL;
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->asked, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&h->answered, &attr);
	pthread_condattr_destroy(&attr);
	if (thread_start(&h->thread, work, h) == 0)
		return h;
	hand_free(h);
	return NULL;
}

/* ---- asking -------------------------------------------------------------------------------------------- */

static bool is_free(struct hand *h)
{
	bool is;

	pthread_mutex_lock(&h->lock);
	is = h->state == HAND_FREE;
	pthread_mutex_unlock(&h->lock);
	return is;
}

static struct hand *find_free(struct reader *r)
{
	for (unsigned int i = 0; i < READER_THREADS; i++) {
		if (!r->hands[i])
			r->hands[i] = hand_new();
		if (!r->hands[i])
			return NULL;
		if (is_free(r->hands[i]))
			return r->hands[i];
	}
	return NULL;
}

/* Whether the thread would go on if it had a processor: who holds it up are all others, not the memory that it reads. */
static bool is_starved(pid_t tid)
{
	char state = tid ? procfs_read_state(tid) : 'R';

	return state == 'R' || state == 'T' || state == 't';
}

/* Below the lock. Whether the answer came. */
static bool wait_a_turn(struct hand *h)
{
	struct timespec until;
	int error = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += READER_WAIT_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	while (h->state != HAND_ANSWERED && error != ETIMEDOUT)
		error = pthread_cond_timedwait(&h->answered, &h->lock, &until);
	return h->state == HAND_ANSWERED;
}

/* Below the lock. -ETIMEDOUT. */
static int wait_for(struct hand *h)
{
	bool starved = true;

	for (unsigned int ms = 0; starved && ms < READER_STARVED_MS; ms += READER_WAIT_MS) {
		pid_t tid;

		if (wait_a_turn(h))
			return 0;
		tid = h->tid;
		/* a thread that waits for the lock alone is not asleep */
		pthread_mutex_unlock(&h->lock);
		starved = is_starved(tid);
		pthread_mutex_lock(&h->lock);
	}
	return h->state == HAND_ANSWERED ? 0 : -ETIMEDOUT;
}

/* Takes the job's descriptor. */
static ssize_t ask(struct reader *r, struct job job, void *bytes)
{
	struct hand *h = find_free(r);
	ssize_t n = -EAGAIN;

	if (h && h->size < job.len) {
		free(h->bytes);
		h->bytes = malloc(job.len);
		h->size = h->bytes ? job.len : 0;
	}
	if (!h || h->size < job.len) {
		if (job.fd >= 0)
			close(job.fd);
		return h ? -ENOMEM : -EBUSY;
	}
	pthread_mutex_lock(&h->lock);
	h->job = job;
	h->state = HAND_ASKED;
	pthread_cond_signal(&h->asked);
	if (wait_for(h) == 0) {
		n = h->n;
		if (n > 0)
			memcpy(bytes, h->bytes, (size_t)n);
		h->state = HAND_FREE;
	} else {
		h->state = HAND_HELD;
		r->held_up = true;
	}
	pthread_mutex_unlock(&h->lock);
	return n;
}

ssize_t reader_memory(struct reader *r, pid_t tid, int fd, uint64_t address, void *bytes, size_t len)
{
	/* the caller may close his while the thread reads */
	struct job job = {
		.tid = tid, .fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0), .address = address, .len = len
	};

	return fd >= 0 && job.fd < 0 ? -EBUSY : ask(r, job, bytes);
}

ssize_t reader_file(struct reader *r, pid_t tid, const char *name, char *bytes, size_t max)
{
	struct job job = { .tid = tid, .fd = -1, .len = max };

	if (!reader_is_wary(r))
		return procfs_read_file(tid, name, bytes, max);
	snprintf(job.name, sizeof(job.name), "%s", name);
	return ask(r, job, bytes);
}

/* ---- what is known ------------------------------------------------------------------------------------- */

struct reader *reader_new(void)
{
	return calloc(1, sizeof(struct reader));
}

/* False: it is held up. */
static bool end(struct hand *h)
{
	bool ends;

	pthread_mutex_lock(&h->lock);
	ends = h->state == HAND_FREE;
	if (ends)
		h->state = HAND_ENDING;
	pthread_cond_signal(&h->asked);
	pthread_mutex_unlock(&h->lock);
	return ends && pthread_join(h->thread, NULL) == 0;
}

void reader_free(struct reader *r)
{
	for (unsigned int i = 0; r && i < READER_THREADS; i++)
		if (r->hands[i] && end(r->hands[i]))
			hand_free(r->hands[i]);
	free(r);
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

bool reader_is_trusting(const struct reader *r)
{
	return !r->held_up;
}
