/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/supervisor.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tracer/procfs.h"
#include "tracer/sight.h"
#include "tracer/statx.h"

/*
 * Where the path of a call leads that its caller makes, and whose result nobody will see: the way that the kernel will
 * go, gone ahead of it. Links can be swapped until it looks, and alerts say so.
 */

/* An open's flags, and openat2()'s resolve. */
static bool read_flags(const struct call *c, uint64_t *ret_flags, uint64_t *ret_resolve)
{
	struct open_how how = { 0 };

	if (c->number == SYS_openat2 && (!c->memory || memory_read(c->memory, c->args[2], &how, sizeof(how)) < 0))
		return false;
	if (c->number == SYS_openat)
		how.flags = c->args[2];
#ifdef SYS_open
	if (c->number == SYS_open)
		how.flags = c->args[1];
#endif
	*ret_flags = how.flags;
	*ret_resolve = how.resolve;
	return true;
}

/* The link in /proc to where a relative path of an open or exec begins. */
static void name_base(const struct call *c, char ret_link[32])
{
	bool below = c->number == SYS_openat || c->number == SYS_openat2 || c->number == SYS_execveat;
	int dirfd = below ? (int)c->args[0] : AT_FDCWD;

	if (dirfd == AT_FDCWD)
		snprintf(ret_link, 32, "cwd");
	else
		snprintf(ret_link, 32, "fd/%d", dirfd);
}

/* The path of an open or exec as its caller's root directory has it; false: that cannot be told. */
static bool make_whole(const struct call *c, const char *path, char ret_whole[PATH_MAX])
{
	char link[32], base[PATH_MAX] = "";
	ssize_t n;

	/* what links say begins at our own root */
	n = procfs_read_link(c->tid, "root", base, sizeof(base));
	if (n != 1)
		return false;
	if (*path != '/') {
		name_base(c, link);
		n = procfs_read_link(c->tid, link, base, sizeof(base) - 1);
		if (n <= 0 || base[0] != '/')
			return false;
		base[n] = '\0';
	} else {
		base[0] = '\0';
	}
	return (size_t)snprintf(ret_whole, PATH_MAX, "%s/%s", base, path) < PATH_MAX;
}

static bool has_our_mounts(pid_t tid)
{
	uint64_t theirs = procfs_namespace(tid, "ns/mnt");

	return theirs && theirs == procfs_namespace(0, "ns/mnt");
}

/* Where a path leads in the caller's root directory, by O_PATH; negative errno. */
static int open_whole(struct tracer *t, struct slow *mounts, pid_t tid, const char *whole)
{
	auto_fd int root = -1;
	char link[32];

	snprintf(link, sizeof(link), "%d/root", tid);
	root = SIGHT(link, openat(procfs_folder(), link, O_PATH | O_DIRECTORY | O_CLOEXEC));
	if (root < 0)
		return -errno;
	/* a look that the kernel has no answer for takes the lock of a folder */
	if (reader_fears_locks(t->reader))
		return slow_open_known(root, whole, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
	return slow_open_below(mounts, root, whole, tid);
}

/* The same of who does not follow a link at its end: there is nothing then. */
static int open_unfollowed(struct tracer *t, struct slow *mounts, pid_t tid, char *whole)
{
	char *last = strrchr(whole, '/');
	auto_fd int folder = -1;
	struct stat st;
	int fd;

	/* nobody looks for something in a folder that may not answer */
	if (reader_fears_locks(t->reader) || slow_any(mounts))
		return -EAGAIN;
	*last++ = '\0';
	folder = open_whole(t, mounts, tid, *whole ? whole : "/");
	if (folder < 0)
		return folder;
	fd = openat(folder, *last ? last : ".", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && (statx_known_at(fd, "", AT_EMPTY_PATH, &st) < 0 || S_ISLNK(st.st_mode)))
		close(take_fd(fd));
	return fd;
}

/* The same below a mount that has no path (open_tree()), and so none leads there. -EXDEV: it begins elsewhere. */
static int open_detached(struct tracer *t, struct slow *mounts, const struct call *c, uint64_t flags, const char *path)
{
	auto_fd int base = -1;
	char link[32], name[48];

	if (*path == '/')
		return -EXDEV;
	name_base(c, link);
	snprintf(name, sizeof(name), "%d/%s", c->tid, link);
	base = SIGHT(name, openat(procfs_folder(), name, O_PATH | O_DIRECTORY | O_CLOEXEC));
	if (base < 0 || !slow_is_apart(mounts, base))
		return -EXDEV;
	/* nobody looks for something that may not answer */
	if (reader_fears_locks(t->reader) || slow_any(mounts))
		return slow_open_known(base, path, RESOLVE_NO_MAGICLINKS);
	return lookup_open(base, path, O_PATH | (flags & O_NOFOLLOW), 0, RESOLVE_NO_MAGICLINKS);
}

static int open_guessed(struct tracer *t, const struct call *c, uint64_t flags, const char *path)
{
	bool ours = has_our_mounts(c->tid);
	struct slow others, *mounts = ours ? &t->slow : &others;
	char whole[PATH_MAX];
	int fd;

	if (!ours)
		slow_of(&others, c->tid);
	fd = open_detached(t, mounts, c, flags, path);
	if (fd == -EXDEV && !make_whole(c, path, whole))
		fd = -EOPNOTSUPP;
	else if (fd == -EXDEV)
		fd = flags & O_NOFOLLOW ? open_unfollowed(t, mounts, c->tid, whole) :
					  open_whole(t, mounts, c->tid, whole);
	if (!ours)
		slow_free(&others);
	return fd;
}

void guess_real_path(struct tracer *t, const struct call *c, const char *path)
{
	char link[32];
	uint64_t flags, resolve;
	auto_fd int fd = -1;

	if (!*path || !read_flags(c, &flags, &resolve) || resolve & RESOLVE_IN_ROOT)
		return;
	fd = open_guessed(t, c, flags, path);
	if (fd < 0)
		return;
	snprintf(link, sizeof(link), "self/fd/%d", fd);
	lookup_real_path(t, c->tid, link);
}

int guess_exec_error(struct tracer *t, const struct tracee *tracee, const struct call *c)
{
	auto_fd int fd = -1;
	struct stat st;

	if (!tracee->exec_path)
		return -ENOEXEC;
	fd = open_guessed(t, c, 0, tracee->exec_path);
	if (fd == -ENOENT || fd == -ENOTDIR || fd == -EACCES || fd == -ELOOP || fd == -ENAMETOOLONG)
		return fd;
	if (fd < 0 || statx_known_at(fd, "", AT_EMPTY_PATH, &st) < 0)
		return -ENOEXEC;
	return S_ISREG(st.st_mode) && st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH) ? -ENOEXEC : -EACCES;
}

int guess_program(struct tracer *t, const struct tracee *tracee, const struct call *c)
{
	char whole[PATH_MAX], link[32];
	struct slow mounts;
	int fd;

	if (!tracee->exec_path) {
		snprintf(link, sizeof(link), "%d/fd/%d", c->tid, (int)c->args[0]);
		return c->number != SYS_execveat ? -1 : SIGHT(link, openat(procfs_folder(), link, O_PATH | O_CLOEXEC));
	}
	if (!make_whole(c, tracee->exec_path, whole))
		return -1;
	slow_of(&mounts, c->tid);
	fd = open_whole(t, &mounts, c->tid, whole);
	slow_free(&mounts);
	return fd;
}
