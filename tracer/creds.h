/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_CREDS_H
#define MONITOR_TRACER_CREDS_H

#include "tracer/procfs.h"

/*
 * Ids and capabilities of a process by calls: a third of what its status file costs. Fills tgid, the ids of user and
 * group and the capabilities. -EOPNOTSUPP where the kernel does not tell (before Linux 6.13), -ESRCH.
 */
int creds_read(pid_t pid, int pidfd, struct procfs_task *task);
/* What it reads by: a descriptor, negative where there is none. */
int creds_open(pid_t pid);

#endif
