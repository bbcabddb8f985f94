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

#ifdef HAVE_OPENSSL

#include <openssl/err.h>

int openssl_fault(struct error *err, int code, const char *what)
{
	unsigned long e = ERR_get_error();
	const char *reason = e ? ERR_reason_error_string(e) : NULL;

	ERR_clear_error();
	return error_set(err, code, "%s: %s", what, reason ? reason : "TLS failed");
}

#endif
