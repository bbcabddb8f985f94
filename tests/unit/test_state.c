/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "event/event.h"
#include "state/state.h"

#define SECOND UINT64_C(1000000000)

struct world {
	struct state *s;
	struct event_builder b;
	struct event ev;
	struct subject sub;
	uint64_t now;
};

static int setup_with(void **ctx, unsigned int traits)
{
	struct state_options options = { .traits = traits, .container_plugin = true };
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->s = state_new(&options);
	assert_non_null(w->s);
	w->now = 1000 * SECOND;
	*ctx = w;
	return 0;
}

static int setup(void **ctx)
{
	return setup_with(ctx, STATE_FDS_REPORTED | STATE_THREADS_REPORTED);
}

static int setup_asking(void **ctx)
{
	return setup_with(ctx, 0);
}

static int teardown(void **ctx)
{
	struct world *w = *ctx;

	state_free(w->s);
	event_builder_free(&w->b);
	free(w);
	return 0;
}

/* ---- making events: put parameters in order, the rest of the table's is left empty ---- */

static void begin(struct world *w, uint16_t type, int64_t tid)
{
	event_begin(&w->b, type, w->now, tid);
	w->now += 1000;
}

static void end(struct world *w)
{
	struct error err;

	while (w->b.nparams < event_info(w->b.type)->nparams)
		event_put_absent(&w->b);
	assert_int_equal(event_end(&w->b, &w->ev, &err), 0);
}

static void apply(struct world *w)
{
	end(w);
	assert_int_equal(state_apply(w->s, &w->ev, &w->sub), 0);
}

static void preview(struct world *w)
{
	end(w);
	event_make_provisional(&w->ev, &w->b);
	assert_int_equal(state_preview(w->s, &w->ev, &w->sub), 0);
}

static void settle(struct world *w)
{
	state_settle(w->s, &w->ev);
}

static void absent(struct world *w, unsigned int n)
{
	while (n--)
		event_put_absent(&w->b);
}

#define CL_FILES (1u << 0)
#define CL_THREAD (1u << 13)
#define CL_VFORK (1u << 27)
#define CL_IN_PIDNS (1u << 29)

struct birth {
	int64_t tid, pid, ptid, result;
	uint32_t flags;
	int64_t vtid, vpid;
	const char *comm;
};

static void clone_event(struct world *w, struct birth x)
{
	const char *comm = x.comm ? x.comm : "sh";

	begin(w, EV_SYSCALL_CLONE_20_X, x.tid);
	event_put_int(&w->b, x.result);
	event_put_text(&w->b, str_of(comm));
	event_put_bytes(&w->b, (struct str){ "-c\0true", 8 });
	event_put_int(&w->b, x.tid);
	event_put_int(&w->b, x.pid);
	event_put_int(&w->b, x.ptid);
	event_put_text(&w->b, STR(""));
	event_put_int(&w->b, 1024);
	absent(w, 5);
	event_put_text(&w->b, str_of(comm));
	event_put_bytes(&w->b, (struct str){ "cpu_cgroup=/", 13 });
	event_put_int(&w->b, x.flags);
	event_put_int(&w->b, 7);
	event_put_int(&w->b, 8);
	event_put_int(&w->b, x.vtid ? x.vtid : x.tid);
	event_put_int(&w->b, x.vpid ? x.vpid : x.pid);
	apply(w);
	settle(w);
}

static void fork_both(struct world *w, int64_t parent, int64_t child)
{
	clone_event(w, (struct birth){ .tid = parent, .pid = parent, .ptid = 1, .result = child });
	clone_event(w, (struct birth){ .tid = child, .pid = child, .ptid = parent, .result = 0 });
}

