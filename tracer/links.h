/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_LINKS_H
#define MONITOR_TRACER_LINKS_H

#include <sys/stat.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"

/*
 * Hard links, files that were moved, and files that mounts show a second time: a file that was opened by one name can
 * be the file that a rule knows by another. Of the paths that rules compare with, the device and inode behind each is
 * kept, for the root and mounts of one process at a time.
 *
 * What is kept is looked up again for another root, after a second, and when the file that was opened has changed
 * since (its ctime: giving it a name changes that), but for at most about a tenth of the time. What a path led to for
 * us in the beginning is that file for good, wherever it was moved, whatever covers the path, in whoever's view.
 */
struct links;

/* Copies the paths. 0 or -ENOMEM. */
int links_new(const struct str *paths, size_t npaths, struct links **ret_links);
void links_free(struct links *l); /* accepts NULL */
DEFINE_AUTO(struct links, links, links_free);
#define auto_links AUTO(links)

/*
 * The path, as tid resolves it (0: as we do, which asks nothing about a process), that leads to the regular
 * file st, or led to it first. It was opened as real_path, and is found by name in dir (""; it is dir). Empty when it
 * has one name only (and nothing was mounted), when no path leads to it, or when real_path is such a path itself.
 * Lives as long as l.
 */
struct str links_find(struct links *l, pid_t tid, int dir, const char *name, const struct stat *st,
		      struct str real_path, bool mounted);

#endif
