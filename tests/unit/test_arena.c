/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* Random allocations of two kinds never overlap, are zeroed and aligned, and keep their bytes; reset reuses memory. */
static void test_model(void **state)
{
	auto_arena struct arena *a = arena_new(256);
	unsigned int seed = 3;

	assert_non_null(a);
	for (int turn = 0; turn < 5; turn++) {
		unsigned char *piece[200];
		size_t size[200];

		for (int i = 0; i < 200; i++) {
			bool text = rand_r(&seed) & 1;

			size[i] = (size_t)rand_r(&seed) % 700;
			piece[i] = text ? (unsigned char *)arena_bytes(a, size[i]) : arena_alloc(a, size[i]);
			assert_non_null(piece[i]);
			if (!text) {
				assert_int_equal((uintptr_t)piece[i] % _Alignof(max_align_t), 0);
				for (size_t k = 0; k < size[i]; k++)
					assert_int_equal(piece[i][k], 0);
			}
			memset(piece[i], i, size[i]);
		}
		for (int i = 0; i < 200; i++)
			for (size_t k = 0; k < size[i]; k++)
				assert_int_equal(piece[i][k], i);
		arena_reset(a);
	}
}

static void test_text(void **state)
{
	auto_arena struct arena *a = arena_new(16);
	struct str s = arena_str(a, STR("a string that is longer than a chunk"));

	assert_string_equal(s.ptr, "a string that is longer than a chunk");
	assert_string_equal(arena_printf(a, "%d-%s", 5, "x").ptr, "5-x");
	assert_null(arena_array(a, SIZE_MAX / 2, 3)); /* size * n overflows */
	assert_null(arena_alloc(a, SIZE_MAX - 8));
}

static void test_room(void **state)
{
	auto_arena struct arena *a = arena_new(64);
	size_t cap = 0;
	int *list = NULL;

	for (int i = 0; i < 100; i++) {
		assert_int_equal(arena_room(a, (void **)&list, (size_t)i, &cap, sizeof(*list)), 0);
		list[i] = i;
	}
	for (int i = 0; i < 100; i++)
		assert_int_equal(list[i], i);
	assert_int_equal(cap, 128);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