static void exec(struct world *w, int64_t tid, const char *path)
{
	const char *slash = strrchr(path, '/');

	begin(w, EV_SYSCALL_EXECVE_19_X, tid);
	event_put_int(&w->b, 0);
	event_put_text(&w->b, str_of(path));
	event_put_bytes(&w->b, (struct str){ "-x", 3 });
	event_put_int(&w->b, tid);
	event_put_int(&w->b, tid);
	event_put_int(&w->b, 1);
	event_put_text(&w->b, STR(""));
	event_put_int(&w->b, 1024);
	absent(w, 5);
	event_put_text(&w->b, str_of(slash + 1));
	event_put_absent(&w->b);
	event_put_bytes(&w->b, (struct str){ "A=1", 4 });
	event_put_int(&w->b, 34816); /* tty */
	event_put_int(&w->b, tid); /* vpgid */
	event_put_int(&w->b, 1000); /* loginuid */
	event_put_int(&w->b, 3); /* writable, upper layer */
	event_put_int(&w->b, 1);
	event_put_int(&w->b, 2);
	event_put_int(&w->b, 3);
	event_put_int(&w->b, 77); /* inode */
	event_put_int(&w->b, 900 * (int64_t)SECOND);
	event_put_int(&w->b, 800 * (int64_t)SECOND);
	event_put_int(&w->b, 33); /* uid */
	event_put_text(&w->b, str_of(path));
	event_put_int(&w->b, tid); /* pgid */
	event_put_int(&w->b, 34); /* gid */
	event_put_text(&w->b, str_of(path));
	apply(w);
}

static void exit_of(struct world *w, int64_t tid, int64_t reaper)
{
	begin(w, EV_PROCEXIT_1_E, tid);
	event_put_int(&w->b, 0);
	event_put_int(&w->b, 0);
	event_put_int(&w->b, 0);
	event_put_int(&w->b, 0);
	event_put_int(&w->b, reaper);
	apply(w);
}

/* A process that an answer or a list would have told of. */
static void known(struct world *w, int64_t tid, int64_t ptid, const char *cwd)
{
	struct process_record p = { .tid = tid, .pid = tid, .ptid = ptid, .vtid = tid, .vpid = tid, .sid = tid, .pgid = tid,
				    .comm = STR("init"), .exe = STR("/sbin/init"), .exepath = STR("/sbin/init"), .cwd = str_of(cwd),
				    .env = { "E=1", 4 }, .root = STR("/"), .fdlimit = 64 };

	assert_int_equal(state_add_process(w->s, &p), 0);
}

static void openat_result(struct world *w, int64_t tid, int64_t fd, const char *name, uint32_t flags)
{
	begin(w, EV_SYSCALL_OPENAT_2_X, tid);
	event_put_int(&w->b, fd);
	event_put_int(&w->b, -100);
	event_put_text(&w->b, str_of(name));
	event_put_int(&w->b, flags);
	event_put_int(&w->b, 0);
	event_put_int(&w->b, 0x801);
	event_put_int(&w->b, 12345);
	apply(w);
}

static void result_and_fd(struct world *w, uint16_t type, int64_t tid, int64_t result, int64_t fd)
{
	begin(w, type, tid);
	event_put_int(&w->b, result);
	event_put_int(&w->b, fd);
	apply(w);
}

static void assert_text(const struct rstr *r, const char *expected)
{
	struct str s = rstr_str(r);

	assert_string_equal(s.ptr, expected);
	assert_int_equal(s.len, strlen(expected));
}

static struct thread *thread(struct world *w, int64_t tid)
{
	struct thread *t = state_thread(w->s, tid);

	assert_non_null(t);
	return t;
}

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
	clone_event(w, (struct birth){ .tid = 300, .pid = 300, .ptid = 100, .result = 0, .flags = CL_IN_PIDNS, .vtid = 2, .vpid = 2 });
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
		clone_event(w, (struct birth){ .tid = 100, .pid = 100, .ptid = 1, .result = 100 + i, .flags = CL_THREAD | CL_FILES });
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
	clone_event(w, (struct birth){ .tid = 100, .pid = 100, .ptid = 1, .result = 101, .flags = CL_THREAD | CL_FILES });
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

/* ---- directories and paths ---- */

static void chdir_to(struct world *w, int64_t tid, const char *path)
{
	begin(w, EV_SYSCALL_CHDIR_X, tid);
	event_put_int(&w->b, 0);
	event_put_text(&w->b, str_of(path));
	apply(w);
	settle(w);
}

static void test_cwd(void **ctx)
{
	struct world *w = *ctx;

	known(w, 100, 1, "/home");
	assert_text(thread(w, 100)->cwd, "/home/");
	chdir_to(w, 100, "me");
	assert_text(thread(w, 100)->cwd, "/home/me/");
	chdir_to(w, 100, "../..");
	assert_text(thread(w, 100)->cwd, "/");
	chdir_to(w, 100, "/var/./log/");
	assert_text(thread(w, 100)->cwd, "/var/log/");
	openat_result(w, 100, 3, "sub", 1 << 10);
	assert_int_equal(w->sub.fd->type, FD_DIRECTORY);
	result_and_fd(w, EV_SYSCALL_FCHDIR_X, 100, 0, 3);
	settle(w);
	assert_text(thread(w, 100)->cwd, "/var/log/sub/");
}

