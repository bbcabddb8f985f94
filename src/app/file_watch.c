/* SPDX-License-Identifier: Apache-2.0 */
#include "app/file_watch.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/str.h"

#define SETTLE_MS 100 /* files are written in several steps */

struct file_watch {
	int fd; /* inotify */
	char **paths;
	size_t count, cap;
	uint64_t known; /* the state of all at the last note */
	uint64_t seen; /* another state, at the last look: when it stays so until the next one, that is a change */
	uint64_t looked; /* monotonic ms */
	bool pending; /* the kernel told of something */
};

/* ---- what is there ------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 29;
}

static uint64_t state_of(const char *name, const struct stat *st)
{
	uint64_t hash = 0;

	for (; *name; name++)
		hash = mix(hash, (unsigned char)*name);
	hash = mix(hash, st->st_dev);
	hash = mix(hash, st->st_ino);
	hash = mix(hash, (uint64_t)st->st_size);
	hash = mix(hash, (uint64_t)st->st_mtim.tv_sec);
	hash = mix(hash, (uint64_t)st->st_mtim.tv_nsec);
	hash = mix(hash, (uint64_t)st->st_ctim.tv_sec);
	return mix(hash, (uint64_t)st->st_ctim.tv_nsec);
}

/* Of the entries, in whatever order they come; the folder's own times change with files that do not matter. */
static uint64_t state_of_folder(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	uint64_t sum = 0;
	struct stat st;

	while (folder && (entry = readdir(folder)))
		if (fstatat(dirfd(folder), entry->d_name, &st, 0) == 0 && S_ISREG(st.st_mode))
			sum += state_of(entry->d_name, &st);
	if (folder)
		closedir(folder);
	return sum;
}

static uint64_t state_of_all(const struct file_watch *w)
{
	uint64_t hash = 1;
	struct stat st;

	for (size_t i = 0; i < w->count; i++) {
		if (stat(w->paths[i], &st) < 0)
			hash = mix(hash, (uint64_t)errno);
		else
			hash = mix(hash,
				   S_ISDIR(st.st_mode) ? state_of_folder(w->paths[i]) : state_of(w->paths[i], &st));
	}
	return hash;
}

/* ---- what the kernel tells ----------------------------------------------------------------------------- */

static void watch_folder(int inotify, const char *path)
{
	(void)inotify_add_watch(inotify, path,
				IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR);
}

static void watch_parent(int inotify, const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	size_t len = slash ? (size_t)(slash - path) : 0;

	if (len >= sizeof(folder))
		return;
	memcpy(folder, path, len);
	folder[len] = 0;
	watch_folder(inotify, !slash ? "." : !len ? "/" : folder);
}

void file_watch_path(int inotify, const char *path)
{
	char real[PATH_MAX];

	watch_parent(inotify, path);
	if (!realpath(path, real))
		return;
	watch_parent(inotify, real);
	watch_folder(inotify, real); /* refused for what is no folder */
}

static bool drain(struct file_watch *w)
{
	char bytes[4096] __attribute__((aligned(8)));
	bool any = false;

	while (read(w->fd, bytes, sizeof(bytes)) > 0)
		any = true;
	return any;
}

/* ---- the interface ------------------------------------------------------------------------------------- */

int file_watch_new(struct file_watch **ret_watch, struct error *err)
{
	struct file_watch *w = calloc(1, sizeof(*w));

	if (!w)
		return error_set(err, -ENOMEM, "out of memory");
	w->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->fd < 0) {
		int r = error_errno(err, -errno, "files cannot be watched");

		free(w);
		return r;
	}
	*ret_watch = w;
	return 0;
}

void file_watch_clear(struct file_watch *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(w->paths[i]);
	w->count = 0;
	w->pending = true; /* other paths, another state: to be looked at */
}

void file_watch_free(struct file_watch *w)
{
	if (!w)
		return;
	file_watch_clear(w);
	free(w->paths);
	close(w->fd);
	free(w);
}

int file_watch_add(struct file_watch *w, const char *path)
{
	if (w->count == w->cap) {
		size_t cap = w->cap ? 2 * w->cap : 8;
		char **more = reallocarray(w->paths, cap, sizeof(*more));

		if (!more)
			return -ENOMEM;
		w->paths = more;
		w->cap = cap;
	}
	w->paths[w->count] = str_dup(str_of(path));
	if (!w->paths[w->count])
		return -ENOMEM;
	file_watch_path(w->fd, path);
	w->count++;
	return 0;
}

void file_watch_note(struct file_watch *w)
{
	w->known = state_of_all(w);
}

bool file_watch_changed(struct file_watch *w)
{
	uint64_t now = clock_ms(CLOCK_MONOTONIC), state;

	w->pending |= drain(w);
	if (!w->pending || now - w->looked < SETTLE_MS)
		return false;
	w->looked = now;
	state = state_of_all(w);
	if (state == w->known) {
		w->pending = false; /* other files of these folders */
		return false;
	}
	if (state != w->seen) {
		w->seen = state;
		return false;
	}
	w->pending = false;
	return true;
}
