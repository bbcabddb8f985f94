/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_SIGNALS_H
#define MONITOR_APP_SIGNALS_H

#include <stdbool.h>

/*
 * Signals to the monitor itself. They only leave a note; loops look at it between events. Signals that were
 * ignored when we started (nohup) stay ignored, and what we install is undone by exec, so a workload starts
 * as if we were not there.
 */

/*
 * A reader of our output that went away (SIGPIPE) and the limit of a file's size (SIGXFSZ) are errors of
 * write(2), not our death.
 */
void signals_survive_writes(void);
/* SIGINT, SIGTERM and SIGHUP ask to stop; SIGUSR1 to open output files anew. */
void signals_catch(void);
/* The last alone. */
void signals_catch_reopen(void);
/* SIGTERM alone. */
void signals_catch_end(void);
/* SIGINT and SIGTERM. */
void signals_catch_stop(void);
/* SIGHUP asks to load the configuration and the rules again, not to stop. */
void signals_catch_reload(void);
/* The limit of processor time (SIGXCPU) is a reason to end, with words. */
void signals_catch_time_limit(void);
bool signals_stop_requested(void);
/* More than once. */
bool signals_stop_insisted(void);
bool signals_time_is_up(void);
/* Both true once for each request. */
bool signals_reload_requested(void);
bool signals_reopen_requested(void);

#endif
