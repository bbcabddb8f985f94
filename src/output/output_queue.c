/* SPDX-License-Identifier: Apache-2.0 */
#include "output/output_queue.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/thread.h"

struct entry {
	struct entry *next;
	struct alert_copy *alert;
};

/* All below lock but inner, whose functions the worker alone calls, and inner->stop. */
struct queue {
	struct output head;
	struct output *inner;
	struct output_queue_options options;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work; /* for the worker: something to do */
	pthread_cond_t progress; /* by the worker: something was done */
	struct entry *first, **end;
	size_t count, bytes; /* that wait; the one at hand included */
	bool lingers; /* the worker waits until several have come: a sender that cannot wait for that ends it */
	bool flush, reopen, finish, finished, stop, ended;
	bool given_up; /* the alert at hand was counted as dropped: the end did not wait for it */
	uint64_t dropped;
	uint64_t busy_since; /* monotonic ms of the delivery at hand, 0 = none */
	bool told_busy;
	struct error trouble; /* not told yet */
	int failing; /* of the last delivery, 0 = it worked: the same failure is told once until one works again */
	uint64_t failed_before; /* inner's count when that began */
	struct error recovery; /* not told yet */
	struct error last_word; /* of inner's drain() */
};

static struct timespec at_ms(uint64_t ms)
{
	return (struct timespec){ .tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000 };
}

/* ---- alerts that wait ---------------------------------------------------------------------------------- */

static size_t entry_bytes(const struct entry *e)
{
	return sizeof(*e) + e->alert->bytes;
}

static void entry_free(struct entry *e)
{
	if (e)
		alert_let_go(e->alert);
	free(e);
}

static struct entry *entry_new(const struct alert *a)
{
	struct entry *e = calloc(1, sizeof(*e));

	if (e)
		e->alert = alert_keep(a);
	if (e && e->alert)
		return e;
	entry_free(e);
	return NULL;
}

static bool has_room(const struct queue *q, const struct entry *e)
{
	size_t bytes = entry_bytes(e);

	return q->count < q->options.alerts && bytes <= OUTPUT_QUEUE_BYTES && q->bytes <= OUTPUT_QUEUE_BYTES - bytes;
}

static bool is_half_full(const struct queue *q)
{
	return q->count > q->options.alerts / 2 || q->bytes > OUTPUT_QUEUE_BYTES / 2;
}

static void wake(struct queue *q)
{
	q->lingers = false;
	pthread_cond_signal(&q->work);
}

static int queue_send(struct output *o, const struct alert *a, struct error *err)
{
	struct queue *q = (struct queue *)o;
	struct entry *e = entry_new(a);
	bool fits;

	pthread_mutex_lock(&q->lock);
	while (e && q->options.wait && q->count && !has_room(q, e)) {
		wake(q);
		pthread_cond_wait(&q->progress, &q->lock);
	}
	fits = e && has_room(q, e);
	if (fits) {
		*q->end = e;
		q->end = &e->next;
		q->count++;
		q->bytes += entry_bytes(e);
		if (!q->lingers || is_half_full(q))
			wake(q);
	} else {
		q->dropped++;
		o->failed++;
	}
	pthread_mutex_unlock(&q->lock);
	if (fits)
		return 0;
	if (!e)
		return error_set(err, -ENOMEM, "out of memory");
	entry_free(e);
	return error_set(err, -ENOBUFS, "%s: the queue is full, alerts are dropped", q->inner->ops->name);
}

/* ---- the worker ---------------------------------------------------------------------------------------- */

/* A failure is told once, until it was told. */
static void note(struct queue *q, int r, const struct error *err)
{
	if (r < 0 && !q->trouble.code)
		q->trouble = *err;
}

/* A disk that is full fails for every alert; that it has room again is worth a line, too. */
static void note_delivery(struct queue *q, int r, const struct error *err)
{
	if (r < 0) {
		if (r != q->failing)
			note(q, r, err);
		if (!q->failing)
			q->failed_before = q->inner->failed - 1;
		q->failing = r;
	} else if (q->failing) {
		q->failing = 0;
		error_set(&q->recovery, -ESTALE, "%s output: it works again, %llu alerts were lost meanwhile",
			  q->inner->ops->name, (unsigned long long)(q->inner->failed - q->failed_before));
	}
}

static void count(struct queue *q)
{
	q->head.sent = q->inner->sent;
	q->head.failed = q->inner->failed + q->dropped;
}

/* One call of inner, without the lock. */
static void deliver(struct queue *q, struct entry *e)
{
	struct error err = { 0 };
	int r;

	q->first = e->next;
	if (!q->first)
		q->end = &q->first;
	q->busy_since = clock_ms(CLOCK_MONOTONIC);
	pthread_mutex_unlock(&q->lock);
	r = q->inner->ops->send(q->inner, &e->alert->alert, &err);
	pthread_mutex_lock(&q->lock);
	q->busy_since = 0;
	q->told_busy = false;
	if (q->given_up) {
		q->given_up = false;
		q->dropped--; /* inner counts it after all */
	} else {
		q->count--;
		q->bytes -= entry_bytes(e);
	}
	note_delivery(q, r, &err);
	entry_free(e);
}

