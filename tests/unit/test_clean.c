/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "event/clean.h"

#define BAD "\xef\xbf\xbd"

static const struct {
	const char *in, *out; /* NULL = left as it is */
} cases[] = {
	{ "", NULL },
	{ "/etc/passwd and a text of more than eight bytes", NULL },
	{ "uni\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", NULL },
	{ "a\nb", "a" BAD "b" },
	{ "long enough for a word\x7f", "long enough for a word" BAD },
	{ "bad\xff\xfeutf", "bad" BAD BAD "utf" },
	{ "cut\xe2\x82", "cut" BAD },
	{ "\xe2\x28\xf0\x9f\x98/\xed\xa0\x80", BAD "(" BAD "/" BAD BAD BAD },
	{ "c1\xc2\x85\xc2\x9f\xc2\xa0", "c1" BAD BAD "\xc2\xa0" },
	{ "\xef\xb7\x8f\xef\xb7\x90\xef\xb7\xaf\xef\xb7\xb0", "\xef\xb7\x8f" BAD BAD "\xef\xb7\xb0" },
	{ "\xef\xbf\xbd\xef\xbf\xbe\xef\xbf\xbf\xef\xbe\xbf", BAD BAD BAD "\xef\xbe\xbf" },
	{ "\xf0\x9f\xbf\xbe\xf4\x8f\xbf\xbf\xf0\x9f\xbe\xbf\xf0\x9e\xbf\xbe",
	  BAD BAD "\xf0\x9f\xbe\xbf\xf0\x9e\xbf\xbe" },
	{ "\x1b[31m12345678", BAD "[31m12345678" },
};

static void test_texts(void **state)
{
	struct strbuf storage auto_strbuf = { 0 };
	struct event_builder b = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *want = cases[i].out ? cases[i].out : cases[i].in;
		struct event ev;
		const uint8_t *bytes;

		event_begin(&b, EV_SYSCALL_OPENAT_2_X, 1, 2);
		event_put_int(&b, 3);
		event_put_int(&b, -100);
		event_put_text(&b, str_of(cases[i].in));
		event_put_int(&b, 1);
		event_put_int(&b, 0);
		event_put_int(&b, 5);
		event_put_int(&b, 6);
		assert_int_equal(event_end(&b, &ev, NULL), 0);
		ev.number = 9;
		bytes = ev.bytes;
		assert_int_equal(event_clean(&ev, event_texts(ev.type), &storage, NULL), 0);
		assert_int_equal(ev.bytes == bytes, cases[i].out == NULL);
		if (!str_eq(event_param_text(&ev, 2), str_of(want)))
			fail_msg("row %zu: %.*s", i, STR_ARG(event_param_text(&ev, 2)));
		assert_int_equal(event_param_int(&ev, 0), 3);
		assert_int_equal(event_param_uint(&ev, 6), 6);
		assert_int_equal(ev.number, 9);
	}
	event_builder_free(&b);
}

/* Growing to three times the length may not overflow the 16 bits of a length. */
static void test_long(void **state)
{
	struct strbuf storage auto_strbuf = { 0 }, text auto_strbuf = { 0 };
	struct event_builder b = { 0 };
	struct event ev;

	(void)state;
	for (int i = 0; i < 4000; i++)
		strbuf_addc(&text, '\n');
	event_begin(&b, EV_SYSCALL_RMDIR_2_X, 1, 2);
	event_put_int(&b, 0);
	event_put_text(&b, strbuf_str(&text));
	assert_int_equal(event_end(&b, &ev, NULL), 0);
	assert_int_equal(event_clean(&ev, event_texts(ev.type), &storage, NULL), 0);
	assert_int_equal(event_param_text(&ev, 1).len, 12000);
	event_builder_free(&b);
}

/* What the kernel tells beside calls has names, too; a container's JSON is left to its reader. */
static void test_other_kinds(void **state)
{
	struct strbuf storage auto_strbuf = { 0 };
	struct event_builder b = { 0 };
	struct event ev;

	(void)state;
	event_begin(&b, EV_INFRASTRUCTURE_EVENT_E, 1, 2);
	event_put_text(&b, STR("k8s"));
	event_put_text(&b, STR("\x7f\x01"));
	event_put_text(&b, STR("d"));
	event_put_text(&b, STR("s"));
	assert_int_equal(event_end(&b, &ev, NULL), 0);
	assert_int_equal(event_clean(&ev, event_texts(ev.type), &storage, NULL), 0);
	assert_true(str_eq(event_param_text(&ev, 1), STR(BAD BAD)));
	assert_int_equal(event_texts(EV_ITER_TASK_FILE_REGULAR_E), 1 << 1);
	assert_int_equal(event_texts(EV_CONTAINER_JSON_2_E), 0);
	event_builder_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_texts), cmocka_unit_test(test_long),
					    cmocka_unit_test(test_other_kinds) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
