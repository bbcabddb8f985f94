/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "net/grpc_session.h"
#include "output/grpc_encode.h"
#include "output/grpc_queue.h"
#include "output/proto/outputs.pb-c.h"
#include "output/proto/version.pb-c.h"

#include <nghttp2/nghttp2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/grpc_messages.h"

/* ---- a service: numbered messages ---- */

struct world {
	struct messages queue;
	struct grpc_service service;
	struct grpc_session *server;
	nghttp2_session *client;
	char body[65536], headers[4096]; /* what the client got, of the last call */
	size_t body_len;
	bool closed;
	uint64_t now;
};

static int next_queued(void *context, uint64_t given, struct grpc_message **ret_message)
{
	(void)given;
	return messages_take(&((struct world *)context)->queue, ret_message);
}

static void put_back(void *context, struct grpc_message *m)
{
	messages_put_back(&((struct world *)context)->queue, m);
}

static int next_broken(void *context, uint64_t given, struct grpc_message **ret_message)
{
	(void)context;
	(void)given;
	(void)ret_message;
	return -EIO;
}

static const struct grpc_method methods[] = {
	{ .path = "/s/get", .next = next_queued, .undelivered = put_back },
	{ .path = "/s/sub", .streams_in = true, .next = next_queued, .undelivered = put_back },
	{ .path = "/s/broken", .next = next_broken },
};

/* A message of len bytes that begin with its number. */
static void queue_message(struct world *w, char number, size_t len)
{
	struct grpc_message *m = grpc_message_new(len);

	assert_non_null(m);
	memset(m->bytes + GRPC_PREFIX_BYTES, '.', len);
	m->bytes[GRPC_PREFIX_BYTES] = (uint8_t)number;
	messages_add(&w->queue, m);
}

/* ---- a client in the same process ---- */

static int got_header(nghttp2_session *s, const nghttp2_frame *frame, const uint8_t *name, size_t name_len,
		      const uint8_t *value, size_t value_len, uint8_t flags, void *world)
{
	struct world *w = world;
	size_t at = strlen(w->headers);

	(void)s;
	(void)frame;
	(void)flags;
	snprintf(w->headers + at, sizeof(w->headers) - at, "%.*s=%.*s\n", (int)name_len, (const char *)name,
		 (int)value_len, (const char *)value);
	return 0;
}

static int got_data(nghttp2_session *s, uint8_t flags, int32_t stream, const uint8_t *bytes, size_t len, void *world)
{
	struct world *w = world;

	(void)s;
	(void)flags;
	(void)stream;
	if (len > sizeof(w->body) - w->body_len)
		len = sizeof(w->body) - w->body_len;
	memcpy(w->body + w->body_len, bytes, len);
	w->body_len += len;
	return 0;
}

static int got_close(nghttp2_session *s, int32_t stream, uint32_t code, void *world)
{
	(void)s;
	(void)stream;
	(void)code;
	((struct world *)world)->closed = true;
	return 0;
}

static void open_world(struct world *w)
{
	nghttp2_session_callbacks *callbacks;
	struct error err;

	w->service = (struct grpc_service){ methods, ARRAY_SIZE(methods), w };
	assert_int_equal(grpc_session_new(&w->service, &w->server, &err), 0);
	nghttp2_session_callbacks_new(&callbacks);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, got_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, got_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, got_close);
	nghttp2_session_client_new(&w->client, callbacks, w);
	nghttp2_session_callbacks_del(callbacks);
	nghttp2_submit_settings(w->client, NGHTTP2_FLAG_NONE, NULL, 0);
}

static void close_world(struct world *w)
{
	grpc_session_free(w->server);
	nghttp2_session_del(w->client);
	messages_free(&w->queue);
}

