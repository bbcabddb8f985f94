/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/filesystem.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/words.h"
#include "tracer/mount.h"
#include "tracer/statx.h"

/* As the process sees it; false: not among its mounts. */
static bool find_mount(pid_t tid, uint64_t id, char **ret_text, struct mount *ret_mount)
{
	struct str rest, line;

	if (mount_read_all(tid, ret_text, &rest) < 0)
		return false;
	while (words_line(&rest, &line))
		if (mount_parse(line, ret_mount) && ret_mount->id == id)
			return true;
	return false;
}

static int ask(int folder, const char *path, struct filesystem *ret_fs)
{
	auto_fd int fd = openat(folder, path, O_PATH | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return -errno;
	*ret_fs = (struct filesystem){ .read_only = fs.f_flags & ST_RDONLY,
				       .overlay = fs.f_type == OVERLAYFS_SUPER_MAGIC };
	return 0;
}

/*
 * What names a mount for good; 0 = nothing does. A disk is mounted anew by root alone, and a unique id is
 * given once.
 */
static uint64_t lasting_name(const struct statx *st)
{
	if (st->stx_mask & STATX_MNT_ID_UNIQUE)
		return st->stx_mnt_id;
	return st->stx_dev_major ? (uint64_t)st->stx_dev_major << 32 | st->stx_dev_minor : 0;
}

static bool is_own_root(uint64_t name)
{
	struct statx st;

	return name && statx_ask(AT_FDCWD, "/", AT_STATX_DONT_SYNC, STATX_MNT_ID_UNIQUE, &st) == 0 &&
	       lasting_name(&st) == name;
}

static bool is_known(const struct filesystem_memo *m, uint64_t name)
{
	for (size_t i = 0; i < ARRAY_SIZE(m->prompt); i++)
		if (name && m->prompt[i] == name)
			return true;
	return false;
}

/* name: of the mount, for good; 0 = none */
static int ask_of_mount(struct filesystem_memo *m, pid_t tid, int folder, const char *path, uint64_t name,
			struct filesystem *ret_fs)
{
	auto_free char *text = NULL;
	struct mount mount;
	struct statx st;

	if (is_known(m, name))
		return ask(folder, path, ret_fs);
	/* the list has the other id */
	if (statx_ask(folder, path, AT_STATX_DONT_SYNC, STATX_MNT_ID, &st) < 0)
		return -errno;
	if (!(st.stx_mask & STATX_MNT_ID)) /* before Linux 5.8 */
		return ask(folder, path, ret_fs);
	*ret_fs = (struct filesystem){ 0 };
	if (!find_mount(tid, st.stx_mnt_id, &text, &mount))
		return 0;
	if (!mount_is_prompt(mount.type) && !(mount_is_overlay(mount.type) && is_own_root(name))) {
		*ret_fs = (struct filesystem){ .read_only = mount.read_only,
					       .overlay = mount_is_overlay(mount.type) };
		return 0;
	}
	m->prompt[m->next++ % ARRAY_SIZE(m->prompt)] = name;
	return ask(folder, path, ret_fs);
}

int filesystem_ask(struct filesystem_memo *m, pid_t tid, int folder, const char *path, struct stat *ret_st,
		   struct filesystem *ret_fs)
{
	struct filesystem fs;
	struct statx x;
	struct stat st;
	int r;

	if (statx_ask(folder, path, AT_STATX_DONT_SYNC, STATX_BASIC_STATS | STATX_MNT_ID_UNIQUE, &x) == 0) {
		st = statx_as_stat(&x);
		r = ask_of_mount(m, tid, folder, path, lasting_name(&x), &fs);
	} else if (statx_is_refused() && fstatat(folder, path, &st, 0) == 0) {
		r = ask(folder, path, &fs);
	} else {
		r = -errno;
	}
	if (r < 0)
		return r;
	*ret_st = st;
	*ret_fs = fs;
	return 0;
}
