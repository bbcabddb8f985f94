/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_STATX_H
#define MONITOR_TRACER_STATX_H

/* statx(2), also for C libraries that do not have it yet (musl before 1.2.5). */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#ifndef STATX_TYPE
#include <linux/stat.h>
#endif
#ifndef STATX_MNT_ID_UNIQUE /* of Linux 6.8 */
#define STATX_MNT_ID_UNIQUE 0x4000u
#endif
#ifndef AT_STATX_DONT_SYNC
#define AT_STATX_DONT_SYNC 0x4000
#endif

/* The kernel's own: glibc does without it where it is refused, and then takes AT_STATX_DONT_SYNC for a mistake. */
static inline int statx_ask(int dir, const char *path, int flags, unsigned int mask, struct statx *ret_stat)
{
	return (int)syscall(SYS_statx, dir, path, flags, mask, ret_stat);
}

/* Whether that is what errno says: before Linux 4.11, or in a profile that does not know it yet. */
static inline bool statx_is_refused(void)
{
	return errno == ENOSYS || errno == EPERM;
}

static inline struct stat statx_as_stat(const struct statx *x)
{
	return (struct stat){
		.st_dev = makedev(x->stx_dev_major, x->stx_dev_minor),
		.st_rdev = makedev(x->stx_rdev_major, x->stx_rdev_minor),
		.st_ino = x->stx_ino,
		.st_mode = x->stx_mode,
		.st_nlink = x->stx_nlink,
		.st_uid = x->stx_uid,
		.st_gid = x->stx_gid,
		.st_size = (off_t)x->stx_size,
		.st_mtim = { x->stx_mtime.tv_sec, x->stx_mtime.tv_nsec },
		.st_ctim = { x->stx_ctime.tv_sec, x->stx_ctime.tv_nsec },
	};
}

/*
 * As fstatat(2) of what another process has open, by what the kernel knows of it: a server that is asked may
 * wait for us (slow.c).
 */
static inline int statx_known_at(int dir, const char *path, int flags, struct stat *ret_stat)
{
	struct statx x;

	if (statx_ask(dir, path, flags | AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &x) < 0)
		return statx_is_refused() ? fstatat(dir, path, ret_stat, flags) : -1;
	*ret_stat = statx_as_stat(&x);
	return 0;
}

#endif
