/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_OUTPUT_RETRY_H
#define MONITOR_OUTPUT_RETRY_H

#include "output/output.h"

/*
 * Whether a delivery that failed with r is to be tried again: a server that is started anew is away for a moment, alerts wait in the queue
 * meanwhile. Pauses before it says so, SYSLOG_RETRY_SECONDS in all; tries begins as 0. What can never work will not get better.
 */
bool retry_later(const struct output *o, int r, unsigned int *tries);

#endif
