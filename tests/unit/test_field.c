/* SPDX-License-Identifier: Apache-2.0 */
#include "field_world.h"

#include <ctype.h>
#include <errno.h>

#define BAD "\xef\xbf\xbd"

/* ---- names ---- */

static const struct lookup_case {
	const char *text;
	int result;
	size_t used;
	const char *name, *arg;
	int64_t number;
} lookups[] = {
	{ "evt.num", 0, 7, "evt.num", "", -1 },
	{ "evt.num.", 0, 7, "evt.num", "", -1 },
	{ "proc.namex", 0, 9, "proc.name", "", -1 },
	{ "proc.aname[2]", 0, 13, "proc.aname", "2", 2 },
	{ "proc.aname[abc]", 0, 10, "proc.aname", "", -1 },
	{ "proc.aname", 0, 10, "proc.aname", "", -1 },
	{ "proc.aexepath[1]", 0, 16, "proc.aexepath", "1", 1 },
	{ "proc.env[A B]", 0, 13, "proc.env", "A B", -1 },
	{ "proc.env['A']", 0, 13, "proc.env", "A", -1 },
	{ "evt.arg.name", 0, 12, "evt.arg", "name", -1 },
	{ "evt.arg[0]", 0, 10, "evt.arg", "0", 0 },
	{ "evt.args", 0, 8, "evt.args", "", -1 },
	{ "evt.arg", -EINVAL, 0, NULL, NULL, 0 },
	{ "evt.arg.nosuchthing", -EINVAL, 0, NULL, NULL, 0 },
	{ "evt.rawarg.flags", 0, 16, "evt.rawarg", "flags", -1 },
	{ "evt.type.is.openat", 0, 18, "evt.type.is", "openat", EV_SYSCALL_OPENAT_E },
	{ "evt.type.is.nosuch", -EINVAL, 0, NULL, NULL, 0 },
	{ "evt.around[5]", 0, 13, "evt.around", "5", -1 },
	{ "evt.around", -EINVAL, 0, NULL, NULL, 0 },
	{ "evt.abspath.dst", 0, 15, "evt.abspath", "", 2 },
	{ "thread.cgroup.memory", 0, 20, "thread.cgroup", "memory", -1 },
	{ "thread.cgroups", 0, 14, "thread.cgroups", "", -1 },
	{ "thread.cgroup", -EINVAL, 0, NULL, NULL, 0 },
	{ "fd.types[1]", 0, 11, "fd.types", "1", 1 },
	{ "fd.name[1]", -EINVAL, 0, NULL, NULL, 0 },
	{ "evt.nosuch", -ENOENT, 0, NULL, NULL, 0 },
	{ "nosuch.field", -ENOENT, 0, NULL, NULL, 0 },
	{ "container.id", 0, 12, "container.id", "", -1 },
	{ "container.mount.dest[/proc*]", 0, 28, "container.mount.dest", "/proc*", -1 },
	{ "container.mount[0]", 0, 18, "container.mount", "0", 0 },
	{ "container.label", -EINVAL, 0, NULL, NULL, 0 },
	{ "static.env", 0, 10, "static.*", "", 0 },
	{ "static.nothing", -ENOENT, 0, NULL, NULL, 0 },
};

static void test_every_parameter(void **state)
{
	(void)state;
	for (unsigned int type = 0; type < EV_COUNT; type++) {
		for (uint32_t i = 0; i < event_table[type].nparams; i++) {
			const char *name = event_table[type].params[i].name;
			struct field_ref ref;
			char text[64];
			size_t used;

			(void)snprintf(text, sizeof(text), "evt.arg.%s", name);
			assert_int_equal(field_lookup(str_of(text), NULL, &ref, &used, NULL), 0);
			assert_int_equal(used, strlen(text));
			assert_true(str_eq(ref.arg, str_of(name)));
			if (event_table[type].params[i].type == PT_FSRELPATH)
				assert_int_equal(ref.reads & (FACT_CWD | FACT_FD), FACT_CWD | FACT_FD);
			else if (event_table[type].params[i].type == PT_UID)
				assert_true(ref.reads & FACT_USERS);
		}
	}
}

