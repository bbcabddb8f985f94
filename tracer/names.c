/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/supervisor.h"

#include <fcntl.h>
#include <linux/fs.h> /* RENAME_NOREPLACE and the like, which musl has not */
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "tracer/creation.h"
#include "tracer/procfs.h"

/*
 * Calls that make, move and remove names, or change what a name stands for. The paths are behind pointers,
 * and links and mounts move: so each path is read once and the call is made in the caller's place, from the
 * folder that the path leads to. The last part of a path is then no longer resolved. Under the conditions of
 * open.c, and with the caller's rights from the first folder on; everything else the caller does itself.
 */

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

#define NONE 6 /* no such argument */

static const struct row {
	long number;
	enum operation { UNLINK, RENAME, LINK, SYMLINK, MKDIR, CHMOD, CHOWN } operation;
	uint8_t dir, path; /* arguments */
	uint8_t dir2, path2; /* of the second name; a symbolic link's text is path, its name path2 */
	uint8_t value, flags;
	int add; /* flags that the call implies */
} rows[] = {
#ifdef SYS_unlink
	{ SYS_unlink, UNLINK, NONE, 0, NONE, NONE, NONE, NONE, 0 },
	{ SYS_rmdir, UNLINK, NONE, 0, NONE, NONE, NONE, NONE, AT_REMOVEDIR },
	{ SYS_rename, RENAME, NONE, 0, NONE, 1, NONE, NONE, 0 },
	{ SYS_link, LINK, NONE, 0, NONE, 1, NONE, NONE, 0 },
	{ SYS_symlink, SYMLINK, NONE, 0, NONE, 1, NONE, NONE, 0 },
	{ SYS_mkdir, MKDIR, NONE, 0, NONE, NONE, 1, NONE, 0 },
	{ SYS_chmod, CHMOD, NONE, 0, NONE, NONE, 1, NONE, 0 },
	{ SYS_chown, CHOWN, NONE, 0, NONE, NONE, 1, NONE, 0 },
	{ SYS_lchown, CHOWN, NONE, 0, NONE, NONE, 1, NONE, AT_SYMLINK_NOFOLLOW },
#endif
#ifdef SYS_renameat
	{ SYS_renameat, RENAME, 0, 1, 2, 3, NONE, NONE, 0 },
#endif
	{ SYS_unlinkat, UNLINK, 0, 1, NONE, NONE, NONE, 2, 0 },
	{ SYS_renameat2, RENAME, 0, 1, 2, 3, NONE, 4, 0 },
	{ SYS_linkat, LINK, 0, 1, 2, 3, NONE, 4, 0 },
	{ SYS_symlinkat, SYMLINK, NONE, 0, 1, 2, NONE, NONE, 0 },
	{ SYS_mkdirat, MKDIR, 0, 1, NONE, NONE, 2, NONE, 0 },
	{ SYS_fchmodat, CHMOD, 0, 1, NONE, NONE, 2, NONE, 0 },
	{ SYS_fchmodat2, CHMOD, 0, 1, NONE, NONE, 2, 3, 0 },
	{ SYS_fchownat, CHOWN, 0, 1, NONE, NONE, 2, 4, 0 },
};

static const struct row *find(long number)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].number == number)
			return &rows[i];
	return NULL;
}

static int flags_of(const struct call *c, const struct row *row)
{
	return row->flags == NONE ? 0 : (int)c->args[row->flags];
}

/* Others are refused before paths are read, or mean that there is none. */
static bool flags_known(const struct call *c, const struct row *row)
{
	static const int known[] = {
		[UNLINK] = AT_REMOVEDIR,
		[RENAME] = RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT,
		[LINK] = AT_SYMLINK_FOLLOW | AT_EMPTY_PATH,
		[CHMOD] = AT_SYMLINK_NOFOLLOW,
		[CHOWN] = AT_SYMLINK_NOFOLLOW,
	};
	int flags = flags_of(c, row);

	if (row->flags == NONE)
		return true;
	return !(flags & ~known[row->operation]) &&
	       !(row->operation == RENAME && flags & RENAME_EXCHANGE && flags & (RENAME_NOREPLACE | RENAME_WHITEOUT));
}

