/* SPDX-License-Identifier: Apache-2.0 */
#include "output/output_queue.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/limits.h"

/* An output that works only while its gate is open, and remembers what it got. */
struct gated {
	struct output head;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool open, fails, deaf;
	char got[256];
	size_t len, reopened;
	_Atomic size_t idle_calls;
};

static struct gated gate;
static bool closed;

static int gated_send(struct output *o, const struct alert *a, struct error *err)
{
	struct gated *g = (struct gated *)o;

	pthread_mutex_lock(&g->lock);
	while (!g->open && (g->deaf || !atomic_load(&o->stop))) {
		struct timespec until;

		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 5000000;
		if (until.tv_nsec >= 1000000000) {
			until.tv_sec++;
			until.tv_nsec -= 1000000000;
		}
		pthread_cond_timedwait(&g->changed, &g->lock, &until);
	}
	if (g->open && !g->fails && g->len < sizeof(g->got))
		g->got[g->len++] = a->text.len ? a->text.ptr[0] : a->json.ptr[0];
	pthread_mutex_unlock(&g->lock);
	if (!g->open || g->fails) {
		o->failed++;
		return error_set(err, -EIO, "gated: no");
	}
	o->sent++;
	return 0;
}

static int gated_reopen(struct output *o, struct error *err)
{
	(void)err;
	((struct gated *)o)->reopened++;
	return 0;
}

static int gated_idle(struct output *o, struct error *err)
{
	(void)err;
	((struct gated *)o)->idle_calls++;
	return ((struct gated *)o)->idle_calls < 3 ? 1 : -1;
}

static void gated_close(struct output *o)
{
	(void)o;
	closed = true;
}

static const struct output_ops gated_ops = {
	.name = "gated", .send = gated_send, .reopen = gated_reopen, .idle = gated_idle, .close = gated_close,
};

static struct output *queue_of(bool open, size_t alerts, bool wait)
{
	const struct output_queue_options options = { .alerts = alerts, .timeout_ms = 1, .wait = wait };
	struct error err = { 0 };
	struct output *o;

	closed = false;
	gate = (struct gated){ .head = { .ops = &gated_ops }, .open = open };
	pthread_mutex_init(&gate.lock, NULL);
	pthread_cond_init(&gate.changed, NULL);
	assert_int_equal(output_queue_open(&gate.head, &options, &o, &err), 0);
	return o;
}

static void set_gate(bool open)
{
	pthread_mutex_lock(&gate.lock);
	gate.open = open;
	pthread_cond_broadcast(&gate.changed);
	pthread_mutex_unlock(&gate.lock);
}

static int send_text(struct output *o, char c, struct error *err)
{
	char text[2] = { c, 0 };
	const struct alert a = { .rule = { "r", 1 }, .text = { text, 1 }, .json = { "{", 1 } };

	return o->ops->send(o, &a, err);
}

/* All that keep an alert share one copy, which outlives the alert. */
static void test_copy_is_shared(void **state)
{
	char text[] = "text";
	struct str tags[] = { { "t", 1 } };
	struct alert_copy *kept = NULL, *a, *b;
	const struct alert alert = { .text = { text, 4 }, .tags = tags, .ntags = 1, .kept = &kept };
	const struct alert alone = { .text = { text, 4 } };

	(void)state;
	a = alert_keep(&alert);
	b = alert_keep(&alert);
	assert_non_null(a);
	assert_ptr_equal(a, b);
	assert_ptr_equal(a, kept);
	assert_int_equal(a->holders, 3);
	alert_let_go(kept);
	memset(text, 0, sizeof(text));
	tags[0] = (struct str){ 0 };
	alert_let_go(a);
	assert_int_equal(b->holders, 1);
	assert_memory_equal(b->alert.text.ptr, "text", 4);
	assert_int_equal(b->alert.tags[0].ptr[0], 't');
	alert_let_go(b);
	a = alert_keep(&alone);
	assert_int_equal(a->holders, 1);
	alert_let_go(a);
	alert_let_go(NULL);
}

static void test_order(void **state)
{
	struct output *o = queue_of(true, 0, false);
	struct error err = { 0 };
	int i;

	(void)state;
	for (i = 0; i < 100; i++)
		assert_int_equal(send_text(o, (char)('a' + i % 26), &err), 0);
	assert_int_equal(o->ops->drain(o, &err), 0);
	assert_int_equal(o->sent, 100);
	assert_int_equal(o->failed, 0);
	assert_int_equal(gate.len, 100);
	for (i = 0; i < 100; i++)
		assert_int_equal(gate.got[i], 'a' + i % 26);
	output_close(o);
	assert_true(closed);
}

