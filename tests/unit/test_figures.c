/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tracer/figures.h"

static void test_counts(void **state)
{
	static struct figures f;

	(void)state;
	figures_count(&f, 2, FIGURES_ON_BEHALF);
	figures_count(&f, 2, FIGURES_ON_BEHALF);
	figures_count(&f, CALLS_MAX - 1, FIGURES_REFUSED);
	figures_count(&f, CALLS_MAX, FIGURES_REFUSED);
	figures_count(&f, -1, FIGURES_AT_ENTRY);
	assert_int_equal(f.calls[2][FIGURES_ON_BEHALF], 2);
	assert_int_equal(f.calls[2][FIGURES_AT_ENTRY], 0);
	assert_int_equal(f.calls[CALLS_MAX - 1][FIGURES_REFUSED], 1);
}

static void test_nothing(void **state)
{
	static struct figures f;

	(void)state;
	assert_int_equal(figures_quantile(&f.all, 500), 0);
	assert_int_equal(figures_quantile(&f.all, 1000), 0);
}

/* A quantile is never below the true one, and at most an eighth above. */
static void test_quantiles(void **state)
{
	static const unsigned int asked[] = { 1, 10, 500, 990, 999, 1000 };
	static struct figures f;

	(void)state;
	for (uint64_t ns = 1; ns <= 100000; ns++)
		figures_stall(&f, 2, ns);
	assert_int_equal(f.all.count, 100000);
	assert_int_equal(f.all.max_ns, 100000);
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		uint64_t exact = 100 * asked[i], got = figures_quantile(&f.all, asked[i]);

		assert_in_range(got, exact, exact + exact / 8 + 1);
	}
}

static void test_extremes(void **state)
{
	static struct figures f;

	(void)state;
	figures_stall(&f, 2, 0);
	assert_int_equal(figures_quantile(&f.all, 500), 0);
	figures_stall(&f, 2, UINT64_MAX);
	assert_int_equal(f.all.buckets[FIGURES_BUCKETS - 1], 1);
	figures_stall(&f, 2, 7);
	figures_stall(&f, 2, 8);
	figures_stall(&f, 2, 15);
	figures_stall(&f, 2, 16);
	assert_int_equal(figures_quantile(&f.all, 500), 8);
}

static void test_by_call(void **state)
{
	static struct figures f;

	(void)state;
	figures_stall(&f, 1, 100);
	figures_stall(&f, 1, 300);
	figures_stall(&f, 3, 200);
	figures_stall(&f, -1, 400);
	figures_stall(&f, CALLS_MAX, 500);
	assert_int_equal(f.all.count, 5);
	assert_int_equal(f.by_call[1]->count, 2);
	assert_int_equal(f.by_call[1]->total_ns, 400);
	assert_int_equal(f.by_call[1]->max_ns, 300);
	assert_int_equal(f.by_call[3]->count, 1);
	assert_null(f.by_call[2]);
	figures_clear(&f);
	assert_int_equal(f.all.count, 0);
	assert_null(f.by_call[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_quantiles),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_by_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