/* A call that is made in the caller's place. */
struct naming {
	struct errand errand; /* first; the paths are its paths */
	const struct row *row;
	int dirfd[2], flags;
	uint64_t values[2]; /* arguments */
	mode_t mask; /* the caller's, of what is made */
	bool by_descriptor; /* the first name is empty: the file that is linked is open as dirfd[0] */
	int second; /* negative errno: the second name could not be read */
	int result; /* negative errno; -EOPNOTSUPP: the caller's to do */
};

/* A folder and the last part of a path in it, with the slashes behind it: they mean that it must be a folder. */
struct place {
	int base; /* where the path begins: AT_FDCWD for absolute ones */
	char *path, *last; /* the same text */
	int folder;
};

static void leave(struct place *p)
{
	if (p->base >= 0)
		close(p->base);
	if (p->folder >= 0)
		close(p->folder);
}

/*
 * Whether the caller would be told the same: no symlink is on the way, or none that leads out of the file system and so
 * perhaps to what is another thing for the caller (below /proc).
 */
static bool is_everybodys(int base, const char *path, uint64_t flags, int error)
{
	static const uint64_t ways[] = { RESOLVE_NO_SYMLINKS, RESOLVE_NO_XDEV };

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		auto_fd int fd = -1;

		if (error == -ELOOP && ways[i] == RESOLVE_NO_SYMLINKS) /* it says so of any */
			continue;
		fd = lookup_open(base, path, flags, 0, RESOLVE_NO_MAGICLINKS | ways[i]);
		if (fd == error)
			return true;
	}
	return false;
}

static int folder_failure(int base, const char *path, int error)
{
	if (error != -ENOENT && error != -ENOTDIR && error != -EACCES)
		return -EOPNOTSUPP;
	return is_everybodys(base, path, O_PATH | O_DIRECTORY, error) ? error : -EOPNOTSUPP;
}

/* Where the path begins, with our own rights: -EOPNOTSUPP where the caller should look for itself. */
static int begin_place(struct lookup *l, char *path, int dirfd, struct place *p)
{
	size_t len = strlen(path), end = len, start;

	while (end && path[end - 1] == '/')
		end--;
	start = end;
	while (start && path[start - 1] != '/')
		start--;
	if (start == end || lookup_mentions_proc(path) || !strcmp(path + start, ".") || !strcmp(path + start, "..") ||
	    !strncmp(path + start, "./", 2) || !strncmp(path + start, "../", 3) || len - start > NAME_MAX)
		return -EOPNOTSUPP;
	p->base = lookup_base(l, path, dirfd, true);
	p->path = path;
	p->last = path + start;
	if (p->base == -ENOTDIR) /* the descriptor is none of a folder */
		return -ENOTDIR;
	return p->base < 0 && p->base != AT_FDCWD ? -EOPNOTSUPP : 0;
}

/* The folder, with the caller's rights: 0, or a negative errno as above. */
static int find_folder(const struct lookup *l, struct place *p)
{
	char first = *p->last;

	if (p->last == p->path) {
		p->folder = take_fd(p->base);
	} else {
		*p->last = '\0';
		p->folder = lookup_open(p->base, p->path, O_PATH | O_DIRECTORY, 0, RESOLVE_NO_MAGICLINKS);
		if (p->folder < 0)
			p->folder = folder_failure(p->base, p->path, p->folder);
		*p->last = first;
	}
	if (p->folder < 0)
		return p->folder;
	return lookup_is_ordinary(l, p->folder) ? 0 : -EOPNOTSUPP;
}

