/* SPDX-License-Identifier: Apache-2.0 */
/* What clients do to a connection that no library of theirs would: frames are made by hand. */
#include "net/grpc_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/grpc_messages.h"

enum {
	DATA,
	HEADERS,
	PRIORITY_FRAME,
	RST_STREAM,
	SETTINGS,
	PUSH_PROMISE,
	PING,
	GOAWAY,
	WINDOW_UPDATE,
	CONTINUATION,
	KINDS
};
enum { END_STREAM = 1, ACK = 1, END_HEADERS = 4 };
enum { HEADER_TABLE_SIZE = 1, ENABLE_PUSH, MAX_STREAMS, INITIAL_WINDOW, MAX_FRAME };
enum { NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, CANCEL = 8, COMPRESSION_ERROR };

#define HEADER_BYTES 9
#define MANY	     20000 /* frames of a flood */

struct world {
	struct messages queue;
	struct grpc_service service;
	struct grpc_session *session;
	int result; /* of what was sent last */
	/* what came back */
	size_t frames[KINDS], acks[KINDS];
	uint32_t reset, goodbye; /* error codes, UINT32_MAX = none came */
	uint8_t ping[8];
	uint8_t data[1 << 20];
	size_t len, largest; /* of data, of one frame of it */
	bool ended;
	uint8_t partial[1 << 20]; /* frames that are not whole yet */
	size_t partial_len;
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

static const struct grpc_method methods[] = {
	{ .path = "/s/sub", .streams_in = true, .next = next_queued, .undelivered = put_back }
};

static void queue_message(struct world *w, char number, size_t len)
{
	struct grpc_message *m = grpc_message_new(len);

	assert_non_null(m);
	for (size_t i = 0; i < len; i++)
		m->bytes[GRPC_PREFIX_BYTES + i] = (uint8_t)(number + (char)(i % 50));
	messages_add(&w->queue, m);
}

/* ---- frames -------------------------------------------------------------------------------------------- */

static uint32_t number(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void put_number(uint8_t *at, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(n >> (24 - 8 * i));
}

static void note(struct world *w, const uint8_t *frame, size_t len)
{
	const uint8_t *payload = frame + HEADER_BYTES;
	uint8_t type = frame[3], flags = frame[4];

	assert_true(type < KINDS);
	w->frames[type]++;
	w->acks[type] += flags & ACK;
	if (type == DATA) {
		assert_true(w->len + len <= sizeof(w->data));
		memcpy(w->data + w->len, payload, len);
		w->len += len;
		w->largest = len > w->largest ? len : w->largest;
	}
	if (type == HEADERS && flags & END_STREAM)
		w->ended = true;
	if (type == RST_STREAM)
		w->reset = number(payload);
	if (type == GOAWAY)
		w->goodbye = number(payload + 4);
	if (type == PING)
		memcpy(w->ping, payload, sizeof(w->ping));
}

/* One piece of what it has to say; false = nothing. */
static bool hear_once(struct world *w)
{
	struct str bytes;
	struct error err;
	size_t at = 0;

	if (grpc_session_pending(w->session, &bytes, &err) <= 0)
		return false;
	assert_true(w->partial_len + bytes.len <= sizeof(w->partial));
	memcpy(w->partial + w->partial_len, bytes.ptr, bytes.len);
	w->partial_len += bytes.len;
	grpc_session_sent(w->session, bytes.len);
	while (w->partial_len - at >= HEADER_BYTES) {
		const uint8_t *f = w->partial + at;
		size_t len = (size_t)f[0] << 16 | (size_t)f[1] << 8 | f[2];

		if (w->partial_len - at < HEADER_BYTES + len)
			break;
		note(w, f, len);
		at += HEADER_BYTES + len;
	}
	memmove(w->partial, w->partial + at, w->partial_len - at);
	w->partial_len -= at;
	return true;
}

static void hear(struct world *w)
{
	while (hear_once(w))
		;
}

static void say_bytes(struct world *w, const void *bytes, size_t len)
{
	struct error err;

	w->result = grpc_session_receive(w->session, (struct str){ bytes, len }, 1, &err);
}

static void say(struct world *w, uint8_t type, uint8_t flags, uint32_t stream, const void *payload, size_t len)
{
	uint8_t frame[HEADER_BYTES + 16384] = { (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len, type, flags };

	assert_true(len <= 16384);
	put_number(frame + 5, stream);
	memcpy(frame + HEADER_BYTES, payload, len);
	say_bytes(w, frame, HEADER_BYTES + len);
}

static void say_number(struct world *w, uint8_t type, uint32_t stream, uint32_t n)
{
	uint8_t payload[4];

	put_number(payload, n);
	say(w, type, 0, stream, payload, sizeof(payload));
}

static void say_setting(struct world *w, uint16_t id, uint32_t value)
{
	uint8_t payload[6] = { (uint8_t)(id >> 8), (uint8_t)id };

	put_number(payload + 2, value);
	say(w, SETTINGS, 0, 0, payload, sizeof(payload));
}

/* A literal that no table keeps. */
static size_t add_header(uint8_t *at, const char *name, const char *value)
{
	size_t n = strlen(name), v = strlen(value);

	at[0] = 0;
	at[1] = (uint8_t)n;
	memcpy(at + 2, name, n);
	at[2 + n] = (uint8_t)v;
	memcpy(at + 3 + n, value, v);
	return 3 + n + v;
}

static size_t call_headers(uint8_t *at)
{
	size_t n = add_header(at, ":method", "POST");

	n += add_header(at + n, ":scheme", "http");
	n += add_header(at + n, ":path", "/s/sub");
	n += add_header(at + n, ":authority", "localhost");
	return n + add_header(at + n, "content-type", "application/grpc");
}

static void call(struct world *w, uint32_t stream)
{
	static const uint8_t request[GRPC_PREFIX_BYTES];
	uint8_t headers[512];

	say(w, HEADERS, END_HEADERS, stream, headers, call_headers(headers));
	assert_int_equal(w->result, 0);
	say(w, DATA, 0, stream, request, sizeof(request));
	assert_int_equal(w->result, 0);
}

static struct world *open_world(void)
{
	static const char greeting[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
	struct world *w = calloc(1, sizeof(*w));
	struct error err;

	assert_non_null(w);
	w->reset = w->goodbye = UINT32_MAX;
	w->service = (struct grpc_service){ methods, ARRAY_SIZE(methods), w };
	assert_int_equal(grpc_session_new(&w->service, &w->session, &err), 0);
	say_bytes(w, greeting, sizeof(greeting) - 1);
	say(w, SETTINGS, 0, 0, "", 0);
	hear(w);
	assert_int_equal(w->result, 0);
	assert_int_equal(w->acks[SETTINGS], 1);
	return w;
}

static void close_world(struct world *w)
{
	grpc_session_free(w->session);
	messages_free(&w->queue);
	free(w);
}

/* The connection is over: by a goodbye with that reason, or because what was said is no HTTP/2 any more. */
static void is_over(struct world *w, uint32_t code)
{
	hear(w);
	if (w->goodbye != UINT32_MAX)
		assert_int_equal(w->goodbye, code);
	else
		assert_int_equal(w->result, -EPROTO);
	assert_true(w->result < 0 || grpc_session_finished(w->session));
}

/* ---- the cases ----------------------------------------------------------------------------------------- */

static void test_ping(void **state)
{
	struct world *w = open_world();

	(void)state;
	say(w, PING, 0, 0, "12345678", 8);
	hear(w);
	assert_int_equal(w->acks[PING], 1);
	assert_memory_equal(w->ping, "12345678", 8);
	say(w, PING, ACK, 0, "abcdefgh", 8); /* an answer that nobody asked for */
	hear(w);
	assert_int_equal(w->frames[PING], 1);
	assert_int_equal(w->result, 0);
	close_world(w);
	w = open_world();
	say(w, PING, 0, 0, "1234567", 7);
	is_over(w, 6); /* FRAME_SIZE_ERROR */
	close_world(w);
}

/* Answers that nobody reads are not kept without end. */
static void test_floods_of_questions(void **state)
{
	struct world *w = open_world();
	int n = 0;

	(void)state;
	while (w->result == 0 && n++ < MANY)
		say(w, PING, 0, 0, "12345678", 8);
	assert_int_equal(w->result, -EPROTO);
	assert_true(n < 1000);
	close_world(w);
	w = open_world();
	for (n = 0; w->result == 0 && n < MANY; n++)
		say_setting(w, INITIAL_WINDOW, 1000);
	assert_int_equal(w->result, -EPROTO);
	assert_true(n < 1000);
	close_world(w);
}

static void test_goodbyes(void **state)
{
	struct world *w = open_world();

	(void)state;
	/* the client's: what is under way goes on */
	call(w, 1);
	say(w, GOAWAY, 0, 0, "\0\0\0\0\0\0\0\0", 8);
	queue_message(w, 'a', 100);
	say(w, DATA, END_STREAM, 1, "\0\0\0\0\0", 5);
	hear(w);
	assert_int_equal(w->len, 100 + GRPC_PREFIX_BYTES);
	assert_int_equal(w->data[GRPC_PREFIX_BYTES], 'a');
	close_world(w);
	/* ours: calls end, new ones are refused, then it is over */
	w = open_world();
	call(w, 1);
	hear(w);
	grpc_session_stop(w->session);
	hear(w);
	assert_true(w->ended);
	assert_int_equal(w->goodbye, NO_ERROR);
	assert_true(grpc_session_finished(w->session));
	close_world(w);
}

/* A message comes whole to who takes a byte at a time, and no byte is sent that was not asked for. */
static void test_window_of_one(void **state)
{
	struct world *w = open_world();

	(void)state;
	say_setting(w, INITIAL_WINDOW, 1);
	queue_message(w, 'A', 300);
	call(w, 1);
	hear(w);
	for (size_t got = 1; got < 300 + GRPC_PREFIX_BYTES; got++) {
		assert_int_equal(w->len, got);
		say_number(w, WINDOW_UPDATE, 1, 1);
		assert_int_equal(w->result, 0);
		hear(w);
	}
	assert_int_equal(w->largest, 1);
	assert_int_equal(w->len, 300 + GRPC_PREFIX_BYTES);
	for (size_t i = 0; i < 300; i++)
		assert_int_equal(w->data[GRPC_PREFIX_BYTES + i], 'A' + i % 50);
	hear(w);
	assert_int_equal(w->len, 300 + GRPC_PREFIX_BYTES);
	close_world(w);
}

/* The connection's own window holds all calls together. */
static void test_window_of_all(void **state)
{
	struct world *w = open_world();

	(void)state;
	say_setting(w, INITIAL_WINDOW, 1 << 20);
	for (char c = 'a'; c < 'a' + 8; c++)
		queue_message(w, c, 30000);
	call(w, 1);
	call(w, 3);
	hear(w);
	assert_int_equal(w->len, 65535);
	say_number(w, WINDOW_UPDATE, 0, 1000);
	hear(w);
	assert_int_equal(w->len, 66535);
	say_number(w, WINDOW_UPDATE, 0, 1 << 20);
	hear(w);
	assert_true(w->len > 66535);
	close_world(w);
}

static void test_windows_that_overflow(void **state)
{
	struct world *w = open_world();

	(void)state;
	call(w, 1);
	say_number(w, WINDOW_UPDATE, 0, 0x7fffffff);
	is_over(w, FLOW_CONTROL_ERROR);
	close_world(w);
	w = open_world();
	call(w, 1);
	say_number(w, WINDOW_UPDATE, 1, 0x7fffffff);
	hear(w);
	assert_int_equal(w->reset, FLOW_CONTROL_ERROR); /* of that call alone */
	assert_int_equal(w->goodbye, UINT32_MAX);
	close_world(w);
	w = open_world();
	call(w, 1);
	say_number(w, WINDOW_UPDATE, 0, 0);
	is_over(w, PROTOCOL_ERROR);
	close_world(w);
	/* a setting that lets the window of a call overflow */
	w = open_world();
	call(w, 1);
	say_number(w, WINDOW_UPDATE, 1, 0x7fffffff - 65535);
	assert_int_equal(w->result, 0);
	say_setting(w, INITIAL_WINDOW, 65536);
	hear(w);
	assert_true(w->reset == FLOW_CONTROL_ERROR || w->goodbye == FLOW_CONTROL_ERROR);
	close_world(w);
}

/* Windows may become smaller than what was sent, so less than nothing. */
static void test_settings_in_the_middle(void **state)
{
	struct world *w = open_world();

	(void)state;
	say_setting(w, INITIAL_WINDOW, 1000);
	queue_message(w, 'A', 2000);
	call(w, 1);
	hear(w);
	assert_int_equal(w->len, 1000);
	say_setting(w, INITIAL_WINDOW, 10);
	say_number(w, WINDOW_UPDATE, 1, 500); /* 490 less than nothing */
	hear(w);
	assert_int_equal(w->len, 1000);
	say_number(w, WINDOW_UPDATE, 1, 491);
	hear(w);
	assert_int_equal(w->len, 1001);
	say_setting(w, MAX_FRAME, 16384);
	say_setting(w, HEADER_TABLE_SIZE, 0);
	say_setting(w, INITIAL_WINDOW, 65535);
	hear(w);
	assert_int_equal(w->len, 2000 + GRPC_PREFIX_BYTES);
	for (size_t i = 0; i < 2000; i++)
		assert_int_equal(w->data[GRPC_PREFIX_BYTES + i], 'A' + i % 50);
	close_world(w);
}

static void test_settings_that_are_none(void **state)
{
	static const struct {
		uint16_t id;
		uint32_t value, code;
	} bad[] = {
		{ ENABLE_PUSH, 2, PROTOCOL_ERROR },
		{ INITIAL_WINDOW, 0x80000000u, FLOW_CONTROL_ERROR },
		{ MAX_FRAME, 1, PROTOCOL_ERROR },
		{ MAX_FRAME, 1 << 24, PROTOCOL_ERROR },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct world *w = open_world();

		say_setting(w, bad[i].id, bad[i].value);
		is_over(w, bad[i].code);
		close_world(w);
	}
}

/* What was on its way when a client lost interest goes to the next one, whole. */
static void test_reset_in_a_message(void **state)
{
	struct world *w = open_world();

	(void)state;
	say_setting(w, INITIAL_WINDOW, 100);
	queue_message(w, 'A', 300);
	queue_message(w, 'a', 10);
	call(w, 1);
	hear(w);
	assert_int_equal(w->len, 100);
	assert_int_equal(messages_count(&w->queue), 1);
	say_number(w, RST_STREAM, 1, CANCEL);
	hear(w);
	assert_int_equal(messages_count(&w->queue), 2);
	w->len = 0;
	say_setting(w, INITIAL_WINDOW, 65535);
	call(w, 3);
	hear(w);
	assert_int_equal(w->len, 300 + GRPC_PREFIX_BYTES + 10 + GRPC_PREFIX_BYTES);
	assert_int_equal(w->data[GRPC_PREFIX_BYTES], 'A');
	assert_int_equal(w->data[300 + 2 * GRPC_PREFIX_BYTES], 'a');
	close_world(w);
}

/* Calls that are given up as soon as they are made: the queue is as before, and there is an end to it. */
static void test_flood_of_resets(void **state)
{
	struct world *w = open_world();
	uint32_t stream;

	(void)state;
	queue_message(w, 'A', 10);
	for (stream = 1; w->result == 0 && w->goodbye == UINT32_MAX && stream < 2 * MANY; stream += 2) {
		uint8_t headers[512];

		say(w, HEADERS, END_HEADERS, stream, headers, call_headers(headers));
		if (w->result == 0)
			say_number(w, RST_STREAM, stream, CANCEL);
		hear(w);
	}
	assert_int_equal(messages_count(&w->queue), 1);
	assert_true(w->result < 0 || w->goodbye != UINT32_MAX);
	close_world(w);
}

static void test_flood_of_continuations(void **state)
{
	static const size_t sizes[] = { 0, 1000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct world *w = open_world();
		uint8_t headers[512], more[1024];
		size_t len = add_header(more, "x", "");
		int n = 0;

		while (len < sizes[i])
			len += add_header(more + len, "x", "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy");
		say(w, HEADERS, 0, 1, headers, call_headers(headers));
		for (; w->result == 0 && w->goodbye == UINT32_MAX && n < MANY; n++) {
			say(w, CONTINUATION, 0, 1, more, sizes[i] ? len : 0);
			hear(w);
		}
		assert_true(w->result < 0 || w->goodbye != UINT32_MAX);
		assert_true(n < MANY);
		close_world(w);
	}
}

/* A few bytes that stand for a long header, over and over. */
static void test_header_bomb(void **state)
{
	struct world *w = open_world();
	uint8_t headers[16384];
	size_t n = call_headers(headers);

	(void)state;
	/* kept in the table, as entry 62: literal with incremental indexing, a value of 3,000 bytes (127 + 2873) */
	memcpy(headers + n, "\x40\x01x\x7f\xb9\x16", 6);
	memset(headers + n + 6, 'y', 3000);
	n += 6 + 3000;
	memset(headers + n, 0x80 | 62, 10000);
	n += 10000;
	say(w, HEADERS, END_HEADERS, 1, headers, n);
	hear(w);
	assert_true(w->result < 0 || w->goodbye != UINT32_MAX || w->reset != UINT32_MAX);
	if (w->result == 0 && w->goodbye == UINT32_MAX) {
		/* others go on */
		queue_message(w, 'A', 10);
		call(w, 3);
		hear(w);
		assert_int_equal(w->len, 10 + GRPC_PREFIX_BYTES);
	}
	close_world(w);
	/* an entry that there is none of */
	w = open_world();
	say(w, HEADERS, END_HEADERS, 1, "\xff\x7f", 2);
	is_over(w, COMPRESSION_ERROR);
	close_world(w);
}

/* Who asks for much and reads nothing holds what fits a window at most. */
static void test_slow_reader(void **state)
{
	struct world *w = open_world();
	struct str bytes;
	struct error err;

	(void)state;
	say_setting(w, INITIAL_WINDOW, 0x7fffffff);
	say_number(w, WINDOW_UPDATE, 0, 0x7fffffff - 65535);
	for (int i = 0; i < 1000; i++)
		queue_message(w, 'A', 30000);
	for (uint32_t stream = 1; stream < 33; stream += 2)
		call(w, stream);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(grpc_session_pending(w->session, &bytes, &err), 1); /* and nothing of it is sent */
	assert_true(messages_count(&w->queue) >= 1000 - 2);
	assert_true(bytes.len <= 16384 + HEADER_BYTES);
	close_world(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ping),
		cmocka_unit_test(test_floods_of_questions),
		cmocka_unit_test(test_goodbyes),
		cmocka_unit_test(test_window_of_one),
		cmocka_unit_test(test_window_of_all),
		cmocka_unit_test(test_windows_that_overflow),
		cmocka_unit_test(test_settings_in_the_middle),
		cmocka_unit_test(test_settings_that_are_none),
		cmocka_unit_test(test_reset_in_a_message),
		cmocka_unit_test(test_flood_of_resets),
		cmocka_unit_test(test_flood_of_continuations),
		cmocka_unit_test(test_header_bomb),
		cmocka_unit_test(test_slow_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
