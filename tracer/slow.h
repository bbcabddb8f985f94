/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_SLOW_H
#define MONITOR_TRACER_SLOW_H

#include <linux/openat2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/str.h"

#ifndef RESOLVE_CACHED /* before Linux 5.12 */
#define RESOLVE_CACHED 0x20
#endif

/* Mounts that may let whoever looks something up there wait. */
struct slow {
	int fd; /* /proc/self/mountinfo: POLLPRI when it is another; -1 = nobody looks */
	bool asked; /* what there is matters */
	bool changed; /* since it was read */
	bool unknown;
	bool root_is_prompt; /* our root lies where who looks something up does not wait */
	bool apart; /* somebody may have mounts of his own, and links of /proc lead there; or a user namespace */
	uint64_t *list; /* heap: ids of mounts */
	size_t count, empty; /* empty: of count, those that have no files */
	uint64_t *all; /* heap: of all mounts */
	size_t nall;
};

void slow_begin(struct slow *s);
void slow_free(struct slow *s);
/*
 * The list for another thread, to be freed by it: as it is now, nobody asks again whether it is another. -ENOMEM.
 */
int slow_copy(struct slow *s, struct slow *ret_copy);
/* Takes the list from the text of a mountinfo; -ENOMEM. */
int slow_parse(struct slow *s, struct str mounts);
/* Whether there are such mounts, as far as can be known. */
bool slow_any(struct slow *s);
/* The list of a process (0: ours) as it is now, to be freed. */
void slow_of(struct slow *s, pid_t tid);
/* Whether the list is another since that was last asked for, or waited for. */
bool slow_moves(const struct slow *s);
/* Whether the file lies in a mount that we have, too: what is mounted below others we do not know. */
bool slow_is_ours(struct slow *s, int fd);
/* Whether it is known to lie in none of the mounts of the list: open_tree() makes such, which have no path. */
bool slow_is_apart(struct slow *s, int fd);
/* Whether the file lies there. */
bool slow_has(struct slow *s, int fd);
/*
 * Whether a path, from a directory that is not there, leads there, or that cannot be known: as where a link
 * of /proc leads, which may be another's mounts. makes: also one that is not there, to where it would be made.
 * No server is asked.
 */
bool slow_on_way(struct slow *s, int base, const char *path, bool makes);
/* The same as far as the kernel knows it without waiting: 1, 0, or -EAGAIN. */
int slow_known_way(struct slow *s, int base, const char *path);
/* Whether some of them have files, whose pages somebody has to give: an automount has none. */
bool slow_gives(struct slow *s);

/*
 * An O_PATH descriptor of what the kernel knows at the end of a path, with openat2()'s resolve: -EAGAIN, or
 * another -errno.
 */
int slow_open_known(int base, const char *path, uint64_t resolve);
/*
 * The same below a root directory that s lists the mounts of, by asking wherever no such mount is on the way: -EAGAIN
 * when one is, or another -errno. self: by the links of /proc as this thread has them; 0 = not by any.
 */
int slow_open_below(struct slow *s, int root, const char *path, pid_t self);
/*
 * stat() of what the kernel knows, as it does the files that somebody has mapped. No server is asked:
 * -EAGAIN, or another -errno.
 */
int slow_stat(const char *path, struct stat *ret_st);

#endif
