/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/links.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "tracer/procfs.h"
#include "tracer/sight.h"
#include "tracer/slow.h"
#include "tracer/statx.h"

#define CTIME_SLACK_NS 20000000ull /* files are stamped with the time of the last tick */
#define COST_SHARE    10
#define FIRST_BITS    2048

/* The file itself, by whatever path, mount or overlay: an inode's number is soon another's, who was born later. */
struct first {
	uint64_t ino, born; /* epoch ns; 0 = there was no such regular file, or the file system does not tell */
};

struct link {
	struct str path; /* NUL-terminated */
	dev_t dev;
	ino_t ino; /* 0 = there is no such regular file */
	struct first first; /* when l was made */
	char *real; /* heap; where that lay, NULL = by this path, or it is not known */
};

/* Where paths lead is a matter of the root directory and of the mounts. */
struct view {
	dev_t root_dev;
	ino_t root_ino;
	uint64_t mounts; /* their namespace */
};

struct links {
	struct link *list;
	size_t n;
	char *text; /* of all paths */
	struct view view, own; /* own.mounts is 0 until it is asked for */
	uint64_t looked, cost; /* epoch ns of the last look at all, and what it took */
	uint64_t first[FIRST_BITS / 64]; /* bits of the inodes that first led to */
};

static int open_root(pid_t tid)
{
	char path[PROCFS_PATH_BYTES];

	procfs_path(path, tid, "root");
	return SIGHT(path, openat(procfs_folder(), path, O_PATH | O_DIRECTORY | O_CLOEXEC));
}

static uint64_t *first_bit(struct links *l, uint64_t ino, uint64_t *ret_bit)
{
	*ret_bit = 1ull << ino % 64;
	return &l->first[ino / 64 % (FIRST_BITS / 64)];
}

static struct first read_first(int dir, const char *name)
{
	struct statx x;

	if (SIGHT(name, statx_ask(dir, name, (*name ? 0 : AT_EMPTY_PATH) | AT_STATX_DONT_SYNC,
				  STATX_TYPE | STATX_INO | STATX_BTIME, &x)) < 0 ||
	    !S_ISREG(x.stx_mode) || !(x.stx_mask & STATX_BTIME))
		return (struct first){ 0, 0 };
	return (struct first){ x.stx_ino, (uint64_t)x.stx_btime.tv_sec * NS_PER_SECOND + x.stx_btime.tv_nsec };
}

/* Where links of a path led to. */
static char *read_real(int fd, struct str path)
{
	char name[32], real[PATH_MAX];
	ssize_t n;

	snprintf(name, sizeof(name), "self/fd/%d", fd);
	n = SIGHT(name, readlinkat(procfs_folder(), name, real, sizeof(real)));
	if (n <= 0 || (size_t)n == sizeof(real) || str_eq((struct str){ real, (size_t)n }, path))
		return NULL;
	return str_dup((struct str){ real, (size_t)n });
}

/* What the paths lead to before the workload has done anything. */
static void look_first(struct links *l)
{
	auto_fd int root = open_root(0);
	struct slow slow;

	if (root < 0)
		return;
	slow_of(&slow, 0);
	for (size_t i = 0; i < l->n; i++) {
		struct link *link = &l->list[i];
		auto_fd int fd = slow_open_below(&slow, root, link->path.ptr, 0);
		uint64_t *word, bit;

		if (fd < 0)
			continue;
		link->first = read_first(fd, "");
		word = first_bit(l, link->first.ino, &bit);
		if (!link->first.born)
			continue;
		*word |= bit;
		link->real = read_real(fd, link->path);
	}
	slow_free(&slow);
}

int links_new(const struct str *paths, size_t npaths, struct links **ret_links)
{
	auto_links struct links *l = calloc(1, sizeof(*l));
	size_t bytes = 0;
	char *at;

	for (size_t i = 0; i < npaths; i++)
		bytes += paths[i].len + 1;
	if (!l)
		return -ENOMEM;
	l->list = calloc(npaths + 1, sizeof(*l->list));
	l->text = at = malloc(bytes + 1);
	if (!l->list || !at)
		return -ENOMEM;
	for (size_t i = 0; i < npaths; i++) {
		memcpy(at, paths[i].ptr, paths[i].len);
		at[paths[i].len] = '\0';
		l->list[i].path = (struct str){ at, paths[i].len };
		at += paths[i].len + 1;
	}
	l->n = npaths;
	look_first(l);
	*ret_links = take_ptr(l);
	return 0;
}

void links_free(struct links *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->n; i++)
		free(l->list[i].real);
	free(l->list);
	free(l->text);
	free(l);
}

