/* SPDX-License-Identifier: Apache-2.0 */
#include "field_world.h"

#include "field/param_text.h"

/* Parameter i of the event as "value(resolved)". */
static void check(struct world *w, unsigned int i, const char *want)
{
	struct strbuf value auto_strbuf = { 0 }, resolved auto_strbuf = { 0 };

	strbuf_adds(&value, "");
	param_text(&w->ctx, i, &value, &resolved);
	if (resolved.len > 0) {
		strbuf_addc(&value, '(');
		strbuf_addstr(&value, strbuf_str(&resolved));
		strbuf_addc(&value, ')');
	}
	if (!str_eq(strbuf_str(&value), str_of(want)))
		fail_msg("%s[%u]: %s, not %s", w->ev.info->name, i, value.ptr, want);
}

static void test_open(void **state)
{
	struct world *w = *state;

	world_openat(w, "d/../f", 5);
	check(w, 0, "5(<f>/home/u/f)");
	check(w, 1, "-100(AT_FDCWD)");
	check(w, 2, "d/../f(/home/u/f)");
	check(w, 3, "5(O_CREAT|O_RDONLY)");
	check(w, 4, "0640");
	check(w, 5, "801");
	check(w, 6, "77");
	world_openat(w, "/abs", -13);
	check(w, 0, "-13(EACCES)");
	check(w, 2, "/abs");
	world_openat(w, "(NULL)", -14);
	check(w, 2, "<NA>");
}

static void test_bytes(void **state)
{
	struct world *w = *state;

	world_read(w, STR("a\n\xff~"));
	check(w, 0, "4");
	check(w, 1, "a..~");
	w->ctx.base64_buffers = true;
	check(w, 1, "YQr/fg==");
	world_read(w, STR(""));
	check(w, 1, "NULL");
}

static void test_ids(void **state)
{
	struct world *w = *state;

	event_begin(&w->b, EV_SYSCALL_SETRESUID_X, WORLD_TS, 100);
	event_put_int(&w->b, -1);
	event_put_int(&w->b, 4294967295);
	event_put_int(&w->b, 12);
	event_put_int(&w->b, 13);
	assert_int_equal(state_set_user(w->state, STR(""), 12, 12, STR("ann"), STR("/"), STR("/bin/sh")), 0);
	world_apply(w);
	check(w, 0, "-1(EPERM)");
	check(w, 1, "-1(<NONE>)");
	check(w, 2, "12(ann)");
	check(w, 3, "13(<NA>)");
}

static void test_signals_and_pids(void **state)
{
	struct world *w = *state;

	event_begin(&w->b, EV_SYSCALL_KILL_X, WORLD_TS, 100);
	event_put_int(&w->b, 0);
	event_put_int(&w->b, 50);
	event_put_int(&w->b, 9);
	world_apply(w);
	check(w, 1, "50(systemd)");
	check(w, 2, "9(SIGKILL)");
}

static void test_poll(void **state)
{
	static const char fds[] = { 2, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0, 4, 0 };
	struct world *w = *state;

	event_begin(&w->b, EV_SYSCALL_POLL_X, WORLD_TS, 100);
	event_put_int(&w->b, 1);
	event_put_bytes(&w->b, (struct str){ fds, sizeof(fds) });
	world_apply(w);
	check(w, 1, "3:f1 9:?4");
	event_begin(&w->b, EV_SYSCALL_POLL_X, WORLD_TS, 100);
	event_put_int(&w->b, 1);
	event_put_bytes(&w->b, (struct str){ fds, 12 + 3 }); /* cut in the second one */
	world_apply(w);
	check(w, 1, "3:f1");
}

/* Numbers of parameters are signed in decimal, whatever their type says. */
static void test_numbers(void **state)
{
	struct world *w = *state;

	event_begin(&w->b, EV_SYSCALL_READ_X, WORLD_TS, 100);
	event_put_int(&w->b, 0);
	event_put_absent(&w->b);
	event_put_int(&w->b, 3);
	event_put_int(&w->b, 4294967295);
	world_apply(w);
	check(w, 3, "-1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_open, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_bytes, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_ids, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_signals_and_pids, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_poll, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_numbers, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
