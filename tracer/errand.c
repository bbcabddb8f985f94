/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/supervisor.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "tracer/hands.h"
#include "tracer/rights.h"

/*
 * What is done in a caller's place takes locks of the kernel: of the folder that a name is made in, of a file that is
 * cut off. Others can hold these for as long as they like: who lists the folder into a page that somebody else has to
 * give first (userfaultfd, a file on FUSE) holds it until he has the page, and nothing can be written to a file system
 * that is frozen. Nobody waits for such a lock in a way that could be broken off.
 *
 * Nor need that be meant: who writes much with one call, or has room made for it, has the file's lock until it is
 * written, and who removes or cuts off the file waits with the folder's.
 *
 * So from the first call on by which there can be such pages or file systems, or a file is kept for long, or after
 * an errand that took long, threads do these errands. The tracer waits for a moment, and goes on: the call is put
 * aside, its caller waits for it as it would natively, and when the thread comes back the call is the pending one
 * again. Who is killed meanwhile is told with what may have been done (result_lose()). When no thread is left the
 * calls are their callers' own.
 *
 * Until then there is no thread and no cost. And what the kernel finds in its caches needs no thread then, either.
 */
struct trip {
	struct job job; /* first */
	struct errands *all;
	struct errand *errand; /* the copy, behind this, and behind that its texts */
	struct slow slow;
	struct trip *next, *next_done;
	uint64_t since; /* when it was put aside */
	struct pending pending;
	struct event_ext ext;
};

struct errands {
	struct hands *hands;
	pthread_mutex_t lock;
	struct trip *done; /* below the lock: those that came back late */
	atomic_bool any;
	struct trip *list; /* of those that are put aside, and not told yet */
};

/* ---- on a thread --------------------------------------------------------------------------------------- */

/* Creation masks are set by errands, each for itself. */
static bool begin(void)
{
	return unshare(CLONE_FS) == 0;
}

static void run(struct job *job)
{
	struct errand *e = ((struct trip *)job)->errand;

	e->act(e);
}

static void come_back(struct job *job)
{
	struct trip *trip = (struct trip *)job;
	struct errands *all = trip->all;

	pthread_mutex_lock(&all->lock);
	trip->next_done = all->done;
	all->done = trip;
	atomic_store(&all->any, true);
	kill(getpid(), SIGIO);
	pthread_mutex_unlock(&all->lock);
}

/* ---- putting aside ------------------------------------------------------------------------------------- */

static struct errands *errands_of(struct tracer *t)
{
	struct errands *all = t->errands;

	if (all)
		return all;
	all = calloc(1, sizeof(*all));
	if (!all)
		return NULL;
	all->hands = hands_new(ERRAND_THREADS, begin);
	if (!all->hands) {
		free(all);
		return NULL;
	}
	pthread_mutex_init(&all->lock, NULL);
	t->errands = all;
	return all;
}

static void trip_free(struct trip *trip)
{
	if (trip->errand->release)
		trip->errand->release(trip->errand);
	slow_free(&trip->slow);
	free(trip);
}

/* With all that the errand needs, so that nothing of the tracer is touched. NULL: out of memory or descriptors. */
static struct trip *trip_new(struct tracer *t, const struct errand *e, size_t size)
{
	struct errands *all = errands_of(t);
	struct trip *trip = all ? malloc(sizeof(*trip) + size + 2 * PATH_MAX) : NULL;
	struct errand *copy;
	char *texts;

	if (!trip)
		return NULL;
	texts = (char *)(trip + 1) + size;
	copy = memcpy(trip + 1, e, size);
	*trip = (struct trip){ .job = { run, come_back }, .all = all, .errand = copy };
	copy->path = memcpy(texts, t->path, PATH_MAX);
	copy->second_path = memcpy(texts + PATH_MAX, t->second_path, PATH_MAX);
	copy->lookup.slow = &trip->slow;
	if (slow_copy(&t->slow, &trip->slow) == 0) {
		if (!copy->keep || copy->keep(copy))
			return trip;
		slow_free(&trip->slow);
	}
	free(trip);
	return NULL;
}

static enum open_way put_aside(struct tracer *t, struct trip *trip)
{
	struct errands *all = t->errands;

	trip->pending = t->pending;
	trip->ext = t->ext;
	trip->since = tracer_now();
	trip->next = all->list;
	all->list = trip;
	t->errands_away++;
	result_aside(t, trip->errand->leaves);
	t->pending.tracee->trip = trip;
	t->pending.active = false;
	return OPEN_ASIDE;
}

