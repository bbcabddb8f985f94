/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/supervisor.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/thread.h"
#include "tracer/notify.h"

/*
 * A descriptor is put into the caller by the caller itself, which is woken up for that, and who hands it over
 * waits: with idle processors longer than all else takes. Where other calls wait already, a thread does that
 * waiting while the next open is made.
 *
 * It is one thread and a queue, so that opens come to an end in the order in which they are told. Whatever is
 * not such an open is told when all of them have been (tracer_next()): then nothing that a caller does behind
 * its open is told before it, and no stop takes a thread away that an open still names.
 */

struct injection {
	struct pending pending; /* the open; its texts are the copies below */
	struct event_ext ext;
	struct stat opened;
	char path[PATH_MAX], real_path[PATH_MAX];
	int fd; /* handed over and closed by the thread */
	bool cloexec;
	int number; /* the caller's, or negative errno */
	uint64_t since; /* when that was known */
};

struct injector {
	pthread_t thread;
	int listener;
	bool killable; /* as of the tracer */
	sem_t queued, done; /* they also pass the entries from thread to thread */
	atomic_bool ending;
	unsigned int processors;
	bool room;
	unsigned int first; /* of those that are not told yet; how many there are is known to the tracer */
	struct injection list[INJECT_QUEUE];
};

/*
 * In a crowd what is waited for comes sooner than a processor that has gone to sleep wakes up, and who has to
 * wake that up pays for it, too. So the first while is waited awake, giving way to whoever wants the
 * processor.
 */
static void wait_for(sem_t *sem)
{
	uint64_t since = tracer_now();

	while (sem_trywait(sem) < 0) {
		if (tracer_now() - since < AWAKE_NS) {
			sched_yield();
			continue;
		}
		while (sem_wait(sem) < 0)
			;
		return;
	}
}

static void *work(void *context)
{
	struct injector *injector = context;

	for (unsigned int i = 0;; i = (i + 1) % INJECT_QUEUE) {
		struct injection *in = &injector->list[i];

		wait_for(&injector->queued);
		if (atomic_load(&injector->ending))
			return NULL;
		in->number =
			notify_hand_over(injector->listener, in->pending.id, in->fd, in->cloexec, injector->killable);
		in->since = tracer_now();
		sem_post(&injector->done);
	}
}

/*
 * Where all processors are busy, nobody waits for one to wake up, and the switches to and from the thread
 * only cost. Those who run are we and the last that had its answer, when the machine is ours.
 */
static bool has_room(struct tracer *t)
{
	t->injector->room = crowd_running(t) <= t->injector->processors + 1;
	return t->injector->room;
}

static bool start(struct tracer *t)
{
	struct injector *injector;
	cpu_set_t cpus;

	if (t->injector || t->injector_tried)
		return t->injector;
	t->injector_tried = true;
	/* on one processor a switch more is only that; without ptrace an id may be another's at any time */
	if (!t->seizing || sched_getaffinity(0, sizeof(cpus), &cpus) < 0 || CPU_COUNT(&cpus) < 2)
		return false;
	injector = calloc(1, sizeof(*injector));
	if (!injector)
		return false;
	injector->listener = t->listener;
	injector->killable = t->killable;
	injector->processors = (unsigned int)CPU_COUNT(&cpus);
	sem_init(&injector->queued, 0, 0);
	sem_init(&injector->done, 0, 0);
	if (thread_start(&injector->thread, work, injector) == 0) {
		t->injector = injector;
		return true;
	}
	free(injector);
	return false;
}

static struct str copy(char *to, struct str text)
{
	if (text.len)
		memcpy(to, text.ptr, text.len);
	return (struct str){ to, text.len };
}

bool inject_queue(struct tracer *t, int fd, const struct stat *st, bool cloexec)
{
	struct injection *in;

	/* who is not ours by ptrace may be gone, and its id another's, before its open is told */
	if (!t->pending.tracee->seized)
		return false;
	/* behind what is queued there is only the end of the queue */
	if (!t->injections && (!t->crowd.others || !start(t) || !has_room(t)))
		return false;
	has_room(t);
	in = &t->injector->list[(t->injector->first + t->injections++) % INJECT_QUEUE];
	in->pending = t->pending;
	in->ext = t->ext;
	in->opened = *st;
	in->fd = fd;
	in->cloexec = cloexec;
	in->pending.call.memory = NULL; /* may be closed meanwhile */
	in->pending.call.path = copy(in->path, t->pending.call.path);
	in->ext.real_path = copy(in->real_path, t->ext.real_path);
	t->pending.active = false;
	sem_post(&t->injector->queued);
	return true;
}

bool inject_is_due(const struct tracer *t)
{
	return t->injections == INJECT_QUEUE || !t->injector->room;
}

/* t->pending is the open. 1 = its event. */
static int settle(struct tracer *t, const struct injection *in, struct event *ret_event, struct error *err)
{
	struct pending *p = &t->pending;

	p->way = FIGURES_ON_BEHALF;
	if (in->number == -ENOENT || in->number == -ESRCH) { /* the caller was killed */
		entry_done(t, in->since);
		return 0;
	}
	if (in->number < 0 && in->number != -EMFILE && in->number != -ENFILE) {
		if (result_later(t) < 0)
			entry_continue(t);
		return 0;
	}
	if (in->number < 0) {
		t->ext.real_path = (struct str){ "", 0 };
		entry_return(t, in->number);
	} else {
		p->call.object = &in->opened;
		entry_done(t, in->since);
		if (p->quiet)
			return 0;
	}
	p->call.has_result = true;
	p->call.result = in->number;
	p->call.ts = in->since;
	return result_event(t, p->tracee, &p->call, 0, ret_event, err) == 0;
}

int inject_tell(struct tracer *t, bool wait, struct event *ret_event, struct error *err)
{
	struct injector *injector = t->injector;
	const struct injection *in = &injector->list[injector->first];
	struct pending other = t->pending;
	int r;

	if (wait)
		wait_for(&injector->done);
	else if (sem_trywait(&injector->done) < 0)
		return 0;
	injector->first = (injector->first + 1) % INJECT_QUEUE;
	t->injections--;
	t->pending = in->pending;
	t->ext = in->ext;
	t->looked_behind = 0;
	r = settle(t, in, ret_event, err);
	t->pending = other;
	return r;
}

void inject_free(struct tracer *t)
{
	struct injector *injector = take_ptr(t->injector);

	/* one that waits for a caller, which may be frozen, ends with us */
	if (!injector || t->injections)
		return;
	atomic_store(&injector->ending, true);
	sem_post(&injector->queued);
	pthread_join(injector->thread, NULL);
	sem_destroy(&injector->queued);
	sem_destroy(&injector->done);
	free(injector);
}
