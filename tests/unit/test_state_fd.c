/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/state_world.h"

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

static void begin_connect(struct world *w, int64_t tid, int64_t result, struct str tuple, struct str address)
{
	begin(w, EV_SOCKET_CONNECT_X, tid);
	event_put_int(&w->b, result);
	event_put_bytes(&w->b, tuple);
	event_put_int(&w->b, 3);
	event_put_bytes(&w->b, address);
}

static void connect_event(struct world *w, int64_t tid, int64_t result, struct str tuple, struct str address)
{
	begin_connect(w, tid, result, tuple, address);
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
	event_put_text(&w->b, STR("/srv"));
	apply(w);
	t = thread(w, 555);
	assert_true(t->late);
	assert_text(t->exe, "/bin/late");
	assert_int_equal(t->args->len, 6);
	assert_text(t->cwd, "/srv/");
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

/* A directory that others may change holds for the call that asked for it, too. */
static void test_directory_apart(void **ctx)
{
	static const struct event_ext apart = { .cwd_apart = true };
	struct world *w = *ctx;

	known(w, 100, 1, "/home/");
	for (int call = 1; call < 3; call++) {
		provisional_open(w, 100, -100, "x");
		settle(w);
		w->ev.ext = &apart;
		w->ev.ts++;
		assert_int_equal(state_preview(w->s, &w->ev, &w->sub), 0);
		assert_true(w->sub.cwd_unknown);
		begin(w, EV_ITER_TASK_FILE_DIRECTORY_E, 100);
		event_put_int(&w->b, -100);
		event_put_text(&w->b, call == 1 ? STR("/srv") : STR("/etc"));
		event_put_int(&w->b, 0);
		apply(w);
		assert_text(thread(w, 100)->cwd, call == 1 ? "/srv/" : "/etc/");
		assert_null(thread_fd(thread(w, 100), -100));
		provisional_open(w, 100, -100, "x");
		assert_false(w->sub.cwd_unknown);
		assert_text(w->sub.fd->name, call == 1 ? "/srv/x" : "/etc/x");
	}
}

/* What was learnt before is forgotten. */
static void another_call(struct world *w)
{
	result_and_fd(w, EV_SYSCALL_CLOSE_X, 100, -9, 9);
	settle(w);
}

static void fd_answer(struct world *w, int64_t number, const char *name)
{
	begin(w, EV_ITER_TASK_FILE_REGULAR_E, 100LL << 32 | 100);
	event_put_int(&w->b, number);
	event_put_text(&w->b, str_of(name));
	apply(w);
}

/* All descriptors were asked for: what is lacking does not exist, for the rest of that call. */
static void test_all_told(void **ctx)
{
	struct world *w = *ctx;
	struct thread *t;

	known(w, 100, 1, "/");
	t = thread(w, 100);
	openat_result(w, 100, 8, "/link", 1);
	assert_true(state_fds_missing(w->s, t));
	fd_answer(w, 3, "/etc/hosts");
	fd_answer(w, 8, "/target"); /* rules look at what the call said */
	assert_true(state_fds_missing(w->s, t));
	assert_int_equal(state_fds_told(w->s, 100), 0);
	assert_false(state_fds_missing(w->s, t));
	assert_int_equal(thread_fd_count(t), 2);
	assert_text(thread_fd(t, 8)->name, "/link");
	settle(w);
	another_call(w);
	assert_true(state_fds_missing(w->s, t));
	assert_int_equal(thread_fd_count(t), 0);
	assert_int_equal(state_fds_told(w->s, 12345), 0);
}

/* Nobody takes along what another call has learnt. */
static void test_learnt_is_not_inherited(void **ctx)
{
	struct world *w = *ctx;
	uint64_t at;

	known(w, 100, 1, "/");
	at = w->now;
	openat_result(w, 100, 8, "/x", 1);
	assert_non_null(thread_fd(thread(w, 100), 8));
	settle(w);
	w->now = at; /* the same call */
	clone_event(w, (struct birth){ .tid = 100, .pid = 100, .ptid = 1, .result = 200 });
	assert_non_null(thread_fd(thread(w, 100), 8));
	another_call(w);
	assert_int_equal(thread_fd_count(thread(w, 200)), 0);
}

static void connection_answer(struct world *w, uint16_t near_port, uint16_t far_port)
{
	begin(w, EV_ITER_TASK_FILE_SOCKET_INET_E, 100LL << 32 | 100);
	event_put_int(&w->b, 3);
	event_put_int(&w->b, 1);
	event_put_int(&w->b, 6);
	event_put_int(&w->b, 0x0100000a); /* 10.0.0.1 */
	event_put_int(&w->b, near_port);
	event_put_int(&w->b, far_port ? 0x0200000a : 0);
	event_put_int(&w->b, far_port);
	event_put_int(&w->b, 77);
	apply(w);
}

/* Who connected is not told: listening ports and the usual range of clients' ports decide. */
static void test_answered_connections(void **ctx)
{
	static const struct {
		uint16_t near_port, far_port;
		uint32_t role;
		const char *name;
	} cases[] = {
		{ 40000, 443, FDF_ROLE_CLIENT, "10.0.0.1:40000->10.0.0.2:443" },
		{ 443, 40000, FDF_ROLE_SERVER, "10.0.0.2:40000->10.0.0.1:443" },
		{ 40000, 50000, FDF_ROLE_CLIENT, "10.0.0.1:40000->10.0.0.2:50000" },
		{ 800, 443, FDF_ROLE_CLIENT, "10.0.0.1:800->10.0.0.2:443" },
		{ 50001, 0, 0, "10.0.0.1:50001" }, /* listens */
		{ 50001, 40000, FDF_ROLE_SERVER, "10.0.0.2:40000->10.0.0.1:50001" },
	};
	struct world *w = *ctx;

	known(w, 100, 1, "/");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		another_call(w);
		connection_answer(w, cases[i].near_port, cases[i].far_port);
		assert_text(w->sub.fd->name, cases[i].name);
		assert_int_equal(w->sub.fd->flags & (FDF_ROLE_CLIENT | FDF_ROLE_SERVER), cases[i].role);
		settle(w);
	}
}

