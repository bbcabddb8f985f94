/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_SIGHT_H
#define MONITOR_TRACER_SIGHT_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Without the capability SYS_PTRACE, as root in a container, the kernel lets us look into processes of our own user
 * alone. So where a file of /proc is refused, whoever it is about lends its ids for the look.
 */

/* What the thread comes back to. */
struct sight {
	uid_t uid;
	gid_t gid;
	int dumpable;
};

/*
 * Takes on the ids of the process that path ("TID/…") is about, when errno says that a look was refused. False: there
 * is nothing to be gained by them; errno is as before.
 */
bool sight_take(const char *path, struct sight *ret_sight);
/* Comes back; errno is as before. */
void sight_return(const struct sight *sight);

/* The value of look, which fails with a negative number and errno; when it is refused, that of a second try. */
#define SIGHT(path, look)                                                                                             \
	({                                                                                                            \
		__typeof__(look) seen_ = (look);                                                                      \
		struct sight sight_;                                                                                  \
		if (seen_ < 0 && sight_take(path, &sight_)) {                                                         \
			seen_ = (look);                                                                               \
			sight_return(&sight_);                                                                        \
		}                                                                                                     \
		seen_;                                                                                                \
	})

#endif
