/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of callers, looked up by us: what opens and calls about names have in common. */
#include "tracer/lookup.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "tracer/mount.h"
#include "tracer/procfs.h"
#include "tracer/sight.h"
#include "tracer/statx.h"
#include "tracer/supervisor.h"

void lookup_mounts_changed(struct tracer *t)
{
	t->slow.changed = true;
	if ((reader_is_wary(t->reader) && reader_fears_locks(t->reader)) || !slow_gives(&t->slow))
		return;
	reader_be_wary(t->reader);
	reader_fear_locks(t->reader);
}

void lookup_mounts(struct tracer *t)
{
	if (slow_moves(&t->slow))
		lookup_mounts_changed(t);
}

int lookup_open(int dirfd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve)
{
	struct open_how how = { .flags = flags | O_CLOEXEC, .mode = mode, .resolve = resolve };
	long fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

bool lookup_is_ordinary(const struct lookup *l, int fd)
{
	struct statfs fs;

	return !slow_has(l->slow, fd) && fstatfs(fd, &fs) == 0 && mount_is_ordinary((uint32_t)fs.f_type);
}

/* The path is not known to lead to where looking may take for ever. */
static int checked(struct lookup *l, int base, const char *name, bool makes)
{
	int r = l->quick ? slow_known_way(l->slow, base, name) : slow_on_way(l->slow, base, name, makes);

	if (r == 0)
		return base;
	l->waits = r > 0;
	l->unknown = r < 0;
	if (base >= 0)
		close(base);
	return -EXDEV;
}

/* What a link in /proc leads to. */
static int follow(struct lookup *l, const char *path, int flags)
{
	auto_fd int fd = SIGHT(path, openat(procfs_folder(), path, O_PATH | O_CLOEXEC | flags));

	if (fd < 0)
		return -errno;
	if (!slow_is_ours(l->slow, fd) || !lookup_is_ordinary(l, fd)) {
		l->waits = !slow_is_ours(l->slow, fd) || slow_has(l->slow, fd);
		return -EXDEV;
	}
	return take_fd(fd);
}

int lookup_base(struct lookup *l, const char *name, int dirfd, bool makes)
{
	char path[64];
	int fd;

	if (name[0] == '/')
		return checked(l, AT_FDCWD, name, makes);
	if (dirfd == AT_FDCWD)
		snprintf(path, sizeof(path), "%d/cwd", l->tid);
	else if (dirfd >= 0)
		snprintf(path, sizeof(path), "%d/fd/%d", l->tid, dirfd);
	else
		return -EBADF;
	fd = follow(l, path, O_DIRECTORY);
	return fd < 0 ? fd : checked(l, fd, name, makes);
}

int lookup_descriptor(struct lookup *l, int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "%d/fd/%d", l->tid, fd);
	return fd < 0 ? -EBADF : follow(l, path, 0);
}

void lookup_real_path(struct tracer *t, pid_t tid, const char *link)
{
	struct stat st;
	struct str other;
	ssize_t n;

	n = SIGHT(link, readlinkat(procfs_folder(), link, t->real_path, sizeof(t->real_path)));
	if (n > 0 && (size_t)n < sizeof(t->real_path) && t->real_path[0] == '/')
		t->ext.real_path = (struct str){ t->real_path, (size_t)n };
	if (SIGHT(link, statx_known_at(procfs_folder(), link, 0, &st)) < 0)
		return;
	other = links_find(t->links, tid, procfs_folder(), link, &st, t->ext.real_path, t->mounted);
	if (other.len)
		t->ext.real_path = other;
}

bool lookup_mentions_proc(const char *path)
{
	return strstr(path, "proc") != NULL;
}
