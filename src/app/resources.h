/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_RESOURCES_H
#define MONITOR_APP_RESOURCES_H

#include "app/metrics_rows.h"

/* Processor time and memory of ours and of the machine, into those members of m. What cannot be read stays 0. */
void resources_collect(struct metrics *m, uint64_t start_ts);

#endif
