/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_OUTPUT_GRPC_QUEUE_H
#define MONITOR_OUTPUT_GRPC_QUEUE_H

#include <pthread.h>

#include "net/grpc.h"
#include "output/alert.h"

/*
 * Between the thread that alerts and the one that serves clients; bounded by number and bytes (limits.h). An
 * alert becomes a message when a client takes it, on the latter thread.
 */
struct grpc_queue {
	pthread_mutex_t lock;
	struct grpc_waiting *first, **end;
	size_t count, bytes;
};

void grpc_queue_init(struct grpc_queue *q);
void grpc_queue_release(struct grpc_queue *q);
/* Keeps the alert. -ENOBUFS: there is no room. -ENOMEM. */
int grpc_queue_put(struct grpc_queue *q, const struct alert *a);
/* The oldest, owned by the caller: 1; 0 = there is none; -ENOMEM: it waits on. */
int grpc_queue_take(struct grpc_queue *q, struct grpc_message **ret_message);
/* Takes the message over. Before all others, and though the queue may be full: it was here before. */
void grpc_queue_put_back(struct grpc_queue *q, struct grpc_message *m);
size_t grpc_queue_count(struct grpc_queue *q);

#endif
