/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/state_world.h"

/* ---- processes ---- */

static void test_fork_inherits(void **ctx)
{
	struct world *w = *ctx;
	struct thread *t;

	known(w, 1, 0, "/");
	known(w, 100, 1, "/home/me/");
	openat_result(w, 100, 3, "notes", 1);
	fork_both(w, 100, 200);
	t = thread(w, 200);
	assert_int_equal(t->ptid, 100);
	assert_ptr_equal(t->parent, thread(w, 100));
	assert_text(t->cwd, "/home/me/");
	assert_text(t->exepath, "/sbin/init");
	assert_text(t->comm, "sh");
	assert_int_equal(t->uid, 7);
	assert_int_equal(t->gid, 8);
	assert_int_equal(t->env->len, 4);
	assert_non_null(thread_fd(t, 3));
	assert_text(thread_fd(t, 3)->name, "/home/me/notes");
	assert_string_equal(rstr_str(t->cgroups).ptr, "cpu=/");
	assert_int_equal(thread(w, 100)->nchildren, 1);
	assert_int_equal(thread_count(t), 1);

	/* tables are apart from here on */
	openat_result(w, 200, 4, "/tmp/x", 1);
	assert_null(thread_fd(thread(w, 100), 4));
	result_and_fd(w, EV_SYSCALL_CLOSE_X, 100, 0, 3);
	settle(w);
	assert_null(thread_fd(thread(w, 100), 3));
	assert_non_null(thread_fd(thread(w, 200), 3));
}

static void put_ids(struct world *w, struct birth x)
{
	begin(w, EV_SYSCALL_CLONE_20_X, x.tid);
	event_put_int(&w->b, x.result);
	absent(w, 2);
	event_put_int(&w->b, x.tid);
	event_put_int(&w->b, x.pid);
	event_put_int(&w->b, x.ptid);
	absent(w, 8);
	event_put_absent(&w->b);
	event_put_int(&w->b, x.flags);
	absent(w, 2);
	event_put_int(&w->b, x.tid);
	event_put_int(&w->b, x.pid);
}

/*
 * Of a birth that says nothing but who, the child is its caller's copy; the thread that called, not the
 * process's first.
 */
static void test_birth_of_ids_alone(void **ctx)
{
	struct world *w = *ctx;
	struct thread *t;

	known(w, 1, 0, "/");
	known(w, 100, 1, "/home/me/");
	fork_both(w, 100, 150); /* has a name, owner and group of its own */
	put_ids(w, (struct birth){ .tid = 150, .pid = 150, .ptid = 100, .result = 200 });
	apply(w);
	settle(w);
	t = thread(w, 200);
	assert_ptr_equal(t->parent, thread(w, 150));
	assert_text(t->comm, "sh");
	assert_text(t->exe, "sh");
	assert_int_equal(t->args->len, thread(w, 150)->args->len);
	assert_int_equal(t->uid, 7);
	assert_int_equal(t->gid, 8);
	assert_int_equal(t->fdlimit, 1024);
	assert_string_equal(rstr_str(t->cgroups).ptr, "cpu=/");

	/* the child's own word, of a vfork */
	put_ids(w, (struct birth){ .tid = 300, .pid = 300, .ptid = 200, .result = 0, .flags = CL_VFORK });
	apply(w);
	settle(w);
	assert_text(thread(w, 300)->comm, "sh");
	assert_int_equal(thread(w, 300)->uid, 7);

	/* of a caller that nobody knows there is nothing to copy: no process of nobody's is made up */
	put_ids(w, (struct birth){ .tid = 400, .pid = 400, .ptid = 999, .result = 0 });
	apply(w);
	settle(w);
	assert_null(state_thread(w->s, 400));
}

/* Its parent is that of the caller, of whom it is a copy: CLONE_PARENT */
static void test_child_for_the_callers_parent(void **ctx)
{
	const struct birth caller = { .tid = 200, .pid = 200, .ptid = 100, .result = 300, .flags = CL_PARENT };
	const struct birth child = { .tid = 300, .pid = 300, .ptid = 100, .flags = CL_PARENT };
	struct world *w = *ctx;

	known(w, 100, 1, "/home/me/");
	known(w, 200, 100, "/srv/");
	exec(w, 200, "/opt/other");
	put_ids(w, caller);
	apply(w);
	settle(w);
	put_ids(w, child);
	apply(w);
	settle(w);
	assert_ptr_equal(thread(w, 300)->parent, thread(w, 100));
	assert_text(thread(w, 300)->comm, "other");
	assert_text(thread(w, 300)->exepath, "/opt/other");
	assert_text(thread(w, 300)->cwd, "/srv/");
	/* what the event itself says of the child goes first; the word of the caller holds for this child alone */
	clone_event(w, (struct birth){ .tid = 200, .pid = 200, .ptid = 100, .result = 301, .flags = CL_PARENT });
	clone_event(w, (struct birth){ .tid = 301, .pid = 301, .ptid = 100, .flags = CL_PARENT, .comm = "own" });
	assert_text(thread(w, 301)->comm, "own");
	assert_text(thread(w, 301)->exepath, "/opt/other");
	clone_event(w, (struct birth){ .tid = 302, .pid = 302, .ptid = 100, .flags = CL_PARENT });
	assert_text(thread(w, 302)->cwd, "/home/me/");
}

