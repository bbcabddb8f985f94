/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/maps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/parse.h"
#include "tracer/arch.h"
#include "tracer/pagemap.h"
#include "tracer/procfs.h"
#include "tracer/sight.h"
#include "tracer/slow.h"

/* ---- the list ------------------------------------------------------------------------------------------ */

/* Hexadecimal digits up to a character; false when there are none or too many. */
static bool take_hex(struct str *rest, char end, uint64_t *ret_value)
{
	uint64_t value = 0;
	size_t i = 0;

	for (; i < rest->len && rest->ptr[i] != end; i++) {
		int digit = parse_hex_digit((unsigned char)rest->ptr[i]);

		if (digit < 0 || i == 16)
			return false;
		value = value << 4 | (uint64_t)digit;
	}
	if (i == 0 || i == rest->len)
		return false;
	*rest = (struct str){ rest->ptr + i + 1, rest->len - i - 1 };
	*ret_value = value;
	return true;
}

static struct str take_word(struct str *rest)
{
	const char *blank = memchr(rest->ptr, ' ', rest->len);
	struct str word = { rest->ptr, blank ? (size_t)(blank - rest->ptr) : rest->len };

	*rest = (struct str){ rest->ptr + word.len, rest->len - word.len };
	while (rest->len && rest->ptr[0] == ' ')
		*rest = (struct str){ rest->ptr + 1, rest->len - 1 };
	return word;
}

bool maps_parse(struct str line, struct mapping *ret_mapping)
{
	struct mapping m = { .path = STR("") };
	struct str modes;

	if (!take_hex(&line, '-', &m.start) || !take_hex(&line, ' ', &m.end) || m.end <= m.start)
		return false;
	modes = take_word(&line);
	if (modes.len != 4 || !take_hex(&line, ' ', &m.offset))
		return false;
	m.readable = modes.ptr[0] == 'r';
	m.allowed = memcmp(modes.ptr, "---", 3) != 0;
	m.shared = modes.ptr[3] == 's';
	take_word(&line); /* device */
	if (parse_u64(take_word(&line), &m.inode) < 0)
		return false;
	m.path = line;
	*ret_mapping = m;
	return true;
}

/* Looks at the whole lines in buffer; *ret_used is their length. */
static bool search_lines(struct str buffer, uint64_t address, struct mapping *ret_mapping, size_t *ret_used)
{
	size_t used = 0;
	const char *end;

	while ((end = memchr(buffer.ptr + used, '\n', buffer.len - used))) {
		struct str line = { buffer.ptr + used, (size_t)(end - buffer.ptr) - used };
		struct mapping m;

		used += line.len + 1;
		if (maps_parse(line, &m) && address >= m.start && address < m.end) {
			*ret_mapping = m;
			return true;
		}
	}
	*ret_used = used;
	return false;
}

static int keep_path(struct mapping *m, char path[MAPS_PATH_BYTES])
{
	size_t len = m->path.len < MAPS_PATH_BYTES ? m->path.len : MAPS_PATH_BYTES - 1;

	if (len)
		memcpy(path, m->path.ptr, len);
	path[len] = 0;
	m->path = (struct str){ path, len };
	return 0;
}

