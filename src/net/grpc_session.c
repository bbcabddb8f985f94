/* SPDX-License-Identifier: Apache-2.0 */
#include "net/grpc_session.h"

#include <nghttp2/nghttp2.h>
#include <string.h>

#include "base/limits.h"
#include "net/grpc_call.h"
#include "net/nghttp2.h"

struct grpc_session {
	const struct grpc_service *service;
	nghttp2_session *http;
	struct call *calls;
	struct handed *unsent, **unsent_end; /* fully within the bytes that are pending, in order */
	struct str pending;
	uint64_t now; /* of the bytes that are being received */
};

/* ---- messages on their way ----------------------------------------------------------------------------- */

static void drop_sent(struct grpc_session *s)
{
	while (s->unsent) {
		struct handed *h = s->unsent;

		s->unsent = h->next;
		handed_free(h);
	}
	s->unsent_end = &s->unsent;
}

static void give_back_unsent(struct grpc_session *s)
{
	struct handed *newest_first = NULL;

	while (s->unsent) {
		struct handed *h = s->unsent;

		s->unsent = h->next;
		h->next = newest_first;
		newest_first = h;
	}
	s->unsent_end = &s->unsent;
	while (newest_first) {
		struct handed *h = newest_first;

		newest_first = h->next;
		handed_give_back(h, s->service->context);
	}
}

/* nghttp2 asks for up to len bytes of a response. */
static ssize_t read_response(nghttp2_session *http, int32_t stream, uint8_t *bytes, size_t len, uint32_t *flags,
			     nghttp2_data_source *source, void *session)
{
	struct grpc_session *s = session;
	struct call *c = source->ptr;
	struct handed *done;
	size_t n = 0;

	while (n < len && call_fill(c, s->service->context)) {
		n += call_copy(c, bytes + n, len - n, &done);
		if (done) {
			*s->unsent_end = done;
			s->unsent_end = &done->next;
		}
	}
	if (n)
		return (ssize_t)n;
	if (!c->ended) {
		c->deferred = true;
		return NGHTTP2_ERR_DEFERRED;
	}
	*flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
	return call_submit_trailers(c, http, stream) < 0 ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

static void resume(struct grpc_session *s, struct call *c)
{
	if (!c->deferred)
		return;
	c->deferred = false;
	nghttp2_session_resume_data(s->http, c->id); /* fails only without memory, or for a stream that is gone */
}

/* ---- what comes in ------------------------------------------------------------------------------------- */

static int on_begin_headers(nghttp2_session *http, const nghttp2_frame *frame, void *session)
{
	struct grpc_session *s = session;
	struct call *c;

	if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	c = call_new(frame->hd.stream_id);
	if (!c || nghttp2_session_set_stream_user_data(http, c->id, c) < 0) {
		free(c);
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	}
	c->next = s->calls;
	s->calls = c;
	return 0;
}

static int on_header(nghttp2_session *http, const nghttp2_frame *frame, const uint8_t *name, size_t name_len,
		     const uint8_t *value, size_t value_len, uint8_t flags, void *session)
{
	struct grpc_session *s = session;
	struct call *c = nghttp2_session_get_stream_user_data(http, frame->hd.stream_id);

	(void)flags;
	if (!c || frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0; /* trailers of a request say nothing to us */
	c->header_bytes += name_len + value_len;
	if (c->header_bytes > GRPC_HEADER_BYTES)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* this stream is reset, the others go on */
	call_header(c, s->service, (struct str){ (const char *)name, name_len },
		    (struct str){ (const char *)value, value_len }, s->now);
	return 0;
}

static int on_frame(nghttp2_session *http, const nghttp2_frame *frame, void *session)
{
	struct grpc_session *s = session;
	struct call *c = NULL;

	if (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA)
		c = nghttp2_session_get_stream_user_data(http, frame->hd.stream_id);
	if (!c)
		return 0;
	if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST &&
	    call_submit_response(c, http, read_response) < 0)
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) {
		call_half_close(c);
		resume(s, c);
	}
	return 0;
}

static int on_data(nghttp2_session *http, uint8_t flags, int32_t stream, const uint8_t *bytes, size_t len,
		   void *session)
{
	struct grpc_session *s = session;
	struct call *c = nghttp2_session_get_stream_user_data(http, stream);

	(void)flags;
	if (c) {
		call_data(c, bytes, len);
		resume(s, c);
	}
	return 0;
}

static int on_stream_close(nghttp2_session *http, int32_t stream, uint32_t code, void *session)
{
	struct grpc_session *s = session;
	struct call **at = &s->calls, *c;

	(void)http;
	(void)code;
	while (*at && (*at)->id != stream)
		at = &(*at)->next;
	c = *at;
	if (c) {
		*at = c->next;
		call_free(c, s->service->context);
	}
	return 0;
}

