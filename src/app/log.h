/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_LOG_H
#define MONITOR_APP_LOG_H

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"

/*
 * The only logger: what the program says of itself, on standard error. Alerts are not logs and do not come here.
 * Its settings are the process's own and set once by the command at its start.
 */
enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO };

struct log_settings {
	enum log_level level; /* the least important that is shown */
	bool falco; /* lines start with the time, as Falco's do, else with "monitor: " */
	bool iso_time;
	bool quiet; /* errors only (log_stderr: false) */
};
void log_setup(const struct log_settings *settings);

/*
 * Closed standard descriptors are put on /dev/null, for us alone: else the next file that is opened would be taken for one of
 * them. Programs that we execute find them closed.
 */
void log_claim_descriptors(void);
/* Nobody can read what is logged: standard error was closed. */
bool log_is_lost(void);

/* Whether a person looks at that descriptor and has nothing against colours (NO_COLOR, TERM=dumb). */
bool log_color(int fd);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A text of its own form (several lines, no prefix), as findings in rules are. */
void log_text(enum log_level level, struct str text);

/* log_error() with the error's text; returns status, so that "return log_failure(&err, EXIT_FAILED)" is one line. */
int log_failure(const struct error *err, int status);

#endif
