/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_PLACE_H
#define MONITOR_TRACER_PLACE_H

#include <stdbool.h>

#include "base/error.h"
#include "tracer/backend.h"

/* What the place that we run in lacks, beside ways to intercept. */

/*
 * A seccomp filter that we are in may kill who makes a call that it does not allow: then what is tried is the
 * end of us. 0, or -EPERM where it would kill us, for a call that every run makes or tries.
 */
int place_lets_live(struct error *err);

enum place_proc {
	PLACE_PROC_OURS,
	PLACE_PROC_NONE,
	PLACE_PROC_FOREIGN, /* of another pid namespace: its numbers mean other processes */
};
enum place_proc place_proc(void);
/* Mounts a /proc for the calling process alone, in a mount namespace of its own; true = it is there and ours. */
bool place_mount_proc(void);
/* Whether that could be done; the caller's own mounts stay as they are. */
bool place_can_mount_proc(void);
/* What to change where they lose them. */
#define PLACE_SET_UID_REMEDY "run monitor as root, in a container with the capabilities SYS_ADMIN and SYS_PTRACE"
enum place_set_uid {
	PLACE_SET_UID_KEPT,
	PLACE_SET_UID_LOST, /* a filter takes no_new_privs without SYS_ADMIN, a tracer wants SYS_PTRACE */
	PLACE_SET_UID_NONE, /* they have none here in any case */
};
/* What becomes of the rights of set-uid programs below a way to intercept. */
enum place_set_uid place_set_uid(enum tracer_backend backend);
/* Whether we may look into processes that are not dumpable. */
bool place_sees_all(void);
/* Whether the kernel records births of processes for us (task_ring.h). */
bool place_records(void);
/*
 * Whether files can be opened in the workload's place: openat2 is Linux 5.6, what statx tells of mounts 5.8, and some
 * profiles refuse them.
 */
bool place_opens(void);
/*
 * The calling thread gets a creation mask of its own, as who makes files for others needs beside other threads. Not
 * where unshare() is refused.
 */
bool place_keeps_masks(void);

/* Whether there may be two processes beside us: a run has the supervisor and the command. */
bool place_forks(void);
/* The limit, up to which we raise it, leaves fewer than a run takes to look at all that it is asked for. */
bool place_few_descriptors(void);

#endif
