/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_NET_TLS_H
#define MONITOR_NET_TLS_H

#include "net/channel.h"

/* What a channel does by TLS; as its functions in channel.h. Internal to net. */
int tls_accept(struct channel *c, struct tls_server *server, struct error *err);
int tls_handshake(struct channel *c, struct error *err);
ssize_t tls_read(struct channel *c, void *bytes, size_t len, struct error *err);
ssize_t tls_write(struct channel *c, const void *bytes, size_t len, struct error *err);
void tls_close(struct channel *c);

#endif
