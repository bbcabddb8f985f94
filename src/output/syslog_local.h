/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_OUTPUT_SYSLOG_LOCAL_H
#define MONITOR_OUTPUT_SYSLOG_LOCAL_H

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"

/*
 * The datagram socket of this machine's syslog: alerts of the syslog output and our own log both go there.
 * syslog(3) is not used, for it has one connection for the whole process and waits without an end.
 */
bool syslog_local_path_ok(const char *path);
/* timeout_ms: how long one send() may wait at most. */
int syslog_local_connect(const char *path, unsigned int timeout_ms, int *ret_fd, struct error *err);
/* What the C library's syslog() writes before a message. pri: facility and severity. */
void syslog_local_head(struct strbuf *out, int pri, const char *tag);

#endif
