/* SPDX-License-Identifier: Apache-2.0 */
#include "net/microhttpd.h"

#ifdef MICROHTTPD_SONAMES

#include "base/library.h"

#define FUNCTION LIBRARY_STUB
#include "net/microhttpd.def"
#undef FUNCTION

static const struct library_function functions[] = {
#define FUNCTION LIBRARY_ROW
#include "net/microhttpd.def"
#undef FUNCTION
};

static const char *const sonames[] = { MICROHTTPD_SONAMES };
static struct library library = LIBRARY_INIT(sonames, functions, "the web server");
LIBRARY_NOTE(microhttpd, MICROHTTPD_NOTE);

int microhttpd_load(struct error *err)
{
	return library_load(&library, err);
}

#else /* linked, or left out */

int microhttpd_load(struct error *err)
{
	(void)err;
	return 0;
}

#endif
