/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_STATX_H
#define MONITOR_TRACER_STATX_H

/* statx(2), also for C libraries that do not have it yet (musl before 1.2.5). */
#include <sys/stat.h>

#ifndef STATX_TYPE
#include <linux/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline int statx(int dir, const char *path, int flags, unsigned int mask, struct statx *ret_stat)
{
	return (int)syscall(SYS_statx, dir, path, flags, mask, ret_stat);
}
#endif

#endif
