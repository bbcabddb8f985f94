/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_PIDFILE_H
#define MONITOR_APP_PIDFILE_H

#include "base/error.h"

/* Writes our process number; path NULL = nowhere. */
int pidfile_write(const char *path, struct error *err);
/* Takes it away again, if it is still ours. */
void pidfile_remove(const char *path);

#endif
