/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_MOUNT_H
#define MONITOR_TRACER_MOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* A line of /proc/PID/mountinfo. Texts are views of it. */
struct mount {
	uint64_t id, parent; /* of the mount that it is mounted on */
	struct str point, type;
	struct str options; /* of its file system */
	bool read_only; /* the mount, or its file system */
};

bool mount_parse(struct str line, struct mount *ret_mount);
/* Whether a file system of a type answers at once (slow.def). */
bool mount_is_prompt(struct str type);

static inline bool mount_is_overlay(struct str type)
{
	return str_eq(type, STR("overlay"));
}

#endif
