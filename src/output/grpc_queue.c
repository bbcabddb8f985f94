/* SPDX-License-Identifier: Apache-2.0 */
#include "output/grpc_queue.h"

#include <errno.h>
#include <stdlib.h>

#include "base/limits.h"
#include "output/grpc_encode.h"

/* One of both. */
struct grpc_waiting {
	struct grpc_waiting *next;
	struct alert_copy *alert;
	struct grpc_message *message; /* came back */
};

static size_t bytes_of(const struct grpc_waiting *w)
{
	return w->alert ? w->alert->bytes : w->message->len;
}

static void waiting_free(struct grpc_waiting *w)
{
	alert_let_go(w->alert);
	free(w->message);
	free(w);
}

static struct grpc_waiting *waiting_new(struct alert_copy *alert, struct grpc_message *message)
{
	struct grpc_waiting *w = alert || message ? malloc(sizeof(*w)) : NULL;

	if (w)
		*w = (struct grpc_waiting){ .alert = alert, .message = message };
	return w;
}

void grpc_queue_init(struct grpc_queue *q)
{
	*q = (struct grpc_queue){ .end = &q->first };
	pthread_mutex_init(&q->lock, NULL);
}

/* Without the lock, since alerts are put meanwhile. */
static struct grpc_waiting *take_first(struct grpc_queue *q)
{
	struct grpc_waiting *w;

	pthread_mutex_lock(&q->lock);
	w = q->first;
	if (w) {
		q->first = w->next;
		if (!q->first)
			q->end = &q->first;
		q->count--;
		q->bytes -= bytes_of(w);
	}
	pthread_mutex_unlock(&q->lock);
	return w;
}

static void put_first(struct grpc_queue *q, struct grpc_waiting *w)
{
	pthread_mutex_lock(&q->lock);
	w->next = q->first;
	if (!q->first)
		q->end = &w->next;
	q->first = w;
	q->count++;
	q->bytes += bytes_of(w);
	pthread_mutex_unlock(&q->lock);
}

void grpc_queue_release(struct grpc_queue *q)
{
	struct grpc_waiting *w;

	while ((w = take_first(q)))
		waiting_free(w);
	pthread_mutex_destroy(&q->lock);
}

int grpc_queue_put(struct grpc_queue *q, const struct alert *a)
{
	struct alert_copy *alert = alert_keep(a);
	struct grpc_waiting *w = waiting_new(alert, NULL);
	bool fits;

	if (!w) {
		alert_let_go(alert);
		return -ENOMEM;
	}
	pthread_mutex_lock(&q->lock);
	fits = q->count < GRPC_QUEUE_ALERTS && bytes_of(w) <= GRPC_QUEUE_BYTES &&
	       q->bytes <= GRPC_QUEUE_BYTES - bytes_of(w);
	if (fits) {
		*q->end = w;
		q->end = &w->next;
		q->count++;
		q->bytes += bytes_of(w);
	}
	pthread_mutex_unlock(&q->lock);
	if (fits)
		return 0;
	waiting_free(w);
	return -ENOBUFS;
}

int grpc_queue_take(struct grpc_queue *q, struct grpc_message **ret_message)
{
	struct grpc_waiting *w = take_first(q);
	struct grpc_message *m;

	if (!w)
		return 0;
	m = w->message ? w->message : grpc_encode_alert(&w->alert->alert);
	if (!m) {
		put_first(q, w);
		return -ENOMEM;
	}
	w->message = NULL;
	waiting_free(w);
	*ret_message = m;
	return 1;
}

void grpc_queue_put_back(struct grpc_queue *q, struct grpc_message *m)
{
	struct grpc_waiting *w = waiting_new(NULL, m);

	if (w)
		put_first(q, w);
	else
		free(m);
}

size_t grpc_queue_count(struct grpc_queue *q)
{
	size_t n;

	pthread_mutex_lock(&q->lock);
	n = q->count;
	pthread_mutex_unlock(&q->lock);
	return n;
}
