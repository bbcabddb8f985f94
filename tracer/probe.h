/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_PROBE_H
#define MONITOR_TRACER_PROBE_H

#include <stdbool.h>

#include "tracer/backend.h"

/* What a way of interception fails at. */
enum probe_step {
	PROBE_FILTER, /* seccomp() */
	PROBE_TRACE, /* ptrace() */
	PROBE_ANSWERS, /* both are taken, and what they promise does not come */
};

struct probe_result {
	enum probe_step step; /* that failed */
	bool injects; /* callers can be given descriptors */
	bool finishes; /* and their answer with them */
};

/*
 * Whether a way of interception works here, from end to end: a throw-away child installs a filter, makes a call that it
 * catches, and must see our answer as the call's result. Kernels, sandboxes and security modules that only claim to
 * support it fail here. 0 or -errno; the result is written in both cases.
 */
int probe_backend(enum tracer_backend backend, struct probe_result *ret_result, struct error *err);

#endif