static void test_dirfd(void **ctx)
{
	struct world *w = *ctx;

	known(w, 100, 1, "/home");
	openat_result(w, 100, 3, "/etc", 1 << 10);
	assert_true(w->sub.fd->name_changed);
	settle(w);
	assert_false(thread_fd(thread(w, 100), 3)->name_changed);
	begin(w, EV_SYSCALL_OPENAT_2_X, 100);
	event_put_int(&w->b, 4);
	event_put_int(&w->b, 3);
	event_put_text(&w->b, STR("../etc/./shadow"));
	event_put_int(&w->b, 1);
	apply(w);
	assert_text(w->sub.fd->name, "/etc/shadow");
	assert_text(w->sub.fd->name_raw, "../etc/./shadow");
	assert_int_equal(w->sub.fd_number, 4);
	begin(w, EV_SYSCALL_OPENAT_2_X, 100);
	event_put_int(&w->b, 5);
	event_put_int(&w->b, 77);
	event_put_text(&w->b, STR("shadow"));
	event_put_int(&w->b, 1);
	apply(w);
	assert_text(w->sub.fd->name, "<UNKNOWN>shadow");
	assert_string_equal(state_resolve_path(w->s, thread(w, 100), 3, STR("a/../b")).ptr, "/etc/b");
}

/* ---- descriptors ---- */

static void test_dup_and_close(void **ctx)
{
	struct world *w = *ctx;

	known(w, 100, 1, "/");
	openat_result(w, 100, 3, "/x", 1 | 1 << 12);
	result_and_fd(w, EV_SYSCALL_DUP_1_X, 100, 5, 3);
	assert_int_equal(w->sub.fd_number, 5);
	assert_text(w->sub.fd->name, "/x");
	assert_false(w->sub.fd->name_changed);
	assert_int_equal(w->sub.fd->open_flags & 1 << 12, 0);
	result_and_fd(w, EV_SYSCALL_CLOSE_X, 100, 0, 3);
	assert_non_null(w->sub.fd); /* the event still has it */
	settle(w);
	assert_null(thread_fd(thread(w, 100), 3));
	result_and_fd(w, EV_SYSCALL_CLOSE_X, 100, -9, 5);
	settle(w);
	assert_non_null(thread_fd(thread(w, 100), 5));
	begin(w, EV_SYSCALL_CLOSE_RANGE_X, 100);
	event_put_int(&w->b, 0);
	event_put_int(&w->b, 3);
	event_put_int(&w->b, UINT32_MAX);
	event_put_int(&w->b, 0);
	apply(w);
	assert_int_equal(thread_fd_count(thread(w, 100)), 0);
}

static void test_read_finds_its_descriptor(void **ctx)
{
	struct world *w = *ctx;

	known(w, 100, 1, "/");
	openat_result(w, 100, 3, "/x", 1);
	begin(w, EV_SYSCALL_READ_X, 100);
	event_put_int(&w->b, 10);
	event_put_bytes(&w->b, STR("0123456789"));
	event_put_int(&w->b, 3);
	event_put_int(&w->b, 10);
	apply(w);
	assert_text(w->sub.fd->name, "/x");
	assert_int_equal(w->sub.fd_number, 3);
	assert_false(w->sub.fd_unknown);
}

static void test_unknown_thread_is_made_up(void **ctx)
{
	struct world *w = *ctx;

	result_and_fd(w, EV_SYSCALL_CLOSE_X, 4242, 0, 3);
	assert_true(thread_invalid(w->sub.thread));
	assert_text(w->sub.thread->comm, "<NA>");
	assert_false(w->sub.thread_unknown);
	/* a birth and a death make up nobody */
	exit_of(w, 4343, 0);
	assert_null(w->sub.thread);
	assert_null(state_thread(w->s, 4343));
}

/* ---- sockets ---- */

static void socket_event(struct world *w, int64_t tid, int64_t fd, uint32_t domain, uint32_t type)
{
	begin(w, EV_SOCKET_SOCKET_X, tid);
	event_put_int(&w->b, fd);
	event_put_int(&w->b, domain);
	event_put_int(&w->b, type);
	event_put_int(&w->b, 0);
	apply(w);
	settle(w);
}

