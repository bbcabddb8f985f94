/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_NET_GRPC_SERVER_H
#define MONITOR_NET_GRPC_SERVER_H

#include "base/cleanup.h"
#include "base/error.h"
#include "net/grpc.h"

/* Serves a gRPC service to many clients from one thread of its own. */
struct grpc_server;

struct grpc_server_options {
	/*
	 * "unix:///path": plain, a socket file with mode 0600 that replaces one that nobody listens at.
	 * "host:port", host perhaps in []: TLS with client certificates only.
	 */
	const char *address;
	const char *cert, *key, *ca; /* PEM files */
	/*
	 * What to do while another one listens there: wait a while for its end, begin without and take the
	 * address when it is free, or fail.
	 */
	enum grpc_server_patience { GRPC_SERVER_WAIT, GRPC_SERVER_LATER, GRPC_SERVER_NOW } patience;
};

struct grpc_server_stats {
	uint64_t accepted; /* connections */
	uint64_t open; /* of these, now */
	uint64_t refused; /* of these, ended by a failed or overdue TLS handshake */
	uint64_t broken; /* ended for not speaking HTTP/2, or cut */
	struct error last; /* the latest fault */
};

/*
 * Listens and starts the thread. service is borrowed; its functions are called from that thread until the
 * server is freed.
 */
int grpc_server_new(const struct grpc_server_options *options, const struct grpc_service *service,
		    struct grpc_server **ret_server, struct error *err);
/* Says goodbye to clients, waits for them at most GRPC_STOP_SECONDS, ends the thread. Accepts NULL. */
void grpc_server_free(struct grpc_server *s);
DEFINE_AUTO(struct grpc_server, grpc_server, grpc_server_free);
#define auto_grpc_server AUTO(grpc_server)

void grpc_server_stats(struct grpc_server *s, struct grpc_server_stats *ret_stats);
/* 0, or why nobody can connect: the address is not free yet, or no descriptor is left. Told once. */
int grpc_server_trouble(struct grpc_server *s, struct error *err);
#endif
