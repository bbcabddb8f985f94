/* SPDX-License-Identifier: Apache-2.0 */
#include "net/grpc_call.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/limits.h"

void handed_free(struct handed *h)
{
	if (h)
		free(h->message);
	free(h);
}

void handed_give_back(struct handed *h, void *context)
{
	if (h && h->method->undelivered)
		h->method->undelivered(context, take_ptr(h->message));
	handed_free(h);
}

struct call *call_new(int32_t id)
{
	struct call *c = calloc(1, sizeof(*c));

	if (c)
		c->id = id;
	return c;
}

void call_free(struct call *c, void *context)
{
	handed_give_back(c->current, context);
	free(c);
}

void call_end(struct call *c, enum grpc_status status, const char *reason)
{
	if (c->ended)
		return;
	c->ended = true;
	c->status = status;
	c->reason = reason;
}

/* ---- requests ------------------------------------------------------------------------------------------ */

/* "application/grpc", alone or with a subtype or parameters; not "application/grpc-web". */
static bool is_grpc(struct str type)
{
	struct str wanted = STR("application/grpc");

	return str_starts(type, wanted) &&
	       (type.len == wanted.len || type.ptr[wanted.len] == '+' || type.ptr[wanted.len] == ';');
}

static const struct grpc_method *find_method(const struct grpc_service *service, struct str path)
{
	for (size_t i = 0; i < service->nmethods; i++)
		if (str_eq(path, str_of(service->methods[i].path)))
			return &service->methods[i];
	return NULL;
}

void call_header(struct call *c, const struct grpc_service *service, struct str name, struct str value, uint64_t now)
{
	uint64_t timeout;

	if (str_eq(name, STR(":method"))) {
		c->post = str_eq(value, STR("POST"));
	} else if (str_eq(name, STR(":path"))) {
		c->method = find_method(service, value);
	} else if (str_eq(name, STR("content-type"))) {
		c->content = is_grpc(value);
	} else if (str_eq(name, STR("grpc-encoding"))) {
		if (!str_eq(value, STR("identity")))
			call_end(c, GRPC_UNIMPLEMENTED, "requests must not be compressed");
	} else if (str_eq(name, STR("grpc-timeout"))) {
		if (grpc_timeout_parse(value, &timeout) < 0)
			call_end(c, GRPC_INTERNAL, "malformed grpc-timeout");
		else
			c->deadline = timeout < UINT64_MAX - now ? now + timeout : 0;
	}
}

/* Our requests have no members, so their bytes are looked at only to find where the next begins. */
static void request_begins(struct call *c)
{
	c->body_left = (uint32_t)c->prefix[1] << 24 | (uint32_t)c->prefix[2] << 16 | (uint32_t)c->prefix[3] << 8 |
		       c->prefix[4];
	if (c->prefix[0])
		call_end(c, GRPC_INTERNAL, "a compressed request without grpc-encoding");
	else if (c->body_left > GRPC_REQUEST_BYTES)
		call_end(c, GRPC_RESOURCE_EXHAUSTED, "the request is too large");
}

static void request_complete(struct call *c)
{
	c->prefix_len = 0;
	c->requests++;
	if (c->requests > 1 && c->method && !c->method->streams_in)
		call_end(c, GRPC_INTERNAL, "more than one request");
}

void call_data(struct call *c, const uint8_t *bytes, size_t len)
{
	while (len && !c->ended) {
		size_t n;

		if (c->prefix_len < GRPC_PREFIX_BYTES) {
			c->prefix[c->prefix_len++] = *bytes++;
			len--;
			if (c->prefix_len < GRPC_PREFIX_BYTES)
				continue;
			request_begins(c);
		}
		n = len < c->body_left ? len : c->body_left;
		bytes += n;
		len -= n;
		c->body_left -= (uint32_t)n;
		if (!c->body_left && !c->ended)
			request_complete(c);
	}
}

void call_half_close(struct call *c)
{
	c->half_closed = true;
	if (c->prefix_len)
		call_end(c, GRPC_INTERNAL, "the request ends too early");
	else if (!c->requests && c->method && !c->method->streams_in)
		call_end(c, GRPC_INTERNAL, "no request");
}

/* ---- responses ----------------------------------------------------------------------------------------- */

static nghttp2_nv header(const char *name, const char *value)
{
	return (nghttp2_nv){ (uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name), strlen(value),
			     NGHTTP2_NV_FLAG_NONE };
}

/* Status and reason as the last two headers; nghttp2 copies them when they are submitted. */
#define STATUS_DIGITS 12
static size_t status_headers(const struct call *c, char digits[STATUS_DIGITS], nghttp2_nv *headers)
{
	snprintf(digits, STATUS_DIGITS, "%d", (int)c->status);
	headers[0] = header("grpc-status", digits);
	if (!c->reason)
		return 1;
	headers[1] = header("grpc-message", c->reason);
	return 2;
}

static int refuse_http(struct call *c, nghttp2_session *http, const char *status)
{
	nghttp2_nv headers[] = { header(":status", status) };

	c->ended = true;
	return nghttp2_submit_response(http, c->id, headers, ARRAY_SIZE(headers), NULL);
}

int call_submit_response(struct call *c, nghttp2_session *http, nghttp2_data_source_read_callback read)
{
	nghttp2_data_provider provider = { .source.ptr = c, .read_callback = read };
	nghttp2_nv headers[5] = {
		header(":status", "200"),
		header("content-type", "application/grpc"),
		header("grpc-accept-encoding", "identity"),
	};
	char digits[STATUS_DIGITS];

	if (!c->post)
		return refuse_http(c, http, "405");
	if (!c->content)
		return refuse_http(c, http, "415");
	if (!c->method)
		call_end(c, GRPC_UNIMPLEMENTED, "unknown method");
	if (c->ended) { /* nothing will follow: trailers only */
		size_t n = status_headers(c, digits, headers + 3);

		return nghttp2_submit_response(http, c->id, headers, 3 + n, NULL);
	}
	return nghttp2_submit_response(http, c->id, headers, 3, &provider);
}

int call_submit_trailers(const struct call *c, nghttp2_session *http, int32_t stream)
{
	char digits[STATUS_DIGITS];
	nghttp2_nv headers[2];

	return nghttp2_submit_trailer(http, stream, headers, status_headers(c, digits, headers));
}

/* Ends the call when no further request can come and all were answered. */
static void end_when_answered(struct call *c)
{
	if (c->answered == c->requests && (c->half_closed || (!c->method->streams_in && c->requests)))
		call_end(c, GRPC_OK, NULL);
}

bool call_fill(struct call *c, void *context)
{
	while (!c->current && !c->ended && c->answered < c->requests) {
		struct handed *h = calloc(1, sizeof(*h));
		int r = h ? c->method->next(context, c->given, &h->message) : -ENOMEM;

		if (r > 0) {
			h->method = c->method;
			c->current = h;
			c->current_at = 0;
			c->given++;
			continue;
		}
		free(h);
		c->answered++;
		c->given = 0;
		if (r < 0)
			call_end(c, GRPC_INTERNAL, strerror(-r));
	}
	if (!c->current && !c->ended)
		end_when_answered(c);
	return c->current;
}

size_t call_copy(struct call *c, uint8_t *bytes, size_t len, struct handed **ret_done)
{
	const struct grpc_message *m = c->current->message;
	size_t n = m->len - c->current_at;

	if (n > len)
		n = len;
	memcpy(bytes, m->bytes + c->current_at, n);
	c->current_at += n;
	*ret_done = c->current_at == m->len ? take_ptr(c->current) : NULL;
	return n;
}
