/* SPDX-License-Identifier: Apache-2.0 */
/* What /proc/PID/exe is: the file, who may write it, and in which layer of an overlay it lies. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/words.h"
#include "tracer/filesystem.h"
#include "tracer/mount.h"
#include "tracer/procfs.h"
#include "tracer/sight.h"
#include "tracer/slow.h"

#define CAP_DAC_OVERRIDE_BIT 1

static bool exe_is_writable(const struct procfs_task *task, const struct stat *st, bool read_only)
{
	if (read_only)
		return false;
	if (st->st_uid == task->fsuid)
		return true; /* the owner can give itself the right */
	if (st->st_mode & S_IWOTH || (st->st_gid == task->fsgid && st->st_mode & S_IWGRP))
		return true;
	return task->cap_effective >> CAP_DAC_OVERRIDE_BIT & 1;
}

/*
 * The value of upperdir= in the options of the overlay that covers path, from mountinfo; false when there is none that
 * we can see. The mount point that is longest wins, the last one of equals (it lies on top).
 */
static bool find_upperdir(pid_t tid, struct str path, char *dir, size_t size, size_t *ret_mount_len)
{
	auto_free char *text = NULL;
	struct mount m, top = { 0 };
	struct str rest, line, upper;

	if (mount_read_all(tid, &text, &rest) < 0)
		return false;
	while (words_line(&rest, &line))
		if (mount_parse(line, &m) && m.point.len >= top.point.len && mount_covers(m.point, path))
			top = m;
	if (!top.point.len || !mount_is_overlay(top.type))
		return false;
	upper = mount_option(top.options, STR("upperdir"));
	if (!upper.len || upper.len >= size)
		return false;
	memcpy(dir, upper.ptr, upper.len);
	dir[upper.len] = '\0';
	*ret_mount_len = top.point.len > 1 ? top.point.len : 0;
	return true;
}

/*
 * An overlay gives no direct answer to "which layer". A file that changed after we started was copied up or made there;
 * for older ones the upper directory is looked at, where it can be seen from here.
 */
static void find_layer(pid_t tid, const struct stat *st, uint64_t since_ns, struct procfs_exe *exe)
{
	char dir[4096], candidate[8192];
	size_t mount_len;
	struct stat upper;

	if (exe->ctime_ns >= since_ns) {
		exe->upper_layer = true;
		return;
	}
	if (!exe->path[0])
		return;
	if (find_upperdir(tid, str_of(exe->path), dir, sizeof(dir), &mount_len)) {
		snprintf(candidate, sizeof(candidate), "%s%s", dir, exe->path + mount_len);
		exe->upper_layer = slow_stat(candidate, &upper) == 0 && upper.st_size == st->st_size &&
				   timespec_ns(upper.st_mtim) == exe->mtime_ns;
	}
	exe->lower_layer = !exe->upper_layer;
}

#define MEMFD "/memfd:"

/*
 * In the kernel's own memory, of memfd_create() or of mappings: shared ones that have no file, and segments of
 * shmget(). Root can execute those, too, by /proc/PID/map_files.
 */
static bool is_in_memory(const char *path)
{
	return str_starts(str_of(path), STR(MEMFD)) || str_starts(str_of(path), STR("/SYSV")) ||
	       str_eq(str_of(path), STR("/dev/zero (deleted)"));
}

/* Files in memory have no name; in gVisor they have a link all the same. */
static bool is_nowhere(const struct stat *st, const char *path)
{
	struct stat named;

	if (!st->st_nlink || !str_starts(str_of(path), STR(MEMFD)))
		return !st->st_nlink;
	return slow_stat(path, &named) == -ENOENT;
}

int procfs_read_exe(pid_t tid, int fd, const struct procfs_task *task, uint64_t (*since_ns)(void),
		    struct filesystem_memo *mounts, struct procfs_exe *ret_exe, struct error *err)
{
	static const char deleted[] = " (deleted)";
	struct procfs_exe exe = { 0 };
	char link[16] = "exe", path[32];
	struct filesystem fs;
	struct stat st;
	bool gone;
	int r;
	ssize_t n;

	if (fd >= 0)
		snprintf(link, sizeof(link), "fd/%d", fd);
	n = procfs_read_link(fd < 0 ? tid : getpid(), link, exe.path, sizeof(exe.path));
	if (n == -ENAMETOOLONG) { /* the kernel tells no path that long, but all else */
		exe.path[0] = '\0';
		n = 0;
	}
	if (n < 0)
		return error_errno(err, (int)n, "cannot read /proc/%d/exe", tid);
	snprintf(path, sizeof(path), "%d/%s", fd < 0 ? tid : getpid(), link);
	r = SIGHT(path, filesystem_ask(mounts, tid, procfs_folder(), path, &st, &fs));
	if (r < 0)
		return error_errno(err, r, "cannot look at /proc/%s", path);
	exe.inode = st.st_ino;
	exe.ctime_ns = timespec_ns(st.st_ctim);
	exe.mtime_ns = timespec_ns(st.st_mtim);
	gone = str_ends((struct str){ exe.path, (size_t)n }, STR(deleted)) && is_nowhere(&st, exe.path);
	exe.from_memfd = (gone || st.st_nlink == 0) && is_in_memory(exe.path);
	if (gone)
		exe.path[(size_t)n - (sizeof(deleted) - 1)] = 0;
	exe.writable = exe_is_writable(task, &st, fs.read_only);
	if (fs.overlay)
		find_layer(tid, &st, since_ns(), &exe);
	*ret_exe = exe;
	return 0;
}
