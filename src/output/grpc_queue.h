/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_OUTPUT_GRPC_QUEUE_H
#define MONITOR_OUTPUT_GRPC_QUEUE_H

#include <pthread.h>

#include "net/grpc.h"

/* Messages between the thread that alerts and the one that serves clients; bounded by number and bytes (limits.h). */
struct grpc_queue {
	pthread_mutex_t lock;
	struct grpc_message *first, **end;
	size_t count, bytes;
};

void grpc_queue_init(struct grpc_queue *q);
void grpc_queue_release(struct grpc_queue *q);
/* Takes the message over. -ENOBUFS: there is no room, it was freed. */
int grpc_queue_put(struct grpc_queue *q, struct grpc_message *m);
/* The oldest, owned by the caller; NULL when empty. */
struct grpc_message *grpc_queue_take(struct grpc_queue *q);
/* Before all others, and though the queue may be full: it was here before. */
void grpc_queue_put_back(struct grpc_queue *q, struct grpc_message *m);
size_t grpc_queue_count(struct grpc_queue *q);

#endif
