/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "base/limits.h"
#include "state/threads.h"

#define TIDS 60

static struct thread *make(struct threads *ts, int64_t tid, int64_t pid, int64_t ptid)
{
	struct thread *t = threads_new(tid);

	assert_non_null(t);
	t->pid = t->vpid = pid;
	t->vtid = tid;
	t->ptid = ptid;
	if (tid != pid)
		t->flags |= THREAD_CLONE_THREAD | THREAD_CLONE_FILES;
	assert_int_equal(threads_add(ts, t), 0);
	return t;
}

static void check_thread(struct threads *ts, struct thread *t)
{
	struct thread *child, *m;
	uint32_t n = 0, steps = 0;
	const struct thread *up;

	assert_ptr_equal(table_get(&ts->by_tid, t->tid), t);
	for (child = t->children; child; child = child->sibling_next) {
		assert_ptr_equal(child->parent, t);
		assert_int_equal(child->ptid, t->tid);
		n++;
	}
	assert_int_equal(n, t->nchildren);
	for (up = t; up; up = up->parent)
		assert_true(++steps <= STATE_ANCESTORS);
	if (!t->group)
		return;
	assert_ptr_equal(table_get(&ts->groups, t->pid), t->group);
	if (t->leader) {
		assert_ptr_equal(table_get(&ts->by_tid, t->pid), t->leader);
		assert_ptr_equal(t->fds, t->leader->fds);
	}
	for (m = t->group->members, n = 0; m; m = m->member_next)
		n += !m->dead;
	assert_int_equal(n, t->group->alive);
}

/*
 * Births of processes and threads, deaths with and without a told reaper, reused numbers, over few numbers so that all
 * cases meet: the links must always agree with each other.
 */
static void test_random_lives(void **ctx)
{
	uint32_t random = 4711, round, at;
	struct threads ts;
	struct thread *t, *parent;
	int64_t tid;

	(void)ctx;
	assert_int_equal(threads_init(&ts, 1000), 0);
	make(&ts, 1, 1, 0);
	for (round = 0; round < 30000; round++) {
		random = random * 1664525u + 1013904223u;
		tid = 2 + (random >> 8) % TIDS;
		t = table_get(&ts.by_tid, tid);
		parent = table_get(&ts.by_tid, 1 + (random >> 16) % TIDS);
		if (!t && parent) {
			if (random >> 30 && !thread_invalid(parent))
				make(&ts, tid, tid, parent->tid);
			else
				make(&ts, tid, parent->pid, parent->ptid);
		} else if (t && random >> 31) {
			t->reaper_tid = (random >> 4) % 3 ? 0 : 1 + (random >> 20) % TIDS;
			threads_mark_dead(t);
			threads_remove(&ts, tid);
		} else if (t && (random >> 29) == 0) {
			threads_evict(&ts, t);
			assert_null(table_get(&ts.by_tid, tid));
		} else if (t && (random >> 29) == 1) {
			threads_remove_others(&ts, t);
		} else if (!t) {
			assert_non_null(threads_get(&ts, tid));
		}
		for (at = 0; (t = table_next(&ts.by_tid, &at));)
			check_thread(&ts, t);
	}
	threads_free(&ts);
}

static void test_full(void **ctx)
{
	struct threads ts;
	struct thread *t;

	(void)ctx;
	assert_int_equal(threads_init(&ts, 2), 0);
	make(&ts, 1, 1, 0);
	make(&ts, 2, 2, 1);
	t = threads_new(3);
	assert_int_equal(threads_add(&ts, t), -ENOSPC);
	assert_null(threads_get(&ts, 4));
	assert_int_equal(ts.dropped, 2);
	threads_free(&ts);
}

/* Long chains can be told by damaged input; nothing may recurse along them. */
static void test_deep_chain(void **ctx)
{
	struct threads ts;
	struct thread *t;
	int64_t tid;

	(void)ctx;
	assert_int_equal(threads_init(&ts, 100000), 0);
	make(&ts, 1, 1, 0);
	for (tid = 2; tid < 20000; tid++) {
		t = make(&ts, tid, tid, tid - 1);
		if (!t->parent) /* too deep: hangs on nothing */
			assert_true(tid > STATE_ANCESTORS);
	}
	threads_changed(table_get(&ts.by_tid, 1), FACT_EXE);
	assert_true(((struct thread *)table_get(&ts.by_tid, STATE_ANCESTORS))->stale & FACT_LINEAGE);
	threads_free(&ts);
}

