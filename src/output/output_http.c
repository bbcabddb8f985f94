/* SPDX-License-Identifier: Apache-2.0 */
#include "output/output_http.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <time.h>

#include "base/clock.h"
#include "base/limits.h"
#include "output/http_post.h"
#include "output/spool.h"

struct http_output {
	struct output head;
	struct http_post *post;
	unsigned int retry_seconds;
	pthread_mutex_t lock;
	struct error trouble; /* below lock: why the alert at hand is tried again */
	/* with a spool */
	struct spool *spool; /* NULL = none */
	char *spool_folder; /* of one that another output has still; NULL = it is ours */
	uint64_t spool_max_bytes;
	unsigned int pause_ms; /* 0 = the peer takes alerts */
	uint64_t retry_at, turn_ended; /* monotonic ms */
	struct error news; /* not told yet */
	bool bad_disk; /* told */
	_Atomic uint64_t spooled; /* alerts that wait in the spool */
};

static uint64_t now_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

static unsigned int longer(unsigned int ms)
{
	return !ms ? HTTP_RETRY_FIRST_MS : ms * 2 < HTTP_RETRY_LAST_MS ? ms * 2 : HTTP_RETRY_LAST_MS;
}

/* Short sleeps, so that the end is noticed. */
static void pause_for(const struct output *o, unsigned int ms)
{
	const struct timespec step = { .tv_nsec = 50000000 };

	for (unsigned int slept = 0; slept < ms && !atomic_load(&o->stop); slept += 50)
		nanosleep(&step, NULL);
}

static void set_trouble(struct http_output *h, const struct error *err)
{
	pthread_mutex_lock(&h->lock);
	h->trouble = *err;
	pthread_mutex_unlock(&h->lock);
}

static int http_check(struct output *o, struct error *err)
{
	struct http_output *h = (struct http_output *)o;

	pthread_mutex_lock(&h->lock);
	*err = h->trouble;
	pthread_mutex_unlock(&h->lock);
	return err->code;
}

/* ---- without a spool: the others wait behind the alert at hand ----------------------------------------- */

static int post_until_taken(struct http_output *h, struct str body, struct error *err)
{
	uint64_t end = now_ms() + (uint64_t)h->retry_seconds * 1000;
	unsigned int ms = 0;
	struct error last;
	int r = http_post_send(h->post, body, h->head.json, err);

	if (r == 0)
		return 0;
	while (r == -EAGAIN && !atomic_load(&h->head.stop) && now_ms() < end) {
		set_trouble(h, err);
		last = *err;
		ms = longer(ms);
		pause_for(&h->head, ms);
		r = http_post_send(h->post, body, h->head.json, err);
		if (r == -ECANCELED)
			*err = last; /* why it was tried again says more */
	}
	set_trouble(h, &(struct error){ 0 });
	return r;
}

/* ---- with a spool: what the peer does not take waits on the disk, and goes before what is newer -------- */

static bool is_due(const struct http_output *h)
{
	return !h->pause_ms || now_ms() >= h->retry_at;
}

static uint64_t count_spooled(struct http_output *h)
{
	struct spool_stats stats;

	spool_stats(h->spool, &stats);
	atomic_store(&h->spooled, stats.records);
	return stats.records;
}

/* The peer does not take alerts now; it is told when that begins. */
static void put_off(struct http_output *h, const struct error *err)
{
	if (!h->pause_ms)
		error_set(&h->news, err->code, "%s; alerts wait in %s", err->text, spool_folder(h->spool));
	h->pause_ms = longer(h->pause_ms);
	h->retry_at = now_ms() + h->pause_ms;
}

/* -EAGAIN: it is to be tried again later. Another error: the alert is lost. */
static int post_now(struct http_output *h, struct str body, bool json, struct error *err)
{
	int r = http_post_send(h->post, body, json, err);

	if (r == -ECANCELED)
		return -EAGAIN;
	if (r == -EAGAIN)
		put_off(h, err);
	else
		h->pause_ms = 0;
	return r;
}

/* Delivers from the spool for some time, or until nothing is left in it or the peer does not take any. */
static void work_off(struct http_output *h, unsigned int ms)
{
	uint64_t end = now_ms() + ms;
	struct spool_record record;
	struct error err;
	int r;

	do {
		if (spool_first(h->spool, &record) == 0)
			break;
		r = post_now(h, record.body, record.kind, &err);
		if (r == -EAGAIN)
			break;
		if (r < 0) {
			h->head.failed++;
			h->news = err;
		} else {
			h->head.sent++;
		}
		r = spool_done(h->spool, &err);
		if (r < 0 && !h->bad_disk) {
			h->news = err;
			h->bad_disk = true;
		}
	} while (now_ms() < end && !atomic_load(&h->head.stop));
	count_spooled(h);
	h->turn_ended = now_ms();
}

static int open_spool(struct http_output *h, const char *folder, struct error *err);

/* Whether it is decided what alerts go to. A spool that turns out to be no good is told, and they wait in memory. */
static bool has_spool(struct http_output *h)
{
	struct error err = { 0 };
	int r = h->spool_folder ? open_spool(h, h->spool_folder, &err) : 0;

	if (r == -EBUSY)
		return false;
	if (r < 0)
		h->news = err;
	free(take_ptr(h->spool_folder));
	return true;
}

