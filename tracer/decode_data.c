/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "tracer/decode_step.h"
#include "tracer/socket.h"

/* Only the first bytes of what is read and written are events' business (EVENT_SNAPLEN). */

static void put_memory_bytes(const struct call *c, uint64_t address, uint64_t len, struct event_builder *b)
{
	char bytes[EVENT_SNAPLEN];
	size_t n = len < sizeof(bytes) ? (size_t)len : sizeof(bytes);

	if (!address || !n || memory_read(c->memory, address, bytes, n) < 0)
		event_put_absent(b);
	else
		event_put_bytes(b, (struct str){ bytes, n });
}

/* What was sent from our copy of it. True when there is one. */
static bool put_held_bytes(const struct call *c, struct event_builder *b)
{
	if (!c->socket || !c->socket->sends)
		return false;
	if (c->socket->sent_len)
		event_put_bytes(b, (struct str){ c->socket->sent, c->socket->sent_len });
	else
		event_put_absent(b);
	return true;
}

/* How many of size bytes were really moved: all that were given before and after a failure. */
static uint64_t moved(const struct call *c, uint64_t size)
{
	return call_succeeded(c) && (uint64_t)c->result < size ? (uint64_t)c->result : size;
}

STEP(put_sent)
{
	if (!put_held_bytes(c, b))
		put_memory_bytes(c, c->args[s->arg], moved(c, c->args[s->arg + 1]), b);
}

STEP(put_received)
{
	if (!put_unknown_yet(c, b))
		put_memory_bytes(c, c->args[s->arg], call_succeeded(c) ? (uint64_t)c->result : 0, b);
}

STEP(put_module)
{
	put_memory_bytes(c, c->args[s->arg], c->args[s->arg + 1], b);
}

STEP(put_result_size)
{
	(void)s;
	if (!put_unknown_yet(c, b))
		event_put_int(b, c->result > 0 ? c->result : 0);
}

/* ---- vectors ---- */

/* How many pieces a call has by the argument behind the vector: the kernel keeps an unsigned int of it. */
static uint64_t pieces_of(const struct call *c, const struct step *s)
{
	return (uint32_t)c->args[s->arg + 1];
}

static size_t read_vectors(const struct call *c, uint64_t address, uint64_t count, struct iovec v[EVENT_VECTORS])
{
	size_t n = count < EVENT_VECTORS ? (size_t)count : EVENT_VECTORS;

	if (!address || !n || memory_read(c->memory, address, v, n * sizeof(*v)) < 0)
		return 0;
	return n;
}

static void put_vector(const struct call *c, uint64_t address, uint64_t count, uint64_t limit, struct event_builder *b)
{
	char bytes[EVENT_SNAPLEN];
	struct iovec v[EVENT_VECTORS];
	size_t n = read_vectors(c, address, count, v), len = 0;

	for (size_t i = 0; i < n && len < sizeof(bytes) && len < limit; i++) {
		size_t piece = v[i].iov_len;

		if (piece > sizeof(bytes) - len)
			piece = sizeof(bytes) - len;
		if (piece > limit - len)
			piece = (size_t)(limit - len);
		if (memory_read(c->memory, (uint64_t)(uintptr_t)v[i].iov_base, bytes + len, piece) < 0)
			break;
		len += piece;
	}
	if (len)
		event_put_bytes(b, (struct str){ bytes, len });
	else
		event_put_absent(b);
}

static uint64_t vector_size(const struct call *c, uint64_t address, uint64_t count)
{
	struct iovec v[EVENT_VECTORS];
	uint64_t size = 0;

	/* at most 1024 pieces, the kernel's limit */
	for (uint64_t done = 0; done < count && done < 1024; done += EVENT_VECTORS) {
		size_t n = read_vectors(c, address + done * sizeof(v[0]), count - done, v);

		for (size_t i = 0; i < n; i++)
			size += v[i].iov_len;
		if (!n)
			break;
	}
	return size;
}

STEP(put_sent_vector)
{
	put_vector(c, c->args[s->arg], pieces_of(c, s), moved(c, UINT64_MAX), b);
}

