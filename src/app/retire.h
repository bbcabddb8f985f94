/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_RETIRE_H
#define MONITOR_APP_RETIRE_H

#include <stdbool.h>

#include "output/output.h"

/*
 * Outputs that a new configuration no longer has. What waits in them is still delivered, by a thread for
 * each, since that can take a while and nobody is to wait for it.
 */
struct retired;

/* Takes the output over. list begins as NULL. */
void retire(struct retired **list, struct output *o);
/* Ends those that are done; all when wait is set. What they lost goes to the log. */
void retire_reap(struct retired **list, bool wait);

#endif