#define TUPLE_V4 "\x02\x7f\x00\x00\x01\x34\x12\x0a\x00\x00\x02\x50\x00" /* 127.0.0.1:4660 -> 10.0.0.2:80 */

static void connect_event(struct world *w, int64_t tid, int64_t result, struct str tuple, struct str address)
{
	begin(w, EV_SOCKET_CONNECT_X, tid);
	event_put_int(&w->b, result);
	event_put_bytes(&w->b, tuple);
	event_put_int(&w->b, 3);
	event_put_bytes(&w->b, address);
	apply(w);
}

static void test_connect(void **ctx)
{
	struct world *w = *ctx;
	int64_t results[] = { 0, -115 };
	size_t i;

	known(w, 100, 1, "/");
	for (i = 0; i < ARRAY_SIZE(results); i++) {
		socket_event(w, 100, 3, 2, 1);
		assert_int_equal(fd_l4(thread_fd(thread(w, 100), 3)), L4_NA); /* no role yet */
		connect_event(w, 100, results[i], STR(TUPLE_V4), STR("\x02\x0a\x00\x00\x02\x50\x00"));
		assert_text(w->sub.fd->name, "127.0.0.1:4660->10.0.0.2:80");
		assert_int_equal(w->sub.fd->socket.dport, 80);
		assert_int_equal(w->sub.fd->type, FD_IPV4_SOCK);
		assert_int_equal(w->sub.fd->flags, FDF_ROLE_CLIENT | FDF_CONNECTED);
		assert_int_equal(fd_l4(w->sub.fd), L4_TCP);
		assert_true(w->sub.fd->name_changed);
		settle(w);
	}
	socket_event(w, 100, 3, 2, 1);
	connect_event(w, 100, -111, STR(TUPLE_V4), STR(""));
	assert_int_equal(rstr_str(w->sub.fd->name).len, 0);
}

static void test_connect_believes_the_entry(void **ctx)
{
	struct world *w = *ctx;

	known(w, 100, 1, "/");
	socket_event(w, 100, 3, 2, 1);
	begin(w, EV_SOCKET_CONNECT_E, 100);
	event_put_int(&w->b, 3);
	event_put_bytes(&w->b, STR("\x02\x0a\x00\x00\x09\x16\x00"));
	apply(w);
	settle(w);
	/* the address was changed under way: the exit event and the pair have the later one */
	connect_event(w, 100, 0, STR(TUPLE_V4), STR("\x02\x0a\x00\x00\x02\x50\x00"));
	assert_text(w->sub.fd->name, "127.0.0.1:4660->10.0.0.9:22");
}

static void test_bind_and_accept(void **ctx)
{
	struct world *w = *ctx;

	known(w, 100, 1, "/");
	socket_event(w, 100, 3, 2, 1);
	begin(w, EV_SOCKET_BIND_X, 100);
	event_put_int(&w->b, 0);
	event_put_bytes(&w->b, STR("\x02\x00\x00\x00\x00\x50\x00"));
	event_put_int(&w->b, 3);
	apply(w);
	assert_int_equal(w->sub.fd->type, FD_IPV4_SERVSOCK);
	assert_text(w->sub.fd->name, "0.0.0.0:80");
	assert_int_equal(fd_l4(w->sub.fd), L4_TCP);
	assert_true(w->sub.fd->flags & FDF_ROLE_SERVER);
	settle(w);
	begin(w, EV_SOCKET_ACCEPT4_6_X, 100);
	event_put_int(&w->b, 4);
	event_put_bytes(&w->b, STR(TUPLE_V4));
	apply(w);
	assert_text(w->sub.fd->name, "127.0.0.1:4660->10.0.0.2:80");
	assert_int_equal(w->sub.fd_number, 4);
	assert_int_equal(w->sub.fd->flags, FDF_ROLE_SERVER | FDF_CONNECTED);
}

static void test_unseen_datagram_socket(void **ctx)
{
	struct world *w = *ctx;

	known(w, 100, 1, "/");
	begin(w, EV_SOCKET_SENDTO_X, 100);
	event_put_int(&w->b, 5);
	event_put_bytes(&w->b, STR("hello"));
	event_put_int(&w->b, 9);
	event_put_int(&w->b, 5);
	event_put_bytes(&w->b, STR(TUPLE_V4));
	apply(w);
	assert_text(w->sub.fd->name, "127.0.0.1:4660->10.0.0.2:80");
	assert_int_equal(w->sub.fd->socket.l4, L4_UDP);
}