static void test_child_needs_no_introduction(void **ctx)
{
	struct world *w = *ctx;

	known(w, 100, 1, "/");
	put_ids(w, (struct birth){ .tid = 200, .pid = 200, .ptid = 100, .result = 0, .flags = CL_VFORK });
	preview(w);
	assert_false(w->sub.thread_unknown);
	put_ids(w, (struct birth){ .tid = 201, .pid = 201, .ptid = 100, .result = 300 });
	preview(w);
	assert_true(w->sub.thread_unknown);
}

static void test_child_event_first(void **ctx)
{
	struct world *w = *ctx;
	struct thread *t;

	known(w, 100, 1, "/srv/");
	clone_event(w, (struct birth){ .tid = 200, .pid = 200, .ptid = 100, .result = 0 });
	t = thread(w, 200);
	assert_text(t->cwd, "/srv/");
	assert_ptr_equal(t->parent, thread(w, 100));
	clone_event(w, (struct birth){ .tid = 100, .pid = 100, .ptid = 1, .result = 200 });
	assert_ptr_equal(thread(w, 200), t);
	assert_int_equal(thread(w, 100)->nchildren, 1);
}

static void test_pidns_child_comes_by_its_own_event(void **ctx)
{
	struct world *w = *ctx;

	known(w, 100, 1, "/");
	/* the result is a number of the inner namespace: nothing may be made of it */
	clone_event(w, (struct birth){ .tid = 100, .pid = 100, .ptid = 1, .result = 2, .flags = CL_IN_PIDNS });
	assert_null(state_thread(w->s, 2));
	clone_event(
		w,
		(struct birth){
			.tid = 300, .pid = 300, .ptid = 100, .result = 0, .flags = CL_IN_PIDNS, .vtid = 2, .vpid = 2 });
	assert_int_equal(thread(w, 300)->vpid, 2);
	assert_true(thread_in_pidns(thread(w, 300)));
}

static void test_vfork_exit_before_return(void **ctx)
{
	struct world *w = *ctx;

	known(w, 100, 1, "/");
	clone_event(w, (struct birth){ .tid = 200, .pid = 200, .ptid = 100, .result = 0, .flags = CL_VFORK });
	exit_of(w, 200, 0);
	settle(w);
	assert_null(state_thread(w->s, 200));
	clone_event(w, (struct birth){ .tid = 100, .pid = 100, .ptid = 1, .result = 200, .flags = CL_VFORK });
	assert_null(state_thread(w->s, 200));
}

static void test_late_caller_does_not_revive(void **ctx)
{
	struct world *w = *ctx;

	known(w, 100, 1, "/");
	clone_event(w, (struct birth){ .tid = 200, .pid = 200, .ptid = 100, .result = 0 });
	exit_of(w, 200, 0);
	settle(w);
	clone_event(w, (struct birth){ .tid = 100, .pid = 100, .ptid = 1, .result = 200 });
	assert_null(state_thread(w->s, 200));
	w->now += 3 * SECOND; /* the number is free for another by then */
	clone_event(w, (struct birth){ .tid = 100, .pid = 100, .ptid = 1, .result = 200 });
	assert_non_null(state_thread(w->s, 200));
}

static void test_reused_pid_inherits_nothing(void **ctx)
{
	struct world *w = *ctx;

	known(w, 100, 1, "/a/");
	known(w, 101, 1, "/b/");
	fork_both(w, 100, 200);
	openat_result(w, 200, 9, "/etc/shadow", 1);
	w->now += 10 * SECOND; /* its exit was never told */
	clone_event(w, (struct birth){ .tid = 101, .pid = 101, .ptid = 1, .result = 200 });
	assert_ptr_equal(thread(w, 200)->parent, thread(w, 101));
	assert_null(thread_fd(thread(w, 200), 9));
	assert_text(thread(w, 200)->cwd, "/b/");
	assert_int_equal(thread(w, 100)->nchildren, 0);
}

