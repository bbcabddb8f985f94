/* SPDX-License-Identifier: Apache-2.0 */
#include "field_world.h"

#include "field/format.h"

static const struct {
	const char *format, *text; /* NULL = refused */
} cases[] = {
	{ "plain", "plain" },
	{ "%evt.num", "42" },
	{ "*%evt.num", "42" },
	{ "(%evt.num, %evt.type;)", "(42, openat;)" },
	{ "%evt.num.", "42." },
	{ "%evt.numx", "42x" },
	{ "%evt.type.isnt", "openat.isnt" },
	{ "%fd.name[1]", "/home/u/f.txt[1]" },
	{ "%proc.aname[1] %proc.aname[x]", "systemd systemd[x]" },
	{ "%proc.aname[]", "systemd[]" },
	{ "%10evt.num|", "42        |" },
	{ "%3fd.name|", "/ho|" },
	{ "%toupper(proc.name)", "SH" },
	{ "%toupper(basename(fd.name))!", "F.TXT!" },
	{ "%len(fd.name) %len(fd.types)", "13 2" },
	{ "%concat(proc.name, '-', \"x\\ty\", 5)", "sh-x\ty5" },
	{ "%join(',', (proc.name, evt.num, 'a'))", "sh,42,a" },
	{ "%getopt(('-a','-b','v'), 'ab:')", "(a,b,v)" },
	{ "%getopt(('-a','-b','v'), 'ab:')[b]", "v" },
	{ "%toupper(fd.sip.name)", NULL },
	{ "%fd.sip", "<NA>" },
	{ "", NULL },
	{ "%", NULL },
	{ "100%", NULL },
	{ "%%", NULL },
	{ "% evt.num", NULL },
	{ "%10", NULL },
	{ "%99999999evt.num", NULL },
	{ "%nosuch.field", NULL },
	{ "%evt", NULL },
	{ "%EVT.NUM", NULL },
	{ "%evt.arg", NULL },
	{ "%nosuch(fd.name)", NULL },
	{ "%toupper(fd.name", NULL },
	{ "%toupper(fd.num)", NULL },
	{ "%toupper(fd.name, fd.name)", NULL },
	{ "%concat(proc.name,fd.num)", NULL },
	{ "%toupper('a\\qb')", NULL },
	{ "%toupper('open", NULL },
};

/* Why a word is no field: nobody is told that he may mean what he wrote. */
static const struct {
	const char *format;
	bool generic;
	const char *message;
} refused[] = {
	{ "%evt.arg", false, "field 'evt.arg' needs the name of a parameter" },
	{ "%toupper(evt.arg)", false, "field 'evt.arg' needs the name of a parameter" },
	{ "%evt.arg.nosuch", false, "no event has a parameter 'nosuch'" },
	{ "%evt.arg[x]", false, "field 'evt.arg' takes a number" },
	{ "%evt.argx", false, "'evt.argx' is no field (did you mean 'evt.args'?)" },
	{ "%evt.type", true, "'evt.type' is no field here: it is one of system calls" },
	{ "%toupper(fd.name)", true, "'fd.name' is no field here: it is one of system calls" },
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		const struct field_options options = { .generic = refused[i].generic };
		auto_format struct format *f = NULL;
		struct error err = { 0 };

		assert_int_equal(format_compile(str_of(refused[i].format), &options, &f, &err), -EINVAL);
		if (!strstr(err.text, refused[i].message))
			fail_msg("%s: %s", refused[i].format, err.text);
	}
}

static void test_text(void **state)
{
	struct world *w = *state;

	world_openat(w, "f.txt", 5);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strbuf out auto_strbuf = { 0 };
		auto_format struct format *f = NULL;
		struct error err = { 0 };
		int r = format_compile(str_of(cases[i].format), NULL, &f, &err);

		if ((r < 0) != !cases[i].text)
			fail_msg("'%s': %d %s", cases[i].format, r, err.text);
		if (r < 0) {
			assert_true(err.text[0] != 0);
			continue;
		}
		strbuf_adds(&out, "");
		format_render(f, &w->ctx, &out);
		if (!str_eq(strbuf_str(&out), str_of(cases[i].text)))
			fail_msg("'%s': '%s', not '%s'", cases[i].format, out.ptr, cases[i].text);
	}
}

