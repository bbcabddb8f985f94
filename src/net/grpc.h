/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_NET_GRPC_H
#define MONITOR_NET_GRPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Methods and messages of a gRPC service, apart from any connection (grpc.io, "gRPC over HTTP2"). */

/* The status codes that we give, by their protocol numbers. */
enum grpc_status {
	GRPC_OK = 0,
	GRPC_DEADLINE_EXCEEDED = 4,
	GRPC_RESOURCE_EXHAUSTED = 8,
	GRPC_UNIMPLEMENTED = 12,
	GRPC_INTERNAL = 13,
	GRPC_UNAVAILABLE = 14,
};

/* A response: flag byte and length stand before the bytes, as on the wire. */
struct grpc_message {
	struct grpc_message *next; /* free for whoever owns the message */
	size_t len; /* with the prefix */
	uint8_t bytes[];
};
#define GRPC_PREFIX_BYTES 5

/*
 * A message with room for len bytes after its written prefix (an empty one is malloc()ed, free() releases);
 * NULL = no memory.
 */
struct grpc_message *grpc_message_new(size_t len);

struct grpc_method {
	const char *path; /* "/package.service/method" */
	bool streams_in; /* the client may ask several times in one call */
	/*
	 * The next response to one request, of which `given` were handed out before: 1 and a message, which
	 * the caller owns; 0 = this request is answered; negative errno ends the call with an error. Called
	 * from the server's thread.
	 */
	int (*next)(void *context, uint64_t given, struct grpc_message **ret_message);
	/*
	 * Takes back a message that was handed out and did not get as far as the kernel. Newest first, so that putting
	 * each before the others restores the order. NULL = they are freed.
	 */
	void (*undelivered)(void *context, struct grpc_message *message);
};

struct grpc_service {
	const struct grpc_method *methods;
	size_t nmethods;
	void *context;
};

/*
 * The text of a grpc-timeout header, 1 to 8 digits and a unit (H M S m u n), in ns. -EINVAL when it is none. At most
 * 11,415 years, which fits.
 */
int grpc_timeout_parse(struct str text, uint64_t *ret_ns);

#endif
