/* SPDX-License-Identifier: Apache-2.0 */
#include "app/retire.h"

#include <pthread.h>
#include <signal.h>

#include "app/log.h"

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
	sigset_t all, before;
	int r;

	if (!old) {
		finish(&here);
		return;
	}
	old->output = o;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&old->thread, NULL, work, old);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r != 0) {
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