static void test_lookup(void **state)
{
	struct str names[] = { STR("env"), STR("en") };
	struct field_options options = { .container_plugin = true, .static_names = names, .nstatic = 2 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lookups); i++) {
		const struct lookup_case *c = &lookups[i];
		struct field_ref ref;
		struct error err = { 0 };
		size_t used = 0;
		int r = field_lookup(str_of(c->text), &options, &ref, &used, &err);

		if (r != c->result)
			fail_msg("%s: %d, not %d: %s", c->text, r, c->result, err.text);
		if (r < 0) {
			assert_true(err.text[0] != 0);
			continue;
		}
		if (used != c->used || !str_eq(field_name(ref.info), str_of(c->name)) ||
		    !str_eq(ref.arg, str_of(c->arg)) || ref.number != c->number)
			fail_msg("%s: used %zu, name %.*s, argument %.*s, number %d", c->text, used,
				 STR_ARG(field_name(ref.info)), STR_ARG(ref.arg), (int)ref.number);
	}
}

static void test_plugin_fields_need_the_plugin(void **state)
{
	struct field_ref ref;
	size_t used;

	(void)state;
	assert_int_equal(field_lookup(STR("container.id"), NULL, &ref, &used, NULL), -ENOENT);
	assert_int_equal(field_lookup(STR("static.env"), NULL, &ref, &used, NULL), -ENOENT);
}

static void test_nearest(void **state)
{
	(void)state;
	assert_true(str_eq(field_nearest(STR("proc.nmae")), STR("proc.name")));
	assert_int_equal(field_nearest(STR("zzzzzzzzzz")).len, 0);
	assert_non_null(strstr(field_barred(STR("container.id"), NULL), "plugin 'container'"));
	assert_null(field_barred(STR("proc.name"), NULL));
	assert_null(field_barred(STR("zzzzzzzzzz"), NULL));
	assert_non_null(strstr(field_barred(STR("proc.name"), &(struct field_options){ .generic = true }), "is one of system calls"));
	assert_null(field_barred(STR("evt.time"), &(struct field_options){ .generic = true }));
}

static void test_catalogue(void **state)
{
	const struct field_info *f;
	size_t n = 0, official = 0;

	(void)state;
	for (; (f = field_by_index(n)); n++) {
		official += !(field_flags(f) & FIELD_OURS);
		assert_true(field_name(f).len > 0 && field_help(f).len > 0 && field_class(f).len > 0);
		assert_true(islower((unsigned char)field_name(f).ptr[0])); /* look-ups count on it */
		for (size_t i = 0; i < n; i++)
			assert_false(str_eq(field_name(field_by_index(i)), field_name(f)));
	}
	assert_int_equal(official, 295);
}

/* ---- values ---- */

static enum presence extract(struct world *w, const char *text, struct strbuf *out)
{
	struct values values = { 0 };
	struct field_ref ref;
	struct error err = { 0 };
	enum presence presence;
	size_t used;