static void test_members(void **state)
{
	struct strbuf out auto_strbuf = { 0 };
	struct format_members m = { 0 };
	auto_format struct format *f = NULL;
	struct world *w = *state;

	world_openat(w, "f.txt", 5);
	assert_int_equal(
		format_compile(
			STR("%proc.name %evt.num %fd.sip %evt.failed %fd.types %evt.time %toupper(evt.type) %evt.rawtime.ns"),
			NULL, &f, NULL),
		0);
	format_collect(f, &w->ctx, &m);
	format_members_add(&m, STR("proc.name"), STR("\"later\""));
	format_members_print(&m, &out);
	assert_string_equal(out.ptr, "{\"evt.failed\":false,\"evt.num\":42,\"evt.rawtime.ns\":123456789,"
				     "\"evt.time\":1700000000123456789,\"evt.type\":\"openat\",\"fd.sip\":null,"
				     "\"fd.types\":[\"file\",\"pipe\"],\"proc.name\":\"later\"}");
	format_members_reset(&m);
	strbuf_reset(&out);
	format_members_print(&m, &out);
	assert_string_equal(out.ptr, "{}");
	format_members_free(&m);
}

/* A field's argument has quotes in its name where it needs some, however it was written. */
static void test_member_names(void **state)
{
	struct strbuf out auto_strbuf = { 0 };
	struct format_members m = { 0 };
	auto_format struct format *f = NULL;
	struct world *w = *state;

	world_openat(w, "f.txt", 5);
	assert_int_equal(format_compile(STR("%proc.env['B'] %toupper(proc.env[\"A\"]) %proc.aname['1'] %proc.env[x=y] "
					    "%fd.types[-1] %proc.env['0']"),
					NULL, &f, NULL),
			 0);
	format_collect(f, &w->ctx, &m);
	format_members_print(&m, &out);
	assert_string_equal(out.ptr, "{\"fd.types[-1]\":[\"file\",\"pipe\"],\"proc.aname[1]\":\"systemd\","
				     "\"proc.env[\\\"x=y\\\"]\":\"\",\"proc.env[0]\":\"A=1 EMPTY= B= two \","
				     "\"proc.env[A]\":\"1\",\"proc.env[B]\":\"two\"}");
	format_members_free(&m);
}

static void test_times(void **state)
{
	struct strbuf out auto_strbuf = { 0 };
	auto_format struct format *f = NULL;
	struct world *w = *state;

	setenv("TZ", "UTC", 1);
	world_openat(w, "f.txt", 5);
	assert_int_equal(format_compile(STR("%evt.time|%evt.time.s|%evt.time.iso8601|%evt.datetime.s"), NULL, &f, NULL),
			 0);
	format_render(f, &w->ctx, &out);
	assert_string_equal(out.ptr,
			    "22:13:20.123456789|22:13:20|2023-11-14T22:13:20.123456789+0000|2023-11-14 22:13:20");
}

/* Values of some types have no printed form: the output says which field it was. */
static void test_unshowable(void **state)
{
	static const struct { const char *format, *text, *json; } shown[] = {
		{ "%evt.rawarg.res", "", "evt.rawarg.res" },
		{ "%evt.rawarg.size", "", "" },
		{ "%evt.rawarg.fd", "", "" },
	};
	struct world *w = *state;

	world_read(w, STR("data"));
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		struct format_members members = { 0 };
		auto_format struct format *f = NULL;
		struct strbuf out auto_strbuf = { 0 };

		assert_int_equal(format_compile(str_of(shown[i].format), NULL, &f, NULL), 0);
		w->ctx.unshowable = STR("");
		format_render(f, &w->ctx, &out);
		assert_true(str_eq(w->ctx.unshowable, str_of(shown[i].text)));
		w->ctx.unshowable = STR("");
		format_collect(f, &w->ctx, &members);
		assert_true(str_eq(w->ctx.unshowable, str_of(shown[i].json)));
		format_members_free(&members);
	}
}

/* A buffer without bytes is printed as such, not as absent. */
static void test_no_bytes(void **state)
{
	auto_format struct format *f = NULL;
	struct strbuf out auto_strbuf = { 0 };
	struct world *w = *state;

	world_read(w, STR(""));
	assert_int_equal(format_compile(STR("[%evt.rawarg.data|%evt.arg.data|%evt.rawarg.name]"), NULL, &f, NULL), 0);
	format_render(f, &w->ctx, &out);
	assert_string_equal(out.ptr, "[|NULL|<NA>]");
}

static void test_facts_of_a_format(void **state)
{
	auto_format struct format *f = NULL;

	(void)state;
	assert_int_equal(format_compile(STR("%evt.num %toupper(proc.pname)"), NULL, &f, NULL), 0);
	assert_int_equal(format_reads(f), FACT_EVENT | FACT_LINEAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test_setup_teardown(test_text, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_members, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_times, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_unshowable, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_no_bytes, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_member_names, world_setup, world_teardown),
		cmocka_unit_test(test_facts_of_a_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
