/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_MOUNT_H
#define MONITOR_TRACER_MOUNT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

/* A line of /proc/PID/mountinfo. Texts are views of it. */
struct mount {
	uint64_t id, parent; /* of the mount that it is mounted on */
	struct str point, type;
	struct str options; /* of its file system */
	bool read_only; /* the mount, or its file system */
};

/* The lines of a process's mounts (0: ours), in *ret_text, which is the caller's to free. 0, or -errno. */
int mount_read_all(pid_t tid, char **ret_text, struct str *ret_lines);
bool mount_parse(struct str line, struct mount *ret_mount);
/* Whether a path is that of a folder, or leads below it; both absolute, and only the root ends with a slash. */
bool mount_covers(struct str folder, struct str path);
/* What the options say of a key: what comes behind "key=" up to the next comma; of length 0 when nothing does. */
struct str mount_option(struct str options, struct str key);
/* Whether a file system of a type answers at once (slow.def). */
bool mount_is_prompt(struct str type);
/* Whether statfs() tells of one for files that programs keep; overlays are among them. */
bool mount_is_ordinary(uint32_t magic);

static inline bool mount_is_overlay(struct str type)
{
	return str_eq(type, STR("overlay"));
}

#endif
