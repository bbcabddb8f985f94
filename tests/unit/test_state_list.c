/* SPDX-License-Identifier: Apache-2.0 */
/* What the state lists, another state takes over. */
#include "tests/unit/state_world.h"

struct copy {
	struct state *to;
	unsigned int processes, fds, containers;
};

static int copy_process(void *context, const struct process_record *p)
{
	struct copy *c = context;

	c->processes++;
	return state_add_process(c->to, p);
}

static int copy_fd(void *context, int64_t tid, const struct fd_record *fd)
{
	struct copy *c = context;

	c->fds++;
	return state_add_fd(c->to, tid, fd);
}

static int copy_container(void *context, struct str json)
{
	struct copy *c = context;

	assert_true(str_starts(json, STR("{\"container\"")));
	c->containers++;
	return 0;
}

static struct copy copy_state(struct world *w)
{
	const struct state_options options = { .traits = STATE_FDS_REPORTED | STATE_THREADS_REPORTED };
	struct copy c = { .to = state_new(&options) };
	const struct state_lister to = { &c, copy_process, copy_fd, copy_container };

	assert_non_null(c.to);
	assert_int_equal(state_list(w->s, &to), 0);
	return c;
}

static void make(struct world *w)
{
	known(w, 100, 1, "/home");
	fork_both(w, 100, 101);
	exec(w, 101, "/bin/cat");
	openat_result(w, 101, 3, "/etc/hosts", 1);
	settle(w);
	openat_result(w, 101, 4, "/etc/passwd", 1);
	settle(w);
	begin(w, EV_CONTAINER_JSON_2_E, -1);
	event_put_text(&w->b, STR("{\"container\":{\"id\":\"abc\",\"name\":\"web\"}}"));
	apply(w);
	settle(w);
}

static void test_copy(void **ctx)
{
	struct world *w = *ctx;
	struct copy c;
	struct thread *t;

	make(w);
	c = copy_state(w);
	assert_int_equal(c.processes, 2);
	assert_int_equal(c.fds, 2);
	assert_int_equal(c.containers, 1);
	t = state_thread(c.to, 101);
	assert_non_null(t);
	assert_text(t->comm, "cat");
	assert_text(t->exepath, rstr_str(thread(w, 101)->exepath).ptr);
	assert_text(thread_leader(t)->cwd, "/home/");
	assert_int_equal(t->ptid, 100);
	assert_int_equal(t->parent->tid, 100);
	assert_text(thread_fd(t, 3)->name, "/etc/hosts");
	assert_int_equal(thread_fd(t, 3)->type, FD_FILE_V2);
	assert_text(thread_fd(t, 4)->name, "/etc/passwd");
	state_free(c.to);
}

/* The list is for what follows the event at hand. */
static void test_ends_are_left_out(void **ctx)
{
	struct world *w = *ctx;
	struct copy c;

	make(w);
	result_and_fd(w, EV_SYSCALL_CLOSE_X, 101, 0, 3);
	assert_non_null(w->sub.fd);
	c = copy_state(w);
	assert_int_equal(c.fds, 1);
	assert_null(thread_fd(state_thread(c.to, 101), 3));
	state_free(c.to);
	settle(w);

	begin(w, EV_PROCEXIT_1_E, 101);
	apply(w);
	c = copy_state(w);
	assert_int_equal(c.processes, 1);
	assert_null(state_thread(c.to, 101));
	state_free(c.to);
	settle(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_copy, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ends_are_left_out, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