/* Of a socket with a port of its own the answer, by which the call knows it, may have the ends the other way round. */
static void test_answer_before_connect(void **ctx)
{
	static const struct {
		uint16_t near_port, far_port;
		bool bound;
		uint32_t role;
		const char *name;
	} cases[] = {
		{ 800, 40000, false, FDF_ROLE_CLIENT, "10.0.0.1:800->10.0.0.2:40000" },
		{ 801, 443, true, FDF_ROLE_SERVER, "10.0.0.1:801->10.0.0.2:443" },
		{ 802, 802, true, FDF_ROLE_SERVER, "10.0.0.1:802->10.0.0.2:802" },
		{ 40000, 443, false, FDF_ROLE_CLIENT, "10.0.0.1:40000->10.0.0.2:443" },
	};
	struct world *w = *ctx;

	known(w, 100, 1, "/");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint16_t near_port = cases[i].near_port, far_port = cases[i].far_port;
		const char tuple[] = { 2, 10, 0, 0, 1, (char)(near_port & 0xff), (char)(near_port >> 8),
				       10, 0, 0, 2, (char)(far_port & 0xff), (char)(far_port >> 8) };
		uint64_t at;

		another_call(w);
		if (cases[i].bound) { /* another socket is, by the same port */
			connection_answer(w, near_port, 0);
			settle(w);
		}
		at = w->now;
		begin_connect(w, 100, 0, (struct str){ tuple, sizeof(tuple) }, STR(""));
		end(w);
		assert_int_equal(state_preview(w->s, &w->ev, &w->sub), 0);
		assert_true(w->sub.fd_unknown);
		connection_answer(w, near_port, far_port);
		w->now = at; /* the same call */
		connect_event(w, 100, 0, (struct str){ tuple, sizeof(tuple) }, STR(""));
		assert_text(w->sub.fd->name, cases[i].name);
		assert_int_equal(w->sub.fd->socket.dport, far_port);
		assert_int_equal(w->sub.fd->socket.dip.bytes[3], 2);
		assert_int_equal(w->sub.fd->flags & (FDF_ROLE_CLIENT | FDF_ROLE_SERVER), cases[i].role);
		settle(w);
	}
}

