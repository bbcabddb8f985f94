/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_OUTPUT_OUTPUT_JOURNAL_H
#define MONITOR_OUTPUT_OUTPUT_JOURNAL_H

#include "output/output.h"

/*
 * Alerts as entries of systemd's journal, in its native protocol
 * (https://systemd.io/JOURNAL_NATIVE_PROTOCOL): what is too long for a datagram goes in a sealed memory file.
 * Fields: MESSAGE, PRIORITY, SYSLOG_IDENTIFIER, and MONITOR_RULE, MONITOR_SOURCE, MONITOR_TIME_NS,
 * MONITOR_HOSTNAME, MONITOR_TAG (one for each), MONITOR_FIELDS (a JSON object) for journalctl to look for.
 * Connects with the first alert, and again whenever it has to. -EINVAL for a path that is none.
 */
int output_journal_open(const char *socket, const char *identifier, unsigned int timeout_ms, bool json,
			struct output **ret_output, struct error *err);

#endif
