/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_STATE_THREADS_H
#define MONITOR_STATE_THREADS_H

#include "state/table.h"
#include "state/thread.h"

/* A process: what its threads have in common besides the leader. */
struct thread_group {
	int64_t pid;
	struct thread *members; /* the leader first when it is there */
	uint32_t nmembers; /* in the table; dead ones wait there for their removal */
	uint32_t alive;
	bool reaper; /* orphans below it become its children: init of a pid namespace, PR_SET_CHILD_SUBREAPER */
};

/* Threads whose exit was seen lately, so that a caller's late clone event does not bring them back. Direct-mapped. */
#define THREADS_EXITED 8192
struct threads_exited {
	uint64_t key; /* parent and thread number */
	uint64_t ts;
};

struct threads {
	struct table by_tid, groups; /* groups by pid */
	struct thread *last; /* the thread of the last look-up: most events follow one of the same thread */
	size_t max;
	uint64_t next_purge_ts;
	struct threads_exited *exited;
	uint64_t added, removed, dropped, lookups_failed;
	void (*on_free)(void *context, struct thread *t);
	void *on_free_context;
};

int threads_init(struct threads *ts, size_t max); /* 0 or -ENOMEM */
void threads_free(struct threads *ts);

struct thread *threads_look_up(struct threads *ts, int64_t tid); /* the same for any other thread than the last */
static inline struct thread *threads_find(struct threads *ts, int64_t tid)
{
	return ts->last && ts->last->tid == tid ? ts->last : threads_look_up(ts, tid);
}

/* A new object that is in no table yet, with everything not known; NULL when memory is short. */
struct thread *threads_new(int64_t tid);
void threads_discard(struct thread *t); /* one that was never added; accepts NULL */
/*
 * Puts t into the table (its tid must be free) and links it. Takes ownership also when it fails: -ENOSPC (table full,
 * counted) or -ENOMEM.
 */
int threads_add(struct threads *ts, struct thread *t);
struct thread *threads_make_up(struct threads *ts, int64_t tid);

/* The thread of that number, made up with nothing known ("<NA>") when there is none. NULL: table full, no memory. */
static inline struct thread *threads_get(struct threads *ts, int64_t tid)
{
	struct thread *t = threads_find(ts, tid);

	return t ? t : threads_make_up(ts, tid);
}
/* as above, but leaves the linking to a later threads_link() */
int threads_add_unlinked(struct threads *ts, struct thread *t);
/*
 * Enters t into its process and under its parent. Does nothing for one that is invalid or linked already. 0
 * or -ENOMEM.
 */
int threads_link(struct threads *ts, struct thread *t);
/* Another parent, by number; 0 when it is not known. */
void threads_set_parent(struct threads *ts, struct thread *t, int64_t ptid);

/* Its end was seen: it counts as living no more, and stays in the table until threads_remove(). */
void threads_mark_dead(struct thread *t);
/* Its number goes on to a thread that executes a program after the leader has died. */
void threads_resurrect(struct thread *t);
/* Takes a thread out, hands its children on; a leader stays as long as other threads of its process live. */
void threads_remove(struct threads *ts, int64_t tid);
/* Takes out a thread whose number was given to another, with all that is left of its process. */
void threads_evict(struct threads *ts, struct thread *t);
/* An exec by any thread of a process ends all others. */
void threads_remove_others(struct threads *ts, struct thread *t);

/* For two seconds of event time, unless another end takes its place: a child may be told of only after it is gone. */
void threads_note_exit(struct threads *ts, int64_t tid, int64_t ptid, uint64_t now);
bool threads_exited_lately(const struct threads *ts, int64_t tid, int64_t ptid, uint64_t now);
/*
 * Once in a while (by event time) removes threads that have been silent for long and those of which nothing
 * is known.
 */
void threads_purge_now(struct threads *ts, uint64_t now);

static inline void threads_purge(struct threads *ts, uint64_t now)
{
	if (now >= ts->next_purge_ts)
		threads_purge_now(ts, now);
}

/* Facts of t changed: notes them for memory on threads, also where they are seen from other threads. */
void threads_changed(struct thread *t, facts_t facts);
/* A fact that all threads see changed (user names, container metadata). */
void threads_changed_all(struct threads *ts, facts_t facts);

#endif
