/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_CREDS_H
#define MONITOR_TRACER_CREDS_H

#include "event/event.h"
#include "tracer/procfs.h"

/*
 * Ids and capabilities of a process that has just executed, by calls: a third of what its status file costs.
 * Fills tgid, the ids of user and group (those of the file system are the effective ones then) and the
 * capabilities. -EOPNOTSUPP where calls do not tell, -ESRCH.
 */
int creds_read(pid_t pid, struct procfs_task *task);

struct event_creds creds_of_task(const struct procfs_task *task);
/* Who a thread is now, of any namespace. known: unless it is gone. */
struct event_creds creds_now(pid_t tid);
/* What the id is for us that a thread's namespace calls so. False: it has none such, so that no call can ask for it. */
bool creds_map(pid_t tid, bool group, uint32_t inside, uint32_t *ret_id);

#endif