/* A client that still sends after our last word would keep its stream open (RFC 9113, section 8.1). */
static int on_frame_sent(nghttp2_session *http, const nghttp2_frame *frame, void *session)
{
	struct call *c;

	(void)session;
	if (frame->hd.type != NGHTTP2_HEADERS || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
		return 0;
	c = nghttp2_session_get_stream_user_data(http, frame->hd.stream_id);
	if (c && !c->half_closed)
		nghttp2_submit_rst_stream(http, NGHTTP2_FLAG_NONE, c->id, NGHTTP2_NO_ERROR);
	return 0;
}

/* ---- life ---------------------------------------------------------------------------------------------- */

static int open_http(struct grpc_session *s)
{
	static const nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, GRPC_CALLS },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, GRPC_HEADER_BYTES },
	};
	nghttp2_session_callbacks *callbacks = NULL;
	nghttp2_option *option = NULL;
	int r = nghttp2_session_callbacks_new(&callbacks);

	if (r == 0)
		r = nghttp2_option_new(&option);
	if (r == 0) {
		nghttp2_option_set_max_outbound_ack(option, GRPC_ACKS);
		nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
		nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
		nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
		nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
		nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
		nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_sent);
		r = nghttp2_session_server_new2(&s->http, callbacks, s, option);
	}
	if (r == 0)
		r = nghttp2_submit_settings(s->http, NGHTTP2_FLAG_NONE, settings, ARRAY_SIZE(settings));
	nghttp2_option_del(option);
	nghttp2_session_callbacks_del(callbacks);
	return r == 0 ? 0 : -ENOMEM;
}

int grpc_session_new(const struct grpc_service *service, struct grpc_session **ret_session, struct error *err)
{
	auto_grpc_session struct grpc_session *s = NULL;
	int r = nghttp2_load(err);

	if (r < 0)
		return r;
	s = calloc(1, sizeof(*s));
	if (s) {
		s->service = service;
		s->unsent_end = &s->unsent;
	}
	if (!s || open_http(s) < 0)
		return error_set(err, -ENOMEM, "out of memory");
	*ret_session = take_ptr(s);
	return 0;
}

void grpc_session_free(struct grpc_session *s)
{
	if (!s)
		return;
	while (s->calls) {
		struct call *c = s->calls;

		s->calls = c->next;
		call_free(c, s->service->context);
	}
	give_back_unsent(s); /* they are older than what the calls held */
	nghttp2_session_del(s->http);
	free(s);
}

int grpc_session_receive(struct grpc_session *s, struct str bytes, uint64_t now, struct error *err)
{
	ssize_t n;

	s->now = now;
	n = nghttp2_session_mem_recv(s->http, (const uint8_t *)bytes.ptr, bytes.len);
	if (n < 0)
		return error_set(err, -EPROTO, "the client does not speak HTTP/2: %s", nghttp2_strerror((int)n));
	return 0;
}

int grpc_session_pending(struct grpc_session *s, struct str *ret_bytes, struct error *err)
{
	if (!s->pending.len) {
		const uint8_t *bytes;
		ssize_t n = nghttp2_session_mem_send(s->http, &bytes);

		if (n < 0)
			return error_set(err, -EPROTO, "%s", nghttp2_strerror((int)n));
		if (n == 0)
			return 0;
		s->pending = (struct str){ (const char *)bytes, (size_t)n };
	}
	*ret_bytes = s->pending;
	return 1;
}

void grpc_session_sent(struct grpc_session *s, size_t n)
{
	s->pending.ptr += n;
	s->pending.len -= n;
	if (!s->pending.len)
		drop_sent(s);
}

void grpc_session_stop(struct grpc_session *s)
{
	for (struct call *c = s->calls; c; c = c->next) {
		call_end(c, GRPC_UNAVAILABLE, "the server stops");
		resume(s, c);
	}
	nghttp2_submit_goaway(s->http, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(s->http),
			      NGHTTP2_NO_ERROR, NULL, 0);
}

bool grpc_session_finished(const struct grpc_session *s)
{
	return !s->pending.len && !nghttp2_session_want_read(s->http) && !nghttp2_session_want_write(s->http);
}

uint64_t grpc_session_deadline(const struct grpc_session *s)
{
	uint64_t first = 0;

	for (const struct call *c = s->calls; c; c = c->next)
		if (c->deadline && (!first || c->deadline < first))
			first = c->deadline;
	return first;
}

void grpc_session_expire(struct grpc_session *s, uint64_t now)
{
	for (struct call *c = s->calls; c; c = c->next) {
		if (!c->deadline || now < c->deadline)
			continue;
		c->deadline = 0;
		if (c->deferred) {
			call_end(c, GRPC_DEADLINE_EXCEEDED, "deadline exceeded");
			resume(s, c);
		} else { /* in the middle of a response, which the client does not read fast enough */
			nghttp2_submit_rst_stream(s->http, NGHTTP2_FLAG_NONE, c->id, NGHTTP2_CANCEL);
		}
	}
}