/*
 * Where descriptors may not be copied nobody can tell of a socket: a call's address says what it is, and of a call that
 * is told before it is made the near end is not chosen yet.
 */
static void test_sockets_by_their_calls(void **ctx)
{
	static const struct interface_record own = { .address = { 10, 0, 0, 1 }, .netmask = { 255, 255, 255, 0 } };
	static const char answered[] = "\x0a\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\x01\0\0"
				       "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\x02\x50\0";
	static const struct {
		const char *tuple;
		size_t len;
		int64_t result;
		enum fd_type type;
		const char *name;
	} cases[] = {
#define TUPLE(t) t, sizeof(t) - 1
		{ TUPLE("\x02\0\0\0\0\0\0\x0a\0\0\x02\x50\0"), 0, FD_IPV4_SOCK, "10.0.0.1:0->10.0.0.2:80" },
		{ TUPLE("\x02\x0a\0\0\x01\x34\x12\x0a\0\0\x02\x50\0"), -115, FD_IPV4_SOCK,
		  "10.0.0.1:4660->10.0.0.2:80" },
		{ answered, sizeof(answered) - 1, 0, FD_IPV4_SOCK, "10.0.0.1:0->10.0.0.2:80" },
		{ TUPLE("\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0/run/s\0"), 0, FD_UNIX_SOCK, "0->0 /run/s" },
#undef TUPLE
	};
	struct world *w = *ctx;

	assert_int_equal(state_add_interface(w->s, &own), 0);
	known(w, 100, 1, "/");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		another_call(w);
		connect_event(w, 100, cases[i].result, (struct str){ cases[i].tuple, cases[i].len }, STR(""));
		assert_non_null(w->sub.fd);
		assert_int_equal(w->sub.fd->type, cases[i].type);
		assert_text(w->sub.fd->name, cases[i].name);
		assert_int_equal(w->sub.fd->flags & FDF_ROLE_CLIENT, FDF_ROLE_CLIENT);
		settle(w);
	}
	/* that it failed says what it is all the same */
	another_call(w);
	connect_event(w, 100, -111, STR(""), STR("\x02\x0a\x00\x00\x02\x50\x00"));
	assert_non_null(w->sub.fd);
	assert_int_equal(w->sub.fd->type, FD_IPV4_SOCK);
	assert_int_equal(rstr_str(w->sub.fd->name).len, 0);
	settle(w);
	another_call(w);
	begin(w, EV_SOCKET_BIND_X, 100);
	event_put_int(&w->b, 0);
	event_put_bytes(&w->b, STR("\x02\x0a\x00\x00\x01\x50\x00"));
	event_put_int(&w->b, 3);
	apply(w);
	assert_non_null(w->sub.fd);
	assert_int_equal(w->sub.fd->type, FD_IPV4_SERVSOCK);
	assert_text(w->sub.fd->name, "10.0.0.1:80");
	settle(w);
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

/* Fields see the thread in the header of such an event, as in Falco; it counts as nothing that the thread did. */
static void test_metadata_shows_thread(void **ctx)
{
	static const uint16_t types[] = { EV_USER_DELETED_E, EV_DROP_E };
	struct world *w = *ctx;
	struct thread *t;

	known(w, 100, 1, "/");
	t = thread(w, 100);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		begin(w, types[i], 100);
		event_put_int(&w->b, 5);
		t->lastevent_ts = 1;
		apply(w);
		assert_ptr_equal(w->sub.thread, t);
		assert_int_equal(t->lastevent_ts, 1);
		begin(w, types[i], 999);
		event_put_int(&w->b, 5);
		apply(w);
		assert_null(w->sub.thread);
		assert_null(state_thread(w->s, 999));
	}
}

static int handle_of(struct world *w, enum attribute_owner owner, const char *name)
{
	return state_attribute_find(w->s, owner, str_of(name));
}

