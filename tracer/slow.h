/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_SLOW_H
#define MONITOR_TRACER_SLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Mounts that may let whoever looks something up there wait. */
struct slow {
	int fd; /* /proc/self/mountinfo: POLLPRI when it is another; -1 = nobody asks */
	bool changed; /* since it was read */
	bool unknown;
	uint64_t *list; /* heap: ids of mounts */
	size_t count;
};

void slow_begin(struct slow *s);
void slow_free(struct slow *s);
/* Takes the list from the text of a mountinfo; -ENOMEM. */
int slow_parse(struct slow *s, struct str mounts);
/* Whether the file lies there. */
bool slow_has(struct slow *s, int fd);
/* Whether a path, from a directory that is not there, leads there, or that cannot be known. No server is asked. */
bool slow_on_way(struct slow *s, int base, const char *path);

#endif