/* All that each has for the other. */
static void talk(struct world *w)
{
	const uint8_t *out;
	struct str bytes;
	struct error err;
	bool moved;
	ssize_t n;

	do {
		moved = false;
		while ((n = nghttp2_session_mem_send(w->client, &out)) > 0) {
			assert_int_equal(grpc_session_receive(w->server, (struct str){ (const char *)out, (size_t)n },
							      w->now, &err),
					 0);
			moved = true;
		}
		while (grpc_session_pending(w->server, &bytes, &err) > 0) {
			assert_int_equal(nghttp2_session_mem_recv(w->client, (const uint8_t *)bytes.ptr, bytes.len),
					 (ssize_t)bytes.len);
			grpc_session_sent(w->server, bytes.len);
			moved = true;
		}
	} while (moved);
}

struct request {
	const char *bytes;
	size_t len;
	bool ends;
};

static ssize_t read_request(nghttp2_session *s, int32_t stream, uint8_t *buf, size_t len, uint32_t *flags,
			    nghttp2_data_source *source, void *world)
{
	struct request *r = source->ptr;
	size_t n = r->len < len ? r->len : len;

	(void)s;
	(void)stream;
	(void)world;
	if (!n && !r->ends)
		return NGHTTP2_ERR_DEFERRED;
	memcpy(buf, r->bytes, n);
	r->bytes += n;
	r->len -= n;
	if (r->ends && !r->len)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)n;
}

#define NV(name, value)                                                               \
	{                                                                             \
		(uint8_t *)(uintptr_t)(name), (uint8_t *)(uintptr_t)(value),          \
		strlen(name), strlen(value), NGHTTP2_NV_FLAG_NONE                     \
	}

static int32_t call(struct world *w, const char *path, const char *type, const char *name, const char *value,
		    struct request *r)
{
	nghttp2_nv headers[] = {
		NV(":method", "POST"),	 NV(":scheme", "http"), NV(":path", path), NV(":authority", "localhost"),
		NV("content-type", type), NV(name, value),
	};
	nghttp2_data_provider provider = { .source.ptr = r, .read_callback = read_request };
	int32_t id;

	w->headers[0] = 0;
	w->body_len = 0;
	w->closed = false;
	id = nghttp2_submit_request(w->client, NULL, headers, ARRAY_SIZE(headers), &provider, NULL);
	assert_true(id > 0);
	talk(w);
	return id;
}

#define EMPTY_REQUEST "\0\0\0\0\0"

/* ---- tests ---- */

