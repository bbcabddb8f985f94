/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_STATE_PATHS_H
#define MONITOR_STATE_PATHS_H

#include "base/limits.h"
#include "base/str.h"

struct thread;

/* cap for paths_join(): a result and its NUL always fit. */
#define PATHS_BYTES (STATE_PATH_BYTES + 1)

/*
 * Joins dir and name as text, folding "." and ".." of name lexically (dir is taken as it is and must end with '/'
 * where one is wanted). An absolute or empty name stands alone. Folding never climbs past the start. What is too
 * long becomes Falco's "/DIR_TOO_LONG/FILENAME_TOO_LONG". Returns a view of out, with a NUL behind it.
 */
struct str paths_join(char out[PATHS_BYTES], struct str dir, struct str name);

/*
 * Whether paths_join() makes of an absolute name that name, as of nearly all. False for one that is not, or
 * in doubt.
 */
bool paths_is_folded(struct str name);

#define PATHS_AT_FDCWD (-100)

/*
 * The directory that a name is relative to, with its final '/': "." for an absolute name (paths_join() ignores it),
 * the thread's current directory, the name of descriptor dirfd, or "<UNKNOWN>". The text lives in out or in the thread.
 */
struct str paths_directory(char out[PATHS_BYTES], struct thread *t, int64_t dirfd, struct str name);

#endif
