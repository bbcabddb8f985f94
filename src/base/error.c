/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <stdio.h>
#include <string.h>

static void mark_cut(char *text, int needed)
{
	if (needed >= ERROR_TEXT_MAX)
		memcpy(text + ERROR_TEXT_MAX - 4, "...", 4);
}

int error_setv(struct error *err, int code, const char *format, va_list args)
{
	if (!err)
		return code;
	err->code = code;
	mark_cut(err->text, vsnprintf(err->text, sizeof(err->text), format, args));
	return code;
}

int error_set(struct error *err, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	error_setv(err, code, format, args);
	va_end(args);
	return code;
}

int error_prefix(struct error *err, int code, const char *format, ...)
{
	struct error old;
	va_list args;
	size_t used;

	if (!err)
		return code;
	old = *err;
	va_start(args, format);
	error_setv(err, code, format, args);
	va_end(args);
	used = strlen(err->text);
	mark_cut(err->text, (int)used + snprintf(err->text + used, sizeof(err->text) - used, ": %s", old.text));
	return code;
}

int error_errno(struct error *err, int code, const char *format, ...)
{
	va_list args;
	size_t used;

	if (!err)
		return code;
	va_start(args, format);
	error_setv(err, code, format, args);
	va_end(args);
	used = strlen(err->text);
	mark_cut(err->text, (int)used + snprintf(err->text + used, sizeof(err->text) - used, ": %s", strerror(-code)));
	return code;
}