static void test_statuses(void **state)
{
	static const struct {
		const char *path, *type, *name, *value, *request;
		size_t len;
		const char *header;
	} cases[] = {
		{ "/s/get", "application/grpc", "te", "trailers", EMPTY_REQUEST, 5, "grpc-status=0\n" },
		{ "/s/get", "application/grpc+proto", "te", "trailers", EMPTY_REQUEST, 5, "grpc-status=0\n" },
		{ "/s/get", "application/grpc", "grpc-encoding", "identity", EMPTY_REQUEST, 5, "grpc-status=0\n" },
		{ "/s/get", "application/grpc", "grpc-encoding", "gzip", EMPTY_REQUEST, 5, "grpc-status=12\n" },
		{ "/s/none", "application/grpc", "te", "trailers", EMPTY_REQUEST, 5, "grpc-status=12\n" },
		{ "/s/broken", "application/grpc", "te", "trailers", EMPTY_REQUEST, 5, "grpc-status=13\n" },
		{ "/s/get", "application/grpc-web", "te", "trailers", EMPTY_REQUEST, 5, ":status=415\n" },
		{ "/s/get", "text/html", "te", "trailers", EMPTY_REQUEST, 5, ":status=415\n" },
		{ "/s/get", "application/grpc", "grpc-timeout", "soon", EMPTY_REQUEST, 5, "grpc-status=13\n" },
		{ "/s/get", "application/grpc", "grpc-timeout", "10S", EMPTY_REQUEST, 5, "grpc-status=0\n" },
		{ "/s/get", "application/grpc", "te", "trailers", "", 0, "grpc-status=13\n" }, /* no request */
		{ "/s/get", "application/grpc", "te", "trailers", "\0\0\0\0\2x", 6,
		  "grpc-status=13\n" }, /* half of one */
		{ "/s/get", "application/grpc", "te", "trailers", "\1\0\0\0\1x", 6,
		  "grpc-status=13\n" }, /* compressed */
		{ "/s/get", "application/grpc", "te", "trailers", "\0\1\0\0\0xxxxxx", 11,
		  "grpc-status=8\n" }, /* 16 MiB */
		{ "/s/get", "application/grpc", "te", "trailers", EMPTY_REQUEST EMPTY_REQUEST, 10, "grpc-status=13\n" },
		{ "/s/sub", "application/grpc", "te", "trailers", EMPTY_REQUEST EMPTY_REQUEST, 10, "grpc-status=0\n" },
		{ "/s/sub", "application/grpc", "te", "trailers", "", 0, "grpc-status=0\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct request r = { cases[i].request, cases[i].len, true };
		struct world w = { 0 };

		open_world(&w);
		call(&w, cases[i].path, cases[i].type, cases[i].name, cases[i].value, &r);
		if (!w.closed || !strstr(w.headers, cases[i].header))
			fail_msg("case %zu: closed %d, headers:\n%s", i, w.closed, w.headers);
		close_world(&w);
	}
}

static void test_get_drains_in_order(void **state)
{
	struct request r = { EMPTY_REQUEST, 5, true };
	struct world w = { 0 };

	(void)state;
	open_world(&w);
	queue_message(&w, 'a', 1);
	queue_message(&w, 'b', 20000); /* more than a frame */
	queue_message(&w, 'c', 1);
	call(&w, "/s/get", "application/grpc", "te", "trailers", &r);
	assert_int_equal(w.body_len, 3 * GRPC_PREFIX_BYTES + 20002);
	assert_memory_equal(w.body, "\0\0\0\0\1a\0\0\0\x4e\x20" "b", 12);
	assert_int_equal(w.body[w.body_len - 1], 'c');
	assert_int_equal(messages_count(&w.queue), 0);
	close_world(&w);
}

static void test_sub_answers_each_request(void **state)
{
	struct request r = { EMPTY_REQUEST, 5, false };
	struct world w = { 0 };
	int32_t id;

	(void)state;
	open_world(&w);
	queue_message(&w, 'a', 1);
	id = call(&w, "/s/sub", "application/grpc", "te", "trailers", &r);
	assert_int_equal(w.body_len, 6);
	queue_message(&w, 'b', 1);
	talk(&w);
	assert_int_equal(w.body_len, 6); /* nobody asked again */
	r = (struct request){ EMPTY_REQUEST, 5, true };
	nghttp2_session_resume_data(w.client, id);
	talk(&w);
	assert_int_equal(w.body_len, 12);
	assert_true(w.closed);
	close_world(&w);
}

/* What a connection had when it broke comes again, in order; what was sent does not. */
static void test_undelivered_comes_again(void **state)
{
	struct request r = { EMPTY_REQUEST, 5, true };
	struct world w = { 0 };
	const uint8_t *out;
	struct str bytes;
	struct error err;
	ssize_t n;

	(void)state;
	open_world(&w);
	talk(&w);
	for (char c = 'a'; c <= 'e'; c++)
		queue_message(&w, c, 10000);
	assert_true(nghttp2_submit_request(
			    w.client, NULL,
			    (nghttp2_nv[]){ NV(":method", "POST"), NV(":scheme", "http"), NV(":path", "/s/get"),
					    NV(":authority", "localhost"), NV("content-type", "application/grpc") },
			    5, &(nghttp2_data_provider){ .source.ptr = &r, .read_callback = read_request }, NULL) > 0);
	while ((n = nghttp2_session_mem_send(w.client, &out)) > 0)
		assert_int_equal(grpc_session_receive(w.server, (struct str){ (const char *)out, (size_t)n }, 0, &err),
				 0);
	/* the headers and a frame of 16 KiB: a is gone, b partly */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(grpc_session_pending(w.server, &bytes, &err), 1);
		grpc_session_sent(w.server, bytes.len);
	}
	assert_int_equal(grpc_session_pending(w.server, &bytes, &err), 1);
	grpc_session_sent(w.server, bytes.len - 1);
	grpc_session_free(take_ptr(w.server));
	for (char c = 'b'; c <= 'e'; c++) {
		struct grpc_message *m = NULL;

		assert_int_equal(next_queued(&w, 0, &m), 1);
		assert_int_equal(m->bytes[GRPC_PREFIX_BYTES], c);
		free(m);
	}
	assert_int_equal(messages_count(&w.queue), 0);
	close_world(&w);
}