static void run_on_inner(struct queue *q, int (*function)(struct output *, struct error *), struct error *ret_last_word)
{
	struct error err = { 0 };
	int r;

	if (!function)
		return;
	pthread_mutex_unlock(&q->lock);
	r = function(q->inner, &err);
	pthread_mutex_lock(&q->lock);
	if (ret_last_word)
		*ret_last_word = err;
	else
		note(q, r, &err);
}

static bool is_asked(const struct queue *q)
{
	return q->flush || q->reopen || q->finish || q->stop;
}

/*
 * After an alert others are likely: they are let gather, so that the event path pays for one wake-up and not
 * for one each. The first one after a quiet time is delivered at once.
 */
static void linger(struct queue *q)
{
	struct timespec until = at_ms(clock_ms(CLOCK_MONOTONIC) + OUTPUT_LINGER_MS);

	q->lingers = true;
	while (q->lingers && !is_asked(q) && pthread_cond_timedwait(&q->work, &q->lock, &until) == 0)
		;
	q->lingers = false;
}

/* Waits for something to do; inner may want to be called again by itself. */
static void rest(struct queue *q)
{
	const struct output_ops *ops = q->inner->ops;
	struct error err = { 0 };
	struct timespec until;
	int ms = -1;

	if (ops->idle) {
		pthread_mutex_unlock(&q->lock);
		ms = ops->idle(q->inner, &err);
		pthread_mutex_lock(&q->lock);
		note(q, err.code, &err);
		count(q);
	}
	if (q->first || is_asked(q))
		return;
	if (ms < 0) {
		pthread_cond_wait(&q->work, &q->lock);
	} else {
		until = at_ms(clock_ms(CLOCK_MONOTONIC) + (uint64_t)ms);
		pthread_cond_timedwait(&q->work, &q->lock, &until);
	}
}

static void *work(void *queue)
{
	struct queue *q = queue;
	bool delivered = false; /* since it lingered */

	pthread_mutex_lock(&q->lock);
	while (!q->stop) {
		if (q->reopen) {
			q->reopen = false;
			run_on_inner(q, q->inner->ops->reopen, NULL);
		}
		if (q->first) {
			deliver(q, q->first);
			delivered = true;
		} else if (q->flush) {
			q->flush = false;
			run_on_inner(q, q->inner->ops->flush, NULL);
		} else if (q->finish) {
			run_on_inner(q, q->inner->ops->drain, &q->last_word);
			q->finish = false;
		} else if (delivered) {
			delivered = false;
			linger(q);
			continue;
		} else {
			rest(q);
			continue;
		}
		count(q);
		pthread_cond_broadcast(&q->progress);
	}
	q->ended = true;
	pthread_cond_broadcast(&q->progress);
	pthread_mutex_unlock(&q->lock);
	return NULL;
}

/* ---- the other functions of an output ------------------------------------------------------------------ */

static int queue_reopen(struct output *o, struct error *err)
{
	struct queue *q = (struct queue *)o;

	(void)err;
	pthread_mutex_lock(&q->lock);
	q->reopen = true;
	pthread_cond_signal(&q->work);
	pthread_mutex_unlock(&q->lock);
	return 0;
}

static int queue_check(struct output *o, struct error *err)
{
	struct queue *q = (struct queue *)o;
	struct error why = { 0 };
	uint64_t busy;
	int r = 0;

	pthread_mutex_lock(&q->lock);
	busy = q->busy_since ? clock_ms(CLOCK_MONOTONIC) - q->busy_since : 0;
	if (q->trouble.code) {
		*err = q->trouble;
		q->trouble.code = 0;
		r = err->code;
	} else if (q->recovery.code) {
		*err = q->recovery;
		q->recovery.code = 0;
		r = err->code;
	} else if (q->options.timeout_ms && busy > q->options.timeout_ms && !q->told_busy) {
		q->told_busy = true;
		if (q->inner->ops->check)
			(void)q->inner->ops->check(q->inner, &why);
		r = error_set(err, -ETIMEDOUT, "%s output: one alert has taken %llu ms so far, %zu wait%s%s",
			      q->inner->ops->name, (unsigned long long)busy, q->count - 1, why.code ? ": " : "",
			      why.code ? why.text : "");
	}
	pthread_mutex_unlock(&q->lock);
	return r;
}

static void wait_until(struct queue *q, uint64_t end, bool (*done)(const struct queue *))
{
	struct timespec until = at_ms(end);

	while (!done(q) && clock_ms(CLOCK_MONOTONIC) < end)
		pthread_cond_timedwait(&q->progress, &q->lock, &until);
}

static bool is_empty(const struct queue *q)
{
	return !q->count && !q->flush && !q->finish;
}

/* Nothing is left to do, or to wait for. */
static bool is_settled(const struct queue *q)
{
	return is_empty(q) || atomic_load(&q->inner->absent);
}

static bool has_ended(const struct queue *q)
{
	return q->ended;
}

