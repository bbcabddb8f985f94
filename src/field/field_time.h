/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_FIELD_FIELD_TIME_H
#define MONITOR_FIELD_FIELD_TIME_H

#include <stdint.h>

#include "base/str.h"

/* Forms of a moment, all but ISO in the zone that TZ says. */
enum time_form {
	TIME_FORM_CLOCK, /* 13:14:15.123456789 */
	TIME_FORM_CLOCK_S, /* 13:14:15 */
	TIME_FORM_ISO, /* UTC, with +0000 */
	TIME_FORM_DATE, /* date, blank, clock */
	TIME_FORM_DATE_S,
	TIME_FORM_ISO_Z, /* UTC, with Z: the "time" of a JSON alert */
};
void field_time_add(struct strbuf *out, uint64_t epoch_ns, enum time_form form);

#endif
