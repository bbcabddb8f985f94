/* SPDX-License-Identifier: Apache-2.0 */
#include "state/threads.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/units.h"
#include "state/attributes.h"
#include "state/fdtable.h"

int threads_init(struct threads *ts, size_t max)
{
	*ts = (struct threads){ .max = max };
	ts->exited = calloc(THREADS_EXITED, sizeof(*ts->exited));
	return ts->exited ? 0 : -ENOMEM;
}

/* ---- objects ---- */

struct thread *threads_new(int64_t tid)
{
	struct thread *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->tid = tid;
	t->pid = t->ptid = t->sid = t->pgid = t->vpgid = t->vtid = t->vpid = t->reaper_tid = -1;
	t->uid = t->gid = t->loginuid = UINT32_MAX;
	t->fdlimit = -1;
	t->flags = THREAD_NAME_CHANGED;
	t->fds = fdtable_new();
	if (!t->fds) {
		free(t);
		return NULL;
	}
	return t;
}

static void release(struct thread *t)
{
	struct rstr *texts[] = { t->comm, t->exe, t->exepath, t->args,	t->env,
				 t->cwd,  t->root, t->cgroups, t->container_id, t->full_args };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(texts); i++)
		rstr_unref(texts[i]);
	attributes_free(t->dynamic, t->ndynamic);
	fdtable_unref(t->fds);
	free(t->enter);
	free(t);
}

void threads_discard(struct thread *t)
{
	if (t)
		release(t);
}

/* Out of the table and freed; links must be gone. */
static void destroy(struct threads *ts, struct thread *t)
{
	if (ts->last == t)
		ts->last = NULL;
	if (ts->on_free)
		ts->on_free(ts->on_free_context, t);
	table_remove(&ts->by_tid, t->tid);
	release(t);
}

/* ---- parents and children ---- */

static void leave_parent(struct thread *t)
{
	struct thread *parent = t->parent;

	if (!parent)
		return;
	if (t->sibling_prev)
		t->sibling_prev->sibling_next = t->sibling_next;
	else
		parent->children = t->sibling_next;
	if (t->sibling_next)
		t->sibling_next->sibling_prev = t->sibling_prev;
	t->sibling_next = t->sibling_prev = t->parent = NULL;
	parent->nchildren--;
}

/* Whether t stands above child already: then child may not become its parent (only damaged input says so). */
static bool is_above(const struct thread *t, const struct thread *child)
{
	unsigned int steps;

	for (steps = 0; child; child = child->parent)
		if (child == t || ++steps > STATE_ANCESTORS)
			return true;
	return false;
}

static void enter_parent(struct thread *t, struct thread *parent)
{
	leave_parent(t);
	t->ptid = 0;
	if (!parent || is_above(t, parent))
		return;
	t->ptid = parent->tid;
	t->parent = parent;
	t->sibling_next = parent->children;
	if (t->sibling_next)
		t->sibling_next->sibling_prev = t;
	parent->children = t;
	parent->nchildren++;
}

void threads_set_parent(struct threads *ts, struct thread *t, int64_t ptid)
{
	struct thread *parent = table_get(&ts->by_tid, ptid);

	if (parent && thread_invalid(parent))
		parent = NULL;
	if (t->parent == parent && t->ptid == ptid)
		return;
	enter_parent(t, parent);
	threads_changed(t, FACT_LINEAGE);
}

/* ---- processes ---- */

static void leave_group(struct threads *ts, struct thread *t)
{
	struct thread_group *g = t->group;
	struct thread *m;

	if (!g)
		return;
	if (t->member_prev)
		t->member_prev->member_next = t->member_next;
	else
		g->members = t->member_next;
	if (t->member_next)
		t->member_next->member_prev = t->member_prev;
	t->member_next = t->member_prev = NULL;
	t->group = NULL;
	g->nmembers--;
	for (m = thread_is_leader(t) ? g->members : NULL; m; m = m->member_next)
		if (m->leader == t) {
			m->leader = NULL;
			m->stale |= FACTS_PROCESS;
		}
	if (!g->nmembers) {
		if (table_get(&ts->groups, g->pid) == g)
			table_remove(&ts->groups, g->pid);
		free(g);
	}
}

