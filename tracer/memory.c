/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/decode.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

/*
 * A kept /proc/TID/mem: one pread a piece, cheaper than process_vm_readv and open to us in containers whose seccomp
 * profile refuses that call. The descriptor belongs to the address space of the moment it was opened: after an exec it
 * reads nothing any more (the kernel returns 0), so the owner closes and opens it again.
 */
struct memory {
	int fd;
};

#define PAGE 4096 /* the smallest page size of the machines that we run on: reads never cross one unasked */

int memory_open(pid_t tid, struct memory **ret_memory, struct error *err)
{
	char path[32];
	struct memory *m;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, errno == ENOENT ? -ESRCH : -errno, "cannot open %s", path);
	m = malloc(sizeof(*m));
	if (!m) {
		close(fd);
		return error_set(err, -ENOMEM, "out of memory");
	}
	m->fd = fd;
	*ret_memory = m;
	return 0;
}

void memory_close(struct memory *m)
{
	if (!m)
		return;
	close(m->fd);
	free(m);
}

/* Bytes read, at most len: short at the end of a mapping. 0 when the address space is gone. */
static ssize_t read_some(const struct memory *m, uint64_t address, void *bytes, size_t len)
{
	ssize_t n;

	if (address > INT64_MAX) /* a kernel address, which the file's signed offset cannot name */
		return -EFAULT;
	do
		n = pread(m->fd, bytes, len, (off_t)address);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EIO ? -EFAULT : -errno;
	return n;
}

int memory_read(struct memory *m, uint64_t address, void *bytes, size_t len)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = read_some(m, address + got, (char *)bytes + got, len - got);

		if (n < 0)
			return (int)n;
		if (n == 0)
			return got ? -EFAULT : -ESRCH;
		got += (size_t)n;
	}
	return 0;
}

ssize_t memory_read_string(struct memory *m, uint64_t address, char *bytes, size_t max)
{
	size_t got = 0;

	while (got < max) {
		/* up to the end of the page, but for the first try no more than a usual path is long */
		size_t piece = PAGE - (address + got) % PAGE;
		const char *end;
		ssize_t n;

		if (got == 0 && piece > 256)
			piece = 256;
		if (piece > max - got)
			piece = max - got;
		n = read_some(m, address + got, bytes + got, piece);
		if (n < 0)
			return n;
		if (n == 0)
			return got ? -EFAULT : -ESRCH;
		end = memchr(bytes + got, 0, (size_t)n);
		if (end)
			return end - bytes;
		got += (size_t)n;
	}
	return -ENAMETOOLONG;
}
