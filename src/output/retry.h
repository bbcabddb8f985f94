/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_OUTPUT_RETRY_H
#define MONITOR_OUTPUT_RETRY_H

#include "output/output.h"

/*
 * Delivers by try_once(), and counts: a server that is started anew is away for a moment, so what fails is
 * tried again for SYSLOG_RETRY_SECONDS, while alerts wait in the queue. What can never work will not get
 * better. Returns what the last try did.
 */
int retry_deliver(struct output *o, int (*try_once)(struct output *o, struct error *err), struct error *err);

/*
 * What a connection or a try said, r: a local socket that has no file and had none since the output was
 * opened is nobody's; whoever had one may come back. Called by retry_deliver(); at the opening of an output
 * it goes before, with absent set.
 */
void retry_note_answer(struct output *o, int r);

#endif
