/* SPDX-License-Identifier: Apache-2.0 */
#include "net/nghttp2.h"

#ifdef NGHTTP2_SONAMES

#include "base/library.h"

#define FUNCTION LIBRARY_STUB
#include "net/nghttp2.def"
#undef FUNCTION

static const struct library_function functions[] = {
#define FUNCTION LIBRARY_ROW
#include "net/nghttp2.def"
#undef FUNCTION
};

static const char *const sonames[] = { NGHTTP2_SONAMES };
static struct library library = LIBRARY_INIT(sonames, functions, "the gRPC output");
LIBRARY_NOTE(nghttp2, NGHTTP2_NOTE);

int nghttp2_load(struct error *err)
{
	return library_load(&library, err);
}

#else /* linked, or left out */

int nghttp2_load(struct error *err)
{
	(void)err;
	return 0;
}

#endif