static void test_shared_descriptor_is_copied_on_change(void **ctx)
{
	struct world *w = *ctx;

	known(w, 100, 1, "/");
	socket_event(w, 100, 3, 2, 1);
	fork_both(w, 100, 200);
	assert_ptr_equal(thread_fd(thread(w, 100), 3), thread_fd(thread(w, 200), 3));
	connect_event(w, 200, 0, STR(TUPLE_V4), STR(""));
	settle(w);
	assert_int_equal(rstr_str(thread_fd(thread(w, 100), 3)->name).len, 0);
	assert_text(thread_fd(thread(w, 200), 3)->name, "127.0.0.1:4660->10.0.0.2:80");
}

/* ---- asking ---- */

static void provisional_open(struct world *w, int64_t tid, int64_t dirfd, const char *name)
{
	begin(w, EV_SYSCALL_OPENAT_2_X, tid);
	event_put_unknown(&w->b);
	event_put_int(&w->b, dirfd);
	event_put_text(&w->b, str_of(name));
	event_put_int(&w->b, 1);
	event_put_int(&w->b, 0);
	event_put_unknown(&w->b);
	event_put_unknown(&w->b);
	preview(w);
}

static void test_preview(void **ctx)
{
	struct world *w = *ctx;

	known(w, 100, 1, "/home/");
	provisional_open(w, 100, -100, "x");
	assert_text(w->sub.fd->name, "/home/x");
	assert_false(w->sub.fd_unknown || w->sub.thread_unknown || w->sub.cwd_unknown);
	settle(w);
	assert_int_equal(thread_fd_count(thread(w, 100)), 0);

	provisional_open(w, 100, 7, "x"); /* which directory is 7? */
	assert_true(w->sub.fd_unknown);
	assert_int_equal(w->sub.fd_number, 7);
	settle(w);

	provisional_open(w, 555, -100, "x");
	assert_null(w->sub.thread);
	assert_true(w->sub.thread_unknown);
	settle(w);
	assert_null(state_thread(w->s, 555));
}

static void test_answers(void **ctx)
{
	struct world *w = *ctx;
	struct thread *t;

	begin(w, EV_ITER_TASK_E, 555LL << 32 | 555);
	event_put_int(&w->b, 1);
	event_put_int(&w->b, 555);
	event_put_int(&w->b, 555);
	event_put_int(&w->b, 555);
	event_put_text(&w->b, STR("late"));
	event_put_bytes(&w->b, (struct str){ "/bin/late\0-a\0-b", 16 });
	event_put_text(&w->b, STR("/bin/late"));
	event_put_int(&w->b, 0);
	event_put_bytes(&w->b, (struct str){ "A=1", 4 });
	event_put_text(&w->b, STR("/work"));
	apply(w);
	t = thread(w, 555);
	assert_true(t->late);
	assert_text(t->exe, "/bin/late");
	assert_int_equal(t->args->len, 6);
	assert_text(t->cwd, "/work/");
	assert_true(t->cwd_known);

	/* a descriptor that was asked for holds for the call that asked */
	result_and_fd(w, EV_SYSCALL_CLOSE_X, 555, -9, 3);
	assert_true(w->sub.fd_unknown);
	settle(w);
	begin(w, EV_ITER_TASK_FILE_REGULAR_E, 555LL << 32 | 555);
	event_put_int(&w->b, 3);
	event_put_text(&w->b, STR("/etc/hosts"));
	apply(w);
	assert_text(thread_fd(t, 3)->name, "/etc/hosts");
	openat_result(w, 555, 8, "/x", 1);
	settle(w);
	assert_null(thread_fd(t, 3));
	assert_non_null(thread_fd(t, 8));
}

/* ---- users, attributes, containers ---- */

static void test_user_events(void **ctx)
{
	struct world *w = *ctx;

	assert_text(state_user(w->s, STR(""), 0)->name, "root");
	assert_null(state_user(w->s, STR(""), 5));
	begin(w, EV_USER_ADDED_E, -1);
	event_put_int(&w->b, 5);
	event_put_int(&w->b, 6);
	event_put_text(&w->b, STR("five"));
	event_put_text(&w->b, STR("/home/five"));
	event_put_text(&w->b, STR("/bin/sh"));
	event_put_text(&w->b, STR(""));
	apply(w);
	assert_null(w->sub.thread);
	assert_text(state_user(w->s, STR(""), 5)->home, "/home/five");
	assert_null(state_user(w->s, STR("abc"), 5));
	begin(w, EV_USER_DELETED_E, -1);
	event_put_int(&w->b, 5);
	apply(w);
	assert_null(state_user(w->s, STR(""), 5));
}

