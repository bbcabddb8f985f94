/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/hands.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/thread.h"
#include "tracer/procfs.h"

enum hand_state {
	HAND_FREE,
	HAND_ASKED,
	HAND_AT_IT,
	HAND_ANSWERED,
	HAND_ENDING,
	HAND_USELESS, /* it could not begin */
};

struct hand {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t asked, answered;
	_Atomic enum hand_state state; /* changes below the lock */
	_Atomic pid_t tid; /* 0 = the thread has not begun */
	bool left; /* below the lock: whoever asked has gone on */
	struct job *job; /* its thread's from ASKED to ANSWERED */
	bool (*begin)(void);
};

struct hands {
	unsigned int n;
	bool (*begin)(void);
	struct hand *list[HANDS_MAX]; /* NULL = not started */
};

/* Mostly the other side comes sooner than a processor that has gone to sleep wakes up. */
static void stay_awake(const struct hand *h, enum hand_state until)
{
	uint64_t since = clock_ns(CLOCK_MONOTONIC);

	while (atomic_load(&h->state) != until && clock_ns(CLOCK_MONOTONIC) - since < AWAKE_NS)
		sched_yield();
}

/* ---- the threads --------------------------------------------------------------------------------------- */

static void finish(struct hand *h)
{
	if (h->left) {
		pthread_mutex_unlock(&h->lock);
		h->job->late(h->job);
		pthread_mutex_lock(&h->lock);
		h->left = false;
		h->state = HAND_FREE;
		return;
	}
	h->state = HAND_ANSWERED;
	pthread_cond_signal(&h->answered);
}

static void *work(void *context)
{
	struct hand *h = context;
	bool useful = !h->begin || h->begin();

	h->tid = gettid();
	pthread_mutex_lock(&h->lock);
	while (useful) {
		while (h->state != HAND_ASKED && h->state != HAND_ENDING)
			pthread_cond_wait(&h->asked, &h->lock);
		if (h->state == HAND_ENDING)
			break;
		h->state = HAND_AT_IT;
		pthread_mutex_unlock(&h->lock);
		h->job->run(h->job);
		pthread_mutex_lock(&h->lock);
		finish(h);
		pthread_mutex_unlock(&h->lock);
		stay_awake(h, HAND_ASKED);
		pthread_mutex_lock(&h->lock);
	}
	if (!useful) {
		if (h->left)
			h->job->late(h->job);
		h->state = HAND_USELESS;
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
	free(h);
}

static struct hand *hand_new(bool (*begin)(void))
{
	struct hand *h = calloc(1, sizeof(*h));
	pthread_condattr_t attr;

	if (!h)
		return NULL;
	h->begin = begin;
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

static struct hand *find_free(struct hands *hands)
{
	for (unsigned int i = 0; i < hands->n; i++) {
		if (!hands->list[i])
			hands->list[i] = hand_new(hands->begin);
		if (!hands->list[i])
			return NULL;
		if (atomic_load(&hands->list[i]->state) == HAND_FREE)
			return hands->list[i];
	}
	return NULL;
}

/* Whether the thread would go on if it had a processor: who holds it up are all others, not what it is at. */
static bool is_starved(const struct hand *h)
{
	char state = h->tid ? procfs_read_state(h->tid) : 'R';

	return state == 'R' || state == 'T' || state == 't';
}

static bool is_at_it(const struct hand *h)
{
	return h->state == HAND_ASKED || h->state == HAND_AT_IT;
}

/* Below the lock. */
static void wait_a_turn(struct hand *h, unsigned int ms)
{
	struct timespec until;
	int error = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ms * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	while (is_at_it(h) && error != ETIMEDOUT)
		error = pthread_cond_timedwait(&h->answered, &h->lock, &until);
}

/* Below the lock. */
static void wait_for(struct hand *h, unsigned int ms, unsigned int starved_ms)
{
	bool starved = true;

	wait_a_turn(h, ms);
	for (unsigned int waited = ms; is_at_it(h) && starved && waited < starved_ms; waited += ms) {
		/* a thread that waits for the lock alone is not asleep */
		pthread_mutex_unlock(&h->lock);
		starved = is_starved(h);
		pthread_mutex_lock(&h->lock);
		if (starved)
			wait_a_turn(h, ms);
	}
}

int hands_do(struct hands *hands, struct job *job, unsigned int ms, unsigned int starved_ms)
{
	struct hand *h = find_free(hands);
	int r;

	if (!h)
		return -EBUSY;
	pthread_mutex_lock(&h->lock);
	if (h->state == HAND_FREE) { /* else it could not begin */
		h->job = job;
		h->state = HAND_ASKED;
		pthread_cond_signal(&h->asked);
		pthread_mutex_unlock(&h->lock);
		stay_awake(h, HAND_ANSWERED);
		pthread_mutex_lock(&h->lock);
		wait_for(h, ms, starved_ms);
	}
	r = h->state == HAND_ANSWERED ? 0 : h->state == HAND_USELESS ? -EBUSY : -EAGAIN;
	if (r == 0)
		h->state = HAND_FREE;
	h->left = r == -EAGAIN;
	pthread_mutex_unlock(&h->lock);
	return r;
}

struct hands *hands_new(unsigned int n, bool (*begin)(void))
{
	struct hands *hands = calloc(1, sizeof(*hands));

	if (hands) {
		hands->n = n < HANDS_MAX ? n : HANDS_MAX;
		hands->begin = begin;
	}
	return hands;
}

/* False: it is held up. */
static bool end(struct hand *h)
{
	bool ends;

	pthread_mutex_lock(&h->lock);
	ends = h->state == HAND_FREE || h->state == HAND_USELESS;
	if (ends)
		h->state = HAND_ENDING;
	pthread_cond_signal(&h->asked);
	pthread_mutex_unlock(&h->lock);
	return ends && pthread_join(h->thread, NULL) == 0;
}

bool hands_free(struct hands *hands)
{
	bool all = true;

	for (unsigned int i = 0; hands && i < hands->n; i++) {
		if (!hands->list[i])
			continue;
		if (end(hands->list[i]))
			hand_free(hands->list[i]);
		else
			all = false;
	}
	free(hands);
	return all;
}
