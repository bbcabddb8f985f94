/* SPDX-License-Identifier: Apache-2.0 */
#include "event/ext.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/cleanup.h"

static void test_round_trip(void **state)
{
	struct event_ext ext = { .real_path = STR("/etc/shadow"),
				 .args = STR("cat\0x\0"),
				 .ip = UINT64_MAX,
				 .stall_ns = 12345,
				 .raced = RACED_POSSIBLE,
				 .region = REGION_STACK,
				 .stack = STR("main+0x4 (/bin/cat)\nlibc"),
				 .verdict = 2,
				 .late = true,
				 .creds = { true, 1, 2, 3, 4, UINT64_MAX } };
	struct event_builder b = { 0 };
	struct event_ext back;
	struct event ev;

	(void)state;
	assert_int_equal(ext_encode(&ext, 7, 8, &b, &ev, NULL), 0);
	assert_true(ext_is(&ev));
	assert_int_equal(ev.ts, 7);
	assert_int_equal(ext_decode(&ev, &back, NULL), 0);
	assert_true(str_eq(back.real_path, ext.real_path));
	assert_true(str_eq(back.args, ext.args));
	assert_true(back.ip == UINT64_MAX && back.stall_ns == 12345 && back.raced == RACED_POSSIBLE);
	assert_true(back.verdict == 2 && back.late);
	assert_true(back.region == REGION_STACK && str_eq(back.stack, ext.stack));
	assert_true(back.creds.known && back.creds.uid == 1 && back.creds.gid == 2 && back.creds.cap_inheritable == 3 &&
		    back.creds.cap_permitted == 4 && back.creds.cap_effective == UINT64_MAX);

	ext = (struct event_ext){ 0 };
	assert_int_equal(ext_encode(&ext, 7, 8, &b, &ev, NULL), 0);
	assert_int_equal(event_param(&ev, 2).len, 1);
	assert_int_equal(ext_decode(&ev, &back, NULL), 0);
	assert_true(!back.real_path.len && !back.late && back.raced == RACED_NO && !back.creds.known);
	event_builder_free(&b);
}

static int decode(struct str name, struct str data, struct event_ext *ret_ext)
{
	struct event_builder b = { 0 };
	struct event ev;
	int r;

	event_begin(&b, EV_ASYNCEVENT_E, 1, 1);
	event_put_int(&b, 0);
	event_put_text(&b, name);
	event_put_bytes(&b, data);
	assert_int_equal(event_end(&b, &ev, NULL), 0);
	r = ext_is(&ev) ? ext_decode(&ev, ret_ext, NULL) : 1;
	event_builder_free(&b);
	return r;
}

static void test_foreign(void **state)
{
	struct event_ext ext;

	(void)state;
	assert_int_equal(decode(STR("container"), STR("\1"), &ext), 1);
	assert_int_equal(decode(STR("monitor"), STR(""), &ext), -EBADMSG);
	assert_int_equal(decode(STR("monitor"), STR("\2"), &ext), -ENOTSUP);
	assert_int_equal(decode(STR("monitor"), STR("\1\1"), &ext), -EBADMSG);
	assert_int_equal(decode(STR("monitor"), STR("\1\1\5\0\0\0ab"), &ext), -EBADMSG);
	assert_int_equal(decode(STR("monitor"), STR("\1\1\377\377\377\377ab"), &ext), -EBADMSG);
	/* an unknown tag is skipped, a number that is too short reads as nothing */
	assert_int_equal(decode(STR("monitor"), STR("\1\143\1\0\0\0x\3\1\0\0\0x\5\1\0\0\0\11"), &ext), 0);
	assert_int_equal(ext.ip, 0);
	assert_int_equal(ext.raced, RACED_POSSIBLE);
	/* a region that we do not know is none that we know */
	assert_int_equal(decode(STR("monitor"), STR("\1\10\1\0\0\0\11"), &ext), 0);
	assert_int_equal(ext.region, REGION_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_round_trip), cmocka_unit_test(test_foreign) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
