/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_PAGEMAP_H
#define MONITOR_TRACER_PAGEMAP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

/* The entries of /proc/PID/pagemap, one for each page (Documentation/admin-guide/mm/pagemap.rst). */
#define PAGEMAP_PRESENT (UINT64_C(1) << 63)
#define PAGEMAP_SWAPPED (UINT64_C(1) << 62)
/* the file's own, or shared memory; private pages lose it when they are written to */
#define PAGEMAP_OF_FILE (UINT64_C(1) << 61)

/*
 * Those of the pages that len bytes from address lie in: how many, 0 when they are more than max or cannot be
 * read (fd -1).
 */
static inline int pagemap_read(int fd, uint64_t address, size_t len, uint64_t *ret_entries, size_t max)
{
	uint64_t size = (uint64_t)sysconf(_SC_PAGESIZE), first = address / size,
		 count = (address + len - 1) / size - first + 1;

	if (fd < 0 || count > max ||
	    pread(fd, ret_entries, count * sizeof(*ret_entries), (off_t)(first * sizeof(*ret_entries))) !=
		    (ssize_t)(count * sizeof(*ret_entries)))
		return 0;
	return (int)count;
}

#endif
