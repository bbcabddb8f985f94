/* SPDX-License-Identifier: Apache-2.0 */
#include "app/retire.h"

#include <pthread.h>

#include "app/log.h"
#include "base/thread.h"

struct retired {
	struct retired *next;
	pthread_t thread;
	struct output *output;
	atomic_bool done;
	struct error err; /* before done: the thread's */
};

static void finish(struct retired *old)
{
	struct output *o = old->output;

	if (o->ops->flush)
		(void)o->ops->flush(o, &old->err);
	if (o->ops->drain)
		(void)o->ops->drain(o, &old->err);
	output_close(o);
}

static void *work(void *old)
{
	finish(old);
	atomic_store(&((struct retired *)old)->done, true);
	return NULL;
}

void retire(struct retired **list, struct output *o)
{
	struct retired *old = calloc(1, sizeof(*old)), here = { .output = o };

	if (!old) {
		finish(&here);
		return;
	}
	old->output = o;
	if (thread_start(&old->thread, work, old) < 0) {
		finish(old);
		free(old);
		return;
	}
	old->next = *list;
	*list = old;
}

void retire_reap(struct retired **list, bool wait)
{
	struct retired *old;

	while ((old = *list)) {
		if (!wait && !atomic_load(&old->done)) {
			list = &old->next;
			continue;
		}
		pthread_join(old->thread, NULL);
		if (old->err.code)
			log_error("%s", old->err.text);
		*list = old->next;
		free(old);
	}
}