/* The leader's descriptors serve all threads that came by CLONE_FILES. */
static void share_fds(struct thread *t, struct thread *leader)
{
	if (t == leader || !(t->flags & THREAD_CLONE_FILES) || t->fds == leader->fds)
		return;
	fdtable_unref(t->fds);
	t->fds = fdtable_ref(leader->fds);
}

static int enter_group(struct threads *ts, struct thread *t)
{
	struct thread_group *g = table_get(&ts->groups, t->pid);
	bool leads = thread_is_leader(t);
	struct thread *m;
	int r;

	if (!g) {
		g = calloc(1, sizeof(*g));
		r = g ? table_put(&ts->groups, t->pid, g) : -ENOMEM;
		if (r < 0) {
			free(g);
			return r;
		}
		g->pid = t->pid;
		g->reaper = t->pid == 1 || t->vpid == 1;
	}
	if (leads || !g->members) {
		t->member_next = g->members;
		if (g->members)
			g->members->member_prev = t;
		g->members = t;
	} else { /* behind the leader or the first that came */
		t->member_prev = g->members;
		t->member_next = g->members->member_next;
		if (t->member_next)
			t->member_next->member_prev = t;
		g->members->member_next = t;
	}
	t->group = g;
	g->nmembers++;
	g->alive++;
	if (leads) {
		for (m = g->members; m; m = m->member_next) {
			m->leader = t;
			m->stale |= FACTS_PROCESS;
			share_fds(m, t);
		}
	} else if (thread_is_leader(g->members)) {
		t->leader = g->members;
		share_fds(t, t->leader);
	}
	return 0;
}

int threads_link(struct threads *ts, struct thread *t)
{
	struct thread *parent;
	int r;

	if (thread_invalid(t)) {
		t->leader = thread_is_leader(t) ? t : NULL;
		return 0;
	}
	if (t->group)
		return 0;
	t->stale |= FACTS_PROCESS; /* it may have been known by its number before */
	r = enter_group(ts, t);
	if (r < 0 || t->pid == 1)
		return r;
	parent = table_get(&ts->by_tid, t->ptid);
	enter_parent(t, parent && !thread_invalid(parent) ? parent : NULL);
	return 0;
}

struct thread *threads_look_up(struct threads *ts, int64_t tid)
{
	struct thread *t = table_get(&ts->by_tid, tid);

	if (t)
		ts->last = t;
	return t;
}

int threads_add_unlinked(struct threads *ts, struct thread *t)
{
	int r;

	if (ts->by_tid.count >= ts->max) {
		ts->dropped++;
		release(t);
		return -ENOSPC;
	}
	r = table_put(&ts->by_tid, t->tid, t);
	if (r < 0) {
		release(t);
		return r;
	}
	ts->added++;
	return 0;
}

int threads_add(struct threads *ts, struct thread *t)
{
	int r = threads_add_unlinked(ts, t);

	if (r < 0)
		return r;
	r = threads_link(ts, t);
	if (r < 0) {
		leave_parent(t);
		destroy(ts, t);
	}
	return r;
}

struct thread *threads_make_up(struct threads *ts, int64_t tid)
{
	struct thread *t;

	ts->lookups_failed++;
	t = threads_new(tid);
	if (!t)
		return NULL;
	if (rstr_assign(&t->comm, STR("<NA>")) < 0) {
		release(t);
		return NULL;
	}
	t->exe = rstr_ref(t->comm);
	return threads_add(ts, t) < 0 ? NULL : table_get(&ts->by_tid, tid);
}

/* ---- death ---- */

void threads_mark_dead(struct thread *t)
{
	if (t->group && !(t->flags & THREAD_CLOSED))
		t->group->alive--;
	t->flags |= THREAD_CLOSED;
	t->dead = true;
}

void threads_resurrect(struct thread *t)
{
	if (!(t->flags & THREAD_CLOSED))
		return;
	t->flags &= ~THREAD_CLOSED;
	t->dead = false;
	if (t->group)
		t->group->alive++;
}

static struct thread *living_member(const struct thread_group *g, const struct thread *except)
{
	struct thread *m;

	for (m = g && g->alive ? g->members : NULL; m; m = m->member_next)
		if (m != except && !m->dead)
			return m;
	return NULL;
}

