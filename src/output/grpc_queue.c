/* SPDX-License-Identifier: Apache-2.0 */
#include "output/grpc_queue.h"

#include <errno.h>
#include <stdlib.h>

#include "base/limits.h"

void grpc_queue_init(struct grpc_queue *q)
{
	*q = (struct grpc_queue){ .end = &q->first };
	pthread_mutex_init(&q->lock, NULL);
}

void grpc_queue_release(struct grpc_queue *q)
{
	while (q->first)
		free(grpc_queue_take(q));
	pthread_mutex_destroy(&q->lock);
}

int grpc_queue_put(struct grpc_queue *q, struct grpc_message *m)
{
	int r = 0;

	pthread_mutex_lock(&q->lock);
	if (q->count >= GRPC_QUEUE_ALERTS || m->len > GRPC_QUEUE_BYTES || q->bytes > GRPC_QUEUE_BYTES - m->len) {
		r = -ENOBUFS;
	} else {
		m->next = NULL;
		*q->end = m;
		q->end = &m->next;
		q->count++;
		q->bytes += m->len;
	}
	pthread_mutex_unlock(&q->lock);
	if (r < 0)
		free(m);
	return r;
}

struct grpc_message *grpc_queue_take(struct grpc_queue *q)
{
	struct grpc_message *m;

	pthread_mutex_lock(&q->lock);
	m = q->first;
	if (m) {
		q->first = m->next;
		if (!q->first)
			q->end = &q->first;
		q->count--;
		q->bytes -= m->len;
	}
	pthread_mutex_unlock(&q->lock);
	return m;
}

void grpc_queue_put_back(struct grpc_queue *q, struct grpc_message *m)
{
	pthread_mutex_lock(&q->lock);
	m->next = q->first;
	if (!q->first)
		q->end = &m->next;
	q->first = m;
	q->count++;
	q->bytes += m->len;
	pthread_mutex_unlock(&q->lock);
}

size_t grpc_queue_count(struct grpc_queue *q)
{
	size_t n;

	pthread_mutex_lock(&q->lock);
	n = q->count;
	pthread_mutex_unlock(&q->lock);
	return n;
}