static bool read_view(pid_t tid, struct view *ret_view)
{
	uint64_t mounts = procfs_namespace(tid, "ns/mnt");
	char path[PROCFS_PATH_BYTES];
	struct stat st;

	if (!mounts && errno == ENOENT && !procfs_namespace(0, "ns/mnt"))
		mounts = 1; /* gVisor tells of none */
	procfs_path(path, tid, "root");
	if (!mounts || SIGHT(path, statx_known_at(procfs_folder(), path, 0, &st)) < 0)
		return false;
	*ret_view = (struct view){ .root_dev = st.st_dev, .root_ino = st.st_ino, .mounts = mounts };
	return true;
}

/* Ours stays what it is. */
static bool find_view(struct links *l, pid_t tid, struct view *ret_view)
{
	if (tid)
		return read_view(tid, ret_view);
	if (!l->own.mounts && !read_view(0, &l->own))
		return false;
	*ret_view = l->own;
	return true;
}

static bool same_view(const struct view *a, const struct view *b)
{
	return a->root_dev == b->root_dev && a->root_ino == b->root_ino && a->mounts == b->mounts;
}

/* taken_fd: what it leads to, ours to close, by O_PATH, since looking is to have no effect; or negative errno */
static void note(struct link *link, int taken_fd)
{
	auto_fd int fd = taken_fd;
	struct stat st;

	link->ino = 0;
	if (fd < 0 || statx_known_at(fd, "", AT_EMPTY_PATH, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	link->dev = st.st_dev;
	link->ino = st.st_ino;
}

static void look_at_all(struct links *l, pid_t tid, int root, const struct view *view)
{
	uint64_t since = clock_ns(CLOCK_REALTIME);
	struct slow slow;

	slow_of(&slow, tid);
	for (size_t i = 0; i < l->n; i++)
		note(&l->list[i], slow_open_below(&slow, root, l->list[i].path.ptr, 0));
	slow_free(&slow);
	l->view = *view;
	l->looked = clock_ns(CLOCK_REALTIME);
	l->cost = l->looked > since ? l->looked - since : 0;
}

static bool is_stale(const struct links *l, const struct stat *st)
{
	uint64_t since = l->looked, at = clock_ns(CLOCK_REALTIME);

	if (at < since) /* the clock was set back */
		return true;
	if (at - since < COST_SHARE * l->cost)
		return false;
	return at - since > NS_PER_SECOND || timespec_ns(st->st_ctim) + CTIME_SLACK_NS >= since;
}

/* The link that leads to the file; the one that it was opened by is as good as any. */
static struct link *match(struct links *l, const struct stat *st, struct str real_path)
{
	struct link *found = NULL;

	for (size_t i = 0; i < l->n; i++) {
		struct link *link = &l->list[i];

		if (link->ino != st->st_ino || link->dev != st->st_dev)
			continue;
		if (!found || str_eq(link->path, real_path))
			found = link;
	}
	return found;
}

/*
 * The path that first led to the file; the one that it was opened by is as good as any. NULL also where it lies as
 * before: a path that leads there by links is no other name of it.
 */
static struct link *match_first(struct links *l, int dir, const char *name, const struct stat *st, struct str real_path)
{
	uint64_t bit, *word = first_bit(l, st->st_ino, &bit);
	struct first file = { 0, 0 };
	struct link *found = NULL;

	for (size_t i = 0; *word & bit && i < l->n; i++) {
		struct link *link = &l->list[i];

		if (!link->first.born || link->first.ino != st->st_ino)
			continue;
		if (!file.born)
			file = read_first(dir, name);
		if (link->first.born != file.born)
			continue;
		if (link->real && str_eq(str_of(link->real), real_path))
			return NULL;
		if (!found || str_eq(link->path, real_path))
			found = link;
	}
	return found;
}

static struct link *match_now(struct links *l, pid_t tid, const struct stat *st, struct str real_path)
{
	auto_fd int root = -1;
	struct view view;
	struct link *link;
	bool other;

	if (!find_view(l, tid, &view))
		return NULL;
	other = !same_view(&view, &l->view);
	link = other ? NULL : match(l, st, real_path);
	if (!link && !other && !is_stale(l, st))
		return NULL;
	root = open_root(tid);
	if (root < 0)
		return NULL;
	if (link) { /* what was kept may have become another file's */
		note(link, slow_open_known(root, link->path.ptr, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS));
		if (link->ino != st->st_ino || link->dev != st->st_dev)
			link = NULL;
	}
	if (!link) {
		look_at_all(l, tid, root, &view);
		link = match(l, st, real_path);
	}
	return link;
}

struct str links_find(struct links *l, pid_t tid, int dir, const char *name, const struct stat *st,
		      struct str real_path, bool mounted)
{
	struct link *link;

	if (!l || !l->n || !S_ISREG(st->st_mode))
		return STR("");
	link = match_first(l, dir, name, st, real_path);
	if (!link && (st->st_nlink > 1 || mounted))
		link = match_now(l, tid, st, real_path);
	return link && !str_eq(link->path, real_path) ? link->path : STR("");
}
