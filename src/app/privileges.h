/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_PRIVILEGES_H
#define MONITOR_APP_PRIVILEGES_H

#include "app/config.h"
#include "app/sandbox.h"

/* The rights of the monitor itself: monitor.user, no_new_privs and sandbox. */

/*
 * Before there are threads: capabilities that are not needed go, for good, and files are made as the user
 * (monitor.user), who can until privileges_seal() read all files, keys above all, and listen at every port.
 * config NULL = the defaults. -EPERM: what was asked for cannot be had.
 */
int privileges_limit(const struct config *config, enum sandbox_use use, struct error *err);
/* When all is set up: the rest of the rights goes, in all threads, and the sandbox closes. */
int privileges_seal(const struct config *config, enum sandbox_use use, struct error *err);
/* A process that is not the monitor becomes the user, whole and at once. */
int privileges_become(const struct config *config, struct error *err);

#endif
