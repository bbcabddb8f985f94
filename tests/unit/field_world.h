/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TESTS_FIELD_WORLD_H
#define MONITOR_TESTS_FIELD_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "field/field.h"

/*
 * A small world for the tests of fields: pid 50 "systemd" is the parent of pid 100 "sh -c ls", which works in /home/u
 * and has a pipe as descriptor 0 and a file as 3.
 */
#define WORLD_TS UINT64_C(1700000000123456789)

struct world {
	struct state *state;
	struct arena *arena;
	struct event_builder b;
	struct event ev;
	struct needs needs;
	struct field_context ctx;
};

static inline void world_process(struct world *w, int64_t pid, int64_t ptid, const char *comm, struct str args)
{
	struct process_record p = {
		.tid = pid,
		.pid = pid,
		.ptid = ptid,
		.sid = 50,
		.vpgid = pid,
		.pgid = pid,
		.vtid = pid,
		.vpid = pid,
		.comm = str_of(comm),
		.exe = str_of(comm),
		.exepath = STR("/bin/x"),
		.args = args,
		.cwd = STR("/home/u/"),
		.env = STR("A=1\0EMPTY=\0B= two \0"),
		.cgroups = STR("cpu=/a\0memory=/b/c\0"),
		.root = STR("/"),
		.fdlimit = 1024,
		.uid = 7,
		.gid = 0,
		.loginuid = UINT32_MAX,
		.cap_effective = 3,
		.has_caps = true,
	};

	assert_int_equal(state_add_process(w->state, &p), 0);
}

static inline int world_setup(void **state)
{
	struct state_options options = { .traits = STATE_FDS_REPORTED | STATE_THREADS_REPORTED };
	struct fd_record pipe = { .number = 0, .type = FD_FIFO, .name = STR("pipe:[5]") };
	struct fd_record file = { .number = 3, .type = FD_FILE_V2, .name = STR("/etc/motd"), .ino = 9, .dev = 0x801 };
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->state = state_new(&options);
	w->arena = arena_new(4096);
	assert_non_null(w->state);
	assert_non_null(w->arena);
	world_process(w, 50, 1, "systemd", STR(""));
	world_process(w, 100, 50, "sh", STR("-c\0ls\0"));
	assert_int_equal(state_add_fd(w->state, 100, &pipe), 0);
	assert_int_equal(state_add_fd(w->state, 100, &file), 0);
	w->ctx = (struct field_context){
		.state = w->state,
		.ev = &w->ev,
		.arena = w->arena,
		.needs = &w->needs,
		.first_ts = WORLD_TS - 5,
		.previous_ts = WORLD_TS - 2,
		.source_name = STR("syscall"),
		.hostname = STR("box"),
	};
	*state = w;
	return 0;
}

static inline int world_teardown(void **state)
{
	struct world *w = *state;

	state_free(w->state);
	arena_free(w->arena);
	event_builder_free(&w->b);
	strbuf_free(&w->ctx.scratch);
	free(w);
	return 0;
}

/* Ends the event that was begun, absent parameters at its end, and lets the state see it. */
static inline void world_apply(struct world *w)
{
	struct error err = { 0 };

	while (w->b.nparams < event_info(w->b.type)->nparams)
		event_put_absent(&w->b);
	assert_int_equal(event_end(&w->b, &w->ev, &err), 0);
	w->ev.number = 42;
	assert_int_equal(state_apply(w->state, &w->ev, &w->ctx.subject), 0);
}

/* openat(AT_FDCWD, name, flags) = result by pid 100 */
static inline void world_openat(struct world *w, const char *name, int64_t result)
{
	event_begin(&w->b, EV_SYSCALL_OPENAT_2_X, WORLD_TS, 100);
	event_put_int(&w->b, result);
	event_put_int(&w->b, -100);
	event_put_text(&w->b, str_of(name));
	event_put_int(&w->b, 1 | 4); /* O_RDONLY|O_CREAT */
	event_put_int(&w->b, 0640);
	event_put_int(&w->b, 0x801);
	event_put_int(&w->b, 77);
	world_apply(w);
}

/* read(3, …) = the bytes, by pid 100 */
static inline void world_read(struct world *w, struct str data)
{
	event_begin(&w->b, EV_SYSCALL_READ_X, WORLD_TS, 100);
	event_put_int(&w->b, (int64_t)data.len);
	event_put_bytes(&w->b, data);
	event_put_int(&w->b, 3);
	event_put_int(&w->b, 100);
	world_apply(w);
}

#endif
