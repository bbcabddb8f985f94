/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_NET_CHANNEL_H
#define MONITOR_NET_CHANNEL_H

#include <poll.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/error.h"

/*
 * What a TLS server proves and demands: its certificate chain and key, and the authority of its clients'
 * certificates.
 */
struct tls_server;

/*
 * TLS 1.2 or newer; clients without a certificate of ca are refused (ca NULL = any client is welcome). alpn is the one
 * protocol that is offered, NULL = none. Files are PEM. -EINVAL with the file that cannot be used; -ENOTSUP in a build
 * without OpenSSL.
 */
int tls_server_new(const char *cert, const char *key, const char *ca, const char *alpn, struct tls_server **ret_server,
		   struct error *err);
void tls_server_free(struct tls_server *s); /* accepts NULL */
DEFINE_AUTO(struct tls_server, tls_server, tls_server_free);
#define auto_tls_server AUTO(tls_server)

/*
 * A connected non-blocking socket, with or without TLS. Calls give -EAGAIN when the socket has to be waited for;
 * .waits says for what, which may be writing in the midst of a read.
 */
struct channel {
	int fd; /* -1 = closed; owned */
	struct ssl_st *ssl;
	short waits; /* POLLIN, POLLOUT */
};

void channel_plain(struct channel *c, int fd);
/* fd stays the caller's when this fails. */
int channel_accept_tls(struct channel *c, int fd, struct tls_server *server, struct error *err);
/* 0 when done (at once without TLS). -EAGAIN, -EPROTO. */
int channel_handshake(struct channel *c, struct error *err);
/* Bytes read, 0 at the end. -EAGAIN, -EPROTO, or what the socket says. */
ssize_t channel_read(struct channel *c, void *bytes, size_t len, struct error *err);
ssize_t channel_write(struct channel *c, const void *bytes, size_t len, struct error *err);
void channel_close(struct channel *c);

#endif
