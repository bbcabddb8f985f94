/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "tracer/arch.h"
#include "tracer/maps.h"
#include "tracer/pagemap.h"
#include "tracer/procfs.h"
#include "tracer/reader.h"
#include "tracer/sight.h"

/*
 * Two ways. process_vm_readv needs no descriptor: for processes that make few calls, since the first look
 * into a new process's /proc costs more than several reads. A kept /proc/TID/mem is cheaper from then on, and
 * open to us in containers whose seccomp profile refuses process_vm_readv. That descriptor belongs to the
 * address space of the moment it was opened: after an exec it reads nothing any more (the kernel returns 0),
 * so the owner closes and opens it again.
 *
 * Once there may be pages that somebody has to give first (reader.h), only those are read by us that are in
 * the page tables already. It takes a look for each read, and between the two a page can go: after the first
 * that held a thread up nothing is read by us any more. Nor is what running threads have, too: one of them may be
 * in a call that keeps the address space locked until the server answers (mmap() of a file on FUSE or NFS), for which
 * look and read wait.
 */
struct memory {
	int fd; /* -1 = read directly */
	int pages; /* /proc/TID/pagemap, as long as fd; -1 = not opened */
	pid_t tid; /* a thread that has the memory */
	struct reader *reader;
	uint64_t fault; /* where the last read began to fail */
	bool others; /* whose threads may be running while it is read */
	bool refused; /* the last read: the process is not dumpable, or its program may not be read */
	bool late; /* something did not come in time */
	bool sealed; /* something is there for the process and the kernel alone */
};

#define PAGE 4096 /* the smallest page size of the machines that we run on: reads never cross one unasked */

static int open_file(pid_t tid, struct error *err)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "%d/mem", tid);
	fd = SIGHT(path, openat(procfs_folder(), path, O_RDONLY | O_CLOEXEC));
	return fd < 0 ? error_errno(err, errno == ENOENT ? -ESRCH : -errno, "cannot open /proc/%s", path) : fd;
}

int memory_open(pid_t tid, struct reader *reader, struct memory **ret_memory, struct error *err)
{
	int fd = open_file(tid, err);
	struct memory *m;

	if (fd < 0)
		return fd;
	m = memory_direct(tid, reader);
	if (!m) {
		close(fd);
		return error_set(err, -ENOMEM, "out of memory");
	}
	m->fd = fd;
	*ret_memory = m;
	return 0;
}

struct memory *memory_direct(pid_t tid, struct reader *reader)
{
	struct memory *m = malloc(sizeof(*m));

	if (m)
		*m = (struct memory){ .fd = -1, .pages = -1, .tid = tid, .reader = reader };
	return m;
}

bool memory_is_direct(const struct memory *m)
{
	return m->fd < 0;
}

void memory_follow(struct memory *m, pid_t tid)
{
	m->tid = tid;
}

void memory_has_others(struct memory *m, bool others)
{
	m->others = others;
}

int memory_keep(struct memory *m)
{
	int fd = m->fd >= 0 ? m->fd : open_file(m->tid, NULL);

	if (fd < 0)
		return fd;
	m->fd = fd;
	return 0;
}

bool memory_can_direct(void)
{
	char from = 1, to = 0;
	struct iovec ours = { &to, 1 }, theirs = { &from, 1 };

	return process_vm_readv(getpid(), &ours, 1, &theirs, 1, 0) == 1;
}

void memory_close(struct memory *m)
{
	if (!m)
		return;
	if (m->fd >= 0)
		close(m->fd);
	if (m->pages >= 0)
		close(m->pages);
	free(m);
}

/* ---- one read ------------------------------------------------------------------------------------------ */

static ssize_t read_directly(const struct memory *m, uint64_t address, void *bytes, size_t len)
{
	struct iovec ours = { bytes, len }, theirs = { (void *)(uintptr_t)address, len };
	ssize_t n = process_vm_readv(m->tid, &ours, 1, &theirs, 1, 0);

	return n >= 0 ? n : errno == ESRCH ? 0 : -errno;
}

static ssize_t read_file(const struct memory *m, uint64_t address, void *bytes, size_t len)
{
	ssize_t n;

	do
		n = pread(m->fd, bytes, len, (off_t)address);
	while (n < 0 && errno == EINTR);
	return n >= 0 ? n : errno == EIO ? -EFAULT : -errno;
}

#define PAGES_MAX 16 /* of one look */

/* Whether all pages are in memory. False where that cannot be known (gVisor has no pagemap). */
static bool is_there(struct memory *m, uint64_t address, size_t len)
{
	auto_fd int own = m->pages < 0 ? procfs_open(m->tid, "pagemap") : -1;
	uint64_t pages[PAGES_MAX];
	int n = pagemap_read(own >= 0 ? own : m->pages, address, len, pages, PAGES_MAX);
	bool there = n > 0;

	for (int i = 0; i < n; i++)
		there = there && pages[i] & (PAGEMAP_PRESENT | PAGEMAP_SWAPPED);
	if (m->fd >= 0 && own >= 0)
		m->pages = take_fd(own);
	return there;
}

/* Whether we may read ourselves: nobody has to be waited for. */
static bool is_at_hand(struct memory *m, uint64_t address, size_t len)
{
	return !m->others && is_there(m, address, len);
}

