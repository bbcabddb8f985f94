/* SPDX-License-Identifier: Apache-2.0 */
#include "event/event_text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/cleanup.h"

/* Lines in the printer's own spelling: they come back unchanged. */
static void test_round_trip(void **state)
{
	static const char *const lines[] = {
		"1700000000000000001 42 openat fd=3 dirfd=-100 name=/etc/passwd flags=4097 mode=0 dev=27 ino=5",
		"1 2 openat fd=-2 dirfd=-100 name=\"\" flags=1 mode=0 dev=0 ino=0",
		"1 2 openat fd=-2 dirfd=-100 name=NA flags=1 mode=0 dev=0 ino=0",
		"1 2 openat fd=-2 dirfd=-100 name=\"NA\" flags=1 mode=0 dev=0 ino=0",
		"1 2 openat fd=-2 dirfd=-100 name=\"a b\\n\\t\\\"\\\\\\xff\" flags=1 mode=0 dev=0 ino=0",
		"1 2 openat fd=? dirfd=-100 name=? flags=1 mode=0 dev=? ino=?",
		"1 -1 chdir @cpu=3 @flags=1 res=0 path=bar",
		"1 2 chdir res=0 path=b\"no end\"",
		"1 2 open/2 name=/x flags=1 mode=0",
		"1 2 connect res=-115 tuple=inet:127.0.0.1:4000->10.0.0.1:80 fd=3 addr=inet:10.0.0.1:80",
		"1 2 connect res=0 tuple=inet6:[::1]:4000->[fe80::2]:443 fd=3 addr=inet6:[fe80::2]:443",
		"1 2 connect res=0 tuple=unix:0xffff8880->0x0:/run/s fd=3 addr=unix:/run/s",
		"1 2 connect res=0 tuple=b\"\\x02\\x00\" fd=3 addr=b\"\\x63\"",
		"1 2 write res=3 data=b\"a\\x00b\" fd=1 size=3",
		"1 2 ptrace res=0 addr=b\"\\x00\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\" data=NA request=16 pid=4",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct event_builder b = { 0 };
		auto_strbuf struct strbuf out = { 0 };
		struct error err = { 0 };
		struct event ev;

		if (event_text_parse(&b, str_of(lines[i]), &ev, &err) < 0)
			fail_msg("%s: %s", lines[i], err.text);
		event_text_print(&out, &ev);
		/* an escape is printed only where it is needed */
		if (i == 12)
			assert_string_equal(out.ptr, "1 2 connect res=0 tuple=b\"\\x02\\x00\" fd=3 addr=b\"c\"");
		else
			assert_string_equal(out.ptr, lines[i]);
		event_builder_free(&b);
	}
}

static void test_parse(void **state)
{
	struct event_builder b = { 0 };
	struct event ev;

	(void)state;
	assert_int_equal(
		event_text_parse(&b, STR("  5 6  openat  flags=O_RDWR|O_CREAT name=\"/a b\" fd=0x10"), &ev, NULL), 0);
	assert_int_equal(event_param_uint(&ev, 3), 7);
	assert_int_equal(event_param_int(&ev, 0), 16);
	assert_true(str_eq(event_param_text(&ev, 2), STR("/a b")));
	assert_int_equal(event_param(&ev, 4).len, 0);
	assert_false(ev.provisional);
	assert_int_equal(event_text_parse(&b, STR("5 6 openat fd=? name=/x"), &ev, NULL), 0);
	assert_true(ev.provisional && event_param_unknown(&ev, 0) && !event_param_unknown(&ev, 2));
	assert_int_equal(
		event_text_parse(&b, STR("5 6 execve res=0 exe=sh args=b\"-c\\x00id\\x00\" comm=sh"), &ev, NULL), 0);
	assert_int_equal(ev.type, EV_SYSCALL_EXECVE_19_X);
	assert_int_equal(event_param(&ev, 2).len, 6);
	assert_int_equal(event_text_parse(&b, STR("5 6 procexit status=256"), &ev, NULL), 0);
	assert_int_equal(ev.type, EV_PROCEXIT_1_E);
	event_builder_free(&b);
}

static void test_faults(void **state)
{
	static const struct {
		const char *line, *text;
	} rows[] = {
		{ "", "column 1: a time" },
		{ "x 1 open", "column 2: a time" },
		{ "1 x open", "a thread id" },
		{ "1", "a thread id" },
		{ "1 1 nosuch", "no event has this name" },
		{ "1 1 open/9", "no event has this name and number" },
		{ "1 1 open/99999", "no event has this name and number" },
		{ "1 1 open nosuch=1", "no such parameter" },
		{ "1 1 open fd=1 fd=2", "given twice" },
		{ "1 1 open fd=abc", "is no number" },
		{ "1 1 open flags=O_RDWR|O_NOSUCH", "is no number and no flag" },
		{ "1 1 open name=\"abc", "closing quote" },
		{ "1 1 open name=\"\\q\"", "escapes are" },
		{ "1 1 open @cpu=x", "a number was expected" },
		{ "1 1 connect addr=inet:1.2.3:5", "is no address" },
		{ "1 1 connect addr=inet:1.2.3.4:99999", "is no address" },
		{ "1 1 connect tuple=inet:1.2.3.4:5", "is no tuple" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct event_builder b = { 0 };
		struct error err = { 0 };
		struct event ev;

		assert_int_equal(event_text_parse(&b, str_of(rows[i].line), &ev, &err), -EINVAL);
		if (!str_contains(str_of(err.text), str_of(rows[i].text)))
			fail_msg("%s: %s", rows[i].line, err.text);
		event_builder_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_round_trip), cmocka_unit_test(test_parse),
					    cmocka_unit_test(test_faults) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