static void test_deadline(void **state)
{
	struct request r = { EMPTY_REQUEST, 5, false };
	struct world w = { .now = 5 };

	(void)state;
	open_world(&w);
	call(&w, "/s/sub", "application/grpc", "grpc-timeout", "100n", &r);
	assert_int_equal(grpc_session_deadline(w.server), 105);
	grpc_session_expire(w.server, 104);
	talk(&w);
	assert_false(w.closed);
	grpc_session_expire(w.server, 105);
	talk(&w);
	assert_non_null(strstr(w.headers, "grpc-status=4\n"));
	assert_int_equal(grpc_session_deadline(w.server), 0);
	close_world(&w);
}

static void test_stop(void **state)
{
	struct request r = { EMPTY_REQUEST, 5, false };
	struct world w = { 0 };

	(void)state;
	open_world(&w);
	call(&w, "/s/sub", "application/grpc", "te", "trailers", &r);
	assert_false(grpc_session_finished(w.server));
	grpc_session_stop(w.server);
	talk(&w);
	assert_non_null(strstr(w.headers, "grpc-status=14\n"));
	assert_true(grpc_session_finished(w.server));
	close_world(&w);
}

static void test_timeouts(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns; /* 0 = none */
	} cases[] = {
		{ "1n", 1 },
		{ "20u", 20000 },
		{ "3m", 3000000 },
		{ "4S", 4000000000 },
		{ "1M", 60000000000 },
		{ "2H", 7200000000000 },
		{ "99999999H", 0 },
		{ "", 0 },
		{ "S", 0 },
		{ "5", 0 },
		{ "5s", 0 },
		{ "-5S", 0 },
		{ "123456789S", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t ns = 0;
		int r = grpc_timeout_parse(str_of(cases[i].text), &ns);

		if (cases[i].ns != ns || (r < 0) != !ns)
			fail_msg("%s: %d, %llu", cases[i].text, r, (unsigned long long)ns);
	}
}

static void test_alert_message(void **state)
{
	static const struct str tags[] = { { "t1", 2 }, { "t2", 2 } };
	const struct alert a = {
		.ts = 1234567890123456789,
		.priority = PRIORITY_WARNING,
		.rule = STR("r"),
		.source = STR("syscall"),
		.text = STR("bad \xff text"),
		.hostname = STR("h"),
		.fields = STR("{\"evt.num\":18446744073709551615,\"fd.name\":\"a\\n\",\"proc.x\":null}"),
		.tags = tags,
		.ntags = 2,
	};
	struct grpc_message *m = grpc_encode_alert(&a);
	Falco__Outputs__Response *r;

	(void)state;
	assert_non_null(m);
	r = falco__outputs__response__unpack(NULL, m->len - GRPC_PREFIX_BYTES, m->bytes + GRPC_PREFIX_BYTES);
	assert_non_null(r);
	assert_int_equal(r->time->seconds, 1234567890);
	assert_int_equal(r->time->nanos, 123456789);
	assert_int_equal(r->priority, FALCO__SCHEMA__PRIORITY__WARNING);
	assert_string_equal(r->output, "bad ? text");
	assert_int_equal(r->n_output_fields, 3);
	assert_string_equal(r->output_fields[0]->key, "evt.num");
	assert_string_equal(r->output_fields[0]->value, "18446744073709551615");
	assert_string_equal(r->output_fields[1]->value, "a\n");
	assert_string_equal(r->output_fields[2]->value, "<NA>");
	assert_int_equal(r->n_tags, 2);
	assert_string_equal(r->tags[1], "t2");
	assert_string_equal(r->source, "syscall");
	falco__outputs__response__free_unpacked(r, NULL);
	free(m);
}

