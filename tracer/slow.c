/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/slow.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/words.h"
#include "tracer/mount.h"
#include "tracer/procfs.h"
#include "tracer/statx.h"

/*
 * File systems that ask another process or machine before they answer (FUSE, NFS, automounts, overlays on
 * these). Who looks something up there waits, perhaps for good, and if we did, all others would wait for us:
 * for a server that we watch itself it would be a deadlock as soon as it opens a file. So nothing is looked
 * up there on behalf; callers do it themselves, and we look behind the call. By then the kernel has what we
 * ask for: AT_STATX_DONT_SYNC keeps it from asking again.
 *
 * Mostly none is mounted, and the way of a path need not be known, unless it may leave our mounts: by links
 * of /proc (PID/root, PID/cwd, PID/fd/N) that it names, or to which links lead once there is somebody with
 * other mounts. Who mounts one, or moves links and folders, between our look and what is done on behalf can
 * have us wait all the same: that takes the rights to mount, or a server that all wait for.
 */

#define TRIES 4

/* ---- which there are ----------------------------------------------------------------------------------- */

static int add(uint64_t **list, size_t *count, uint64_t id)
{
	uint64_t *longer = reallocarray(*list, *count + 1, sizeof(*longer));

	if (!longer)
		return -ENOMEM;
	*list = longer;
	longer[(*count)++] = id;
	return 0;
}

static bool has(const uint64_t *list, size_t count, uint64_t id)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == id)
			return true;
	return false;
}

static bool is_listed(const struct slow *s, uint64_t id)
{
	return has(s->list, s->count, id);
}

static void strike(struct slow *s, uint64_t id)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->count; i++)
		if (s->list[i] != id)
			s->list[kept++] = s->list[i];
	s->count = kept;
}

static bool lies_there(const struct slow *s, int fd)
{
	struct statx st;

	if (!s->count && !s->unknown)
		return false;
	/* also one that only its user may ask, which is not we whoever's rights we take on */
	if (statx_ask(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_MNT_ID, &st) < 0 ||
	    !(st.stx_mask & STATX_MNT_ID))
		return true;
	return is_listed(s, st.stx_mnt_id);
}

/* ---- whether a path leads there ------------------------------------------------------------------------ */

/*
 * What the kernel knows already it finds without asking anybody: -EAGAIN when that is not enough, -EINVAL
 * before Linux 5.12.
 */
static int try_known(int base, const char *path, uint64_t resolve)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = resolve | RESOLVE_CACHED };
	int fd = (int)syscall(SYS_openat2, base, path, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

static int find_known(int base, const char *path)
{
	return try_known(base, path, RESOLVE_NO_MAGICLINKS);
}

int slow_open_known(int base, const char *path, uint64_t resolve)
{
	int fd = -EAGAIN;

	/* somebody may change a folder on the way at the moment */
	for (int i = 0; i < TRIES && fd == -EAGAIN; i++)
		fd = try_known(base, path, resolve);
	return fd;
}

/* root: a descriptor of the root directory that paths are looked up in; -1 = ours */
static int open_root(int root)
{
	return root < 0 ? open("/", O_PATH | O_DIRECTORY | O_CLOEXEC) : fcntl(root, F_DUPFD_CLOEXEC, 0);
}

/* The kernel keeps our own root from being left by "..". */
static bool stays_at(int root, int at, const char *part)
{
	struct stat top, st;

	return root >= 0 && !strcmp(part, "..") && statx_known_at(root, "", AT_EMPTY_PATH, &top) == 0 &&
	       statx_known_at(at, "", AT_EMPTY_PATH, &st) == 0 && st.st_dev == top.st_dev && st.st_ino == top.st_ino;
}

/* The links of /proc/PID lead by themselves, and where to their text does not say. */
static bool is_of_proc(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) < 0 || fs.f_type == PROC_SUPER_MAGIC;
}

/* What a link says; those of /proc that say who looks say so of self, 0 = us. */
static ssize_t read_text(int link, const char *name, pid_t self, char text[PATH_MAX])
{
	bool thread = strcmp(name, "thread-self") == 0;

	if (!self || (!thread && strcmp(name, "self") != 0) || !is_of_proc(link))
		return readlinkat(link, "", text, PATH_MAX);
	return snprintf(text, PATH_MAX, thread ? "%d/task/%d" : "%d", self, self);
}

