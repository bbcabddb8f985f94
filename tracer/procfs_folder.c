/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/procfs_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif

/* Written before there are other threads. What the kernel says of a process is the same to whoever asks. */
static int folder = -1;

/*
 * A proc file system of our own, in no namespace (Linux 5.8; before that it is the one that all have): whoever lists
 * the other and is kept waiting for memory to put names into holds its locks, and who looks up a process there would
 * wait, too. -errno: we may not do that.
 */
static int mount_own(void)
{
	auto_fd int context = (int)syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC);
	int fd;

	if (context < 0 || syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	fd = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC,
			  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	return fd < 0 ? -errno : fd;
}

/*
 * A copy of the mount, in no namespace: nobody can mount anything over what is in it, and /proc itself can still be
 * unmounted. Mounts that lie below are copied where the kernel does not let them be left out. -errno: we may not do
 * that, and then no workload of our rights may mount anything either.
 */
static int copy_mount(void)
{
	struct mount_attr alone = { .propagation = MS_PRIVATE };
	auto_fd int fd = (int)syscall(SYS_open_tree, AT_FDCWD, "/proc", OPEN_TREE_CLONE | O_CLOEXEC);

	if (fd < 0 && errno == EINVAL)
		fd = (int)syscall(SYS_open_tree, AT_FDCWD, "/proc", OPEN_TREE_CLONE | AT_RECURSIVE | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* else what is mounted below /proc shows in copies, too (before Linux 5.12) */
	syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &alone, sizeof(alone));
	return take_fd(fd);
}

void procfs_keep(void)
{
	int fd = mount_own();

	if (fd < 0)
		fd = copy_mount();
	if (fd < 0)
		fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (folder >= 0)
		close(folder);
	folder = fd;
}

int procfs_folder(void)
{
	if (folder < 0)
		procfs_keep();
	return folder;
}

void procfs_path(char path[PROCFS_PATH_BYTES], pid_t tid, const char *name)
{
	if (tid)
		snprintf(path, PROCFS_PATH_BYTES, "%d/%s", tid, name);
	else
		snprintf(path, PROCFS_PATH_BYTES, "self/%s", name);
}

DIR *procfs_list(const char *path)
{
	auto_fd int fd = openat(procfs_folder(), path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir)
		take_fd(fd);
	return dir;
}
