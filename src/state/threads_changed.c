/* SPDX-License-Identifier: Apache-2.0 */
/* Who is to forget what, when facts about a thread change; and what is to be remembered of threads that are gone. */
#include "base/units.h"
#include "state/threads.h"

/* Whether children of all of t's process hang on t here, so that each process is expanded once; else t's alone. */
static bool stands_for_process(const struct thread *t)
{
	if (t->leader)
		return t->leader == t;
	return !t->group || t->group->members == t;
}

/*
 * All below t hear that an ancestor is not what it was. A list instead of recursion: chains can be made long.
 * Who is in it stays there until the end, and comes once: in damaged input processes can be each other's
 * children, by threads that are not.
 */
static void lineage_changed(struct thread *t)
{
	struct thread *last = t, *at, *m, *child;

	t->marked = true;
	t->mark_next = NULL;
	for (at = t; at; at = at->mark_next) {
		bool all = at->group && stands_for_process(at);

		for (m = all ? at->group->members : at; m; m = all ? m->member_next : NULL) {
			if (m != t)
				m->stale |= FACT_LINEAGE; /* its ancestors are its leader's, whoever made it */
			for (child = m->children; child; child = child->sibling_next) {
				child->stale |= FACT_LINEAGE;
				if (child->marked)
					continue;
				child->marked = true;
				child->mark_next = NULL;
				last = last->mark_next = child;
			}
		}
	}
	for (at = t; at; at = at->mark_next)
		at->marked = false;
}

#define SHARED_BY_PROCESS (FACT_CWD | FACT_ENV | FACT_CONTAINER | FACT_EXE | FACT_ARGS)
#define SEEN_BELOW	  (FACT_EXE | FACT_COMM | FACT_ARGS | FACT_LINEAGE | FACT_CRED | FACT_SESSION | FACT_CONTAINER)

void threads_changed(struct thread *t, facts_t facts)
{
	struct thread *m;

	facts &= FACTS_PROCESS;
	t->stale |= facts;
	if (facts & SHARED_BY_PROCESS && t->group && t->group->nmembers > 1)
		for (m = t->group->members; m; m = m->member_next)
			m->stale |= facts & SHARED_BY_PROCESS;
	if (facts & SEEN_BELOW)
		lineage_changed(t);
}

void threads_changed_all(struct threads *ts, facts_t facts)
{
	struct thread *t;
	uint32_t at = 0;

	while ((t = table_next(&ts->by_tid, &at)))
		t->stale |= facts & FACTS_PROCESS;
}

/* ---- threads that are gone ---- */

static uint64_t exit_key(int64_t tid, int64_t ptid)
{
	return (uint64_t)ptid << 32 | (uint32_t)tid;
}

static struct threads_exited *exit_slot(const struct threads *ts, uint64_t key)
{
	return &ts->exited[(key * UINT64_C(0x9e3779b97f4a7c15)) >> 51];
}
_Static_assert(THREADS_EXITED == 1 << (64 - 51), "exit_slot() takes the upper bits");

void threads_note_exit(struct threads *ts, int64_t tid, int64_t ptid, uint64_t now)
{
	uint64_t key = exit_key(tid, ptid);

	*exit_slot(ts, key) = (struct threads_exited){ key, now };
}

bool threads_exited_lately(const struct threads *ts, int64_t tid, int64_t ptid, uint64_t now)
{
	uint64_t key = exit_key(tid, ptid);
	const struct threads_exited *e = exit_slot(ts, key);

	return e->key == key && now >= e->ts && now - e->ts < 2 * NS_PER_SECOND;
}
