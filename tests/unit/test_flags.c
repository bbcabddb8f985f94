/* SPDX-License-Identifier: Apache-2.0 */
#include "event/flags.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/cleanup.h"

static void test_print(void **state)
{
	static const struct {
		const struct flag_set *set;
		uint32_t value;
		enum flags_style style;
		const char *text;
	} rows[] = {
		{ &flags_file_flags, 1, FLAGS_BITS, "O_RDONLY" },
		{ &flags_file_flags, 2, FLAGS_BITS, "O_WRONLY" },
		{ &flags_file_flags, 3, FLAGS_BITS, "O_RDWR" }, /* not also its parts */
		{ &flags_file_flags, 0, FLAGS_BITS, "O_NONE" },
		{ &flags_file_flags, 0x1 | 0x400 | 0x1000, FLAGS_BITS, "O_DIRECTORY|O_RDONLY|O_CLOEXEC" },
		{ &flags_file_flags, 0x104 | 2 | 0x4000, FLAGS_BITS, "O_TRUNC|O_CREAT|O_WRONLY|O_F_CREATED" },
		{ &flags_file_flags, 0x80000000, FLAGS_BITS, "" },
		{ &flags_socket_families, 1, FLAGS_ENUMERATION, "AF_LOCAL|AF_UNIX" },
		{ &flags_socket_families, 2, FLAGS_ENUMERATION, "AF_INET" },
		{ &flags_socket_families, 0, FLAGS_ENUMERATION, "AF_UNSPEC" },
		{ &flags_socket_families, 999, FLAGS_ENUMERATION, "" },
		{ &flags_chmod_mode, 0644, FLAGS_MODE, "S_IROTH|S_IRGRP|S_IWUSR|S_IRUSR" },
		{ &flags_chmod_mode, 04000, FLAGS_MODE, "S_ISUID" },
		{ &flags_chmod_mode, 0, FLAGS_MODE, "" },
		{ &flags_mknod_mode, 0x6000, FLAGS_MODE, "S_IFCHR|S_IFBLK" }, /* Falco names a part, then the whole */
		{ &flags_none, 1, FLAGS_BITS, "" },
		{ NULL, 1, FLAGS_BITS, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_strbuf struct strbuf out = { 0 };

		flags_print(&out, rows[i].set, rows[i].value, rows[i].style);
		assert_string_equal(out.ptr ? out.ptr : "", rows[i].text);
	}
}

static void test_value(void **state)
{
	uint32_t v = 77;

	(void)state;
	assert_true(flags_value(&flags_file_flags, STR("O_TMPFILE"), &v));
	assert_int_equal(v, 0x2000);
	assert_false(flags_value(&flags_file_flags, STR("O_TMP"), &v));
	assert_false(flags_value(NULL, STR("O_TMPFILE"), &v));
	assert_int_equal(v, 0x2000);
	assert_true(flags_value(&flags_ptrace_requests, STR("PTRACE_TRACEME"), &v));
	assert_int_equal(v, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_print), cmocka_unit_test(test_value) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
