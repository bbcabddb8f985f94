/* SPDX-License-Identifier: Apache-2.0 */
#include "field_world.h"

#include <errno.h>

#include "base/cleanup.h"

/* Fields that Falco has not. */
static const struct field_options ours = { .extensions = true };

static enum presence extract(struct world *w, const char *text, bool output, bool json, struct strbuf *out)
{
	struct values values = { 0 };
	enum presence presence;
	struct field_ref ref;
	size_t used;

	assert_int_equal(field_lookup(str_of(text), &ours, &ref, &used, NULL), 0);
	assert_int_equal(used, strlen(text));
	ref.output = output;
	w->needs.count = 0;
	presence = field_extract(&ref, &w->ctx, &values);
	strbuf_reset(out);
	if (json)
		field_print_json(out, &ref, presence, &values);
	else
		field_print(out, &ref, presence, &values);
	assert_false(out->failed);
	return presence;
}

static void assert_is(struct world *w, const char *text, const char *want)
{
	auto_strbuf struct strbuf out = { 0 };

	extract(w, text, true, false, &out);
	if (!str_eq(strbuf_str(&out), str_of(want)))
		fail_msg("%s: %.*s, not %s", text, STR_ARG(strbuf_str(&out)), want);
}

static void test_hidden_from_falco(void **state)
{
	const struct field_info *f;
	struct field_ref ref;
	size_t used, n = 0;

	(void)state;
	for (size_t i = 0; (f = field_by_index(i)); i++) {
		if (!(field_flags(f) & FIELD_OURS))
			continue;
		n++;
		/* nor may a Falco field be a name's beginning: outputs would print that one, and text behind it */
		assert_int_equal(field_lookup(field_name(f), NULL, &ref, &used, NULL), -ENOENT);
		assert_int_equal(field_lookup(field_name(f), &ours, &ref, &used, NULL), 0);
	}
	assert_true(n >= 7);
}

static void test_realpath(void **state)
{
	struct world *w = *state;
	struct event_ext ext = { .real_path = STR("/etc/real\n"), .raced = RACED_POSSIBLE };
	auto_strbuf struct strbuf out = { 0 };

	world_openat(w, "/tmp/link", 3);
	assert_is(w, "fd.realpath", "<NA>");
	assert_is(w, "evt.raced", "no");
	w->ev.ext = &ext;
	assert_is(w, "fd.realpath", "/etc/real\xef\xbf\xbd");
	assert_is(w, "evt.raced", "possible");
	w->ev.provisional = true;
	assert_int_equal(extract(w, "fd.realpath", false, false, &out), UNKNOWN);
	assert_int_equal(extract(w, "evt.raced", false, false, &out), UNKNOWN);
	assert_int_equal(w->needs.count, 0);
	world_read(w, STR("x"));
	w->ev.ext = &ext;
	assert_is(w, "fd.realpath", "<NA>");
}

static void test_region(void **state)
{
	struct world *w = *state;
	struct event_ext ext = { .ip = 0 };
	auto_strbuf struct strbuf out = { 0 };

	world_read(w, STR("x"));
	assert_is(w, "evt.ip.region", "<NA>");
	w->ev.ext = &ext;
	assert_is(w, "evt.ip.region", "<NA>");
	ext.ip = 0x1000;
	assert_int_equal(extract(w, "evt.ip.region", false, false, &out), UNKNOWN);
	assert_int_equal(w->needs.count, 1);
	assert_int_equal(w->needs.list[0].kind, NEED_REGION);
	w->ctx.needs = NULL;
	assert_is(w, "evt.ip.region", "<NA>");
	ext.region = REGION_ANONYMOUS;
	assert_is(w, "evt.ip.region", "anonymous");
}

static void test_stack(void **state)
{
	struct world *w = *state;
	struct event_ext ext = { .stack = STR("") };
	auto_strbuf struct strbuf out = { 0 };

	world_read(w, STR("x"));
	w->ev.ext = &ext;
	assert_is(w, "thread.ustack", "<NA>");
	ext.stack = STR("read+0x1 (libc)\nma\33in+0x2");
	assert_is(w, "thread.ustack", "read+0x1 (libc) < ma\xef\xbf\xbd" "in+0x2");
	extract(w, "thread.ustack", true, true, &out);
	assert_true(str_eq(strbuf_str(&out), STR("[\"read+0x1 (libc)\",\"ma\xef\xbf\xbd" "in+0x2\"]")));
}

