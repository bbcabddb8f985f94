/* SPDX-License-Identifier: Apache-2.0 */
#include "base/library.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The C library's mathematics are a library that every machine has and that this program is not linked with. */
int ilogb(double x);
double hypot(double x, double y);
void no_such_function(void);

#ifdef LIBRARY_JUMP
LIBRARY_STUB(ilogb)
LIBRARY_STUB(hypot)
LIBRARY_STUB(no_such_function)

static const char *const mathematics[] = { "libm.so.6" };
static const char *const missing[] = { "libm.so.6", "libno-such-library.so.7" };
static const struct library_function both[] = { LIBRARY_ROW(ilogb) LIBRARY_ROW(hypot) };
static const struct library_function too_new[] = { LIBRARY_ROW(ilogb) LIBRARY_ROW(no_such_function) };

static void test_missing_library_is_named(void **state)
{
	struct library l = LIBRARY_INIT(missing, both, "the test");
	struct error err;

	assert_int_equal(library_load(&l, &err), -ELIBACC);
	assert_non_null(strstr(err.text, "the test needs a library that cannot be loaded: libno-such-library.so.7: "));
	assert_null(library_slot_ilogb); /* the first of the two is there */
	l.nsonames = 1;
	assert_int_equal(library_load(&l, &err), 0); /* it may have been installed since */
	assert_non_null(library_slot_ilogb);
	library_slot_ilogb = library_slot_hypot = NULL;
}

static void test_missing_function_is_named(void **state)
{
	struct library l = LIBRARY_INIT(mathematics, too_new, "the test");
	struct error err;

	assert_int_equal(library_load(&l, &err), -ELIBBAD);
	assert_string_equal(err.text,
			    "libm.so.6 has no function no_such_function, which the test needs: is it too old?");
	assert_null(library_slot_ilogb);
	assert_false(l.loaded);
}

static void *call_loaded(void *library)
{
	const volatile double eight = 8, three = 3, four = 4; /* or the compiler would know the answers */

	return (void *)(uintptr_t)(library_load(library, NULL) == 0 && ilogb(eight) == 3 && hypot(three, four) == 5);
}

static void test_functions_are_called_by_their_names_from_any_thread(void **state)
{
	struct library l = LIBRARY_INIT(mathematics, both, "the test");
	pthread_t threads[8];
	void *good;

	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, call_loaded, &l), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		assert_int_equal(pthread_join(threads[i], &good), 0);
		assert_non_null(good);
	}
	assert_int_equal(library_load(&l, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_missing_library_is_named),
		cmocka_unit_test(test_missing_function_is_named),
		cmocka_unit_test(test_functions_are_called_by_their_names_from_any_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else /* no stubs for this processor: libraries are linked */

int main(void)
{
	return 77;
}

#endif