static void test_purge(void **ctx)
{
	const uint64_t second = 1000000000;
	struct threads ts;
	struct thread *t;

	(void)ctx;
	assert_int_equal(threads_init(&ts, 100), 0);
	make(&ts, 1, 1, 0);
	t = threads_get(&ts, 50);
	t->lastaccess_ts = 1000 * second;
	threads_purge(&ts, 1000 * second);
	threads_purge(&ts, 1031 * second);
	assert_non_null(table_get(&ts.by_tid, 50));
	threads_purge(&ts, 1400 * second);
	assert_null(table_get(&ts.by_tid, 50));
	assert_non_null(table_get(&ts.by_tid, 1));
	threads_free(&ts);
}

static void test_exited_lately(void **ctx)
{
	const uint64_t second = 1000000000;
	struct threads ts;

	(void)ctx;
	assert_int_equal(threads_init(&ts, 100), 0);
	threads_note_exit(&ts, 20, 10, 100 * second);
	assert_true(threads_exited_lately(&ts, 20, 10, 101 * second));
	assert_false(threads_exited_lately(&ts, 20, 11, 101 * second));
	assert_false(threads_exited_lately(&ts, 20, 10, 99 * second));
	assert_false(threads_exited_lately(&ts, 20, 10, 102 * second));
	threads_free(&ts);
}

/* Two processes, each the child of a thread of the other, as only damaged input says: a change is told once to each. */
static void test_processes_in_a_circle(void **ctx)
{
	struct thread *a, *b, *c, *d;
	struct threads ts;

	(void)ctx;
	assert_int_equal(threads_init(&ts, 1000), 0);
	make(&ts, 1, 1, 0);
	a = make(&ts, 10, 10, 1);
	b = make(&ts, 20, 20, 1);
	c = make(&ts, 21, 20, 1);
	d = make(&ts, 11, 10, 1);
	threads_set_parent(&ts, a, c->tid);
	threads_set_parent(&ts, b, d->tid);
	for (int round = 0; round < 2; round++) {
		a->stale = b->stale = c->stale = d->stale = 0;
		threads_changed(a, FACT_EXE);
		assert_int_equal(a->stale, FACT_EXE | FACT_LINEAGE);
		assert_int_equal(b->stale, FACT_LINEAGE);
		assert_int_equal(c->stale, FACT_LINEAGE);
	}
	threads_free(&ts);
}

/*
 * A thread's ancestors are those of its leader, and those of its children go by the thread that made them. Who has to
 * forget what it was is told by either.
 */
static void test_lineage_of_threads(void **ctx)
{
	struct thread *a, *b, *c, *d, *e, *f;
	struct threads ts;

	(void)ctx;
	assert_int_equal(threads_init(&ts, 1000), 0);
	a = make(&ts, 10, 10, 0);
	b = make(&ts, 20, 20, 10);
	c = make(&ts, 21, 20, 99); /* a thread of b whose maker is not known */
	d = make(&ts, 30, 30, 99); /* a process whose parent is not known */
	e = make(&ts, 31, 30, 10); /* a thread of d that a has for a child */
	f = make(&ts, 40, 40, 31);
	a->stale = b->stale = c->stale = d->stale = e->stale = f->stale = 0;
	threads_changed(a, FACT_EXE);
	assert_int_equal(b->stale, FACT_LINEAGE);
	assert_int_equal(c->stale, FACT_LINEAGE);
	assert_int_equal(d->stale, 0);
	assert_int_equal(f->stale, FACT_LINEAGE);

	/* the other threads see a leader's name as that of their process */
	b->stale = c->stale = 0;
	threads_changed(b, FACT_COMM);
	assert_int_equal(b->stale, FACT_COMM);
	assert_int_equal(c->stale, FACT_LINEAGE);
	threads_free(&ts);
}

/* Who was known by the number alone is somebody else once the rest is told, and so is who had waited for a leader. */
static void test_told_later(void **ctx)
{
	struct thread *t, *other;
	struct threads ts;

	(void)ctx;
	assert_int_equal(threads_init(&ts, 1000), 0);
	make(&ts, 1, 1, 0);
	t = threads_get(&ts, 50);
	other = make(&ts, 51, 50, 1);
	assert_non_null(t);
	assert_null(other->leader);
	t->stale = other->stale = 0;
	t->pid = 50;
	t->ptid = 1;
	assert_int_equal(threads_link(&ts, t), 0);
	assert_int_equal(t->stale, FACTS_PROCESS);
	assert_ptr_equal(other->leader, t);
	assert_int_equal(other->stale, FACTS_PROCESS);
	threads_free(&ts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_lives),  cmocka_unit_test(test_full),
		cmocka_unit_test(test_deep_chain),    cmocka_unit_test(test_purge),
		cmocka_unit_test(test_exited_lately), cmocka_unit_test(test_processes_in_a_circle),
		cmocka_unit_test(test_told_later),    cmocka_unit_test(test_lineage_of_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