/* Whoever flushes wants to say that all is written; what takes longer stays on its way. */
static int queue_flush(struct output *o, struct error *err)
{
	struct queue *q = (struct queue *)o;

	(void)err;
	pthread_mutex_lock(&q->lock);
	q->flush = q->inner->ops->flush;
	pthread_cond_signal(&q->work);
	wait_until(q, clock_ms(CLOCK_MONOTONIC) + OUTPUT_DRAIN_SECONDS * 500, is_settled);
	pthread_mutex_unlock(&q->lock);
	return 0;
}

static int queue_drain(struct output *o, struct error *err)
{
	struct queue *q = (struct queue *)o;
	uint64_t begin = clock_ms(CLOCK_MONOTONIC), end, sent;
	struct entry *e, *next;
	size_t left, before;

	err->code = 0;
	pthread_mutex_lock(&q->lock);
	q->flush = q->inner->ops->flush;
	q->finish = q->inner->ops->drain && !q->finished;
	q->finished = true;
	pthread_cond_signal(&q->work);
	/* as long as it goes on, what was queued while a peer was away is delivered */
	do {
		before = q->count;
		sent = q->inner->sent;
		wait_until(q, clock_ms(CLOCK_MONOTONIC) + OUTPUT_DRAIN_SECONDS * 500, is_settled);
	} while (!is_settled(q) && (q->count < before || q->inner->sent != sent) &&
		 clock_ms(CLOCK_MONOTONIC) < begin + OUTPUT_DRAIN_MAX_SECONDS * 1000);
	end = clock_ms(CLOCK_MONOTONIC) + OUTPUT_DRAIN_SECONDS * 500;
	atomic_store(&q->inner->stop, true); /* whoever tries again and again gives up */
	wait_until(q, end, is_empty);
	left = q->count;
	for (e = q->first; e; e = next) {
		next = e->next;
		entry_free(e);
	}
	q->first = NULL;
	q->end = &q->first;
	q->count = q->bytes = 0;
	q->given_up |= q->busy_since != 0;
	q->dropped += left;
	count(q);
	if (left) {
		error_set(err, -ETIMEDOUT, "%s output: %zu alert%s could not be delivered in time", q->inner->ops->name,
			  left, str_plural(left));
	} else if (q->last_word.code) {
		*err = q->last_word;
		q->last_word.code = 0;
	}
	pthread_mutex_unlock(&q->lock);
	return err->code;
}

static void queue_close(struct output *o)
{
	struct queue *q = (struct queue *)o;
	struct error err;
	bool ended;

	(void)queue_drain(o, &err);
	pthread_mutex_lock(&q->lock);
	q->stop = true;
	pthread_cond_signal(&q->work);
	wait_until(q, clock_ms(CLOCK_MONOTONIC) + OUTPUT_STOP_MS, has_ended);
	ended = q->ended;
	pthread_mutex_unlock(&q->lock);
	/* a worker that hangs in a write uses all of this until the process ends */
	if (!ended) {
		pthread_detach(q->thread);
		return;
	}
	pthread_join(q->thread, NULL);
	output_close(q->inner);
	pthread_cond_destroy(&q->work);
	pthread_cond_destroy(&q->progress);
	pthread_mutex_destroy(&q->lock);
	free(q);
}

static void queue_stats(const struct output *o, struct output_stats *stats)
{
	struct queue *q = (struct queue *)(uintptr_t)o; /* for its lock */

	pthread_mutex_lock(&q->lock);
	stats->name = q->inner->ops->name;
	stats->written = q->inner->sent;
	stats->errors = q->inner->failed;
	stats->dropped = q->dropped;
	stats->waiting = q->count;
	if (q->inner->ops->stats)
		q->inner->ops->stats(q->inner, stats);
	pthread_mutex_unlock(&q->lock);
}

static const struct output_ops queue_ops = {
	.name = "queue",
	.send = queue_send,
	.flush = queue_flush,
	.reopen = queue_reopen,
	.check = queue_check,
	.drain = queue_drain,
	.stats = queue_stats,
	.close = queue_close,
};

static int start(struct queue *q, struct error *err)
{
	int r = thread_start(&q->thread, work, q);

	return r < 0 ? error_errno(err, r, "cannot start a thread for the %s output", q->inner->ops->name) : 0;
}

int output_queue_open(struct output *inner, const struct output_queue_options *options, struct output **ret_output,
		      struct error *err)
{
	struct queue *q = calloc(1, sizeof(*q));
	pthread_condattr_t monotonic;
	int r;

	if (!q) {
		output_close(inner);
		return error_set(err, -ENOMEM, "out of memory");
	}
	q->head.ops = &queue_ops;
	q->head.json = inner->json;
	q->inner = inner;
	q->options = *options;
	if (!q->options.alerts || q->options.alerts > OUTPUT_QUEUE_ALERTS)
		q->options.alerts = OUTPUT_QUEUE_ALERTS;
	q->end = &q->first;
	pthread_mutex_init(&q->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&q->work, &monotonic);
	pthread_cond_init(&q->progress, &monotonic);
	pthread_condattr_destroy(&monotonic);
	r = start(q, err);
	if (r < 0) {
		output_close(inner);
		free(q);
		return r;
	}
	*ret_output = &q->head;
	return 0;
}