static void take_and_check(struct grpc_queue *q, const char *rule, struct grpc_message **ret_message)
{
	Falco__Outputs__Response *r;

	assert_int_equal(grpc_queue_take(q, ret_message), 1);
	r = falco__outputs__response__unpack(NULL, (*ret_message)->len - GRPC_PREFIX_BYTES,
					     (*ret_message)->bytes + GRPC_PREFIX_BYTES);
	assert_non_null(r);
	assert_string_equal(r->rule, rule);
	falco__outputs__response__free_unpacked(r, NULL);
}

/* Alerts are kept, and become messages when they are taken; what comes back comes first. */
static void test_queue(void **state)
{
	char rule[] = "a";
	struct alert_copy *kept = NULL;
	const struct alert a = { .rule = { rule, 1 }, .fields = STR("{}"), .kept = &kept };
	struct grpc_message *first, *second;
	struct grpc_queue q;

	(void)state;
	grpc_queue_init(&q);
	assert_int_equal(grpc_queue_take(&q, &first), 0);
	assert_int_equal(grpc_queue_put(&q, &a), 0);
	alert_let_go(kept);
	kept = NULL;
	rule[0] = 'b';
	assert_int_equal(grpc_queue_put(&q, &a), 0);
	alert_let_go(kept);
	rule[0] = '?';
	take_and_check(&q, "a", &first);
	take_and_check(&q, "b", &second);
	assert_int_equal(grpc_queue_count(&q), 0);
	grpc_queue_put_back(&q, second);
	grpc_queue_put_back(&q, first);
	assert_int_equal(grpc_queue_count(&q), 2);
	take_and_check(&q, "a", &first);
	free(first);
	grpc_queue_release(&q);
}

static void test_queue_is_bounded(void **state)
{
	static char text[GRPC_QUEUE_BYTES / 8];
	const struct alert a = { .text = { text, sizeof(text) } };
	struct grpc_queue q;
	int r = 0, n = 0;

	(void)state;
	grpc_queue_init(&q);
	while (r == 0 && n < 9) {
		r = grpc_queue_put(&q, &a);
		n += r == 0;
	}
	assert_int_equal(r, -ENOBUFS);
	assert_int_equal(n, 7);
	grpc_queue_release(&q);
}

static void test_version_message(void **state)
{
	const struct grpc_versions v = { "0.44.1", "0.62.0", "sum" };
	struct grpc_message *m = grpc_encode_version(&v);
	Falco__Version__Response *r;

	(void)state;
	assert_non_null(m);
	r = falco__version__response__unpack(NULL, m->len - GRPC_PREFIX_BYTES, m->bytes + GRPC_PREFIX_BYTES);
	assert_non_null(r);
	assert_int_equal(r->minor, 44);
	assert_int_equal(r->patch, 1);
	assert_int_equal(r->engine_minor, 62);
	assert_string_equal(r->engine_fields_checksum, "sum");
	falco__version__response__free_unpacked(r, NULL);
	free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_get_drains_in_order),
		cmocka_unit_test(test_sub_answers_each_request),
		cmocka_unit_test(test_undelivered_comes_again),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_timeouts),
		cmocka_unit_test(test_alert_message),
		cmocka_unit_test(test_queue),
		cmocka_unit_test(test_queue_is_bounded),
		cmocka_unit_test(test_version_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
