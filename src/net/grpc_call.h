/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_NET_GRPC_CALL_H
#define MONITOR_NET_GRPC_CALL_H

#include <nghttp2/nghttp2.h>

#include "net/grpc.h"

/* One call: an HTTP/2 stream, from its headers to our trailers. Internal to the session. */

/* A message that a method handed out, until it is sent. */
struct handed {
	struct handed *next;
	const struct grpc_method *method;
	struct grpc_message *message;
};

void handed_free(struct handed *h); /* with its message; accepts NULL */
/* The message goes back to its method. */
void handed_give_back(struct handed *h, void *context);

struct call {
	struct call *next;
	int32_t id; /* of the stream */
	size_t header_bytes;

	/* from the headers */
	bool post, content; /* the method and content type that gRPC wants */
	const struct grpc_method *method; /* NULL = unknown */
	uint64_t deadline; /* monotonic ns; 0 = none */

	/* the request body: messages, each behind a prefix */
	uint8_t prefix[GRPC_PREFIX_BYTES];
	unsigned int prefix_len;
	uint32_t body_left;
	uint64_t requests;
	bool half_closed;

	/* the response */
	uint64_t answered; /* requests that were */
	uint64_t given; /* messages of the present answer */
	struct handed *current;
	size_t current_at;
	bool deferred; /* nghttp2 waits for call_fill() to have something */
	bool ended;
	enum grpc_status status;
	const char *reason;
};

struct call *call_new(int32_t id); /* NULL = no memory */
void call_free(struct call *c, void *context);

/*
 * What the client sends, in the order in which it comes: headers (now: monotonic ns, for its deadline), bytes
 * of messages, its end.
 */
void call_header(struct call *c, const struct grpc_service *service, struct str name, struct str value, uint64_t now);
void call_data(struct call *c, const uint8_t *bytes, size_t len);
void call_half_close(struct call *c);
/* The first end counts. What the call holds is still sent before. */
void call_end(struct call *c, enum grpc_status status, const char *reason);

/* Once the headers are there: response headers, and `read` for the rest; or a refusal. 0 or a code of nghttp2. */
int call_submit_response(struct call *c, nghttp2_session *http, nghttp2_data_source_read_callback read);
int call_submit_trailers(const struct call *c, nghttp2_session *http, int32_t stream);

/* Whether there is something to copy; asks the method. */
bool call_fill(struct call *c, void *context);
/* Copies of the present message; *ret_done has it when that was its end, else NULL. */
size_t call_copy(struct call *c, uint8_t *bytes, size_t len, struct handed **ret_done);

#endif
