/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_CALLS_H
#define MONITOR_TRACER_CALLS_H

#include <stdbool.h>
#include <stdint.h>

/* What the tracer must know of single system calls (calls.def), by the machine's numbers. */
#define CALLS_MAX 512 /* exclusive upper bound of the numbers that filters and tables here know */

/* ioctl() of /dev/userfaultfd that gives what userfaultfd() does (Linux 6.1) */
#define CALLS_IOCTL_FAULTS 0xaa00u

/* ioctl() that freezes a file system, and one that stops what disks are mapped to, as calls.def has it */
#define CALLS_IOCTL_FREEZING { 0xc0045877u, 0xc138fd06u } /* FIFREEZE, DM_DEV_SUSPEND */

/* bits of fanotify_mark() by which opens, and with later kernels cutting files off, ask */
#define CALLS_ASKING { 0x10000u, 0x100000u } /* FAN_OPEN_PERM, FAN_PRE_ACCESS */

/* flag of pidfd_open(): a descriptor of a thread (PIDFD_THREAD, Linux 6.9) */
#define CALLS_PIDFD_THREAD 0x80u

enum call_trait {
	CALL_BLOCKS = 1 << 0,
	CALL_OPEN = 1 << 1,
	CALL_EXEC = 1 << 2,
	CALL_BIRTH = 1 << 3,
	CALL_CRED = 1 << 4,
	CALL_ROOT = 1 << 5,
	CALL_DEBUG = 1 << 6,
	CALL_PID = 1 << 7,
	CALL_GROUP = 1 << 8,
	CALL_RING = 1 << 9,
	CALL_OWNER = 1 << 10,
	CALL_PIDFD = 1 << 11,
	CALL_LISTEN = 1 << 12,
	CALL_SOCKET = 1 << 13,
	CALL_WHOLE = 1 << 14,
	CALL_SEND = 1 << 15,
	CALL_NAME = 1 << 16,
	CALL_FAULTS = 1 << 17,
	CALL_MASK = 1 << 18,
	CALL_CONFINE = 1 << 19,
	CALL_DUMP = 1 << 20,
	CALL_AFFINITY = 1 << 21,
	CALL_MOUNT = 1 << 22,
	CALL_ASKS = 1 << 23,
	CALL_TAKES = 1 << 24,
	CALL_GOES = 1 << 25,
	CALL_THREAD = 1 << 26,
	CALL_RINGS = 1 << 27,
	CALL_TREE = 1 << 28,
	CALL_HOLDS = 1 << 29,
	CALL_FREEZES = 1 << 30,
	CALL_TIMER = 1u << 31, /* the last that there is room for */
};

struct call_traits {
	uint32_t traits; /* CALL_* */
	uint8_t arg;
};

struct calls {
	struct call_traits by_number[CALLS_MAX];
};

void calls_init(struct calls *c);

/* The traits of a call, 0 for numbers that nobody knows. */
static inline unsigned int calls_traits(const struct calls *c, long number)
{
	return number >= 0 && number < CALLS_MAX ? c->by_number[number].traits : 0;
}

#endif
