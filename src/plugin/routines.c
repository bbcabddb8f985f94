/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <time.h>

#include "base/thread.h"
#include "plugin/internal.h"

/* Functions that are called over and over until they have enough: a thread for each. */

struct routine {
	struct routine *next;
	struct plugin *plugin;
	ss_plugin_routine_fn_t function;
	ss_plugin_routine_state_t *state;
	pthread_t thread;
	_Atomic bool stop;
};

/* Routines that never wait themselves would take a processor each. */
#define PAUSE_NS 100000

static void *run(void *context)
{
	static const struct timespec pause = { .tv_nsec = PAUSE_NS };
	struct routine *r = context;

	plugin_claim_thread(r->plugin);
	while (!atomic_load(&r->stop) && r->function(r->plugin->state, r->state))
		(void)nanosleep(&pause, NULL);
	return NULL;
}

static size_t count(const struct plugin *p)
{
	size_t n = 0;

	for (const struct routine *r = p->routines; r; r = r->next)
		n++;
	return n;
}

static ss_plugin_routine_t *subscribe(ss_plugin_owner_t *owner, ss_plugin_routine_fn_t f,
				      ss_plugin_routine_state_t *state)
{
	struct plugin *p = owner;
	struct routine *r = p && f && count(p) < PLUGIN_ROUTINES ? calloc(1, sizeof(*r)) : NULL;

	if (!r)
		return NULL;
	r->plugin = p;
	r->function = f;
	r->state = state;
	if (thread_start(&r->thread, run, r) < 0) {
		free(r);
		return NULL;
	}
	r->next = p->routines;
	p->routines = r;
	return r;
}

static void stop(struct routine *r)
{
	atomic_store(&r->stop, true);
	pthread_join(r->thread, NULL);
	free(r);
}

static ss_plugin_rc unsubscribe(ss_plugin_owner_t *owner, ss_plugin_routine_t *which)
{
	struct plugin *p = owner;

	for (struct routine **at = &p->routines; *at; at = &(*at)->next) {
		struct routine *r = *at;

		if (r != which)
			continue;
		if (pthread_equal(r->thread, pthread_self())) { /* by itself: it ends when it returns */
			atomic_store(&r->stop, true);
			return SS_PLUGIN_SUCCESS;
		}
		*at = r->next;
		stop(r);
		return SS_PLUGIN_SUCCESS;
	}
	return SS_PLUGIN_FAILURE;
}

void routines_stop(struct plugin *p)
{
	struct routine *r;

	for (r = p->routines; r; r = r->next) /* all at once: they may wait for each other */
		atomic_store(&r->stop, true);
	while ((r = p->routines)) {
		p->routines = r->next;
		stop(r);
	}
}

ss_plugin_routine_vtable routines_vtable = { subscribe, unsubscribe };