/* What the name in the folder stands for, by a descriptor without effect on it. */
static int find_object(const struct lookup *l, const struct place *p, bool follow)
{
	int fd = lookup_open(p->folder, p->last, O_PATH | (follow ? 0 : O_NOFOLLOW), 0, RESOLVE_NO_MAGICLINKS);

	if (fd >= 0 && !lookup_is_ordinary(l, fd)) {
		close(fd);
		return -EOPNOTSUPP;
	}
	return fd;
}

static int change_mode(int fd, mode_t mode)
{
	char path[32];

	/*
	 * before Linux 6.6 a descriptor of this kind has no other way; our own /proc leads to it without a
	 * second lookup
	 */
	snprintf(path, sizeof(path), "self/fd/%d", fd);
	return fchmodat(procfs_folder(), path, mode & 07777, 0) < 0 ? -errno : 0;
}

static int change(const struct naming *n, const struct place *p)
{
	const struct row *row = n->row;
	int flags = n->flags;
	auto_fd int fd = -1;
	struct stat st;

	if (flags & ~AT_SYMLINK_NOFOLLOW)
		return -EOPNOTSUPP;
	fd = find_object(&n->errand.lookup, p, !(flags & AT_SYMLINK_NOFOLLOW));
	if (fd == -ENOENT && is_everybodys(p->folder, p->last, O_PATH, fd))
		return fd;
	/* modes of symbolic links are refused, in the kernel's own way */
	if (fd < 0 || fstat(fd, &st) < 0 || (row->operation == CHMOD && S_ISLNK(st.st_mode)))
		return -EOPNOTSUPP;
	if (row->operation == CHMOD)
		return change_mode(fd, (mode_t)n->values[0]);
	return fchownat(fd, "", (uid_t)n->values[0], (gid_t)n->values[1], AT_EMPTY_PATH) < 0 ?
		       -errno :
		       0;
}

static int make_folder(const struct place *p, mode_t mode, mode_t mask)
{
	mode_t own = umask(mask);
	int r = mkdirat(p->folder, p->last, mode) < 0 ? -errno : 0;

	umask(own);
	return r;
}

/*
 * A file that is open gets a name. Who opened it may do that (Linux 6.10), and who may search everywhere: of a file
 * that we opened the caller would be told no. So a descriptor of ours, with the caller's rights, stands for one of its
 * own. That somebody else handed the file to the caller makes no difference: it could be linked by /proc/self/fd, too.
 */
