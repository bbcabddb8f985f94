/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/links.h"

#include <errno.h>
#include <fcntl.h>
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

struct link {
	struct str path; /* NUL-terminated */
	dev_t dev;
	ino_t ino; /* 0 = there is no such regular file */
};

/* Where paths lead is a matter of the root directory and of the mounts. */
struct view {
	dev_t root_dev;
	ino_t root_ino, mounts;
};

struct links {
	struct link *list;
	size_t n;
	char *text; /* of all paths */
	struct view view, own; /* own.mounts is 0 until it is asked for */
	uint64_t looked, cost; /* epoch ns of the last look at all, and what it took */
};

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
	*ret_links = take_ptr(l);
	return 0;
}

void links_free(struct links *l)
{
	if (!l)
		return;
	free(l->list);
	free(l->text);
	free(l);
}

static void name_of(char path[40], pid_t tid, const char *name)
{
	if (tid)
		snprintf(path, 40, "%d/%s", tid, name);
	else
		snprintf(path, 40, "self/%s", name);
}

static bool read_view(pid_t tid, struct view *ret_view)
{
	char path[40];
	struct stat st;

	name_of(path, tid, "ns/mnt");
	if (SIGHT(path, fstatat(procfs_folder(), path, &st, 0)) == 0)
		ret_view->mounts = st.st_ino;
	else if (errno == ENOENT && faccessat(procfs_folder(), "self/ns/mnt", F_OK, 0) < 0)
		ret_view->mounts = 1; /* gVisor tells of none */
	else
		return false;
	name_of(path, tid, "root");
	if (SIGHT(path, statx_known_at(procfs_folder(), path, 0, &st)) < 0)
		return false;
	ret_view->root_dev = st.st_dev;
	ret_view->root_ino = st.st_ino;
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

static int open_root(pid_t tid)
{
	char path[40];

	name_of(path, tid, "root");
	return SIGHT(path, openat(procfs_folder(), path, O_PATH | O_DIRECTORY | O_CLOEXEC));
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

struct str links_find(struct links *l, pid_t tid, const struct stat *st, struct str real_path, bool mounted)
{
	auto_fd int root = -1;
	struct view view;
	struct link *link;
	bool other;

	if (!l || !l->n || (st->st_nlink < 2 && !mounted) || !S_ISREG(st->st_mode) || !find_view(l, tid, &view))
		return STR("");
	other = !same_view(&view, &l->view);
	link = other ? NULL : match(l, st, real_path);
	if (!link && !other && !is_stale(l, st))
		return STR("");
	root = open_root(tid);
	if (root < 0)
		return STR("");
	if (link) { /* what was kept may have become another file's */
		note(link, slow_open_known(root, link->path.ptr, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS));
		if (link->ino != st->st_ino || link->dev != st->st_dev)
			link = NULL;
	}
	if (!link) {
		look_at_all(l, tid, root, &view);
		link = match(l, st, real_path);
	}
	return link && !str_eq(link->path, real_path) ? link->path : STR("");
}
