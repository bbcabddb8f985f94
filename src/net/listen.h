/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_NET_LISTEN_H
#define MONITOR_NET_LISTEN_H

#include "base/error.h"
#include "base/str.h"

/*
 * A non-blocking listening socket at "unix:///path" (mode 0600; a socket file that nobody listens at is replaced, any
 * other file is -EADDRINUSE) or "host:port". *ret_fd is the caller's. -EINVAL for an address that is none. Waits up to
 * LISTEN_PATIENCE_MS for a server that is there but about to end.
 */
int listen_at(const char *address, int *ret_fd, struct error *err);
/* The same without waiting. */
int listen_now(const char *address, int *ret_fd, struct error *err);
bool listen_is_unix(const char *address);
/* Removes the file of a unix address; nothing for others. */
void listen_remove(const char *address);

#endif
