/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_AFFINITY_H
#define MONITOR_TRACER_AFFINITY_H

#include <stdint.h>
#include <sys/types.h>

/* Where a thread may run: sched_setaffinity(2). A tid of 0 is the caller. All return 0 or negative errno. */

/* Wherever there are processors, also those that come later: the kernel takes what there is of it. */
int affinity_widen(pid_t tid);
/* On one processor only. */
int affinity_bind(pid_t tid, unsigned int processor);
/* Takes that back, unless somebody else has set something since. */
int affinity_release(pid_t tid, unsigned int processor);

#endif