/* directly: also where there is a descriptor. */
static ssize_t read_once(struct memory *m, uint64_t address, void *bytes, size_t len, bool directly)
{
	ssize_t n = -EAGAIN;
	bool there;

	if (!reader_is_wary(m->reader))
		return directly ? read_directly(m, address, bytes, len) : read_file(m, address, bytes, len);
	there = (m->late || reader_is_trusting(m->reader)) && is_at_hand(m, address, len);
	if (!there && !m->late) {
		n = reader_memory(m->reader, m->tid, directly ? -1 : m->fd, address, bytes, len);
		there = n == -EBUSY && is_at_hand(m, address, len);
	}
	if (there)
		return directly ? read_directly(m, address, bytes, len) : read_file(m, address, bytes, len);
	m->late |= n == -EAGAIN || n == -EBUSY;
	return n == -EBUSY ? -EAGAIN : n;
}

static bool find_allowed(const struct memory *m, uint64_t address, struct mapping *ret_mapping)
{
	char path[MAPS_PATH_BYTES];

	return maps_find(m->tid, address, ret_mapping, path) == 0 && ret_mapping->allowed;
}

/*
 * process_vm_readv goes by what a mapping allows, the kernel, copying arguments of a call, by what the processor can
 * read: that is also what may only be written or executed. The file does not ask. Pages of memfd_secret() and of
 * devices nothing gives us. A page that comes and goes looks like one of these to a single look: there is a mapping,
 * and a moment ago there was none.
 */
static ssize_t read_unreadable(struct memory *m, uint64_t address, void *bytes, size_t len)
{
	auto_fd int own = -1;
	struct memory by_file = *m;
	struct mapping found;

	for (unsigned int tries = 0;; tries++) {
		ssize_t n;

		if (!find_allowed(m, address, &found))
			return -EFAULT;
		if (!found.readable)
			break;
		if (tries == READER_TRIES) { /* or behind the end of a file, where the kernel finds nothing either */
			m->sealed = true;
			return -EAGAIN;
		}
		n = read_once(m, address, bytes, len, m->fd < 0);
		if (n != -EFAULT)
			return n;
	}
	if (len > found.end - address)
		len = found.end - address;
	if (reader_is_wary(m->reader) && !is_at_hand(m, address, len)) {
		m->late = true;
		return -EAGAIN;
	}
	if (m->fd < 0)
		own = by_file.fd = open_file(m->tid, NULL);
	return by_file.fd < 0 ? -EFAULT : read_file(&by_file, address, bytes, len);
}

ssize_t memory_read_some(struct memory *m, uint64_t address, void *bytes, size_t len)
{
	ssize_t n;

	if (!m)
		return 0;
	address = arch_address(address);
	m->fault = address; /* until it is read */
	if (address > INT64_MAX) /* a kernel address, which the file's signed offset cannot name */
		return -EFAULT;
	n = read_once(m, address, bytes, len, m->fd < 0);
	if (n == -EFAULT)
		n = read_unreadable(m, address, bytes, len);
	m->refused = m->fd < 0 && n == -EPERM;
	return m->refused ? 0 : n;
}

bool memory_is_gone(struct memory *m)
{
	char byte;

	/* nothing is ever mapped at 0: -EFAULT while the address space lives */
	if (!memory_is_wary(m))
		return m && read_once(m, 0, &byte, 1, m->fd < 0) == 0;
	return reader_memory(m->reader, m->tid, m->fd, 0, &byte, 1) == 0;
}

bool memory_refused(const struct memory *m)
{
	return m && m->refused;
}

bool memory_is_wary(const struct memory *m)
{
	return m && reader_is_wary(m->reader);
}

bool memory_is_late(const struct memory *m)
{
	return m && (m->late || m->sealed);
}

bool memory_is_sealed(const struct memory *m)
{
	return m && m->sealed;
}

void memory_forget_sealed(struct memory *m)
{
	if (m)
		m->sealed = false;
}

void memory_forget_late(struct memory *m)
{
	if (m)
		m->late = false;
	memory_forget_sealed(m);
}

uint64_t memory_fault(const struct memory *m)
{
	return m->fault;
}

/* ---- many ---------------------------------------------------------------------------------------------- */

int memory_read(struct memory *m, uint64_t address, void *bytes, size_t len)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = memory_read_some(m, address + got, (char *)bytes + got, len - got);

		if (n < 0)
			return (int)n;
		if (n == 0)
			return got ? -EFAULT : -ESRCH;
		got += (size_t)n;
	}
	return 0;
}

/*
 * The file gives also what the process itself may not read (PROT_NONE), where the kernel, copying its
 * arguments, would fail. Asked where that is to be thought of: behind the end of a page, and for nothing at
 * all.
 */
static bool is_closed(struct memory *m, uint64_t address)
{
	struct mapping found;
	char byte;

	return m->fd >= 0 && read_once(m, address, &byte, 1, true) == -EFAULT && !find_allowed(m, address, &found);
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
		n = memory_read_some(m, address + got, bytes + got, piece);
		if (n < 0)
			return n;
		if (n == 0)
			return got ? -EFAULT : -ESRCH;
		if ((!bytes[got] || (address + got) % PAGE == 0) && is_closed(m, address + got))
			return -EFAULT;
		end = memchr(bytes + got, 0, (size_t)n);
		if (end)
			return end - bytes;
		got += (size_t)n;
	}
	return -ENAMETOOLONG;
}
