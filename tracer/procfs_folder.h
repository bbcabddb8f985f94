/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_PROCFS_FOLDER_H
#define MONITOR_TRACER_PROCFS_FOLDER_H

#include <dirent.h>
#include <sys/types.h>

#include "base/cleanup.h"

/*
 * The folder for openat() and the like. The workload may mount what it likes over /proc, or unmount it: procfs_keep()
 * takes hold of what it is now, before the workload runs. Without it, that is done by who asks first.
 */
void procfs_keep(void);
int procfs_folder(void);
/* The path from there of what is about a thread, by one of proc(5)'s names; tid 0: about us. */
#define PROCFS_PATH_BYTES 64
void procfs_path(char path[PROCFS_PATH_BYTES], pid_t tid, const char *name);
/* A folder below it; the caller closes it (auto_dir). NULL with errno. */
DIR *procfs_list(const char *path);

static inline void dir_autofree(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}
#define auto_dir AUTO(dir)

#endif
