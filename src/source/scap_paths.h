/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_SOURCE_SCAP_PATHS_H
#define MONITOR_SOURCE_SCAP_PATHS_H

#include "base/str.h"

/*
 * Where opens have led: what a real path would be, by those that were told. Of each path that was no good
 * guess the real one is remembered, and of what the two have not in common at their ends, which is a folder
 * behind a link. Only what is added decides, and no clock, seed or address, so writer and reader of a capture
 * guess alike. Fixed size; a collision makes a wrong guess, no more.
 */
struct scap_paths;

struct scap_paths *scap_paths_new(void); /* NULL when memory is short */
void scap_paths_free(struct scap_paths *p); /* accepts NULL */
void scap_paths_forget(struct scap_paths *p);

/* The real path that an absolute one of this thread has, as far as is known. Borrowed until the next call. */
struct str scap_paths_guess(struct scap_paths *p, int64_t tid, struct str asked);
/* What the path of the last guess really was. 0 or -ENOMEM. */
int scap_paths_add(struct scap_paths *p, struct str real_path);

#endif
