/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TESTS_UNIT_STATE_WORLD_H
#define MONITOR_TESTS_UNIT_STATE_WORLD_H

/* A state with an event builder, and the events that most tests of the state are made of. */
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

static inline int setup_with(void **ctx, unsigned int traits)
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

static inline int setup(void **ctx)
{
	return setup_with(ctx, STATE_FDS_REPORTED | STATE_THREADS_REPORTED);
}

static inline int setup_asking(void **ctx)
{
	return setup_with(ctx, 0);
}

static inline int teardown(void **ctx)
{
	struct world *w = *ctx;

	state_free(w->s);
	event_builder_free(&w->b);
	free(w);
	return 0;
}

/* ---- making events: put parameters in order, the rest of the table's is left empty ---- */

static inline void begin(struct world *w, uint16_t type, int64_t tid)
{
	event_begin(&w->b, type, w->now, tid);
	w->now += 1000;
}

static inline void end(struct world *w)
{
	struct error err;

	while (w->b.nparams < event_info(w->b.type)->nparams)
		event_put_absent(&w->b);
	assert_int_equal(event_end(&w->b, &w->ev, &err), 0);
}

static inline void apply(struct world *w)
{
	end(w);
	assert_int_equal(state_apply(w->s, &w->ev, &w->sub), 0);
}

static inline void preview(struct world *w)
{
	end(w);
	event_make_provisional(&w->ev, &w->b);
	assert_int_equal(state_preview(w->s, &w->ev, &w->sub), 0);
}

static inline void settle(struct world *w)
{
	state_settle(w->s, &w->ev);
}

static inline void absent(struct world *w, unsigned int n)
{
	while (n--)
		event_put_absent(&w->b);
}

#define CL_FILES (1u << 0)
#define CL_PARENT (1u << 8)
#define CL_THREAD (1u << 13)
#define CL_VFORK (1u << 27)
#define CL_IN_PIDNS (1u << 29)

struct birth {
	int64_t tid, pid, ptid, result;
	uint32_t flags;
	int64_t vtid, vpid;
	const char *comm;
};

static inline void clone_event(struct world *w, struct birth x)
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

static inline void fork_both(struct world *w, int64_t parent, int64_t child)
{
	clone_event(w, (struct birth){ .tid = parent, .pid = parent, .ptid = 1, .result = child });
	clone_event(w, (struct birth){ .tid = child, .pid = child, .ptid = parent, .result = 0 });
}

static inline void exec(struct world *w, int64_t tid, const char *path)
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

static inline void exit_of(struct world *w, int64_t tid, int64_t reaper)
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
static inline void known(struct world *w, int64_t tid, int64_t ptid, const char *cwd)
{
	struct process_record p = { .tid = tid,
				    .pid = tid,
				    .ptid = ptid,
				    .vtid = tid,
				    .vpid = tid,
				    .sid = tid,
				    .pgid = tid,
				    .comm = STR("init"),
				    .exe = STR("/sbin/init"),
				    .exepath = STR("/sbin/init"),
				    .cwd = str_of(cwd),
				    .env = { "E=1", 4 },
				    .root = STR("/"),
				    .fdlimit = 64 };

	assert_int_equal(state_add_process(w->s, &p), 0);
}

static inline void openat_result(struct world *w, int64_t tid, int64_t fd, const char *name, uint32_t flags)
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

static inline void result_and_fd(struct world *w, uint16_t type, int64_t tid, int64_t result, int64_t fd)
{
	begin(w, type, tid);
	event_put_int(&w->b, result);
	event_put_int(&w->b, fd);
	apply(w);
}

static inline void assert_text(const struct rstr *r, const char *expected)
{
	struct str s = rstr_str(r);

	assert_string_equal(s.ptr, expected);
	assert_int_equal(s.len, strlen(expected));
}

static inline struct thread *thread(struct world *w, int64_t tid)
{
	struct thread *t = state_thread(w->s, tid);

	assert_non_null(t);
	return t;
}

#endif
