/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_NET_CONNECTION_H
#define MONITOR_NET_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/error.h"

/*
 * A connection that we make, for a thread that may wait: every call ends within the time limit. By TLS 1.2 or
 * newer when asked for; the peer's certificate must then be of the authority and name the host.
 */
struct connection;

struct connection_options {
	const char *address; /* host:port */
	bool tls;
	const char *ca; /* file of authorities; NULL = those of the system */
	const char *cert, *key; /* our own, NULL = none. Files are PEM */
	unsigned int timeout_ms;
};

/*
 * -EINVAL for what can never work (address, files), -ENOTSUP for TLS in a build without it; else what the
 * network says.
 */
int connection_open(const struct connection_options *options, struct connection **ret_connection, struct error *err);
/* All of it, or an error; then the connection is of no use any more. */
int connection_write(struct connection *c, const void *bytes, size_t len, struct error *err);
/* False when the peer has ended it, as far as is known by now. What was written last may be lost then. */
bool connection_alive(struct connection *c);
void connection_close(struct connection *c); /* accepts NULL */
DEFINE_AUTO(struct connection, connection, connection_close);
#define auto_connection AUTO(connection)

#endif