	if (field_lookup(str_of(text), NULL, &ref, &used, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	ref.output = true;
	presence = field_extract(&ref, &w->ctx, &values);
	strbuf_reset(out);
	field_print(out, &ref, presence, &values);
	return presence;
}

struct value_case {
	const char *field, *text; /* NULL = unknown */
};

static void check_values(struct world *w, const struct value_case *cases, size_t n)
{
	struct strbuf out auto_strbuf = { 0 };

	for (size_t i = 0; i < n; i++) {
		enum presence presence = extract(w, cases[i].field, &out);

		if (!cases[i].text) {
			if (presence != UNKNOWN)
				fail_msg("%s: '%s' instead of unknown", cases[i].field, out.ptr);
			continue;
		}
		if (presence == UNKNOWN || !str_eq(strbuf_str(&out), str_of(cases[i].text)))
			fail_msg("%s: '%s', not '%s'%s", cases[i].field, out.ptr, cases[i].text,
				 presence == UNKNOWN ? " (unknown)" : "");
	}
}

static void test_open(void **state)
{
	static const struct value_case cases[] = {
		{ "evt.num", "42" },
		{ "evt.type", "openat" },
		{ "evt.dir", "<" },
		{ "evt.category", "file" },
		{ "evt.rawtime", "1700000000123456789" },
		{ "evt.rawtime.ns", "123456789" },
		{ "evt.reltime", "000000005" },
		{ "evt.deltatime", "2" },
		{ "evt.source", "syscall" },
		{ "evt.hostname", "box" },
		{ "evt.res", "SUCCESS" },
		{ "evt.rawres", "5" },
		{ "evt.failed", "false" },
		{ "evt.is_open_read", "true" },
		{ "evt.is_open_write", "false" },
		{ "evt.abspath", "/home/u/f.txt" },
		{ "evt.arg.name", "/home/u/f.txt" },
		{ "evt.arg.flags", "O_CREAT|O_RDONLY" },
		{ "evt.arg.mode", "0640" },
		{ "evt.arg.size", "<NA>" },
		{ "evt.rawarg.name", "../u/f.txt" },
		{ "evt.rawarg.ino", "77" },
		{ "fd.num", "5" },
		{ "fd.name", "/home/u/f.txt" },
		{ "fd.nameraw", "../u/f.txt" },
		{ "fd.directory", "/home/u" },
		{ "fd.filename", "f.txt" },
		{ "fd.type", "file" },
		{ "fd.typechar", "f" },
		{ "fd.ino", "77" },
		{ "fd.dev.major", "8" },
		{ "fd.types", "(file,pipe)" },
		{ "fd.sip", "<NA>" },
		{ "fd.l4proto", "<NA>" },
		{ "fs.path.name", "/home/u/f.txt" },
		{ "fs.path.nameraw", "../u/f.txt" },
		{ "fs.path.source", "<NA>" },
		{ "proc.name", "sh" },
		{ "proc.args", "-c ls" },
		{ "proc.args[1]", "ls" },
		{ "proc.args[9]", "" },
		{ "proc.cmdline", "sh -c ls" },
		{ "proc.exeline", "sh -c ls" },
		{ "proc.cmdnargs", "2" },
		{ "proc.cmdlenargs", "4" },
		{ "proc.env", "A=1 EMPTY= B= two " },
		{ "proc.env[B]", "two" },
		{ "proc.env[EMPTY]", "" },
		{ "proc.cwd", "/home/u/" },
		{ "proc.pid", "100" },
		{ "proc.ppid", "50" },
		{ "proc.pname", "systemd" },
		{ "proc.aname[0]", "sh" },
		{ "proc.aname[1]", "systemd" },
		{ "proc.aname[7]", "<NA>" },
		{ "proc.sname", "systemd" },
		{ "proc.stdin.type", "pipe" },
		{ "proc.stdout.type", "<NA>" },
		{ "thread.cgroup.memory", "/b/c" },
		{ "thread.cgroups", "cpu=/a memory=/b/c" },
		{ "thread.cap_effective", "CAP_CHOWN CAP_DAC_OVERRIDE" },
		{ "user.uid", "7" },
		{ "user.name", "<NA>" },
		{ "user.loginuid", "-1" },
		{ "group.name", "root" },
	};

	world_openat(*state, "../u/f.txt", 5);
	check_values(*state, cases, ARRAY_SIZE(cases));
}

static void test_failed_open(void **state)
{
	static const struct value_case cases[] = {
		{ "evt.res", "ENOENT" },
		{ "evt.failed", "true" },
		{ "evt.count.error.file", "1" },
		{ "fd.name", "/etc/no" },
		{ "fd.directory", "/etc" },
		{ "fd.filename", "<NA>" },
		{ "fd.type", "<NA>" },
		{ "fd.typechar", "f" },
	};

	world_openat(*state, "/etc/no", -ENOENT);
	check_values(*state, cases, ARRAY_SIZE(cases));
}

/* accept() whose address nobody tells: fd.* shows what the number stood for, the error is one of a connection. */
static void test_accept_without_address(void **state)
{
	static const struct value_case cases[] = {
		{ "fd.name", "/etc/motd" },
		{ "evt.count.error.net", "0" },
		{ "evt.count.error.file", "<NA>" },
	};
	struct world *w = *state;

	event_begin(&w->b, EV_SOCKET_ACCEPT_5_X, WORLD_TS, 100);
	event_put_int(&w->b, 3);
	world_apply(w);
	check_values(w, cases, ARRAY_SIZE(cases));
}

/* Names in lists, which no call brought, are as clean as those of calls. */
static void test_listed_names(void **state)
{
	static const struct value_case cases[] = {
		{ "proc.name", "a" BAD "[31m" },       { "proc.exe", "a" BAD "[31m" },
		{ "proc.exepath", "/x" BAD "y" },      { "proc.cwd", "/d" BAD "/" },
		{ "fd.name", "/f" BAD "forged: line" }, { "user.name", "u" BAD },
		{ "user.homedir", "/h" BAD },	       { "user.shell", "/s" BAD },
		{ "group.name", "g" BAD },	       { "thread.cgroups", "cpu=/c" BAD },
	};
	const struct process_record p = {
		.tid = 70,
		.pid = 70,
		.vtid = 70,
		.vpid = 70,
		.comm = STR("a\x1b[31m"),
		.exe = STR("a\x1b[31m"),
		.exepath = STR("/x\ny"),
		.cwd = STR("/d\xff"),
		.cgroups = STR("cpu=/c\x1b\0"),
		.root = STR("/"),
		.uid = 70,
		.gid = 70,
	};
	const struct fd_record file = { .number = 3, .type = FD_FILE_V2, .name = STR("/f\nforged: line") };
	struct world *w = *state;

	assert_int_equal(state_add_process(w->state, &p), 0);
	assert_int_equal(state_add_fd(w->state, 70, &file), 0);
	assert_int_equal(state_set_user(w->state, STR(""), 70, 70, STR("u\t"), STR("/h\x7f"), STR("/s\r")), 0);
	assert_int_equal(state_set_group(w->state, STR(""), 70, STR("g\x01")), 0);
	event_begin(&w->b, EV_SYSCALL_CLOSE_X, WORLD_TS, 70);
	event_put_int(&w->b, 0);
	event_put_int(&w->b, 3);
	world_apply(w);
	check_values(w, cases, ARRAY_SIZE(cases));
}

/* getuid() of a user in the upper half of the ids */
static void test_large_id(void **state)
{
	static const struct value_case cases[] = {
		{ "evt.res", "<NA>" },
		{ "evt.rawres", "-2" },
		{ "evt.failed", "true" },
		{ "evt.count.error.other", "1" },
		{ "evt.rawarg.uid", "4294967294" },
	};
	struct world *w = *state;

	event_begin(&w->b, EV_SYSCALL_GETUID_X, WORLD_TS, 100);
	event_put_int(&w->b, UINT32_MAX - 1);
	world_apply(w);
	check_values(w, cases, ARRAY_SIZE(cases));
}

static void test_read(void **state)
{
	static const struct value_case cases[] = {
		{ "evt.buffer", "ab.c" },
		{ "evt.arg.data", "ab.c" },
		{ "evt.buflen", "4" },
		{ "evt.buflen.out", "<NA>" },
		{ "evt.io_dir", "read" },
		{ "evt.is_io_read", "true" },
		{ "evt.args", "res=4 data=ab.c fd=3(<f>/etc/motd) size=100" },
		{ "fd.name", "/etc/motd" },
		{ "fd.nameraw", "" },
	};

	world_read(*state, STR("ab\nc"));
	check_values(*state, cases, ARRAY_SIZE(cases));
}

static void world_open_entry(struct world *w, uint32_t flags)
{
	event_begin(&w->b, EV_SYSCALL_OPENAT_2_X, WORLD_TS, 100);
	event_put_unknown(&w->b);
	event_put_int(&w->b, -100);
	event_put_text(&w->b, STR("f.txt"));
	event_put_int(&w->b, flags);
	event_put_int(&w->b, 0640);
	event_put_unknown(&w->b);
	event_put_unknown(&w->b);
	assert_int_equal(event_end(&w->b, &w->ev, NULL), 0);
	event_make_provisional(&w->ev, &w->b);
	assert_int_equal(state_preview(w->state, &w->ev, &w->ctx.subject), 0);
}

/* At its entry an open has a name, but nothing that only its result tells. */
static void test_provisional(void **state)
{
	static const struct value_case cases[] = {
		{ "evt.type", "openat" }, { "fd.name", "/home/u/f.txt" }, { "fd.directory", "/home/u" },
		{ "proc.name", "sh" },	  { "evt.is_open_read", "true" }, { "evt.arg.name", "/home/u/f.txt" },
		{ "fd.num", NULL },	  { "fd.typechar", NULL },	  { "evt.rawres", NULL },
		{ "evt.res", NULL },	  { "evt.arg.flags", NULL },	  { "evt.is_open_create", NULL },
		{ "fs.path.name", NULL }, { "evt.args", NULL },		  { "evt.arg.ino", NULL },
		{ "fd.filename", NULL },
	};

	world_open_entry(*state, 1 | 4);
	check_values(*state, cases, ARRAY_SIZE(cases));
}

/* What each end of it would make of the descriptor. */
static void test_supposed(void **state)
{
	enum { READ = 1, CREATE = 4, FOLDER = 1 << 10 };
	static const struct value_case made[] = {
		{ "fd.typechar", "f" }, { "fd.filename", "f.txt" }, { "fd.directory", "/home/u" }, { "fd.num", NULL },
	};
	static const struct value_case made_folder[] = {
		{ "fd.typechar", "d" },
		{ "fd.filename", "<NA>" },
		{ "fd.directory", "/home/u/f.txt" },
		{ "fd.num", NULL },
	};
	static const struct value_case failed[] = {
		{ "fd.typechar", "f" }, { "fd.filename", "<NA>" }, { "fd.directory", "/home/u" }, { "fd.num", "-1" },
	};
	struct world *w = *state;

	world_open_entry(w, READ | CREATE);
	w->ctx.supposed = SUPPOSED_SUCCESS;
	check_values(w, made, ARRAY_SIZE(made));
	w->ctx.supposed = SUPPOSED_FAILURE;
	check_values(w, failed, ARRAY_SIZE(failed));
	world_open_entry(w, READ | FOLDER);
	check_values(w, failed, ARRAY_SIZE(failed));
	w->ctx.supposed = SUPPOSED_SUCCESS;
	check_values(w, made_folder, ARRAY_SIZE(made_folder));
	w->ctx.supposed = SUPPOSED_NOTHING;
}

/* What the state lacks is unknown while the source can be asked, and absent when it cannot. */
static void test_needs(void **state)
{
	struct strbuf out auto_strbuf = { 0 };
	struct world *w = *state;

	world_read(w, STR("x"));
	w->ctx.subject = (struct subject){ .fd_number = 8, .fd_unknown = true, .thread = w->ctx.subject.thread };
	assert_int_equal(extract(w, "fd.name", &out), UNKNOWN);
	assert_int_equal(w->needs.count, 1);
	assert_int_equal(w->needs.list[0].kind, NEED_FD);
	assert_int_equal(w->needs.list[0].fd, 8);
	w->ctx.subject = (struct subject){ .fd_number = -1, .thread_unknown = true };
	assert_int_equal(extract(w, "proc.name", &out), UNKNOWN);
	assert_int_equal(w->needs.list[1].kind, NEED_THREAD);
	w->ctx.needs = NULL;
	assert_int_equal(extract(w, "proc.name", &out), ABSENT);
}

/* Without an index a condition sees every ancestor, an output one text. */
static void test_ancestors(void **state)
{
	struct values values = { 0 };
	struct field_ref ref;
	struct world *w = *state;
	size_t used;

	world_process(w, 101, 100, "ls", STR(""));
	event_begin(&w->b, EV_SYSCALL_READ_X, WORLD_TS, 101);
	world_apply(w);
	assert_int_equal(field_lookup(STR("proc.aname"), NULL, &ref, &used, NULL), 0);
	assert_int_equal(ref.several, FIELD_ANY);
	assert_int_equal(field_extract(&ref, &w->ctx, &values), PRESENT);
	assert_true(values.count >= 2);
	assert_true(str_eq(values.list[0].s, STR("sh")));
	assert_true(str_eq(values.list[1].s, STR("systemd")));
}

/* Control characters become longer in texts, but the length is that of the bytes that came. */
static void test_length_of_arguments(void **state)
{
	struct strbuf out auto_strbuf = { 0 };
	struct world *w = *state;

	world_process(w, 101, 100, "sh", STR("-c\0a\nb\0"));
	event_begin(&w->b, EV_SYSCALL_READ_X, WORLD_TS, 101);
	world_apply(w);
	assert_int_equal(extract(w, "proc.cmdlenargs", &out), PRESENT);
	assert_string_equal(out.ptr, "5");
}

/* In JSON a number, though conditions look at every ancestor's. */
static void test_number_without_index(void **state)
{
	struct values values = { 0 };
	struct strbuf json = { 0 };
	struct field_ref ref;
	struct world *w = *state;
	size_t used;

	event_begin(&w->b, EV_SYSCALL_READ_X, WORLD_TS, 100);
	world_apply(w);
	assert_int_equal(field_lookup(STR("proc.apid"), NULL, &ref, &used, NULL), 0);
	ref.output = true;
	field_print_json(&json, &ref, field_extract(&ref, &w->ctx, &values), &values);
	assert_true(str_eq(strbuf_str(&json), STR("100")));
	strbuf_free(&json);
}

/* An ancestor's environment is empty, not absent, for a thread whose process is not known. */
static void test_environment_without_process(void **state)
{
	struct process_record thread = { .tid = 301, .pid = 300, .ptid = 50, .comm = STR("x"), .exe = STR("x") };
	struct strbuf out auto_strbuf = { 0 };
	struct world *w = *state;

	assert_int_equal(state_add_process(w->state, &thread), 0);
	event_begin(&w->b, EV_SYSCALL_READ_X, WORLD_TS, 301);
	world_apply(w);
	assert_int_equal(extract(w, "proc.aenv[2]", &out), PRESENT);
	assert_int_equal(out.len, 0);
}

/* Of processor time procinfo events tell; a thread's first is where it counts from. */
static void test_cpu(void **state)
{
	static const struct {
		uint64_t user, system;
		const char *all, *user_text, *system_text;
	} told[] = {
		{ 30, 10, "0.0", "0.0", "0.0" }, { 30, 10, "0.0", "0.0", "0.0" }, { 37, 15, "12.0", "7.0", "5.0" },
		{ 900, 15, "100.0", "100.0", "0.0" }, { 5, 16, "100.0", "100.0", "1.0" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(told); i++) {
		const struct value_case cases[] = {
			{ "thread.cpu", told[i].all }, { "thread.cpu.user", told[i].user_text },
			{ "thread.cpu.system", told[i].system_text }, { "thread.cpu", told[i].all },
		};

		event_begin(&w->b, EV_PROCINFO_E, WORLD_TS + i, 100);
		event_put_int(&w->b, (int64_t)told[i].user);
		event_put_int(&w->b, (int64_t)told[i].system);
		world_apply(w);
		check_values(w, cases, ARRAY_SIZE(cases));
	}
	world_read(w, STR("x"));
	check_values(w, &(const struct value_case){ "thread.cpu", "<NA>" }, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_every_parameter),
		cmocka_unit_test(test_plugin_fields_need_the_plugin),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_catalogue),
		cmocka_unit_test_setup_teardown(test_open, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_failed_open, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_accept_without_address, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_listed_names, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_large_id, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_read, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_provisional, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_supposed, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_needs, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_ancestors, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_length_of_arguments, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_number_without_index, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_environment_without_process, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_cpu, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
