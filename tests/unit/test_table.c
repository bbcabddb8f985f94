/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "state/table.h"

#define KEYS 300

/* A table against an array that is too simple to be wrong, over random puts and removals. */
static void test_model(void **ctx)
{
	static char values[KEYS];
	void *model[KEYS] = { NULL }, *seen;
	struct table t = { 0 };
	uint32_t random = 12345, at, n, count = 0, round, key;

	(void)ctx;
	for (round = 0; round < 200000; round++) {
		random = random * 1664525u + 1013904223u;
		key = (random >> 8) % KEYS;
		if (random >> 30) {
			count += !model[key];
			model[key] = &values[(random >> 16) % KEYS];
			assert_int_equal(table_put(&t, (int64_t)key * 4096, model[key]), 0);
		} else {
			count -= !!model[key];
			assert_ptr_equal(table_remove(&t, (int64_t)key * 4096), model[key]);
			model[key] = NULL;
		}
		assert_int_equal(t.count, count);
		key = random % KEYS;
		assert_ptr_equal(table_get(&t, (int64_t)key * 4096), model[key]);
	}
	for (at = 0, n = 0; (seen = table_next(&t, &at)); n++)
		assert_in_range((uintptr_t)seen, (uintptr_t)values, (uintptr_t)(values + KEYS - 1));
	assert_int_equal(n, count);
	table_free(&t);
	assert_null(table_get(&t, 0));
}

static void test_removal_while_walking(void **ctx)
{
	struct table t = { 0 };
	int64_t numbers[100], *value;
	uint32_t at = 0;
	int i;

	(void)ctx;
	for (i = 0; i < 100; i++) {
		numbers[i] = i - 50;
		assert_int_equal(table_put(&t, numbers[i], &numbers[i]), 0);
	}
	while ((value = table_next(&t, &at))) {
		if (*value % 3 == 0) {
			assert_ptr_equal(table_remove(&t, *value), value);
			at--;
		}
	}
	for (i = 0; i < 100; i++)
		assert_int_equal(!!table_get(&t, numbers[i]), numbers[i] % 3 != 0);
	table_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_removal_while_walking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
