/* SPDX-License-Identifier: Apache-2.0 */
#include "net/grpc_session.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

static unsigned int handed, returned;

static int next(void *context, uint64_t given, struct grpc_message **ret_message)
{
	(void)context;
	if (given >= 3)
		return 0;
	*ret_message = grpc_message_new(9000);
	if (!*ret_message)
		return -1;
	memset((*ret_message)->bytes + GRPC_PREFIX_BYTES, 'x', 9000);
	handed++;
	return 1;
}

static void undelivered(void *context, struct grpc_message *message)
{
	(void)context;
	returned++;
	free(message);
}

/*
 * A hostile client: frames after a good preface, in pieces as a socket might give them; it reads only some of
 * the answers.
 */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const struct grpc_method methods[] = {
		{ .path = "/g", .next = next, .undelivered = undelivered },
		{ .path = "/s", .streams_in = true, .next = next, .undelivered = undelivered },
	};
	const struct grpc_service service = { methods, 2, NULL };
	struct grpc_session *s;
	struct str out;
	uint64_t now = 1;
	int r;

	if (grpc_session_new(&service, &s, NULL) < 0)
		return 0;
	handed = returned = 0;
	r = grpc_session_receive(s, STR(PREFACE), now, NULL);
	while (r >= 0 && len) {
		size_t n = 1 + bytes[0] * 4u;

		if (n > len)
			n = len;
		r = grpc_session_receive(s, (struct str){ (const char *)bytes, n }, now, NULL);
		now += (uint64_t)bytes[0] << 30;
		grpc_session_expire(s, now);
		for (int i = bytes[0] & 7; r >= 0 && i > 0 && grpc_session_pending(s, &out, NULL) > 0; i--)
			grpc_session_sent(s, i == 1 ? (out.len + 1) / 2 : out.len);
		bytes += n;
		len -= n;
	}
	grpc_session_stop(s);
	for (int i = 0; r >= 0 && i < 100 && grpc_session_pending(s, &out, NULL) > 0; i++)
		grpc_session_sent(s, out.len);
	grpc_session_free(s);
	if (returned > handed)
		abort();
	return 0;
}
