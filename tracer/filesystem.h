/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_FILESYSTEM_H
#define MONITOR_TRACER_FILESYSTEM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/* What a file system says of itself. */
struct filesystem {
	bool read_only, overlay;
};

/* Mounts that were found to be prompt, by unique ids (Linux 6.8) or their disk: not looked for again. */
struct filesystem_memo {
	uint64_t prompt[8];
	unsigned int next;
};

/*
 * stat() and statfs() of the file behind a link of tid in the folder /proc, without asking whoever may not answer
 * (slow.h): there the process's own list of mounts says what it can. Nothing is said of the file system of a file that
 * lies in none of them. 0, or -errno.
 */
int filesystem_ask(struct filesystem_memo *m, pid_t tid, int folder, const char *path, struct stat *ret_st,
		   struct filesystem *ret_fs);

#endif