/* One is at hand, two wait; the rest has no room, and whoever sends is not delayed. */
static void test_full(void **state)
{
	struct output *o = queue_of(false, 3, false);
	struct error err = { 0 };
	struct output_stats stats;
	int i, lost = 0;

	(void)state;
	for (i = 0; i < 10; i++)
		lost += send_text(o, (char)('0' + i), &err) == -ENOBUFS;
	assert_int_equal(lost, 7);
	assert_non_null(strstr(err.text, "gated"));
	assert_int_equal(o->failed, 7);
	output_stats(o, &stats);
	assert_string_equal(stats.name, "gated");
	assert_int_equal(stats.queued, 10);
	assert_int_equal(stats.waiting, 3);
	assert_int_equal(stats.dropped, 7);
	assert_int_equal(stats.written + stats.errors, 0);
	set_gate(true);
	assert_int_equal(o->ops->drain(o, &err), 0);
	output_stats(o, &stats);
	assert_int_equal(stats.queued, 10);
	assert_int_equal(stats.written, 3);
	assert_int_equal(stats.dropped, 7);
	assert_int_equal(stats.waiting + stats.errors, 0);
	assert_int_equal(o->sent, 3);
	assert_int_equal(o->failed, 7);
	assert_memory_equal(gate.got, "012", 3);
	output_close(o);
}

static void *open_later(void *unused)
{
	const struct timespec pause = { .tv_nsec = 20000000 };

	(void)unused;
	nanosleep(&pause, NULL);
	set_gate(true);
	return NULL;
}

static void test_sender_waits(void **state)
{
	struct output *o = queue_of(false, 1, true);
	struct error err = { 0 };
	pthread_t thread;
	int i;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, open_later, NULL), 0);
	for (i = 0; i < 10; i++)
		assert_int_equal(send_text(o, (char)('0' + i), &err), 0);
	assert_int_equal(o->ops->drain(o, &err), 0);
	assert_memory_equal(gate.got, "0123456789", 10);
	pthread_join(thread, NULL);
	output_close(o);
}

static void test_trouble(void **state)
{
	struct output *o = queue_of(false, 0, false);
	const struct timespec pause = { .tv_nsec = 5000000 };
	struct error err = { 0 };
	int r;

	(void)state;
	assert_int_equal(o->ops->check(o, &err), 0);
	assert_int_equal(send_text(o, 'x', &err), 0);
	while ((r = o->ops->check(o, &err)) == 0)
		nanosleep(&pause, NULL);
	assert_int_equal(r, -ETIMEDOUT);
	assert_int_equal(o->ops->check(o, &err), 0); /* told once */
	gate.fails = true;
	set_gate(true);
	assert_int_equal(o->ops->drain(o, &err), 0);
	assert_int_equal(o->ops->check(o, &err), -EIO);
	assert_string_equal(err.text, "gated: no");
	assert_int_equal(o->ops->check(o, &err), 0);
	assert_int_equal(o->failed, 1);
	output_close(o);
}

