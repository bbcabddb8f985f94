/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "state/state.h"
#include "state/users.h"

static int add(struct users *u, const char *container, uint32_t uid, const char *name)
{
	struct user from = { .uid = uid, .gid = uid + 1 };

	return users_set_user(u, str_of(container), &from, str_of(name), STR("/home"), STR("/bin/sh"));
}

static void test_users(void **ctx)
{
	const struct user *user;
	struct users u;

	(void)ctx;
	assert_int_equal(users_init(&u), 0);
	user = users_user(&u, STR(""), 0);
	assert_string_equal(user->name->bytes, "root");
	assert_string_equal(user->home->bytes, "/root");
	assert_string_equal(user->shell->bytes, "<NA>");
	assert_null(users_user(&u, STR(""), UINT32_MAX));

	assert_int_equal(add(&u, "", 1000, "me"), 0);
	assert_int_equal(add(&u, "", 0, "toor"), 0);
	assert_int_equal(add(&u, "abc", 1000, "app"), 0);
	assert_string_equal(users_user(&u, STR(""), 1000)->name->bytes, "me");
	assert_int_equal(users_user(&u, STR(""), 1000)->gid, 1001);
	assert_string_equal(users_user(&u, STR(""), 0)->name->bytes, "toor");
	assert_string_equal(users_user(&u, STR("abc"), 1000)->name->bytes, "app");
	assert_string_equal(users_user(&u, STR("abc"), 0)->name->bytes, "root");
	assert_null(users_user(&u, STR("other"), 1000));

	assert_int_equal(add(&u, "", 1000, "again"), 0);
	assert_string_equal(users_user(&u, STR(""), 1000)->name->bytes, "again");
	assert_int_equal(add(&u, "", 7, "+@netgroup"), 0);
	assert_int_equal(add(&u, "", 8, "-nobody"), 0);
	assert_null(users_user(&u, STR(""), 7));
	assert_null(users_user(&u, STR(""), 8));
	users_remove_user(&u, STR(""), 1000);
	assert_null(users_user(&u, STR(""), 1000));
	users_remove_user(&u, STR("nowhere"), 1000);
	users_free(&u);
}

static void test_groups(void **ctx)
{
	struct users u;

	(void)ctx;
	assert_int_equal(users_init(&u), 0);
	assert_string_equal(users_group(&u, STR(""), 0)->name->bytes, "root");
	assert_null(users_group(&u, STR(""), 4));
	assert_int_equal(users_set_group(&u, STR(""), 4, STR("adm")), 0);
	assert_int_equal(users_set_group(&u, STR("abc"), 4, STR("inner")), 0);
	assert_string_equal(users_group(&u, STR(""), 4)->name->bytes, "adm");
	assert_string_equal(users_group(&u, STR("abc"), 4)->name->bytes, "inner");
	users_remove_group(&u, STR(""), 4);
	assert_null(users_group(&u, STR(""), 4));
	users_free(&u);
}

/*
 * The container that the source watches from within has the host's accounts while it has none of its own; no
 * other has.
 */
static void test_shared(void **ctx)
{
	(void)ctx;
	for (int shared = 0; shared < 2; shared++) {
		auto_state struct state *s = state_new(&(struct state_options){ 0 });

		assert_non_null(s);
		assert_int_equal(state_share_host(s, shared ? STR("abc") : STR("")), 0);
		assert_int_equal(state_set_user(s, STR(""), 1000, 1000, STR("me"), STR("/home"), STR("/bin/sh")), 0);
		assert_int_equal(state_set_group(s, STR(""), 1000, STR("us")), 0);
		assert_int_equal(!!state_user(s, STR("abc"), 1000), shared);
		assert_int_equal(!!state_group(s, STR("abc"), 1000), shared);
		assert_null(state_user(s, STR("nested"), 1000));
		assert_null(state_group(s, STR("nested"), 1000));
		assert_int_equal(state_set_user(s, STR("abc"), 7, 7, STR("inner"), STR("/"), STR("/bin/sh")), 0);
		assert_null(state_user(s, STR("abc"), 1000));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