static int search_list(int fd, uint64_t address, struct mapping *ret_mapping, char path[MAPS_PATH_BYTES])
{
	char buffer[32768]; /* longer than any line: a path has four characters a byte at most */
	size_t have = 0, used;
	ssize_t n;

	while ((n = read(fd, buffer + have, sizeof(buffer) - have)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		have += (size_t)n;
		if (search_lines((struct str){ buffer, have }, address, ret_mapping, &used))
			return keep_path(ret_mapping, path);
		if (used == 0 && have == sizeof(buffer))
			return -EBADMSG;
		memmove(buffer, buffer + used, have - used);
		have -= used;
	}
	return -ENOENT;
}

/* ---- the kernel's search ------------------------------------------------------------------------------- */

/* struct procmap_query of linux/fs.h, which older headers have not */
struct query {
	uint64_t size, flags, address;
	uint64_t start, end, vma_flags, page_size, offset, inode;
	uint32_t dev_major, dev_minor, name_size, build_id_size;
	uint64_t name, build_id;
};
#define QUERY	     _IOWR('f', 17, struct query)
#define QUERY_READABLE 1
#define QUERY_ALLOWED  7 /* readable, writable or executable */
#define QUERY_SHARED   8

static int ask_kernel(int fd, uint64_t address, bool with_id, struct mapping *ret_mapping, char path[MAPS_PATH_BYTES])
{
	uint8_t id[20] = { 0 };
	struct query q = {
		.size = sizeof(q),
		.address = address,
		.name = (uintptr_t)path,
		.name_size = MAPS_PATH_BYTES,
		.build_id = with_id ? (uintptr_t)id : 0,
		.build_id_size = with_id ? sizeof(id) : 0,
	};

	path[0] = 0;
	if (ioctl(fd, QUERY, &q) < 0)
		return -errno;
	path[MAPS_PATH_BYTES - 1] = 0;
	*ret_mapping = (struct mapping){
		.start = q.start,
		.end = q.end,
		.offset = q.offset,
		.readable = q.vma_flags & QUERY_READABLE,
		.allowed = q.vma_flags & QUERY_ALLOWED,
		.shared = q.vma_flags & QUERY_SHARED,
		.inode = q.inode,
		.path = q.name_size ? str_of(path) : STR(""),
		.build_id_len = q.build_id_size <= sizeof(id) ? q.build_id_size : 0,
	};
	memcpy(ret_mapping->build_id, id, sizeof(id));
	return 0;
}

static int find(pid_t tid, uint64_t address, bool with_id, struct mapping *ret_mapping, char path[MAPS_PATH_BYTES])
{
	char name[32];
	auto_fd int fd = -1;
	int r;

	snprintf(name, sizeof(name), "%d/maps", tid);
	fd = SIGHT(name, openat(procfs_folder(), name, O_RDONLY | O_CLOEXEC));
	if (fd < 0)
		return -errno;
	r = ask_kernel(fd, address, with_id, ret_mapping, path);
	return r == 0 || r == -ENOENT ? r : search_list(fd, address, ret_mapping, path);
}

int maps_find(pid_t tid, uint64_t address, struct mapping *ret_mapping, char path[MAPS_PATH_BYTES])
{
	return find(tid, arch_address(address), false, ret_mapping, path);
}

int maps_identify(pid_t tid, uint64_t address, struct mapping *ret_mapping, char path[MAPS_PATH_BYTES])
{
	return find(tid, address, true, ret_mapping, path);
}

/* ---- regions ------------------------------------------------------------------------------------------- */

/* The stack pointer is the last but one word of /proc/TID/syscall, which a thread in a call has; 0 = not known. */
static uint64_t stack_pointer(pid_t tid)
{
	char text[256];
	ssize_t n = procfs_read_file(tid, "syscall", text, sizeof(text));
	struct str rest = { text, n > 0 ? (size_t)n : 0 }, word = STR(""), last = STR("");
	uint64_t sp;

	if (rest.len && rest.ptr[rest.len - 1] == '\n')
		rest.len--;
	while (rest.len) {
		word = last;
		last = take_word(&rest);
	}
	return parse_u64(word, &sp) == 0 ? sp : 0;
}

/*
 * Whether m belongs to the stack of the thread. Giving a part of it other rights makes a mapping of its own
 * of that part: so neighbours count that follow each other without a gap, a file or a guard page between.
 */
static bool holds_stack(pid_t tid, const struct mapping *m)
{
	char path[MAPS_PATH_BYTES];
	struct mapping at = { .start = stack_pointer(tid) };

	for (int step = 0; step < REGION_STACK_PIECES && at.start; step++) {
		uint64_t next = step == 0 ? at.start : m->start < at.start ? at.start - 1 : at.end;

		if (maps_find(tid, next, &at, path) < 0 || at.inode || !at.readable)
			return false;
		if (m->start < at.end && at.start < m->end)
			return true;
	}
	return false;
}

/* A page of a private mapping that is not the file's own any more. */
static bool was_written(pid_t tid, uint64_t address)
{
	auto_fd int fd = procfs_open(tid, "pagemap");
	uint64_t entry;

	return pagemap_read(fd, address, 1, &entry, 1) == 1 && (entry & PAGEMAP_PRESENT) && !(entry & PAGEMAP_OF_FILE);
}

/* As we see the path: what lies elsewhere for the process is not taken for the system's. */
static bool is_systems(struct str file)
{
	char path[MAPS_PATH_BYTES + 1];
	struct stat st;

	if (!file.len || file.len > MAPS_PATH_BYTES)
		return false;
	memcpy(path, file.ptr, file.len);
	path[file.len] = '\0';
	return slow_stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == 0 &&
	       !(st.st_mode & (S_IWGRP | S_IWOTH));
}

bool maps_is_private(pid_t tid, uint64_t address)
{
	char path[MAPS_PATH_BYTES];
	struct mapping m;

	if (maps_find(tid, address, &m, path) < 0 || m.shared)
		return false;
	if (!m.inode || was_written(tid, arch_address(address)))
		return true;
	return is_systems(m.path);
}

/* Memory that has a path and no file behind it. */
static bool is_memory_file(struct str path)
{
	return str_starts(path, STR("/memfd:")) || str_starts(path, STR("/dev/zero")) ||
	       str_starts(path, STR("/SYSV")) || str_starts(path, STR("/anon_hugepage"));
}

enum region maps_region(pid_t tid, uint64_t ip)
{
	char path[MAPS_PATH_BYTES];
	struct mapping m;

	if (maps_find(tid, ip, &m, path) < 0)
		return REGION_UNKNOWN;
	if (str_starts(m.path, STR("[stack")))
		return REGION_STACK;
	/* the kernel's own code: a process calls through it as through a library */
	if (str_eq(m.path, STR("[vdso]")) || str_eq(m.path, STR("[vsyscall]")) || str_eq(m.path, STR("[uprobes]")))
		return REGION_FILE;
	if (m.inode && !is_memory_file(m.path) && (m.shared || !was_written(tid, ip)))
		return REGION_FILE;
	return holds_stack(tid, &m) ? REGION_STACK : REGION_ANONYMOUS;
}