static void test_reopen(void **state)
{
	struct output *o = queue_of(true, 0, false);
	struct error err = { 0 };

	(void)state;
	assert_int_equal(o->ops->reopen(o, &err), 0);
	assert_int_equal(send_text(o, 'x', &err), 0);
	assert_int_equal(o->ops->drain(o, &err), 0);
	assert_int_equal(gate.reopened, 1);
	for (int i = 0; i < 5000 && !gate.idle_calls; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	output_close(o);
	assert_true(gate.idle_calls > 0);
}

static bool comes_to(struct output *o, uint64_t sent)
{
	const struct timespec pause = { .tv_nsec = 100000 };

	for (int i = 0; i < 50000; i++) {
		struct output_stats stats;

		output_stats(o, &stats);
		if (stats.written == sent)
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

/* One that comes while the worker waits for more is delivered though no other follows, and nobody flushes. */
static void test_last_of_a_burst(void **state)
{
	struct output *o = queue_of(true, 0, false);
	struct error err = { 0 };

	(void)state;
	for (uint64_t i = 1; i <= 20; i++) {
		assert_int_equal(send_text(o, 'x', &err), 0);
		assert_true(comes_to(o, i));
	}
	output_close(o);
}

/*
 * The worker that idles before each sleep does so much less often than alerts come, and a small queue is not
 * let run full meanwhile.
 */
static void test_burst_wakes_seldom(void **state)
{
	struct output *o = queue_of(true, 0, false);
	const struct timespec pause = { .tv_nsec = 20000 };
	struct error err = { 0 };

	(void)state;
	for (int i = 0; i < 200; i++) {
		assert_int_equal(send_text(o, 'x', &err), 0);
		nanosleep(&pause, NULL);
	}
	assert_int_equal(o->ops->drain(o, &err), 0);
	assert_int_equal(o->sent, 200);
	assert_in_range(gate.idle_calls, 0, 60);
	output_close(o);

	o = queue_of(true, 2, true);
	for (int i = 0; i < 200; i++)
		assert_int_equal(send_text(o, 'x', &err), 0);
	assert_true(comes_to(o, 200));
	output_close(o);
}

/* What is never delivered is told, and the end does not wait for it. */
static void test_drain_is_bounded(void **state)
{
	struct output *o = queue_of(false, 0, false);
	struct error err = { 0 };
	int i;

	(void)state;
	for (i = 0; i < 5; i++)
		assert_int_equal(send_text(o, 'x', &err), 0);
	assert_int_equal(o->ops->drain(o, &err), 0); /* stop makes each of them fail */
	assert_int_equal(o->sent, 0);
	assert_int_equal(o->failed, 5);
	output_close(o);
	assert_true(closed);
}

/* One that does not come back from its alert in time: that is lost, too, unless it gets through after all. */
static void test_late(void **state)
{
	struct output *o = queue_of(false, 0, false);
	struct output_stats stats;
	struct error err = { 0 };
	uint64_t begin;

	(void)state;
	gate.deaf = true;
	atomic_store(&gate.head.absent, true); /* so that there is less to wait for */
	for (int i = 0; i < 3; i++)
		assert_int_equal(send_text(o, 'x', &err), 0);
	assert_int_equal(o->ops->drain(o, &err), -ETIMEDOUT);
	assert_non_null(strstr(err.text, "3 alerts"));
	output_stats(o, &stats);
	assert_int_equal(stats.dropped, 3);
	assert_int_equal(stats.waiting, 0);
	assert_int_equal(o->failed, 3);
	set_gate(true);
	begin = clock_ms(CLOCK_MONOTONIC);
	do
		output_stats(o, &stats);
	while (stats.dropped != 2 && clock_ms(CLOCK_MONOTONIC) - begin < 5000);
	assert_int_equal(stats.written, 1);
	begin = clock_ms(CLOCK_MONOTONIC);
	assert_int_equal(o->ops->drain(o, &err), 0);
	assert_in_range(clock_ms(CLOCK_MONOTONIC) - begin, 0, 1000);
	output_stats(o, &stats);
	assert_int_equal(stats.dropped, 2);
	assert_int_equal(stats.waiting, 0);
	assert_int_equal(o->failed, 2);
	output_close(o);
	assert_true(closed);
}

/* Where nobody was ever found there is nothing to wait for; each alert has its try, the last one, too. */
static void test_absent(void **state)
{
	struct output *o = queue_of(false, 0, false);
	uint64_t begin = clock_ms(CLOCK_MONOTONIC);
	struct error err = { 0 };
	int i;

	(void)state;
	atomic_store(&gate.head.absent, true);
	for (i = 0; i < 5; i++)
		assert_int_equal(send_text(o, 'x', &err), 0);
	assert_int_equal(o->ops->flush(o, &err), 0);
	assert_false(gate.head.stop);
	assert_int_equal(o->ops->drain(o, &err), 0);
	assert_in_range(clock_ms(CLOCK_MONOTONIC) - begin, 0, OUTPUT_DRAIN_SECONDS * 500 - 1);
	assert_int_equal(o->failed, 5);
	output_close(o);
	assert_true(closed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy_is_shared),
		cmocka_unit_test(test_order),	cmocka_unit_test(test_full),   cmocka_unit_test(test_sender_waits),
		cmocka_unit_test(test_trouble), cmocka_unit_test(test_reopen), cmocka_unit_test(test_drain_is_bounded),
		cmocka_unit_test(test_last_of_a_burst), cmocka_unit_test(test_burst_wakes_seldom),
		cmocka_unit_test(test_absent), cmocka_unit_test(test_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
