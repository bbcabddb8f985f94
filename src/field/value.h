/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_FIELD_VALUE_H
#define MONITOR_FIELD_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "event/event.h"
#include "state/fd.h"

struct ipnet {
	struct ip address;
	uint8_t prefix;
};

/*
 * One typed value. Which member is valid follows from the parameter type (value_kind()). Text and bytes are borrowed
 * until the evaluation's arena is reset (end of the event).
 */
struct value {
	union {
		uint64_t u;
		int64_t i;
		bool b;
		double d;
		struct str s;
		struct ip ip;
		struct ipnet net;
		struct {
			uint64_t number;
			enum param_type type; /* which it has in this very event */
		} raw; /* a number of evt.rawarg; u and i are its number */
	};
};

enum value_kind { VALUE_UINT, VALUE_INT, VALUE_BOOL, VALUE_DOUBLE, VALUE_TEXT, VALUE_BYTES, VALUE_IP, VALUE_NET };
enum value_kind value_kind(enum param_type type);

/*
 * What an extraction found. Absent makes every comparison false; unknown (provisional events only) makes it unknown.
 * A field that is not list-typed has exactly one value when present.
 */
enum presence { ABSENT = 0, PRESENT = 1, UNKNOWN = 2 };

struct values {
	const struct value *list;
	uint32_t count;
};

#endif