/* Before Linux 5.19 a signal may take the caller away, who then makes the call a second time. */
static bool can_wait(const struct tracer *t)
{
	return t->pending.tracee && (!t->pending.notified || t->killable);
}

enum open_way errand_do(struct tracer *t, struct errand *e, size_t size)
{
	struct trip *trip;
	enum open_way way;
	int r;

	e->path = t->path;
	e->second_path = t->second_path;
	e->reader = t->reader;
	e->lookup = (struct lookup){ .slow = &t->slow, .tid = t->pending.call.tid };
	if (!reader_fears_locks(t->reader) || !can_wait(t)) {
		e->act(e);
		if (tracer_now() - t->pending.since > ERRAND_SLOW_NS)
			reader_fear_locks(t->reader);
		return e->settle(t, e);
	}
	if (e->quick && e->quick(e))
		return e->settle(t, e);
	trip = trip_new(t, e, size);
	if (!trip)
		return OPEN_CHECK;
	r = hands_do(t->errands->hands, &trip->job, ERRAND_WAIT_MS, ERRAND_WAIT_MS);
	if (r == -EAGAIN)
		return put_aside(t, trip);
	way = r == 0 ? trip->errand->settle(t, trip->errand) : OPEN_CHECK;
	trip_free(trip);
	return way;
}

bool errand_assume(const struct errand *e)
{
	return rights_assume(e->book, e->rights) == 0;
}

void errand_return(const struct errand *e)
{
	rights_return(e->book, e->rights);
}

/* ---- coming back --------------------------------------------------------------------------------------- */

static struct trip *take_done(struct tracer *t, struct errands *all)
{
	struct trip *trip, **at;

	pthread_mutex_lock(&all->lock);
	trip = all->done;
	all->done = trip ? trip->next_done : NULL;
	atomic_store(&all->any, all->done != NULL);
	pthread_mutex_unlock(&all->lock);
	if (!trip)
		return NULL;
	for (at = &all->list; *at != trip; at = &(*at)->next)
		;
	*at = trip->next;
	t->errands_away--;
	return trip;
}

static struct tracee *caller_of(struct tracer *t, const struct trip *trip)
{
	struct tracee *tracee = tracees_find(&t->tracees, trip->pending.call.tid);

	return tracee && tracee->trip == trip ? tracee : NULL;
}

/* NULL: it is gone, and what may have been done for it is told. */
static struct tracee *waiting_caller(struct tracer *t, const struct trip *trip)
{
	struct tracee *tracee = caller_of(t, trip);

	if (!tracee)
		return NULL;
	tracee->trip = NULL;
	if (tracee->over || tracee->follow != FOLLOW_ASIDE)
		return NULL;
	tracee->follow = FOLLOW_NONE;
	return tracee;
}

bool errand_come_back(struct tracer *t)
{
	struct errands *all = t->errands;
	struct pending *p = &t->pending;
	struct tracee *caller;
	struct trip *trip;

	if (!all || !atomic_load(&all->any) || p->active || t->injections)
		return false;
	trip = take_done(t, all);
	if (!trip)
		return false;
	caller = waiting_caller(t, trip);
	if (caller) {
		memcpy(t->path, trip->errand->path, PATH_MAX);
		memcpy(t->second_path, trip->errand->second_path, PATH_MAX);
		*p = trip->pending;
		t->ext = trip->ext;
		p->call.memory = tracees_memory(&t->tracees, caller);
		p->tried_way = trip->errand->settle(t, trip->errand);
		p->tried = p->event_due = p->tried_way != OPEN_QUEUED;
		p->ext = t->ext;
	}
	trip_free(trip);
	return true;
}

void errand_look_around(struct tracer *t)
{
	uint64_t now = tracer_now();

	for (const struct trip *trip = t->errands ? t->errands->list : NULL; trip; trip = trip->next) {
		const struct tracee *caller = caller_of(t, trip);

		if (caller && now - trip->since > ERRAND_LONG_NS)
			foreign_waits(t, caller, trip->pending.call.number);
	}
}

bool errand_lose(struct tracer *t)
{
	for (const struct trip *trip = t->errands ? t->errands->list : NULL; trip; trip = trip->next) {
		struct tracee *caller = caller_of(t, trip);

		if (caller)
			result_lose(t, caller);
	}
	return t->told.count > 0;
}

/* Threads that are still away have what is theirs. */
void errand_free(struct tracer *t)
{
	struct errands *all = take_ptr(t->errands);

	if (!all || t->errands_away || !hands_free(all->hands))
		return;
	pthread_mutex_destroy(&all->lock);
	free(all);
}
