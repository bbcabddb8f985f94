/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/open_flags.h"

#include <fcntl.h>
#include <stddef.h>

#include "base/cleanup.h"

/*
 * The access mode is a number in the kernel (0, 1, 2; 3 asks for neither) and two bits in events. O_SYNC and O_TMPFILE
 * contain O_DSYNC and O_DIRECTORY; every row is tested alone, as Falco's drivers do it.
 */
static const struct {
	uint64_t native;
	uint32_t event;
} bits[] = {
	{ O_CREAT, 0x4 },	{ O_APPEND, 0x8 },	{ O_DSYNC, 0x10 },	{ O_EXCL, 0x20 },    { O_NONBLOCK, 0x40 },
	{ O_SYNC, 0x80 },	{ O_TRUNC, 0x100 },	{ O_DIRECT, 0x200 },	{ O_DIRECTORY, 0x400 }, { 0100000, 0x800 },
	{ O_CLOEXEC, 0x1000 }, { O_TMPFILE, 0x2000 },
};

uint32_t open_flags_to_event(uint64_t flags)
{
	static const uint32_t access[] = { [O_RDONLY] = 1, [O_WRONLY] = 2, [O_RDWR] = 3, [O_ACCMODE] = 0 };
	uint32_t event = access[flags & O_ACCMODE];

	for (size_t i = 0; i < ARRAY_SIZE(bits); i++)
		if ((flags & bits[i].native) == bits[i].native)
			event |= bits[i].event;
	return event;
}
