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
struct front_family {
	pid_t workload, supervisor;
	int control; /* the front's end of the socket to the supervisor */
	int go; /* the workload's end of its own, which the front has until the exec */
};

/* With all signals blocked. */
_Noreturn void front_main(const struct front_family *family, struct launch_shared *shared);

#endif
