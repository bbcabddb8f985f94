/* SPDX-License-Identifier: Apache-2.0 */
#include "event/event.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "event/event_wire.h"
#include "event/flags.h"

static struct event_builder builder;

static struct event openat(int64_t fd)
{
	struct event ev;

	event_begin(&builder, EV_SYSCALL_OPENAT_2_X, 1700000000000000001, 42);
	event_put_int(&builder, fd);
	event_put_int(&builder, -100);
	event_put_text(&builder, STR("/etc/passwd"));
	event_put_int(&builder, 0x1001);
	event_put_int(&builder, 0644);
	event_put_int(&builder, 0xfd00);
	event_put_int(&builder, 123456789012);
	assert_int_equal(event_end(&builder, &ev, NULL), 0);
	return ev;
}

static int free_builder(void **state)
{
	(void)state;
	event_builder_free(&builder);
	return 0;
}

static void test_build_and_read(void **state)
{
	struct event ev = openat(3);

	(void)state;
	assert_int_equal(ev.type, 307);
	assert_int_equal(ev.nparams, 7);
	assert_int_equal(ev.tid, 42);
	assert_true(ev.ts == 1700000000000000001);
	assert_int_equal(ev.len, 26 + 7 * 2 + 8 + 8 + 12 + 4 + 4 + 4 + 8);
	assert_int_equal(event_param_int(&ev, 0), 3);
	assert_int_equal(event_param_int(&ev, 1), -100);
	assert_true(str_eq(event_param_text(&ev, 2), STR("/etc/passwd")));
	assert_int_equal(event_param(&ev, 2).len, 12);
	assert_int_equal(event_param_uint(&ev, 5), 0xfd00);
	assert_true(event_param_uint(&ev, 6) == 123456789012);
	assert_int_equal(event_param(&ev, 7).len, 0);
	assert_int_equal(event_param_int(&ev, 7), 0);
	assert_false(ev.provisional);
}

static void test_signs(void **state)
{
	struct event ev = openat(-2);

	(void)state;
	assert_int_equal(event_param_int(&ev, 0), -2);
	event_begin(&builder, EV_SYSCALL_SETUID_X, 1, 1);
	event_put_int(&builder, -1);
	event_put_int(&builder, UINT32_MAX); /* an unsigned parameter is not sign-extended */
	assert_int_equal(event_end(&builder, &ev, NULL), 0);
	assert_int_equal(event_param_int(&ev, 0), -1);
	assert_true(event_param_int(&ev, 1) == UINT32_MAX);
}

static void test_builder_faults(void **state)
{
	struct error err = { 0 };
	struct event ev;

	(void)state;
	event_begin(&builder, EV_SYSCALL_CHDIR_X, 1, 1);
	event_put_int(&builder, 0);
	event_put_int(&builder, 0); /* a path is no integer */
	assert_int_equal(event_end(&builder, &ev, &err), -EINVAL);
	event_begin(&builder, EV_SYSCALL_CHDIR_X, 1, 1);
	event_put_int(&builder, 0);
	event_put_text(&builder, STR("/"));
	event_put_text(&builder, STR("/"));
	assert_int_equal(event_end(&builder, &ev, &err), -EINVAL);
	event_begin(&builder, EV_COUNT, 1, 1);
	event_put_int(&builder, 0);
	assert_int_equal(event_end(&builder, &ev, &err), -EINVAL);
	/* what is left out is absent, and the builder is usable again */
	event_begin(&builder, EV_SYSCALL_CHDIR_X, 1, 1);
	event_put_int(&builder, 0);
	assert_int_equal(event_end(&builder, &ev, &err), 0);
	assert_int_equal(ev.nparams, 2);
	assert_int_equal(event_param(&ev, 1).len, 0);
}

