/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_RIGHTS_H
#define MONITOR_TRACER_RIGHTS_H

#include <stdint.h>
#include <sys/types.h>

/*
 * What a thread may do with files: its user and groups of the file system and its effective capabilities. The thread
 * that makes calls in others' place takes theirs on for the call, and must come back to its own before anything else.
 */
struct rights {
	uid_t fsuid;
	gid_t fsgid;
	uint64_t capabilities; /* effective */
	char *lines; /* as read, to know them again */
	size_t ngroups;
	gid_t groups[]; /* supplementary */
};

/* The rights of the calling thread, and of all whose lines of /proc/TID/status were read. */
struct rights_book;

/*
 * lines: fsuid, fsgid, supplementary groups and effective capabilities as /proc/TID/status has them, a line each.
 * Our own come first. NULL when memory is short or the lines are not understood.
 */
struct rights_book *rights_new(const char *lines);
void rights_free(struct rights_book *book);

/* Those of the lines, owned by the book: ours, or what can be taken on. NULL: they cannot. */
const struct rights *rights_find(struct rights_book *book, const char *lines);

/*
 * Makes them the rights of the calling thread alone. Negative errno: nothing has changed. A failed return ends the
 * program, because nothing may be done with the rights of another.
 */
int rights_assume(const struct rights_book *book, const struct rights *rights);
void rights_return(const struct rights_book *book, const struct rights *rights);

#endif
