/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/open_flags.h"

#include <fcntl.h>
#include <stddef.h>

#include "base/cleanup.h"

/* the C library defines O_LARGEFILE as 0 where every file is large */
#if defined(__aarch64__)
#define LARGEFILE 0400000
#else
#define LARGEFILE 0100000
#endif

/*
 * The access mode is a number in the kernel (0, 1, 2) and two bits in events. Each row with any of its bits
 * set counts: O_SYNC and O_TMPFILE contain O_DSYNC and O_DIRECTORY, so that a directory's open shows
 * O_TMPFILE, as with Falco's drivers.
 */
static const struct {
	uint64_t native;
	uint32_t event;
} bits[] = {
	{ O_CREAT, 0x4 },       { O_APPEND, 0x8 },    { O_DSYNC, 0x10 },     { O_EXCL, 0x20 },
	{ O_NONBLOCK, 0x40 },   { O_SYNC, 0x80 },     { O_TRUNC, 0x100 },    { O_DIRECT, 0x200 },
	{ O_DIRECTORY, 0x400 }, { LARGEFILE, 0x800 }, { O_CLOEXEC, 0x1000 }, { O_TMPFILE, 0x2000 },
};

uint32_t open_flags_to_event(uint64_t flags)
{
	uint32_t event = (flags & O_ACCMODE) == O_WRONLY ? 2 : (flags & O_ACCMODE) == O_RDWR ? 3 : 1;

	for (size_t i = 0; i < ARRAY_SIZE(bits); i++)
		if (flags & bits[i].native)
			event |= bits[i].event;
	return event;
}

bool open_flag_native(uint32_t event, uint64_t *ret_native)
{
	for (size_t i = 0; i < ARRAY_SIZE(bits); i++) {
		if (bits[i].event == event) {
			*ret_native = bits[i].native;
			return true;
		}
	}
	return false;
}
