/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_HOST_PROCESSES_H
#define MONITOR_APP_HOST_PROCESSES_H

#include "plugin/plugin.h"
#include "source/scap.h"

/* What /proc has of processes, for system calls of this machine that somebody else catches and tells. */
#ifdef HAVE_TRACER
/* All threads of this machine and the descriptors of its processes, as they are now, into the receiver's lists. */
int host_processes(const struct scap_receiver *receiver, struct error *err);
/*
 * source_ops.fetch(): a thread that nobody told the birth of. Its descriptors stay unknown: sockets take a
 * call that plugins may not make. All else is known from host_processes() and what was told since.
 */
int host_answer(const struct needs *needs, source_sink sink, void *context, struct error *err);
#else /* nobody here reads it */
static inline int host_processes(const struct scap_receiver *receiver, struct error *err)
{
	(void)receiver;
	(void)err;
	return 0;
}
static const plugin_answers host_answer = NULL;
#endif

#endif
