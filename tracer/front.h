/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_FRONT_H
#define MONITOR_TRACER_FRONT_H

#include <sys/types.h>

#include "tracer/launch.h"

/*
 * What stays of the process that the user's shell started, while the supervisor works: for the shell it stands for the
 * workload. Signals sent to it reach the workload once, it stops and goes on when the workload does, and it ends as
 * the workload ended.
 */
_Noreturn void front_main(pid_t workload, pid_t supervisor, int control, struct launch_shared *shared);

#endif
