/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_PIDFILE_H
#define MONITOR_APP_PIDFILE_H

#include "base/error.h"

/*
 * Writes our process number; path NULL = nowhere. The file is locked while this process lives, so that one
 * that was left behind is known, whoever has its number by now; that, and a file of a monitor that runs, is
 * told.
 */
int pidfile_write(const char *path, struct error *err);
/* Takes it away again, if it is still ours. */
void pidfile_remove(const char *path);

#endif
