/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_EVENT_FACTS_H
#define MONITOR_EVENT_FACTS_H

#include <stdint.h>

/*
 * The facts that events write (events.def) and fields read (fields.def). One vocabulary for three uses: what is still
 * unknown at a call's entry, when a predicate remembered on a thread dies, and what a source must report so that a
 * rule can be answered.
 */
typedef uint32_t facts_t;

enum {
	FACT_EXE = 1u << 0, /* exe, exepath, inode and its times, upper layer, memfd */
	FACT_COMM = 1u << 1,
	FACT_ARGS = 1u << 2,
	FACT_ENV = 1u << 3,
	FACT_CRED = 1u << 4, /* uid, gid */
	FACT_CAPS = 1u << 5,
	FACT_LOGIN = 1u << 6, /* loginuid */
	FACT_SESSION = 1u << 7, /* sid, pgid, vpgid, tty */
	FACT_CWD = 1u << 8,
	FACT_ROOT = 1u << 9,
	FACT_LINEAGE = 1u << 10, /* parent chain; any ancestor's EXE, COMM, ARGS as well */
	FACT_FD = 1u << 11, /* the process's descriptors: which exist and what they name */
	FACT_CONTAINER = 1u << 12, /* cgroups, container id and its metadata */
	FACT_RESOURCE = 1u << 13, /* memory, page faults, limits, counts of threads and descriptors */
	FACT_FLAGS = 1u << 14, /* PPM_CL_* flags and the exe_* flags of exec */
	FACT_USERS = 1u << 15, /* the user and group tables */
	FACT_EVENT = 1u << 16, /* the event itself: its time, number, parameters; never remembered on a thread */
	/* of the extension record: written by no event of the tables, wanted of a source that can tell */
	FACT_FULL_ARGS = 1u << 17, /* argv beyond what events hold */
	FACT_CALLER = 1u << 18, /* the memory that a call was made from */
	FACT_STACK = 1u << 19, /* the frames that a call was made from */
	/* descriptors beside the event's own: a source that does not report them is asked when they are read */
	FACT_FDS = 1u << 20,
};

/* Facts about the process alone: a predicate that reads only these is remembered on the thread. */
#define FACTS_PROCESS                                                                                                 \
	(FACT_EXE | FACT_COMM | FACT_ARGS | FACT_ENV | FACT_CRED | FACT_CAPS | FACT_LOGIN | FACT_SESSION | FACT_CWD | \
	 FACT_ROOT | FACT_LINEAGE | FACT_CONTAINER | FACT_FLAGS | FACT_USERS)

#endif