static void test_attributes(void **ctx)
{
	struct attribute_value value = { .text = STR("") };
	enum attribute_kind kind;
	struct world *w = *ctx;
	struct str name;
	int text, number;

	known(w, 100, 1, "/");
	assert_int_equal(state_attribute_read(w->s, ATTRIBUTE_THREAD, thread(w, 100),
					      handle_of(w, ATTRIBUTE_THREAD, "exe_path"), &value),
			 0);
	assert_true(str_eq(value.text, STR("/sbin/init")));
	assert_int_equal(state_attribute_add(w->s, ATTRIBUTE_THREAD, STR("comm"), ATTRIBUTE_TEXT), -EEXIST);
	assert_int_equal(state_attribute_add(w->s, ATTRIBUTE_THREAD, STR("list"), ATTRIBUTE_LIST), -EINVAL);
	text = state_attribute_add(w->s, ATTRIBUTE_THREAD, STR("colour"), ATTRIBUTE_TEXT);
	number = state_attribute_add(w->s, ATTRIBUTE_THREAD, STR("count"), ATTRIBUTE_I16);
	assert_true(text >= 0 && number > text);
	assert_int_equal(handle_of(w, ATTRIBUTE_THREAD, "colour"), text);
	assert_int_equal(handle_of(w, ATTRIBUTE_FD, "colour"), -ENOENT);
	assert_int_equal(state_attribute_get(w->s, ATTRIBUTE_THREAD, number, &name, &kind), 0);
	assert_true(str_eq(name, STR("count")) && kind == ATTRIBUTE_I16);
	assert_int_equal(state_attribute_get(w->s, ATTRIBUTE_THREAD, number + 1, &name, &kind), -ENOENT);
	/* never written: nothing */
	assert_int_equal(state_attribute_read(w->s, ATTRIBUTE_THREAD, thread(w, 100), number, &value), 0);
	assert_int_equal(value.i, 0);
	value.text = STR("red");
	assert_int_equal(state_attribute_write(w->s, ATTRIBUTE_THREAD, thread(w, 100), text, &value), 0);
	value.i = -5;
	assert_int_equal(state_attribute_write(w->s, ATTRIBUTE_THREAD, thread(w, 100), number, &value), 0);
	assert_int_equal(state_attribute_read(w->s, ATTRIBUTE_THREAD, thread(w, 100), text, &value), 0);
	assert_true(str_eq(value.text, STR("red")));
	assert_int_equal(state_attribute_read(w->s, ATTRIBUTE_THREAD, thread(w, 100), number, &value), 0);
	assert_int_equal(value.i, -5);
	value.u = 12;
	assert_int_equal(state_attribute_write(w->s, ATTRIBUTE_THREAD, thread(w, 100),
					       handle_of(w, ATTRIBUTE_THREAD, "uid"), &value),
			 0);
	assert_int_equal(thread(w, 100)->uid, 12);
	assert_int_equal(thread(w, 100)->gid, 0);
	assert_int_equal(state_attribute_write(w->s, ATTRIBUTE_THREAD, thread(w, 100), number + 1, &value), -ENOENT);
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
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_cwd, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dirfd, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dup_and_close, setup, teardown),
		cmocka_unit_test_setup_teardown(test_read_finds_its_descriptor, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown_thread_is_made_up, setup, teardown),
		cmocka_unit_test_setup_teardown(test_connect, setup, teardown),
		cmocka_unit_test_setup_teardown(test_connect_believes_the_entry, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bind_and_accept, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unseen_datagram_socket, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shared_descriptor_is_copied_on_change, setup, teardown),
		cmocka_unit_test_setup_teardown(test_preview, setup_asking, teardown),
		cmocka_unit_test_setup_teardown(test_answers, setup_asking, teardown),
		cmocka_unit_test_setup_teardown(test_directory_apart, setup_asking, teardown),
		cmocka_unit_test_setup_teardown(test_all_told, setup_asking, teardown),
		cmocka_unit_test_setup_teardown(test_learnt_is_not_inherited, setup_asking, teardown),
		cmocka_unit_test_setup_teardown(test_answered_connections, setup_asking, teardown),
		cmocka_unit_test_setup_teardown(test_answer_before_connect, setup_asking, teardown),
		cmocka_unit_test_setup_teardown(test_sockets_by_their_calls, setup_asking, teardown),
		cmocka_unit_test_setup_teardown(test_user_events, setup, teardown),
		cmocka_unit_test_setup_teardown(test_metadata_shows_thread, setup, teardown),
		cmocka_unit_test_setup_teardown(test_attributes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_container_event, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