static void test_exec(void **ctx)
{
	struct world *w = *ctx;
	struct thread *t;

	known(w, 100, 1, "/");
	fork_both(w, 100, 200);
	openat_result(w, 200, 3, "/keep", 1);
	openat_result(w, 200, 4, "/drop", 1 | 1 << 12);
	exec(w, 200, "/usr/bin/cat");
	t = w->sub.thread;
	assert_ptr_equal(t, thread(w, 200));
	assert_text(t->comm, "cat");
	assert_text(t->exepath, "/usr/bin/cat");
	assert_int_equal(t->uid, 33);
	assert_int_equal(t->gid, 34);
	assert_int_equal(t->loginuid, 1000);
	assert_int_equal(t->tty, 34816);
	assert_true(t->exe_writable);
	assert_true(t->exe_upper_layer);
	assert_false(t->exe_from_memfd);
	assert_int_equal(t->exe_ino, 77);
	assert_int_equal(t->cap_effective, 3);
	assert_non_null(thread_fd(t, 3));
	assert_null(thread_fd(t, 4));
	settle(w);
	exec(w, 200, "/memfd:x (deleted)");
	assert_text(w->sub.thread->exepath, "/memfd:x");
}

static void test_exec_ends_other_threads(void **ctx)
{
	struct world *w = *ctx;
	int64_t i;

	known(w, 100, 1, "/");
	for (i = 1; i <= 5; i++)
		clone_event(
			w,
			(struct birth){
				.tid = 100, .pid = 100, .ptid = 1, .result = 100 + i, .flags = CL_THREAD | CL_FILES });
	assert_int_equal(thread_count(thread(w, 100)), 6);
	assert_int_equal(thread_count_others(thread(w, 103)), 5);
	assert_ptr_equal(thread(w, 103)->leader, thread(w, 100));
	openat_result(w, 103, 5, "/shared", 1);
	assert_non_null(thread_fd(thread(w, 100), 5));
	exec(w, 100, "/bin/true");
	settle(w);
	assert_int_equal(thread_count(thread(w, 100)), 1);
	assert_null(state_thread(w->s, 103));
}

static void test_leader_waits_for_its_threads(void **ctx)
{
	struct world *w = *ctx;

	known(w, 1, 0, "/");
	known(w, 100, 1, "/");
	clone_event(w,
		    (struct birth){ .tid = 100, .pid = 100, .ptid = 1, .result = 101, .flags = CL_THREAD | CL_FILES });
	openat_result(w, 101, 3, "/x", 1);
	exit_of(w, 100, 0);
	settle(w);
	assert_non_null(state_thread(w->s, 100));
	assert_non_null(thread_fd(thread(w, 101), 3));
	assert_int_equal(thread_count(thread(w, 101)), 1);
	exit_of(w, 101, 0);
	settle(w);
	assert_null(state_thread(w->s, 100));
	assert_null(state_thread(w->s, 101));
	assert_int_equal(thread(w, 1)->nchildren, 0);
}

static void test_double_fork(void **ctx)
{
	struct world *w = *ctx;
	struct thread *t;

	known(w, 1, 0, "/");
	known(w, 100, 1, "/");
	fork_both(w, 100, 200);
	fork_both(w, 200, 300);
	t = thread(w, 300);
	assert_ptr_equal(state_ancestor(w->s, t, 0), t);
	assert_ptr_equal(state_ancestor(w->s, t, 1), thread(w, 200));
	assert_ptr_equal(state_ancestor(w->s, t, 3), thread(w, 1));
	assert_null(state_ancestor(w->s, t, 4));
	exit_of(w, 200, 0);
	assert_ptr_equal(state_ancestor(w->s, t, 1), thread(w, 200)); /* rules still see it */
	settle(w);
	assert_int_equal(t->ptid, 1); /* init of the namespace takes it */
	assert_ptr_equal(state_ancestor(w->s, t, 1), thread(w, 1));
}

static void test_told_reaper(void **ctx)
{
	struct world *w = *ctx;

	known(w, 1, 0, "/");
	known(w, 50, 1, "/");
	fork_both(w, 50, 100);
	fork_both(w, 100, 200);
	fork_both(w, 200, 300);
	exit_of(w, 200, 50);
	settle(w);
	assert_int_equal(thread(w, 300)->ptid, 50);
	exit_of(w, 100, 0); /* its only child is gone; 50 was marked a reaper by the above */
	settle(w);
	assert_int_equal(thread(w, 50)->nchildren, 1);
}

static void test_descendant_as_reaper_makes_no_loop(void **ctx)
{
	struct world *w = *ctx;
	struct thread *t;
	unsigned int n;

	known(w, 1, 0, "/");
	known(w, 100, 1, "/");
	fork_both(w, 100, 200);
	fork_both(w, 200, 300);
	exit_of(w, 100, 300);
	settle(w);
	for (t = thread(w, 300), n = 0; t; n++)
		t = state_ancestor(w->s, t, 1);
	assert_in_range(n, 1, 3);
}

