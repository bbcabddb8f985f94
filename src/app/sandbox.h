/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_SANDBOX_H
#define MONITOR_APP_SANDBOX_H

#include <stdint.h>

#include "base/error.h"

/*
 * A seccomp filter of the monitor itself. What is refused fails with EPERM, in whatever thread, and is
 * counted: an error that is not told would hide faults of ours and attacks on us, and an end of the process
 * would leave what it watches unwatched, which may be just what was wanted. Calls of newer kernels fail with
 * ENOSYS instead, so that libraries fall back to older ones.
 */
enum sandbox_use {
	SANDBOX_WATCH, /* events come from elsewhere */
	SANDBOX_TRACE, /* of a workload that is traced */
	SANDBOX_PLUGINS, /* foreign code is loaded: all but a few calls pass */
	SANDBOX_TRACE_PLUGINS, /* both: of these few those pass that tracing takes */
};

/* For all threads, now and later. -EOPNOTSUPP: this program cannot have one; err says why. */
int sandbox_enter(enum sandbox_use use, struct error *err);
/* How many calls were refused so far, and which was the last: NULL = none, or it has no name. */
uint64_t sandbox_refused(const char **ret_call);

#endif