static void test_long_texts(void **state)
{
	static char text[200000];
	struct event ev;
	uint64_t cut = builder.cut;

	(void)state;
	memset(text, 'x', sizeof(text));
	event_begin(&builder, EV_SYSCALL_CHDIR_X, 1, 1);
	event_put_int(&builder, 0);
	event_put_text(&builder, (struct str){ text, 4095 });
	assert_int_equal(event_end(&builder, &ev, NULL), 0);
	assert_int_equal(event_param(&ev, 1).len, 4096);
	assert_true(builder.cut == cut);
	event_begin(&builder, EV_SYSCALL_CHDIR_X, 1, 1);
	event_put_int(&builder, 0);
	event_put_text(&builder, (struct str){ text, 4096 });
	assert_int_equal(event_end(&builder, &ev, NULL), 0);
	assert_int_equal(event_param_text(&ev, 1).len, 4095);
	assert_true(builder.cut == cut + 1);
	/* 32-bit lengths */
	event_begin(&builder, EV_CONTAINER_JSON_2_E, 1, 1);
	event_put_text(&builder, (struct str){ text, sizeof(text) });
	assert_int_equal(event_end(&builder, &ev, NULL), 0);
	assert_int_equal(event_param_text(&ev, 0).len, sizeof(text));
}

static void test_read_refuses(void **state)
{
	static const struct {
		unsigned int at;
		uint8_t value; /* added to the byte */
		int r;
	} rows[] = {
		{ EVENT_HEADER_LEN, 1, -EBADMSG },
		{ EVENT_HEADER_LEN + 3, 1, -EBADMSG },
		{ EVENT_HEADER_TYPE + 1, 1, -ENOTSUP },
		{ EVENT_HEADER_NPARAMS, 1, -EBADMSG },
		{ EVENT_HEADER_NPARAMS, 255, -EBADMSG },
		{ EVENT_HEADER_NPARAMS + 3, 1, -EBADMSG },
		{ EVENT_HEADER_BYTES, 1, -EBADMSG },
		{ EVENT_HEADER_BYTES + 1, 255, -EBADMSG },
		{ EVENT_HEADER_BYTES + 12, 1, -EBADMSG },
	};
	struct event ev = openat(3), again;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct error err = { 0 };
		uint8_t bytes[256];

		memcpy(bytes, ev.bytes, ev.len);
		bytes[rows[i].at] = (uint8_t)(bytes[rows[i].at] + rows[i].value);
		assert_int_equal(event_read(&again, bytes, ev.len, &err), rows[i].r);
		assert_true(err.text[0]);
	}
	for (uint32_t len = 0; len < ev.len; len++) {
		auto_free uint8_t *bytes = malloc(len ? len : 1); /* exact, so that a sanitizer sees a step too far */

		memcpy(bytes, ev.bytes, len);
		assert_int_equal(event_read(&again, bytes, len, NULL), -EBADMSG);
	}
	assert_int_equal(event_read(&again, ev.bytes, ev.len, NULL), 0);
}

static void test_provisional(void **state)
{
	struct event ev;

	(void)state;
	event_begin(&builder, EV_SYSCALL_DUP2_X, 1, 1);
	event_put_unknown(&builder);
	event_put_int(&builder, 3);
	assert_int_equal(event_end(&builder, &ev, NULL), 0);
	event_make_provisional(&ev, &builder);
	assert_true(ev.provisional);
	assert_true(event_param_unknown(&ev, 0));
	assert_false(event_param_unknown(&ev, 1));
	assert_false(event_param_unknown(&ev, 64));
	assert_int_equal(ev.unknown_facts, event_table[ev.type].writes & ~event_table[ev.type].derivable);
	assert_int_not_equal(ev.unknown_facts & FACT_FD, 0);

	event_begin(&builder, EV_SYSCALL_OPENAT_2_X, 1, 1);
	event_put_unknown(&builder);
	assert_int_equal(event_end(&builder, &ev, NULL), 0);
	event_make_provisional(&ev, &builder);
	assert_int_equal(ev.unknown_facts, 0); /* an open tells at its entry which file its descriptor will be */
}

