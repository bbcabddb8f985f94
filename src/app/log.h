/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_LOG_H
#define MONITOR_APP_LOG_H

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"

/*
 * The only logger: what the program says of itself, on standard error and to syslog. Alerts are not logs and
 * do not come here. Its settings are the process's own and set once by the command at its start.
 */
enum log_level { /* syslog's severities */
	LOG_LEVEL_EMERGENCY,
	LOG_LEVEL_ALERT,
	LOG_LEVEL_CRITICAL,
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_TRACE, /* only plugins have it */
};
/* false for a word that is none: the configuration's, in any case of letters */
bool log_level_of(struct str word, enum log_level *ret_level);

struct log_settings {
	enum log_level level; /* the least important that is shown */
	bool falco; /* lines start with the time, as Falco's do, else with "monitor: " */
	bool iso_time;
	bool quiet; /* errors only, on standard error (log_stderr: false) */
	const char *syslog; /* path of the socket (log_syslog); NULL = not there. Copied */
	/* what plugins say is shown from libs on, whatever the level (libs_logger), else as all is */
	bool chooses_libs;
	bool libs_quiet; /* and none of it */
	enum log_level libs;
};
void log_setup(const struct log_settings *settings);

/*
 * Closed standard descriptors are put on /dev/null, for us alone: else the next file that is opened would be
 * taken for one of them. Programs that we execute find them closed. Who writes to a standard output that was
 * closed is told so.
 */
void log_claim_descriptors(void);
/* Nobody can read what is logged: standard error was closed. */
bool log_is_lost(void);

/* Whether a person looks at that descriptor and has nothing against colours (NO_COLOR, TERM=dumb). */
bool log_color(int fd);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What a plugin says. */
void log_libs(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A text of its own form (several lines, no prefix), as findings in rules are. */
void log_text(enum log_level level, struct str text);

/* log_error() with the error's text; returns status, so that "return log_failure(&err, EXIT_FAILED)" is one line. */
int log_failure(const struct error *err, int status);

#endif
