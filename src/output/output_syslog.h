/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_OUTPUT_OUTPUT_SYSLOG_H
#define MONITOR_OUTPUT_OUTPUT_SYSLOG_H

#include "output/output.h"

struct output_syslog_options {
	/*
	 * unix:///path of a datagram socket, in the form of syslog(3); or tcp://host:port, tls://host:port,
	 * in that of RFC 5424 with the lengths of RFC 6587 and RFC 5425. Borrowed like the others for the
	 * call.
	 */
	const char *address;
	const char *ca, *cert, *key; /* for tls; "" = the system's authorities, no certificate */
	const char *tag; /* the program's name in each message */
	int facility; /* syslog(3)'s LOG_USER … */
	unsigned int timeout_ms;
	bool json;
};

/* The number of "user", "daemon", "local0" …; -EINVAL for other names. */
int output_syslog_facility(struct str name);
/* Connects with the first alert, and again whenever it has to. -EINVAL for an address that is none. */
int output_syslog_open(const struct output_syslog_options *options, struct output **ret_output, struct error *err);

#endif
