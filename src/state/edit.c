/* SPDX-License-Identifier: Apache-2.0 */
#include "state/edit.h"

#include <errno.h>

#include "state/internal.h"

struct thread *edit_new_thread(void)
{
	return threads_new(0);
}

/* What the event at hand remembers of a thread must not outlive it. */
static void remove_thread(struct state *s, struct thread *t, void (*remove)(struct threads *ts, struct thread *t))
{
	int64_t closing = s->close_thread ? s->close_thread->tid : -1;

	remove(&s->threads, t);
	if (s->close_thread && table_get(&s->threads.by_tid, closing) != s->close_thread)
		s->close_thread = NULL;
	s->resolved.thread = NULL;
}

static void remove_one(struct threads *ts, struct thread *t)
{
	threads_remove(ts, t->tid);
}

int edit_add_thread(struct state *s, struct thread *t, int64_t tid)
{
	struct thread *old;

	if (tid < 0) {
		threads_discard(t);
		return -EINVAL;
	}
	old = threads_find(&s->threads, tid);
	if (old)
		remove_thread(s, old, threads_evict);
	if (threads_find(&s->threads, tid)) { /* a leader whose other threads live on */
		threads_discard(t);
		return -EEXIST;
	}
	t->tid = tid;
	return threads_add(&s->threads, t);
}

int edit_remove_thread(struct state *s, int64_t tid)
{
	struct thread *t = edit_thread(s, tid);

	if (!t)
		return -ENOENT;
	remove_thread(s, t, remove_one);
	return 0;
}

void edit_remove_threads(struct state *s)
{
	struct thread *t;
	uint32_t at = 0, before;

	/* each removal may take others along, and shifts what stands behind it */
	while ((t = table_next(&s->threads.by_tid, &at))) {
		before = s->threads.by_tid.count;
		remove_thread(s, t, threads_evict);
		if (s->threads.by_tid.count < before)
			at = 0;
	}
}

struct thread *edit_thread(struct state *s, int64_t tid)
{
	return threads_find(&s->threads, tid);
}

struct thread *edit_next_thread(struct state *s, uint32_t *at)
{
	return table_next(&s->threads.by_tid, at);
}

size_t edit_count_threads(const struct state *s)
{
	return s->threads.by_tid.count;
}

void edit_set_parent(struct state *s, struct thread *t, int64_t ptid)
{
	threads_set_parent(&s->threads, t, ptid);
	threads_changed(t, FACTS_PROCESS);
}
