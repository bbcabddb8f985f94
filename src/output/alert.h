/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_OUTPUT_ALERT_H
#define MONITOR_OUTPUT_ALERT_H

#include <stdint.h>

#include "base/str.h"

enum priority {
	PRIORITY_EMERGENCY,
	PRIORITY_ALERT,
	PRIORITY_CRITICAL,
	PRIORITY_ERROR,
	PRIORITY_WARNING,
	PRIORITY_NOTICE,
	PRIORITY_INFORMATIONAL,
	PRIORITY_DEBUG,
	PRIORITY_COUNT
};

/* "Emergency" … "Debug". */
const char *priority_name(enum priority p);
/* Any case; "info" and "informational" are both good. -EINVAL otherwise. */
int priority_parse(struct str s, enum priority *ret_priority);

struct alert_copy;

/*
 * One alert, rendered and self-contained: no output ever sees an event. All members are borrowed until the call that
 * they are passed to returns; who wants it longer calls alert_keep().
 */
struct alert {
	uint64_t ts; /* epoch ns */
	enum priority priority;
	struct str rule;
	struct str source; /* "syscall", "internal" … */
	struct str text; /* one line as Falco prints it: time, priority, output; no newline */
	struct str json; /* the same as one JSON object; no newline. Empty when no output wanted JSON */

	/* the parts, for outputs with a form of their own */
	struct str hostname;
	/* the "output_fields" as a JSON object; empty unless asked for (engine_options.alert_fields) */
	struct str fields;
	const struct str *tags;
	size_t ntags;
	/*
	 * Where the first who keeps it leaves its copy for the others; whoever passes the alert around lets
	 * go of it. NULL = no place.
	 */
	struct alert_copy **kept;
};

/* An alert with texts of its own, shared by all that keep it: read it only. */
struct alert_copy {
	struct alert alert;
	size_t bytes; /* of memory, with all texts */
	_Atomic uint32_t holders;
};
/*
 * To keep an alert, for any thread: a copy, the one that others have already where there is one. NULL = out
 * of memory.
 */
struct alert_copy *alert_keep(const struct alert *a);
void alert_let_go(struct alert_copy *copy); /* NULL is fine */

#endif
