/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_OUTPUT_RETRY_H
#define MONITOR_OUTPUT_RETRY_H

#include "output/output.h"

/*
 * Delivers by try_once(), and counts: a server that is started anew is away for a moment, so what fails is tried again for
 * SYSLOG_RETRY_SECONDS, while alerts wait in the queue. What can never work will not get better. Returns what the last try did.
 */
int retry_deliver(struct output *o, int (*try_once)(struct output *o, struct error *err), struct error *err);

#endif
