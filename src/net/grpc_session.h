/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_NET_GRPC_SESSION_H
#define MONITOR_NET_GRPC_SESSION_H

#include "base/cleanup.h"
#include "base/error.h"
#include "net/grpc.h"

/*
 * One client's connection as bytes in and bytes out: HTTP/2 (nghttp2) and the calls on it. It knows no socket and no
 * clock. A message counts as delivered once all of its bytes were sent; whatever was handed out and not delivered goes
 * back to its method.
 */
struct grpc_session;

/* service is borrowed. -ENOMEM, or -ENOTSUP in a build without gRPC. */
int grpc_session_new(const struct grpc_service *service, struct grpc_session **ret_session, struct error *err);
void grpc_session_free(struct grpc_session *s); /* accepts NULL */
DEFINE_AUTO(struct grpc_session, grpc_session, grpc_session_free);
#define auto_grpc_session AUTO(grpc_session)

/* Bytes from the client at a time (monotonic ns). -EPROTO: it does not speak HTTP/2, the connection is to be closed. */
int grpc_session_receive(struct grpc_session *s, struct str bytes, uint64_t now, struct error *err);
/* 1 and what is to be sent (borrowed until grpc_session_sent()), 0 when there is nothing now, -EPROTO. */
int grpc_session_pending(struct grpc_session *s, struct str *ret_bytes, struct error *err);
/* The first n of these bytes are with the kernel. */
void grpc_session_sent(struct grpc_session *s, size_t n);

/* Refuses new calls and ends the present ones as unavailable (GOAWAY). */
void grpc_session_stop(struct grpc_session *s);
/* Whether both sides have said goodbye; with nothing pending the connection can be closed. */
bool grpc_session_finished(const struct grpc_session *s);

/* When the first call runs out of time; 0 = none does. */
uint64_t grpc_session_deadline(const struct grpc_session *s);
/* Ends the calls whose time has run out. */
void grpc_session_expire(struct grpc_session *s, uint64_t now);

#endif
