/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
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
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct strbuf text = { 0 };
	char piece[16384];
	ssize_t n;

	if (fd < 0)
		return *path ? error_errno(err, -errno, "cannot open %s", path) : error_set(err, -errno, "the path is empty");
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
