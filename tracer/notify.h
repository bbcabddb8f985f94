/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_NOTIFY_H
#define MONITOR_TRACER_NOTIFY_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* The notification descriptor. Results are 0 or -errno; -ENOENT: the caller is gone or was interrupted. */

/* The kernel's structs may be larger than the headers'; -ENOTSUP when they are larger than our memory. */
int notify_check_sizes(void);
/* Wake-ups on the CPU of whoever wakes the other up, or wherever the scheduler likes; false before Linux 6.6. */
bool notify_set_synchronous(int listener, bool synchronous);
int notify_receive(int listener, struct seccomp_notif *ret_notification);
bool notify_valid(int listener, uint64_t id);
int notify_continue(int listener, uint64_t id);
/* The call is not executed: it returns value, or the negative errno. */
int notify_return(int listener, uint64_t id, int64_t value);
/*
 * Installs a copy of fd in the caller: its number there or -errno. With finish the call returns that number
 * at once, in one wake-up; else it still waits. When we are stopped or frozen in the middle of the former,
 * the call returns 0 and no descriptor: the kernel takes back the descriptor, but not the answer
 * (kernel/seccomp.c, seccomp_notify_addfd()).
 */
int notify_inject(int listener, uint64_t id, int fd, bool cloexec, bool finish);
/*
 * The same, and the call returns the number: in two steps where nothing can take a caller away between them
 * (WAIT_KILLABLE_RECV), else in one. fd is closed in any case, with two steps before the call returns: what
 * the caller then does with its own descriptor, a lock that it gives up by closing it, a file system that it
 * unmounts, a program that it executes, does not meet ours.
 */
int notify_hand_over(int listener, uint64_t id, int fd, bool cloexec, bool killable);
/* Whether notify_inject() works without (Linux 5.9), or with finish (5.14). */
bool notify_injects(int listener, bool finish);

#endif
