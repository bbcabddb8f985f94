/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_STATE_FDTABLE_H
#define MONITOR_STATE_FDTABLE_H

#include "state/fd.h"
#include "state/fdorder.h"
#include "state/table.h"

/*
 * The descriptors of one process. Threads of a process, and processes that share by CLONE_FILES, hold one table; a
 * fork gets a copy of the pointers only, and an object is copied when one of its tables changes it.
 *
 * Small numbers are an index into an array, as in the kernel; the rest is hashed.
 */
#define FDTABLE_DIRECT 1024

struct fdtable {
	uint32_t refs;
	uint32_t count;
	uint32_t direct_len;
	struct fd **direct;
	/* bit set of the numbers in direct: a shell's 255 stands far behind the rest */
	uint64_t used[FDTABLE_DIRECT / 64];
	struct fdorder order;
	struct table high; /* numbers from FDTABLE_DIRECT */
};

struct fdtable *fdtable_new(void); /* refs 1; NULL when memory is short */
struct fdtable *fdtable_ref(struct fdtable *t);
void fdtable_unref(struct fdtable *t); /* accepts NULL */
struct fdtable *fdtable_copy(const struct fdtable *t); /* as fork does */

static inline struct fd *fdtable_get(const struct fdtable *t, int64_t number)
{
	if ((uint64_t)number < t->direct_len)
		return t->direct[number];
	return number >= FDTABLE_DIRECT ? table_get(&t->high, number) : NULL;
}

/* The lowest number in direct that is not below n; FDTABLE_DIRECT when there is none. */
static inline uint32_t fdtable_direct_from(const struct fdtable *t, uint32_t n)
{
	uint64_t rest;

	for (; n < t->direct_len; n = (n | 63) + 1) {
		rest = t->used[n / 64] >> n % 64;
		if (rest)
			return n + (uint32_t)__builtin_ctzll(rest);
	}
	return FDTABLE_DIRECT;
}

#define FDTABLE_EACH_DIRECT(t, i) \
	for ((i) = fdtable_direct_from(t, 0); (i) < FDTABLE_DIRECT; (i) = fdtable_direct_from(t, (i) + 1))

/*
 * Puts fd under its number, in place of what was there. Takes the caller's reference also when it fails: -ENOSPC
 * (STATE_FDS_PER_PROC), -EINVAL (negative number), -ENOMEM.
 */
int fdtable_put(struct fdtable *t, struct fd *fd);
/* 1 when there was one. */
int fdtable_remove(struct fdtable *t, int64_t number);
/* The descriptor for changing: copied first when other tables hold it. NULL when it is not there or memory is short. */
struct fd *fdtable_own(struct fdtable *t, int64_t number);
/* Removes all for which drop says so; returns how many. */
size_t fdtable_drop(struct fdtable *t, bool (*drop)(void *context, const struct fd *fd), void *context);
/* Calls visit in number order until it returns non-zero, which it returns; -ENOMEM. visit may not add or remove. */
int fdtable_each(const struct fdtable *t, int (*visit)(void *context, struct fd *fd), void *context);
/* The same in the order in which Falco goes over them. */
int fdtable_each_hashed(const struct fdtable *t, int (*visit)(void *context, struct fd *fd), void *context);

/* ---- single descriptors ---- */

struct fd *fd_new(enum fd_type type, int64_t number); /* refs 1; NULL when memory is short */
struct fd *fd_copy(const struct fd *fd); /* refs 1, name_changed false */
void fd_unref(struct fd *fd); /* accepts NULL */
/* Replaces the name and notes the change in name_changed. 0 or -ENOMEM. */
int fd_set_name(struct fd *fd, struct str name);

#endif