/* What is left of a path when the link at its beginning is replaced by what it says. 0, or -errno. */
static int follow(int link, const char *name, pid_t self, char rest[PATH_MAX])
{
	char text[PATH_MAX];
	ssize_t n = read_text(link, name, self, text);
	size_t len = strlen(rest);

	if (n < 0)
		return -errno;
	if ((size_t)n + 1 + len >= sizeof(text))
		return -ENAMETOOLONG;
	text[n] = '/';
	memcpy(text + n + 1, rest, len + 1);
	memcpy(rest, text, (size_t)n + 1 + len + 1);
	return 0;
}

/* Takes the first part of a path; false: nothing is left. */
static bool take_part(char rest[PATH_MAX], char part[NAME_MAX + 1])
{
	size_t start = strspn(rest, "/"), len = strcspn(rest + start, "/");

	if (!len || len > NAME_MAX)
		return false;
	memcpy(part, rest + start, len);
	part[len] = '\0';
	memmove(rest, rest + start + len, strlen(rest + start + len) + 1);
	return true;
}

/* openat2() is, or this is before Linux 5.6. */
static bool is_refused(int error)
{
	return error == ENOSYS || error == EPERM;
}

/* A link of /proc that is no text, as others there are; any may be one where nobody tells. */
static bool is_magic(int folder, const char *name)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS };
	auto_fd int fd = (int)syscall(SYS_openat2, folder, name, &how, sizeof(how));

	return fd < 0 && (errno == ELOOP || is_refused(errno));
}

/* Whether a file lies in one of the mounts of the list that s was made from. -EOPNOTSUPP: that is not told. */
static int has_mount(const struct slow *s, int fd)
{
	struct statx st;

	if (statx_ask(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &st) < 0 ||
	    !(st.stx_mask & STATX_MNT_ID))
		return -EOPNOTSUPP;
	return has(s->all, s->nall, st.stx_mnt_id);
}

/*
 * Part by part, so that nothing is looked for in a folder that may not answer. See way_of(). *ret_fd, if asked for and
 * with 0: where it leads, by O_PATH. self: whose links of /proc are passed, and to what others than s knows only where
 * none of these are; 0 = nobody's.
 */
