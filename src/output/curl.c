/* SPDX-License-Identifier: Apache-2.0 */
#include "output/curl.h"

#ifdef CURL_SONAMES

#include "base/library.h"

#define FUNCTION LIBRARY_STUB
#include "output/curl.def"
#undef FUNCTION

static const struct library_function functions[] = {
#define FUNCTION LIBRARY_ROW
#include "output/curl.def"
#undef FUNCTION
};

static const char *const sonames[] = { CURL_SONAMES };
static struct library library = LIBRARY_INIT(sonames, functions, "the HTTP output");
LIBRARY_NOTE(curl, CURL_NOTE);

int curl_load(struct error *err)
{
	return library_load(&library, err);
}

#else /* linked, or left out */

int curl_load(struct error *err)
{
	(void)err;
	return 0;
}

#endif
