/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

ssize_t file_read(int fd, void *bytes, size_t len)
{
	ssize_t n;

	do
		n = read(fd, bytes, len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int file_write_all(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len) {
		ssize_t n = write(fd, at, len);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int file_read_all(const char *path, size_t max, char **ret_text, size_t *ret_len, struct error *err)
{
	return file_read_all_at(AT_FDCWD, path, max, ret_text, ret_len, err);
}

int file_read_all_at(int folder, const char *path, size_t max, char **ret_text, size_t *ret_len, struct error *err)
{
	auto_fd int fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct strbuf text = { 0 };
	char piece[16384];
	ssize_t n;

	if (fd < 0)
		return *path ? error_errno(err, -errno, "cannot open %s", path) :
			       error_set(err, -errno, "the path is empty");
	while ((n = file_read(fd, piece, sizeof(piece))) > 0) {
		if ((size_t)n > max - text.len) {
			strbuf_free(&text);
			return error_set(err, -EFBIG, "%s is larger than %zu bytes", path, max);
		}
		strbuf_add(&text, piece, (size_t)n);
	}
	if (n < 0) {
		strbuf_free(&text);
		return error_errno(err, (int)n, "cannot read %s", path);
	}
	strbuf_add(&text, "", 0); /* an empty file is an empty string, not NULL */
	if (text.failed) {
		strbuf_free(&text);
		return error_set(err, -ENOMEM, "out of memory reading %s", path);
	}
	*ret_text = text.ptr;
	if (ret_len)
		*ret_len = text.len;
	return 0;
}

/* The folder that a path is in, "." when it names none, and the name there. */
static int stat_folder(const char *path, struct stat *ret_folder, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];

	*ret_name = slash ? slash + 1 : path;
	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash + 1 - path) : 1, slash ? path : ".");
	return stat(folder, ret_folder);
}

static bool is_one(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool file_is_same(const char *a, const char *b)
{
	const char *name_a, *name_b;
	struct stat one, other;
	bool there = stat(a, &one) == 0;

	if (there != (stat(b, &other) == 0))
		return false;
	if (there)
		return S_ISREG(one.st_mode) && is_one(&one, &other);
	return stat_folder(a, &one, &name_a) == 0 && stat_folder(b, &other, &name_b) == 0 && is_one(&one, &other) &&
	       !strcmp(name_a, name_b);
}
