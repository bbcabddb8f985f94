/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_INTERNAL_ALERT_H
#define MONITOR_APP_INTERNAL_ALERT_H

#include "app/alert_fields.h"
#include "app/session.h"

/* An alert that comes of no rule: its source is "internal". */
struct internal_alert {
	uint64_t ts;
	enum priority priority;
	const char *rule; /* static: alerts are counted by it */
	/* the sentence that follows the time and the priority; control characters in it are replaced */
	struct strbuf *message;
	struct alert_fields *fields; /* as text they follow the message */
};

/* To all outputs. One that there is no memory for goes to the log. */
void internal_alert_raise(struct session *s, bool iso_time, const struct internal_alert *a);

#endif
