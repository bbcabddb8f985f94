/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_NOTICE_H
#define MONITOR_APP_NOTICE_H

#include "app/session.h"
#include "tracer/tracer.h"

/* Alerts of the tracer itself (source "internal"): of calls that no rule can look into. */
struct notice {
	struct session *session;
	bool iso_time;
	bool told_ring; /* that rings are refused is said once a run, and is no alert */
};

/* For struct tracer_options; context is a struct notice. */
void notice_receive(void *context, const struct tracer_notice *n);

#endif
