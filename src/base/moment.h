/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_BASE_MOMENT_H
#define MONITOR_BASE_MOMENT_H

#include <stdint.h>

#include "base/str.h"

/* How a moment is written: those of ISO 8601 in UTC, all others in the zone that TZ says. */
enum moment_form {
	MOMENT_CLOCK, /* 13:14:15.123456789 */
	MOMENT_CLOCK_S, /* 13:14:15 */
	MOMENT_DATE, /* date, blank, clock */
	MOMENT_DATE_S,
	MOMENT_ISO, /* date, T, clock, +0000 */
	MOMENT_ISO_S,
	MOMENT_ISO_Z, /* with Z in place of +0000 (RFC 3339): the "time" of a JSON alert */
	MOMENT_ISO_Z_US, /* in microseconds, which RFC 5424 ends at */
};
void moment_add(struct strbuf *out, uint64_t epoch_ns, enum moment_form form);

#endif
