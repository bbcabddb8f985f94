/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_PROCFS_FOLDER_H
#define MONITOR_TRACER_PROCFS_FOLDER_H

#include <dirent.h>

/*
 * The folder for openat() and the like. The workload may mount what it likes over /proc, or unmount it: procfs_keep()
 * takes hold of what it is now, before the workload runs. Without it, that is done by who asks first.
 */
void procfs_keep(void);
int procfs_folder(void);
/* A folder below it; the caller closes it. NULL with errno. */
DIR *procfs_list(const char *path);

#endif
