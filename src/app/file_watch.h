/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_FILE_WATCH_H
#define MONITOR_APP_FILE_WATCH_H

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/error.h"

/*
 * Files and folders whose changes matter, without waiting for them. The kernel tells of changes in their
 * folders (an editor, a package manager and a mounted Kubernetes map all replace files), and whether they
 * mean anything is decided by a look at the files themselves. Of a folder the entries count.
 */
struct file_watch;

/* An empty one, the caller's. A negative errno when the kernel gives no inotify instance. */
int file_watch_new(struct file_watch **ret_watch, struct error *err);
void file_watch_free(struct file_watch *w); /* accepts NULL */
DEFINE_AUTO(struct file_watch, file_watch, file_watch_free);
#define auto_file_watch AUTO(file_watch)

/* Forgets all paths. */
void file_watch_clear(struct file_watch *w);
/*
 * A file, or a folder; it need not be there. 0 or -ENOMEM. What cannot be watched is seen when something else
 * changes.
 */
int file_watch_add(struct file_watch *w, const char *path);
/* What is there now is known. */
void file_watch_note(struct file_watch *w);
/*
 * Whether something is other than at the last file_watch_note(), and has been so for a moment (half of a
 * change is no change). One system call when nothing happens; never more than a look in a while, however busy
 * the folders are.
 */
bool file_watch_changed(struct file_watch *w);

/*
 * Has an inotify instance tell of changes both where the name stands and where it leads to, since either can be
 * replaced, and within it if it is a folder. For who waits with an instance of his own.
 */
void file_watch_path(int inotify, const char *path);

#endif