static void test_tree(void **state)
{
	struct world *w = *state;
	auto_strbuf struct strbuf out = { 0 };

	world_process(w, 101, 100, "a > b(1)", STR(""));
	event_begin(&w->b, EV_SYSCALL_READ_X, WORLD_TS, 101);
	world_apply(w);
	assert_is(w, "proc.tree", "systemd(50) > sh(100) > a > b(1)(101)");
	extract(w, "proc.tree", false, false, &out);
	assert_true(str_eq(strbuf_str(&out), STR("systemd(50) > sh(100) > a > b(1)(101)")));
	extract(w, "proc.tree", true, true, &out);
	assert_true(str_eq(strbuf_str(&out), STR("[\"systemd(50)\",\"sh(100)\",\"a > b(1)(101)\"]")));
	w->ctx.subject.thread = NULL;
	assert_is(w, "proc.tree", "<NA>");
}

/* execve of pid 100 with a file that was last changed at ctime */
static void apply_exec(struct world *w, uint64_t ctime, bool memfd, const struct event_ext *ext)
{
	const struct event_info *info = event_info(EV_SYSCALL_EXECVE_19_X);
	int at_ctime = event_param_index(EV_SYSCALL_EXECVE_19_X, STR("exe_ino_ctime"));
	int at_flags = event_param_index(EV_SYSCALL_EXECVE_19_X, STR("flags"));

	event_begin(&w->b, EV_SYSCALL_EXECVE_19_X, WORLD_TS, 100);
	for (int i = 0; i < (int)info->nparams; i++) {
		if (i == 2)
			event_put_bytes(&w->b, STR("short\0"));
		else if (i == 1 || i == event_param_index(EV_SYSCALL_EXECVE_19_X, STR("comm")))
			event_put_text(&w->b, STR("cat"));
		else if (param_type_integer_size(info->params[i].type) == 0)
			event_put_absent(&w->b);
		else
			event_put_int(&w->b, i == at_ctime ? (int64_t)ctime :
					     i == at_flags ? (memfd ? 4 : 0) :
					     i             ? 100 :
							     0);
	}
	while (w->b.nparams < info->nparams)
		event_put_absent(&w->b);
	assert_int_equal(event_end(&w->b, &w->ev, NULL), 0);
	w->ev.ext = ext;
	assert_int_equal(state_apply(w->state, &w->ev, &w->ctx.subject), 0);
}

static void test_full_args(void **state)
{
	struct world *w = *state;
	struct event_ext ext = { .args = STR("long\0\33er\0") };

	apply_exec(w, 1, false, NULL);
	assert_is(w, "proc.full_args", "short");
	assert_is(w, "proc.full_cmdline", "cat short");
	apply_exec(w, 1, false, &ext);
	assert_is(w, "proc.args", "short");
	assert_is(w, "proc.full_args", "long \xef\xbf\xbd" "er");
	assert_is(w, "proc.full_cmdline", "cat long \xef\xbf\xbd" "er");
	apply_exec(w, 1, false, NULL);
	assert_is(w, "proc.full_args", "short");
}

static void test_drift(void **state)
{
	struct world *w = *state;

	apply_exec(w, w->ctx.first_ts - 1000000000, false, NULL);
	assert_is(w, "proc.drift", "false");
	apply_exec(w, w->ctx.first_ts - 1000000, false, NULL);
	assert_is(w, "proc.drift", "true");
	apply_exec(w, w->ctx.first_ts + 1, false, NULL);
	assert_is(w, "proc.drift", "true");
	apply_exec(w, w->ctx.first_ts - 1000000000, true, NULL);
	assert_is(w, "proc.drift", "true");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hidden_from_falco),
		cmocka_unit_test_setup_teardown(test_realpath, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_region, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_stack, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_tree, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_full_args, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_drift, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
