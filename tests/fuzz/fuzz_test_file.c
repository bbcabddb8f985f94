/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>

#include "app/test_file.h"

/*
 * A file of rule tests or an event-generator suite: read, checked, every event built. Rules and captures are
 * not opened.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_test_file struct test_file *f = NULL;
	struct error err = { 0 };
	int r = test_file_parse("tests/fuzz", (struct str){ (const char *)data, size }, &f, &err);

	/* a fault has a place */
	if (r == -EINVAL && !str_starts(str_of(err.text), STR("tests/fuzz:")))
		abort();
	return 0;
}
