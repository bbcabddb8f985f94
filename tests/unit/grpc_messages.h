/* SPDX-License-Identifier: Apache-2.0 */
/* Messages that wait for a client, as a service of tests has them. */
#ifndef MONITOR_TESTS_GRPC_MESSAGES_H
#define MONITOR_TESTS_GRPC_MESSAGES_H

#include "net/grpc.h"

#include <stdlib.h>

struct messages {
	struct grpc_message *first;
};

static inline void messages_add(struct messages *list, struct grpc_message *m)
{
	struct grpc_message **end = &list->first;

	while (*end)
		end = &(*end)->next;
	*end = m;
	m->next = NULL;
}

static inline int messages_take(struct messages *list, struct grpc_message **ret_message)
{
	if (!list->first)
		return 0;
	*ret_message = list->first;
	list->first = list->first->next;
	return 1;
}

static inline void messages_put_back(struct messages *list, struct grpc_message *m)
{
	m->next = list->first;
	list->first = m;
}

static inline size_t messages_count(const struct messages *list)
{
	size_t n = 0;

	for (const struct grpc_message *m = list->first; m; m = m->next)
		n++;
	return n;
}

static inline void messages_free(struct messages *list)
{
	struct grpc_message *m;

	while (messages_take(list, &m))
		free(m);
}

#endif