static void set_ids(struct world *w, uint16_t type, uint32_t real, uint32_t effective)
{
	begin(w, type, 100);
	event_put_int(&w->b, 0);
	event_put_int(&w->b, real);
	event_put_int(&w->b, effective);
	apply(w);
}

static void test_ids_that_are_left(void **ctx)
{
	static const unsigned int traits[] = { 0, STATE_LEAVES_IDS };
	struct world *w = *ctx;

	known(w, 100, 1, "/home/me/");
	for (size_t i = 0; i < ARRAY_SIZE(traits); i++) {
		bool left = traits[i] != 0;

		state_set_traits(w->s, traits[i]);
		set_ids(w, EV_SYSCALL_SETRESUID_X, 0, 1000);
		set_ids(w, EV_SYSCALL_SETREGID_X, 0, 1001);
		set_ids(w, EV_SYSCALL_SETREUID_X, 0, UINT32_MAX);
		assert_int_equal(w->sub.thread->uid, left ? 1000 : UINT32_MAX);
		set_ids(w, EV_SYSCALL_SETRESGID_X, 0, UINT32_MAX);
		assert_int_equal(w->sub.thread->gid, left ? 1001 : UINT32_MAX);
	}
}

/* The numbers of a call in another namespace are others' for us: the source says whose they are. */
static void test_creds_that_the_source_tells(void **ctx)
{
	static const uint16_t types[] = { EV_SYSCALL_SETRESUID_X, EV_SYSCALL_SETREGID_X, EV_SYSCALL_UNSHARE_X };
	struct event_ext ext = { .creds = { true, 100033, 100044, 1, 2, 3 } };
	struct world *w = *ctx;
	struct thread *t;

	known(w, 100, 1, "/home/me/");
	t = thread(w, 100);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		t->uid = t->gid = 0;
		t->stale = 0;
		begin(w, types[i], 100);
		event_put_int(&w->b, 0);
		event_put_int(&w->b, 0);
		end(w);
		w->ev.ext = &ext;
		assert_int_equal(state_apply(w->s, &w->ev, &w->sub), 0);
		assert_int_equal(t->uid, 100033);
		assert_int_equal(t->gid, 100044);
		assert_true(t->cap_inheritable == 1 && t->cap_permitted == 2 && t->cap_effective == 3);
		assert_int_equal(t->stale & (FACT_CRED | FACT_CAPS), FACT_CRED | FACT_CAPS);
	}
}

static void test_stale_facts_reach_those_who_see_them(void **ctx)
{
	struct world *w = *ctx;

	known(w, 1, 0, "/");
	known(w, 100, 1, "/");
	fork_both(w, 100, 200);
	fork_both(w, 200, 300);
	fork_both(w, 100, 400);
	thread(w, 100)->stale = thread(w, 200)->stale = thread(w, 300)->stale = thread(w, 400)->stale = 0;
	exec(w, 200, "/bin/cat");
	settle(w);
	assert_true(thread(w, 200)->stale & FACT_EXE);
	assert_int_equal(thread(w, 300)->stale, FACT_LINEAGE);
	assert_int_equal(thread(w, 400)->stale, 0);
	assert_int_equal(thread(w, 100)->stale, 0);
	thread(w, 200)->stale = thread(w, 300)->stale = 0;
	openat_result(w, 200, 3, "/x", 1);
	settle(w);
	assert_int_equal(thread(w, 200)->stale, 0); /* descriptors are never remembered */
	exit_of(w, 200, 0);
	settle(w);
	assert_true(thread(w, 300)->stale & FACT_LINEAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_fork_inherits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_birth_of_ids_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_child_for_the_callers_parent, setup_asking, teardown),
		cmocka_unit_test_setup_teardown(test_child_needs_no_introduction, setup_asking, teardown),
		cmocka_unit_test_setup_teardown(test_child_event_first, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pidns_child_comes_by_its_own_event, setup, teardown),
		cmocka_unit_test_setup_teardown(test_vfork_exit_before_return, setup, teardown),
		cmocka_unit_test_setup_teardown(test_late_caller_does_not_revive, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reused_pid_inherits_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_exec, setup, teardown),
		cmocka_unit_test_setup_teardown(test_exec_ends_other_threads, setup, teardown),
		cmocka_unit_test_setup_teardown(test_leader_waits_for_its_threads, setup, teardown),
		cmocka_unit_test_setup_teardown(test_double_fork, setup, teardown),
		cmocka_unit_test_setup_teardown(test_told_reaper, setup, teardown),
		cmocka_unit_test_setup_teardown(test_descendant_as_reaper_makes_no_loop, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ids_that_are_left, setup, teardown),
		cmocka_unit_test_setup_teardown(test_creds_that_the_source_tells, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stale_facts_reach_those_who_see_them, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
