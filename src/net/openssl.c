/* SPDX-License-Identifier: Apache-2.0 */
#include "net/openssl.h"

#ifdef OPENSSL_SONAMES

#include "base/library.h"

#define FUNCTION LIBRARY_STUB
#include "net/openssl.def"
#undef FUNCTION

static const struct library_function functions[] = {
#define FUNCTION LIBRARY_ROW
#include "net/openssl.def"
#undef FUNCTION
};

static const char *const sonames[] = { OPENSSL_SONAMES };
static struct library library = LIBRARY_INIT(sonames, functions, "TLS");
LIBRARY_NOTE(openssl, OPENSSL_NOTE);

int openssl_load(struct error *err)
{
	return library_load(&library, err);
}

#else /* linked, or left out */

int openssl_load(struct error *err)
{
	(void)err;
	return 0;
}

#endif