/* 1 = the alert was spooled. While the spool takes none it waits here, as without a spool. */
static int post_in_order(struct http_output *h, struct str body, struct error *err)
{
	uint64_t end = now_ms() + (uint64_t)h->retry_seconds * 1000;
	struct error unused;
	int r;

	for (;;) {
		bool due = is_due(h) && !atomic_load(&h->head.stop);

		if (count_spooled(h) && due && now_ms() >= h->turn_ended + HTTP_SPOOL_INTAKE_MS)
			work_off(h, HTTP_SPOOL_TURN_MS);
		if (!count_spooled(h) && due) {
			r = post_now(h, body, h->head.json, &unused);
			if (r != -EAGAIN) {
				*err = unused;
				return r;
			}
		}
		r = spool_add(h->spool, h->head.json, body, err);
		set_trouble(h, r < 0 ? err : &(struct error){ 0 });
		if (r == 0)
			count_spooled(h);
		if (r == 0 || atomic_load(&h->head.stop) || now_ms() >= end)
			return r == 0 ? 1 : r;
		pause_for(&h->head, 50);
	}
}

static int http_idle(struct output *o, struct error *err)
{
	struct http_output *h = (struct http_output *)o;
	uint64_t now;

	if (!has_spool(h))
		return SPOOL_RETRY_MS;
	*err = h->news;
	if (!h->spool) {
		h->news.code = 0;
		return -1;
	}
	if (count_spooled(h) && is_due(h) && !atomic_load(&o->stop))
		work_off(h, HTTP_SPOOL_TURN_MS);
	*err = h->news;
	h->news.code = 0;
	if (!count_spooled(h))
		return -1;
	now = now_ms();
	return h->pause_ms && h->retry_at > now ? (int)(h->retry_at - now) : 0;
}

/* What is still spooled at the end stays there. */
static int http_drain(struct output *o, struct error *err)
{
	struct http_output *h = (struct http_output *)o;
	uint64_t progress = now_ms(), sent = o->sent;

	if (!h->spool)
		return 0;
	while (count_spooled(h) && !atomic_load(&o->stop) && now_ms() < progress + OUTPUT_DRAIN_SECONDS * 1000) {
		if (is_due(h))
			work_off(h, HTTP_SPOOL_TURN_MS);
		else
			pause_for(o, 50);
		if (o->sent != sent) {
			sent = o->sent;
			progress = now_ms();
		}
	}
	if (!count_spooled(h))
		return 0;
	return error_set(err, -EAGAIN, "http output: %" PRIu64 " alert%s in %s for the next start",
			 count_spooled(h), count_spooled(h) == 1 ? " stays" : "s stay", spool_folder(h->spool));
}

/* ---- the output ---------------------------------------------------------------------------------------- */

static int http_send(struct output *o, const struct alert *a, struct error *err)
{
	struct http_output *h = (struct http_output *)o;
	struct str body = o->json ? a->json : a->text;
	int r;

	/* what the other output spools in its last moments goes before */
	while (!has_spool(h) && !atomic_load(&o->stop))
		pause_for(o, SPOOL_RETRY_MS);
	r = h->spool ? post_in_order(h, body, err) : post_until_taken(h, body, err);

	if (r < 0)
		o->failed++;
	else if (r == 0)
		o->sent++;
	return r;
}

static void http_stats(const struct output *o, struct output_stats *stats)
{
	stats->waiting += ((const struct http_output *)o)->spooled;
}

static void http_close(struct output *o)
{
	struct http_output *h = (struct http_output *)o;

	http_post_free(h->post);
	spool_free(h->spool);
	free(h->spool_folder);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

static const struct output_ops http_ops = {
	.name = "http",
	.send = http_send,
	.check = http_check,
	.idle = http_idle,
	.drain = http_drain,
	.stats = http_stats,
	.close = http_close,
};

/* Says what is there already. */
static int open_spool(struct http_output *h, const char *folder, struct error *err)
{
	struct spool_stats stats;
	int r = spool_open(folder, h->spool_max_bytes, &h->spool, err);

	if (r < 0)
		return error_prefix(err, r, "http output");
	spool_stats(h->spool, &stats);
	atomic_store(&h->spooled, stats.records);
	if (stats.damaged)
		error_set(&h->news, -EBADMSG,
			  "http output: %" PRIu64 " bytes in %s are damaged and left out; %" PRIu64 " alerts are good",
			  stats.damaged, folder, stats.records);
	return 0;
}

int output_http_open(const struct output_http_options *options, struct output **ret_output, struct error *err)
{
	struct http_output *h = calloc(1, sizeof(*h));
	int r;

	if (!h)
		return error_set(err, -ENOMEM, "out of memory");
	pthread_mutex_init(&h->lock, NULL);
	h->head.ops = &http_ops;
	h->head.json = options->json;
	h->retry_seconds = options->retry_seconds;
	r = http_post_new(options, &h->head.stop, &h->post, err);
	h->spool_max_bytes = options->spool_max_bytes;
	if (r == 0 && *options->spool_folder)
		r = open_spool(h, options->spool_folder, err);
	if (r == -EBUSY && options->spool_later) {
		h->spool_folder = str_dup(str_of(options->spool_folder));
		*err = (struct error){ 0 };
		r = h->spool_folder ? 0 : error_set(err, -ENOMEM, "out of memory");
	}
	if (r < 0) {
		http_close(&h->head);
		return r;
	}
	*ret_output = &h->head;
	return 0;
}