/*
 * Who takes over orphans when the kernel did not say: as the kernel does, another thread of the process, else the
 * nearest ancestor that asked for it or is an init, as long as it is in the same kind of pid namespace.
 */
static struct thread *find_reaper(struct thread *t)
{
	struct thread *reaper = living_member(t->group, t), *up;

	for (up = t->parent; !reaper && up; up = up->parent) {
		if (thread_in_pidns(up) != thread_in_pidns(t))
			return NULL;
		if (up->group && up->group->reaper)
			reaper = living_member(up->group, t);
	}
	return reaper;
}

static void hand_on_children(struct threads *ts, struct thread *t)
{
	struct thread *reaper = NULL, *child;

	if (t->reaper_tid > 0) {
		reaper = threads_get(ts, t->reaper_tid); /* known by its number from now on, as in Falco */
		if (reaper && (thread_invalid(reaper) || reaper == t || reaper->dead))
			reaper = NULL;
	}
	if (!reaper)
		reaper = find_reaper(t);
	if (reaper) {
		t->reaper_tid = reaper->tid;
		if (reaper->pid != t->pid && reaper->group)
			reaper->group->reaper = true;
	}
	while ((child = t->children)) {
		enter_parent(child, reaper);
		threads_changed(child, FACT_LINEAGE);
	}
}

void threads_remove(struct threads *ts, int64_t tid)
{
	struct thread *t = table_get(&ts->by_tid, tid), *leader;

	if (!t)
		return;
	ts->removed++;
	if (!t->group) {
		leave_parent(t);
		destroy(ts, t);
		return;
	}
	threads_mark_dead(t);
	hand_on_children(ts, t);
	leader = t->leader;
	if (t->group->alive == 0 && leader && leader != t) {
		/* it had only waited for its last thread */
		hand_on_children(ts, leader);
		leave_parent(leader);
		leave_group(ts, leader);
		destroy(ts, leader);
		ts->removed++;
	}
	if (t->group->alive && thread_is_leader(t))
		return;
	leave_parent(t);
	leave_group(ts, t);
	destroy(ts, t);
}

void threads_remove_others(struct threads *ts, struct thread *t)
{
	struct thread *m, *next;

	if (!t->group || t->group->alive < 2)
		return;
	for (m = t->group->members; m; m = next) {
		next = m->member_next;
		if (m != t && !thread_is_leader(m))
			threads_remove(ts, m->tid);
	}
}

void threads_evict(struct threads *ts, struct thread *t)
{
	int64_t tid = t->tid;
	struct thread *m, *next;

	for (m = t->group && thread_is_leader(t) ? t->group->members : NULL; m; m = next) {
		next = m->member_next;
		if (m != t)
			threads_remove(ts, m->tid);
	}
	threads_remove(ts, tid);
}

#define PURGE_FIRST  (30 * NS_PER_SECOND)
#define PURGE_PERIOD (300 * NS_PER_SECOND)
#define PURGE_IDLE   (300 * NS_PER_SECOND)

void threads_purge_now(struct threads *ts, uint64_t now)
{
	uint32_t at = 0, before;
	struct thread *t;

	if (!ts->next_purge_ts) {
		ts->next_purge_ts = now + PURGE_FIRST;
		return;
	}
	ts->next_purge_ts = now + PURGE_PERIOD;
	while ((t = table_next(&ts->by_tid, &at))) {
		if (!thread_invalid(t) && !t->dead)
			continue;
		if (now - t->lastaccess_ts < PURGE_IDLE && now >= t->lastaccess_ts)
			continue;
		before = ts->by_tid.count;
		threads_remove(ts, t->tid);
		if (ts->by_tid.count != before)
			at--; /* another may have moved here */
	}
}

void threads_free(struct threads *ts)
{
	struct thread *t;
	uint32_t at = 0;

	while ((t = table_next(&ts->by_tid, &at))) {
		leave_parent(t);
		while (t->children)
			leave_parent(t->children);
		leave_group(ts, t);
		destroy(ts, t);
		at--;
	}
	table_free(&ts->by_tid);
	table_free(&ts->groups);
	free(ts->exited);
	*ts = (struct threads){ 0 };
}
