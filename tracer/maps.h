/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_MAPS_H
#define MONITOR_TRACER_MAPS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "event/event.h"

/*
 * The mapping that an address of a process lies in. Nothing is kept from one question to the next: a process can put
 * other memory at any address without a call that we see, so what was true of an address before says nothing now.
 */
struct mapping {
	uint64_t start, end, offset;
	bool readable, shared;
	bool allowed; /* to be read, written or executed */
	uint64_t inode; /* 0 = no file */
	uint8_t build_id[20]; /* of the file, where the kernel tells; by maps_identify() alone */
	unsigned int build_id_len;
	struct str path; /* or "[stack]" and kin; empty = anonymous */
};

#define MAPS_PATH_BYTES 4096

/* Reads one line of /proc/PID/maps (without its newline); the path borrows from it. False when it is none. */
bool maps_parse(struct str line, struct mapping *ret_mapping);

/*
 * By the kernel's own search (6.11), else by reading the list up to there. path holds ret_mapping's. -ENOENT:
 * no mapping.
 */
int maps_find(pid_t tid, uint64_t address, struct mapping *ret_mapping, char path[MAPS_PATH_BYTES]);

/* The same with the build id, for which the kernel reads in the file: that may have to be waited for. */
int maps_identify(pid_t tid, uint64_t address, struct mapping *ret_mapping, char path[MAPS_PATH_BYTES]);

/*
 * Whether only the process itself writes there: private memory, and not a page that is still the file's own,
 * unless that is a file of the system's (texts of programs and libraries), which only root writes.
 */
bool maps_is_private(pid_t tid, uint64_t address);

/*
 * What the code at ip of a thread that waits in a call is. Memory that holds the thread's stack pointer is its stack; a
 * page of a file that the process wrote over is anonymous; so are memory files without a name.
 */
enum region maps_region(pid_t tid, uint64_t ip);

#endif
