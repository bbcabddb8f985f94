/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_BASE_ERROR_H
#define MONITOR_BASE_ERROR_H

#include <stdarg.h>

/*
 * How every fallible function reports: it returns 0 or a positive result, or a negative errno for the program,
 * and fills the caller's struct error (may be NULL) with a sentence for the person. The struct is fixed size so
 * that reporting a failure never allocates; a longer message is cut with "...".
 */
#define ERROR_TEXT_MAX 512

struct error {
	int code; /* negative errno, 0 when unset */
	char text[ERROR_TEXT_MAX];
};

/* Sets the message and returns code, so that "return error_set(err, -ENOMEM, ...)" is one line. */
int error_set(struct error *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

int error_setv(struct error *err, int code, const char *format, va_list args) __attribute__((format(printf, 3, 0)));

/* Puts "format: " before the present message (context on the way up) and returns code. */
int error_prefix(struct error *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* error_set() with ": <strerror(-code)>" appended. */
int error_errno(struct error *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
