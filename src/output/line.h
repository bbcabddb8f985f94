/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_OUTPUT_LINE_H
#define MONITOR_OUTPUT_LINE_H

#include "output/output.h"

/* How one alert becomes one line; shared by the outputs that write lines. */

enum line_flag {
	LINE_JSON = 1 << 0,
	LINE_COLOR = 1 << 1, /* SGR sequences by priority; text only */
	LINE_TERMINAL = 1 << 2, /* a person's terminal reads it: nothing in an alert may act on it */
};

/* Adds the alert's line with its newline. */
void line_add(struct strbuf *out, const struct alert *a, unsigned int flags);

/*
 * Writes whole lines to a descriptor, going on after signals and short writes, and waiting up to LINE_WAIT_MS when the
 * descriptor does not block and is full (whoever shares our stderr may have made it so). *torn says that an earlier
 * failure left half a line behind; the next line then starts on a fresh one. Returns 0 or -errno.
 */
#define LINE_WAIT_MS 2000
int line_write(int fd, struct str lines, bool *torn);

#endif