STEP(put_received_vector)
{
	if (!put_unknown_yet(c, b))
		put_vector(c, c->args[s->arg], pieces_of(c, s), call_succeeded(c) ? (uint64_t)c->result : 0, b);
}

STEP(put_moved)
{
	put_received_vector(c, s, b);
}

STEP(put_vector_size)
{
	event_put_int(b, (int64_t)vector_size(c, c->args[s->arg], pieces_of(c, s)));
}

/* ---- messages; sendmmsg and recvmmsg have an array whose first entry starts with one ---- */

static bool read_message(const struct call *c, uint64_t address, struct native_message *m)
{
	return address && memory_read(c->memory, address, m, sizeof(*m)) == 0;
}

static void put_message(const struct call *c, uint64_t address, uint64_t limit, struct event_builder *b)
{
	struct native_message m;

	if (read_message(c, address, &m))
		put_vector(c, m.pieces, m.count, limit, b);
	else
		event_put_absent(b);
}

/* Of a sendmmsg() that is not sent yet one event stands for all messages, and the first says nothing of the others. */
static bool is_first_of_several(const struct call *c)
{
	return c->number == SYS_sendmmsg && !c->has_result && (uint32_t)c->args[2] > 1;
}

STEP(put_sent_message)
{
	if (is_first_of_several(c))
		event_put_unknown(b);
	else if (!put_held_bytes(c, b))
		put_message(c, c->args[s->arg], UINT64_MAX, b);
}

STEP(put_received_message)
{
	if (!put_unknown_yet(c, b))
		put_message(c, c->args[s->arg], call_succeeded(c) ? (uint64_t)c->result : 0, b);
}

STEP(put_message_size)
{
	struct native_message m;

	if (is_first_of_several(c))
		event_put_unknown(b);
	else if (c->socket && c->socket->sends)
		event_put_int(b, (int64_t)c->socket->size);
	else if (read_message(c, c->args[s->arg], &m))
		event_put_int(b, (int64_t)vector_size(c, m.pieces, m.count));
	else
		event_put_int(b, 0);
}

/* The length that the kernel wrote behind the first message header; 0 when nothing came. */
static uint32_t first_length(const struct call *c, uint64_t address)
{
	struct native_messages m;

	if (!call_succeeded(c) || c->result == 0 || !address || memory_read(c->memory, address, &m, sizeof(m)) < 0)
		return 0;
	return m.len;
}

STEP(put_first_length)
{
	if (!put_unknown_yet(c, b))
		event_put_int(b, first_length(c, c->args[s->arg]));
}

STEP(put_received_first)
{
	if (!put_unknown_yet(c, b))
		put_message(c, c->args[s->arg], first_length(c, c->args[s->arg]), b);
}

STEP(put_control)
{
	struct native_message m;

	if (put_unknown_yet(c, b))
		return;
	if (call_succeeded(c) && read_message(c, c->args[s->arg], &m))
		put_memory_bytes(c, m.control, m.control_len, b);
	else
		event_put_absent(b);
}

/* ---- poll: u16 count, then i64 descriptor and i16 returned events of each ---- */

STEP(put_polled)
{
	uint8_t bytes[2 + EVENT_POLLED * 10];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct pollfd fds[EVENT_POLLED];
	size_t n = (uint32_t)c->args[s->arg + 1];

	if (put_unknown_yet(c, b))
		return;
	if (n > EVENT_POLLED)
		n = EVENT_POLLED;
	if (!c->args[s->arg] || memory_read(c->memory, c->args[s->arg], fds, n * sizeof(fds[0])) < 0)
		n = 0;
	writer_u16(&w, (uint16_t)n);
	for (size_t i = 0; i < n; i++) {
		writer_u64(&w, (uint64_t)(int64_t)fds[i].fd);
		writer_u16(&w, (uint16_t)native_flags_to_event(&native_poll_flags, (uint16_t)fds[i].revents));
	}
	event_put_bytes(b, (struct str){ (const char *)bytes, w.len });
}
