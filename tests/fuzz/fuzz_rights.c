/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/rights.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/*
 * Lines of /proc/TID/status that decide on access: what is accepted has as many groups as its text can hold,
 * and is found again.
 */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct rights_book *book;
	const struct rights *r;
	char *lines = malloc(len + 1);

	if (!lines)
		return 0;
	memcpy(lines, bytes, len);
	lines[len] = '\0';
	book = rights_new(lines);
	if (book) {
		r = rights_find(book, lines);
		if (!r || r->ngroups > strlen(lines) || rights_find(book, lines) != r)
			abort();
		rights_free(book);
	}
	free(lines);
	return 0;
}