static void test_copy(void **state)
{
	struct event_ext ext = { .real_path = STR("/etc/real"), .args = STR("a\0b\0"), .ip = 7, .raced = RACED_YES };
	struct event ev = openat(3);
	struct event *copy, read;

	(void)state;
	ev.ext = &ext;
	ev.number = 9;
	copy = event_copy(&ev);
	assert_non_null(copy);
	memset(builder.out.ptr, 0, builder.out.len);
	ext.real_path = STR("");
	assert_true(str_eq(event_param_text(copy, 2), STR("/etc/passwd")));
	assert_int_equal(event_param_int(copy, 1), -100);
	assert_true(str_eq(copy->ext->real_path, STR("/etc/real")));
	assert_int_equal(copy->ext->args.len, 4);
	assert_int_equal(copy->ext->ip, 7);
	assert_int_equal(copy->number, 9);
	event_set_time(copy, 42);
	assert_int_equal(copy->ts, 42);
	assert_int_equal(event_read(&read, copy->bytes, copy->len, NULL), 0);
	assert_int_equal(read.ts, 42);
	free(copy);
}

static void test_variant(void **state)
{
	const struct param_info *p;
	struct event ev;
	struct str rest;

	(void)state;
	event_begin(&builder, EV_SYSCALL_PTRACE_X, 1, 1);
	event_put_int(&builder, 0);
	event_put_bytes(&builder, (struct str){ "\1\11", 2 });
	event_put_bytes(&builder, (struct str){ "\7\11", 2 });
	assert_int_equal(event_end(&builder, &ev, NULL), 0);
	p = event_param_variant(&ev, 1, &rest);
	assert_non_null(p);
	assert_int_equal(p->type, PT_SIGTYPE);
	assert_true(str_eq(rest, STR("\11")));
	assert_null(event_param_variant(&ev, 2, &rest)); /* no such variant */
	assert_null(event_param_variant(&ev, 0, &rest)); /* an integer */
	assert_null(event_param_variant(&ev, 99, &rest));
}

static void test_table(void **state)
{
	unsigned int current = 0;

	(void)state;
	for (uint16_t type = 0; type < EV_COUNT; type++) {
		const struct event_info *info = event_info(type);

		assert_non_null(info->name);
		assert_int_equal(info->derivable & ~info->writes, 0);
		current += !(info->flags & (EF_OLD_VERSION | EF_UNUSED));
		for (uint32_t i = 0; i < info->nparams; i++) {
			assert_true(info->params[i].dirfd_param < (int)info->nparams);
			assert_int_equal(event_param_index(type, str_of(info->params[i].name)), i);
		}
	}
	assert_int_equal(EV_COUNT, 454);
	assert_true(current > 150);
	assert_null(event_info(EV_COUNT));
	assert_int_equal(event_param_index(EV_SYSCALL_OPENAT_2_X, STR("nothing")), -1);
	assert_ptr_equal(event_table[EV_SYSCALL_OPENAT_2_X].params[3].flags, &flags_file_flags);
	assert_null(event_table[EV_SYSCALL_OPENAT_2_X].params[0].flags);
	assert_int_equal(event_table[EV_SYSCALL_EXECVE_19_X].nparams, 31);
}

static void test_syscalls(void **state)
{
	const struct syscall_info *s = syscall_by_number(SYS_openat);
	unsigned int known = 0;

	(void)state;
	assert_non_null(s);
	assert_int_equal(s->event, EV_SYSCALL_OPENAT_2_X);
	assert_string_equal(syscall_code_name(s->code), "openat");
	assert_int_equal(syscall_code(STR("openat")), s->code);
	assert_null(syscall_by_number(-1));
	assert_null(syscall_by_number(100000));
	assert_int_equal(syscall_code(STR("no_such_call")), -1);
	assert_null(syscall_code_name(SYSCALL_CODES));
	for (long n = 0; n < 600; n++) {
		s = syscall_by_number(n);
		if (!s)
			continue;
		known++;
		assert_false(event_type_is_enter(s->event));
		assert_non_null(syscall_code_name(s->code));
	}
	assert_true(known > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_build_and_read), cmocka_unit_test(test_signs),
		cmocka_unit_test(test_builder_faults), cmocka_unit_test(test_long_texts),
		cmocka_unit_test(test_read_refuses),   cmocka_unit_test(test_provisional),
		cmocka_unit_test(test_copy),	       cmocka_unit_test(test_variant),
		cmocka_unit_test(test_table),	       cmocka_unit_test(test_syscalls),
	};

	return cmocka_run_group_tests(tests, NULL, free_builder);
}