static void test_attributes(void **ctx)
{
	struct world *w = *ctx;
	auto_strbuf struct strbuf out = { 0 };
	int handle;

	known(w, 100, 1, "/");
	handle = state_attribute_find(w->s, ATTRIBUTE_THREAD, STR("exe_path"));
	assert_true(handle >= 0);
	assert_int_equal(state_attribute_get(w->s, ATTRIBUTE_THREAD, thread(w, 100), handle, &out), 0);
	assert_string_equal(out.ptr, "/sbin/init");
	assert_int_equal(state_attribute_add(w->s, ATTRIBUTE_THREAD, STR("comm")), -EEXIST);
	handle = state_attribute_add(w->s, ATTRIBUTE_THREAD, STR("colour"));
	assert_true(handle >= 0);
	assert_int_equal(state_attribute_find(w->s, ATTRIBUTE_THREAD, STR("colour")), handle);
	assert_int_equal(state_attribute_get(w->s, ATTRIBUTE_THREAD, thread(w, 100), handle, &out), -ENOENT);
	assert_int_equal(state_attribute_set(w->s, ATTRIBUTE_THREAD, thread(w, 100), handle, STR("red")), 0);
	strbuf_reset(&out);
	assert_int_equal(state_attribute_get(w->s, ATTRIBUTE_THREAD, thread(w, 100), handle, &out), 0);
	assert_string_equal(out.ptr, "red");
	handle = state_attribute_find(w->s, ATTRIBUTE_THREAD, STR("uid"));
	assert_int_equal(state_attribute_set(w->s, ATTRIBUTE_THREAD, thread(w, 100), handle, STR("nobody")), -EINVAL);
	assert_int_equal(state_attribute_set(w->s, ATTRIBUTE_THREAD, thread(w, 100), handle, STR("12")), 0);
	assert_int_equal(thread(w, 100)->uid, 12);
}

static void test_container_event(void **ctx)
{
	struct world *w = *ctx;

	begin(w, EV_ASYNCEVENT_E, -1);
	event_put_int(&w->b, 0);
	event_put_text(&w->b, STR("container"));
	event_put_bytes(&w->b, STR("{\"container\":{\"id\":\"abc\",\"ip\":\"172.17.0.2\"}}"));
	apply(w);
	settle(w);
	assert_non_null(state_container(w->s, STR("abc")));
	begin(w, EV_ASYNCEVENT_E, -1);
	event_put_int(&w->b, 0);
	event_put_text(&w->b, STR("container_removed"));
	event_put_bytes(&w->b, STR("{\"container\":{\"id\":\"abc\"}}"));
	apply(w);
	assert_non_null(state_container(w->s, STR("abc")));
	settle(w);
	assert_null(state_container(w->s, STR("abc")));
	begin(w, EV_ASYNCEVENT_E, -1);
	event_put_int(&w->b, 0);
	event_put_text(&w->b, STR("container"));
	event_put_bytes(&w->b, STR("{\"container\":{\"id\":[1],"));
	apply(w);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_fork_inherits), T(test_child_event_first), T(test_pidns_child_comes_by_its_own_event),
		T(test_vfork_exit_before_return), T(test_late_caller_does_not_revive), T(test_reused_pid_inherits_nothing),
		T(test_exec), T(test_exec_ends_other_threads), T(test_leader_waits_for_its_threads), T(test_double_fork),
		T(test_told_reaper), T(test_descendant_as_reaper_makes_no_loop), T(test_stale_facts_reach_those_who_see_them),
		T(test_cwd), T(test_dirfd), T(test_dup_and_close), T(test_read_finds_its_descriptor),
		T(test_unknown_thread_is_made_up), T(test_connect), T(test_connect_believes_the_entry), T(test_bind_and_accept),
		T(test_unseen_datagram_socket), T(test_shared_descriptor_is_copied_on_change), T(test_user_events),
		T(test_attributes), T(test_container_event),
		cmocka_unit_test_setup_teardown(test_preview, setup_asking, teardown),
		cmocka_unit_test_setup_teardown(test_answers, setup_asking, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