static int link_descriptor(const struct place *from, const struct place *to)
{
	auto_fd int own = lookup_open(to->folder, ".", O_PATH | O_DIRECTORY, 0, 0);
	char path[32];

	if (own < 0)
		return -EOPNOTSUPP;
	if (linkat(own, "", to->folder, ".", AT_EMPTY_PATH) == 0 || errno != EEXIST)
		return -EOPNOTSUPP; /* no one may */
	snprintf(path, sizeof(path), "self/fd/%d", from->folder);
	return linkat(procfs_folder(), path, to->folder, to->last, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

static int carry_out(const struct naming *n, const struct place *p, const struct place *p2)
{
	int r = -1;

	switch (n->row->operation) {
	case UNLINK:
		r = unlinkat(p->folder, p->last, n->flags);
		break;
	case RENAME:
		r = (int)syscall(SYS_renameat2, p->folder, p->last, p2->folder, p2->last, n->flags);
		break;
	case LINK:
		if (n->by_descriptor)
			return link_descriptor(p, p2);
		if (n->flags & AT_SYMLINK_FOLLOW)
			return -EOPNOTSUPP;
		r = linkat(p->folder, p->last, p2->folder, p2->last, 0);
		break;
	case SYMLINK:
		r = symlinkat(n->errand.path, p2->folder, p2->last);
		break;
	case MKDIR:
		return make_folder(p, (mode_t)n->values[0], n->mask);
	case CHMOD:
	case CHOWN:
		return change(n, p);
	}
	return r < 0 ? -errno : 0;
}

static int read_path(const struct call *c, unsigned int arg, char path[PATH_MAX], struct str *ret_path)
{
	ssize_t n = memory_read_string(c->memory, c->args[arg], path, PATH_MAX);

	if (n < 0)
		return (int)n;
	path[n] = '\0';
	*ret_path = (struct str){ path, (size_t)n };
	return n ? 0 : -ENOENT;
}

/* What the caller would be told of the path: 0 or a negative errno; -EOPNOTSUPP: that is not known. */
static int failure_of(const struct naming *n, int base, const char *path)
{
	uint64_t flags = O_PATH | (n->flags & AT_SYMLINK_FOLLOW ? 0 : O_NOFOLLOW);
	auto_fd int fd = lookup_open(base, path, flags, 0, RESOLVE_NO_MAGICLINKS);

	if (fd >= 0)
		return lookup_is_ordinary(&n->errand.lookup, fd) ? 0 : -EOPNOTSUPP;
	if (fd != -ENOENT && fd != -ENOTDIR && fd != -EACCES && fd != -ELOOP && fd != -ENAMETOOLONG)
		return 0;
	return is_everybodys(base, path, flags, fd) ? fd : -EOPNOTSUPP;
}

/*
 * A call that fails at its second name fails at its first one before, where that is no better: the kernel looks
 * for the file of a link, and for the folder of what is moved, before it tells of the other name. Otherwise second;
 * unknown where the first name leads to what we do not look at.
 */
static int first_failure(struct naming *n, int second, int unknown)
{
	bool links = n->row->operation == LINK;
	char *path = n->errand.path, cut[2] = "";
	size_t end = strlen(path);
	int base, r = 0;

	if ((n->row->operation != RENAME && !links) || lookup_mentions_proc(path))
		return second;
	if (n->by_descriptor) {
		base = lookup_descriptor(&n->errand.lookup, n->dirfd[0]);
		if (base >= 0)
			close(base);
		return base < 0 ? -EOPNOTSUPP : second;
	}
	base = lookup_base(&n->errand.lookup, path, n->dirfd[0], true);
	if (base < 0 && base != AT_FDCWD) {
		if (*path == '/' || n->dirfd[0] == AT_FDCWD)
			return unknown;
		/* it was looked for as one of the caller's descriptors */
		return base == -ENOTDIR ? base : base == -ENOENT || base == -EBADF ? -EBADF : unknown;
	}
	while (!links && end && path[end - 1] == '/')
		end--;
	while (!links && end && path[end - 1] != '/')
		end--;
	if (!links && (end || *path != '/')) { /* as in the folder: that takes the right to search it */
		memcpy(cut, path + end, sizeof(cut));
		memcpy(path + end, ".", sizeof(cut));
	}
	if (errand_assume(&n->errand)) {
		r = failure_of(n, base, path);
		errand_return(&n->errand);
	}
	if (*cut)
		memcpy(path + end, cut, sizeof(cut));
	if (base >= 0)
		close(base);
	return r == -EOPNOTSUPP ? unknown : r < 0 ? r : second;
}

/* Both names, with the caller's rights. */
static int act_there(const struct naming *n, struct place places[2])
{
	int r = 0;

	if (!errand_assume(&n->errand))
		return -EOPNOTSUPP;
	for (int i = 0; i < 2 && r == 0; i++)
		if (places[i].path)
			r = find_folder(&n->errand.lookup, &places[i]);
	if (r == 0)
		r = carry_out(n, &places[0], &places[1]);
	errand_return(&n->errand);
	return r;
}

static void act(struct errand *e)
{
	struct naming *n = (struct naming *)e;
	struct place places[2] = { { -1, NULL, NULL, -1 }, { -1, NULL, NULL, -1 } };
	int r = 0;

	if (n->second) {
		n->result = first_failure(n, n->second, n->second);
		return;
	}
	if (n->by_descriptor) {
		places[0].folder = lookup_descriptor(&e->lookup, n->dirfd[0]);
		r = places[0].folder < 0 ? -EOPNOTSUPP : 0;
	} else if (n->row->operation != SYMLINK) {
		r = begin_place(&e->lookup, e->path, n->dirfd[0], &places[0]);
	}
	if (r == 0 && n->row->path2 != NONE)
		r = begin_place(&e->lookup, e->second_path, n->dirfd[1], &places[1]);
	if (r == 0)
		r = act_there(n, places);
	n->result = r < 0 && r != -EOPNOTSUPP && places[1].folder < 0 ? first_failure(n, r, -EOPNOTSUPP) : r;
	leave(&places[0]);
	leave(&places[1]);
}

static enum open_way settle(struct tracer *t, struct errand *e)
{
	struct pending *p = &t->pending;
	const struct naming *n = (struct naming *)e;

	p->waits |= e->lookup.waits;
	if (n->result == -EAGAIN || n->result == -ENODATA)
		return OPEN_CHECK;
	if (n->result == -EOPNOTSUPP) {
		p->call.path = p->call.other_path = (struct str){ NULL, 0 };
		return OPEN_ENTRY;
	}
	p->value = n->result;
	return OPEN_DONE;
}

/* 0: n is the errand that the call is. Else its result: -EOPNOTSUPP, the caller's to do. */
static int prepare(struct tracer *t, struct naming *n)
{
	struct call *c = &t->pending.call;
	const struct row *row = n->row;
	int r;

	if (!flags_known(c, row))
		return -EOPNOTSUPP;
	n->flags = row->add | flags_of(c, row);
	if (row->operation == LINK && n->flags & AT_EMPTY_PATH && !t->own) /* what is open is what the caller opened */
		return -EOPNOTSUPP;
	n->dirfd[0] = row->dir == NONE ? AT_FDCWD : (int)c->args[row->dir];
	n->dirfd[1] = row->dir2 == NONE ? AT_FDCWD : (int)c->args[row->dir2];
	for (unsigned int i = 0; i < 2 && row->value != NONE; i++)
		n->values[i] = c->args[row->value + i];
	n->second = 0;
	n->by_descriptor = false;
	r = read_path(c, row->path, t->path, &c->path);
	if (r == -ENOENT && row->operation == LINK && n->flags & AT_EMPTY_PATH) {
		n->by_descriptor = true;
		r = n->dirfd[0] == AT_FDCWD ? -EOPNOTSUPP : 0;
	}
	if (r == 0 && row->path2 != NONE) {
		c->other_arg = row->path2;
		r = read_path(c, row->path2, t->second_path, &c->other_path);
		if (r == -EFAULT || r == -ENAMETOOLONG || r == -ENOENT)
			n->second = r;
	}
	if (r < 0)
		return r == -ESRCH ? -EOPNOTSUPP : r;
	if (row->operation == MKDIR && (!t->own_mask || creation_mask(t->pending.tracee, &n->mask) < 0))
		return -EOPNOTSUPP;
	return 0;
}

enum open_way names_pending(struct tracer *t)
{
	struct pending *p = &t->pending;
	struct naming n = { .errand = { .act = act, .settle = settle, .leaves = true }, .row = find(p->call.number) };
	unsigned int tries = 0;

	if (!n.row || !p->call.memory || !identity_assumable(t, p->tracee))
		return OPEN_ENTRY;
	identity_lend(t, &n.errand);
	do
		n.result = entry_fault(t, prepare(t, &n), &tries);
	while (n.result > 0);
	if (n.result < 0 && n.result != n.second)
		return settle(t, &n.errand);
	n.result = -EOPNOTSUPP; /* as long as nobody has acted */
	return errand_do(t, &n.errand, sizeof(n));
}