static int walk(const struct slow *s, int root, int base, const char *path, pid_t self, int *ret_fd)
{
	auto_fd int at = path[0] == '/' ? open_root(root) : fcntl(base, F_DUPFD_CLOEXEC, 0);
	char rest[PATH_MAX], part[NAME_MAX + 1];
	unsigned int links = 0;

	snprintf(rest, sizeof(rest), "%s", path);
	while (at >= 0) {
		auto_fd int next = -1;
		struct stat st;

		if (lies_there(s, at))
			return 1;
		if (!take_part(rest, part)) {
			if (ret_fd)
				*ret_fd = take_fd(at);
			return 0;
		}
		if (stays_at(root, at, part))
			continue;
		next = openat(at, part, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return -errno;
		if (lies_there(s, next))
			return 1;
		if (statx_known_at(next, "", AT_EMPTY_PATH, &st) < 0)
			return 1;
		if (S_ISLNK(st.st_mode)) {
			bool magic = is_of_proc(next) && is_magic(at, part);

			if (magic && !self)
				return 1;
			if (++links > PATH_LINKS || (!magic && follow(next, part, self, rest) < 0))
				return -ELOOP;
			if (!magic && rest[0] != '/')
				continue;
			close(take_fd(next));
			next = magic ? openat(at, part, O_PATH | O_CLOEXEC) : open_root(root);
			if (magic && next < 0)
				return -errno;
			if (magic && (s->count || s->unknown) && has_mount(s, next) <= 0)
				return 1;
		}
		close(at);
		at = take_fd(next);
	}
	return -ENOENT;
}

/*
 * 1 = a path leads there, or that cannot be known; 0 = to another place; negative errno: nowhere, as the
 * lookup itself will find.
 */
static int way_of(const struct slow *s, int base, const char *path)
{
	auto_fd int fd = find_known(base, path);

	if (fd == -EAGAIN || fd == -EINVAL)
		return walk(s, -1, base, path, 0, NULL);
	return fd == -ELOOP ? 1 : fd < 0 ? fd : lies_there(s, fd);
}

/* ---- overlays ------------------------------------------------------------------------------------------ */

/*
 * An overlay is as prompt as its layers, which its options name as whoever mounted it did. Such a name tells
 * where it is absolute and needs no escapes, and there still is something. A layer that the overlay itself covers
 * is of the mount that it was mounted on. The overlay that is our own root is prompt: nothing is to be seen of
 * its layers from here, and all that runs here lies on it.
 */
static bool is_prompt_layer(const struct slow *s, struct str layer, const struct mount *overlay)
{
	char path[PATH_MAX];

	if (mount_covers(overlay->point, layer))
		return !is_listed(s, overlay->parent);
	if (!str_starts(layer, STR("/")) || layer.len >= sizeof(path) || memchr(layer.ptr, '\\', layer.len))
		return false;
	memcpy(path, layer.ptr, layer.len);
	path[layer.len] = '\0';
	return way_of(s, AT_FDCWD, path) == 0;
}

/* Takes what comes before a character, and that. */
static struct str take_until(struct str *rest, char end)
{
	const char *at = memchr(rest->ptr, end, rest->len);
	struct str taken = { rest->ptr, at ? (size_t)(at - rest->ptr) : rest->len };
	size_t used = at ? taken.len + 1 : taken.len;

	*rest = (struct str){ rest->ptr + used, rest->len - used };
	return taken;
}

/*
 * "rw,lowerdir=/a:/b::/data,upperdir=/c,workdir=/d"; newer mounts have each by itself,
 * "lowerdir+=/a,lowerdir+=/b,datadir+=/data".
 */
static bool has_prompt_layers(const struct slow *s, const struct mount *overlay)
{
	struct str options = overlay->options;
	bool any = false;

	while (options.len) {
		struct str layers = take_until(&options, ','), key = take_until(&layers, '=');

		if (!str_eq(key, STR("lowerdir")) && !str_eq(key, STR("lowerdir+")) && !str_eq(key, STR("datadir+")) &&
		    !str_eq(key, STR("upperdir")))
			continue;
		while (layers.len) {
			struct str layer = take_until(&layers, ':');

			if (layer.len && !is_prompt_layer(s, layer, overlay))
				return false;
			any = true;
		}
	}
	return any;
}

/* Overlays that are known to be prompt, as far as the others are, are slow no more. True when there was one. */
static bool strike_overlays(struct slow *s, struct str mounts)
{
	struct str line;
	struct mount m;
	bool any = false;

	while (words_line(&mounts, &line)) {
		if (!mount_parse(line, &m) || !mount_is_overlay(m.type) || !is_listed(s, m.id) ||
		    !has_prompt_layers(s, &m))
			continue;
		strike(s, m.id);
		any = true;
	}
	return any;
}

/* ---- the mount table ----------------------------------------------------------------------------------- */

int slow_parse(struct slow *s, struct str mounts)
{
	struct str rest = mounts, line;
	struct mount m;
	int r = 0;

	s->count = s->nall = s->empty = 0;
	while (r == 0 && words_line(&rest, &line)) {
		if (!mount_parse(line, &m))
			continue;
		r = add(&s->all, &s->nall, m.id);
		if (r == 0 && !mount_is_prompt(m.type) && !(mount_is_overlay(m.type) && str_eq(m.point, STR("/"))))
			r = add(&s->list, &s->count, m.id);
		s->empty += str_eq(m.type, STR("autofs"));
	}
	while (r == 0 && s->count && strike_overlays(s, mounts))
		; /* layers may lie on overlays, too */
	return r;
}

/* The table leaves out the mount that the root of a chroot lies in, unless its root is that of the mount. */
static int add_root(struct slow *s)
{
	struct statx st;
	int r;

	if (statx_ask(AT_FDCWD, "/", AT_STATX_DONT_SYNC, STATX_MNT_ID, &st) < 0 || !(st.stx_mask & STATX_MNT_ID) ||
	    has(s->all, s->nall, st.stx_mnt_id))
		return 0;
	r = add(&s->all, &s->nall, st.stx_mnt_id);
	return r == 0 && !s->root_is_prompt ? add(&s->list, &s->count, st.stx_mnt_id) : r;
}

void slow_begin(struct slow *s)
{
	struct statfs fs;

	s->fd = openat(procfs_folder(), "self/mountinfo", O_RDONLY | O_CLOEXEC);
	s->asked = s->fd >= 0;
	s->changed = true;
	/* who is asked for that may wait, so not later */
	s->root_is_prompt = statfs("/", &fs) == 0 && mount_is_ordinary((uint32_t)fs.f_type);
}

void slow_free(struct slow *s)
{
	if (s->fd >= 0)
		close(take_fd(s->fd));
	free(take_ptr(s->list));
	free(take_ptr(s->all));
}

static int copy_list(const uint64_t *list, size_t count, uint64_t **ret_list)
{
	*ret_list = NULL;
	if (!count)
		return 0;
	*ret_list = reallocarray(NULL, count, sizeof(*list));
	if (!*ret_list)
		return -ENOMEM;
	memcpy(*ret_list, list, count * sizeof(*list));
	return 0;
}

int slow_copy(struct slow *s, struct slow *ret_copy)
{
	struct slow copy;

	slow_any(s);
	copy = (struct slow){ .asked = s->asked, .fd = -1, .unknown = s->unknown, .apart = s->apart,
			      .count = s->count, .empty = s->empty, .nall = s->nall };
	if (copy_list(s->list, s->count, &copy.list) < 0)
		return -ENOMEM;
	if (copy_list(s->all, s->nall, &copy.all) < 0) {
		free(copy.list);
		return -ENOMEM;
	}
	*ret_copy = copy;
	return 0;
}

/* What cannot be read is not known to be prompt: then every path has its way looked at. */
bool slow_any(struct slow *s)
{
	auto_free char *text = NULL;
	struct str mounts;

	if (!s->asked)
		return false;
	if (s->changed) {
		s->unknown = mount_read_all(0, &text, &mounts) < 0 || slow_parse(s, mounts) < 0 || add_root(s) < 0;
		s->changed = false;
	}
	return s->count || s->unknown;
}

void slow_of(struct slow *s, pid_t tid)
{
	auto_free char *text = NULL;
	struct str mounts;

	*s = (struct slow){ .fd = -1, .asked = true };
	s->unknown = mount_read_all(tid, &text, &mounts) < 0 || slow_parse(s, mounts) < 0;
}

bool slow_has(struct slow *s, int fd)
{
	return slow_any(s) && lies_there(s, fd);
}

bool slow_moves(const struct slow *s)
{
	struct pollfd polled = { s->fd, POLLPRI, 0 };

	return s->fd >= 0 && poll(&polled, 1, 0) > 0;
}

bool slow_is_ours(struct slow *s, int fd)
{
	if (!s->asked)
		return true;
	slow_any(s);
	return has_mount(s, fd) > 0;
}

bool slow_is_apart(struct slow *s, int fd)
{
	if (!s->asked)
		return false;
	slow_any(s);
	return !s->unknown && has_mount(s, fd) == 0;
}

bool slow_gives(struct slow *s)
{
	return slow_any(s) && (s->unknown || s->count > s->empty);
}

/* Whether its way matters. */
static bool matters(struct slow *s, const char *path)
{
	return slow_any(s) || (s->asked && (s->apart || strstr(path, "proc")));
}

int slow_open_below(struct slow *s, int root, const char *path, pid_t self)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	int fd, r;

	if (!slow_any(s)) {
		fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
		if (fd >= 0 || !(is_refused(errno) || (self && errno == ELOOP)))
			return fd < 0 ? -errno : fd;
	} else {
		/* what is known may lie there, too; links that were not followed for a day are not known */
		fd = slow_open_known(root, path, how.resolve);
		if ((fd != -EAGAIN && fd != -EINVAL && !is_refused(-fd) && !(self && fd == -ELOOP)) || s->unknown)
			return fd;
	}
	r = walk(s, root, root, path, self, &fd);
	return r > 0 ? -EAGAIN : r < 0 ? r : fd;
}

int slow_known_way(struct slow *s, int base, const char *path)
{
	auto_fd int fd = -1;

	if (!matters(s, path))
		return 0;
	fd = find_known(base, path);
	return fd == -ELOOP ? 1 : fd < 0 ? -EAGAIN : lies_there(s, fd);
}

bool slow_on_way(struct slow *s, int base, const char *path, bool makes)
{
	int r = matters(s, path) ? way_of(s, base, path) : 0;

	/* that there is no such name may be known by the kernel, and where it would be made not be asked for yet */
	if (r == -ENOENT && makes)
		r = walk(s, -1, base, path, 0, NULL);
	return r > 0;
}

/* ---- what is behind a path ------------------------------------------------------------------------------ */

int slow_stat(const char *path, struct stat *ret_st)
{
	auto_fd int fd = slow_open_known(AT_FDCWD, path, RESOLVE_NO_MAGICLINKS);

	if (fd == -EINVAL || fd == -ENOSYS)
		return stat(path, ret_st) < 0 ? -errno : 0;
	if (fd < 0)
		return fd;
	return statx_known_at(fd, "", AT_EMPTY_PATH, ret_st) < 0 ? -errno : 0;
}
