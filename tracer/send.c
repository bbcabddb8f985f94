/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/supervisor.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "tracer/socket.h"

/*
 * Datagrams of internet sockets. Where they go is behind a pointer (for sendmsg() behind several), and the
 * socket behind a number. So the message is read once, address, bytes and all, and sent from a copy of the
 * socket, with the caller's rights. What has to wait for room is the caller's own, and so is what would take
 * the caller's pages along (MSG_ZEROCOPY). Streams have one address for good.
 *
 * Of sendmmsg() each message is an event; the next is read and sent when the one before has been judged.
 */

#define FLAGS_KNOWN (MSG_DONTWAIT | MSG_NOSIGNAL | MSG_CONFIRM | MSG_DONTROUTE | MSG_EOR | MSG_MORE)

struct message {
	struct sockaddr_storage name;
	socklen_t name_len;
	char *bytes; /* heap */
	size_t len, size; /* of bytes; of the message */
	char *control; /* heap */
	size_t control_len;
};

static void message_clear(struct message *m)
{
	free(take_ptr(m->bytes));
	free(take_ptr(m->control));
}

static unsigned int flags_of(const struct call *c)
{
	return (unsigned int)c->args[c->number == SYS_sendmsg ? 2 : 3];
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static int read_name(const struct call *c, uint64_t address, int64_t len, struct message *m)
{
	if (!address || !len)
		return 0;
	if (len < 0 || len > (int64_t)sizeof(m->name))
		return -EINVAL;
	m->name_len = (socklen_t)len;
	return memory_read(c->memory, address, &m->name, (size_t)len);
}

static int read_piece(const struct call *c, const struct iovec *piece, struct message *m)
{
	size_t n = piece->iov_len, room = SEND_MESSAGE_BYTES - m->len;
	int r;

	if ((ssize_t)n < 0)
		return -EINVAL;
	m->size = m->size + n < m->size ? SIZE_MAX : m->size + n;
	if (n > room)
		n = room;
	r = n ? memory_read(c->memory, (uint64_t)(uintptr_t)piece->iov_base, m->bytes + m->len, n) : 0;
	m->len += n;
	return r;
}

static int read_control(const struct call *c, const struct msghdr *h, struct message *m)
{
	if (!h->msg_control || !h->msg_controllen)
		return 0;
	if (h->msg_controllen > SEND_CONTROL_BYTES)
		return -EOPNOTSUPP;
	m->control = malloc(h->msg_controllen);
	if (!m->control)
		return -ENOMEM;
	m->control_len = h->msg_controllen;
	return memory_read(c->memory, (uint64_t)(uintptr_t)h->msg_control, m->control, m->control_len);
}

static int read_header(const struct call *c, uint64_t address, struct message *m)
{
	auto_free struct iovec *pieces = NULL;
	struct msghdr h;
	size_t count;
	int r = memory_read(c->memory, address, &h, sizeof(h));

	if (r < 0)
		return r;
	r = read_name(c, (uint64_t)(uintptr_t)h.msg_name,
		      h.msg_namelen > sizeof(m->name) && (int32_t)h.msg_namelen > 0 ? (int64_t)sizeof(m->name) :
										       (int32_t)h.msg_namelen, m);
	if (r < 0)
		return r;
	count = (size_t)h.msg_iovlen; /* an int in musl */
	if (count > UIO_MAXIOV)
		return -EMSGSIZE;
	pieces = calloc(count + 1, sizeof(*pieces));
	if (!pieces)
		return -ENOMEM;
	if (count)
		r = memory_read(c->memory, (uint64_t)(uintptr_t)h.msg_iov, pieces, count * sizeof(*pieces));
	for (size_t i = 0; i < count && r == 0; i++)
		r = read_piece(c, &pieces[i], m);
	return r < 0 ? r : read_control(c, &h, m);
}

/* Message number i; to be cleared also after a failure. */
static int read_message(const struct call *c, uint32_t i, struct message *m)
{
	const struct iovec whole = { (void *)(uintptr_t)c->args[1], (size_t)c->args[2] };
	int r;

	*m = (struct message){ .bytes = malloc(SEND_MESSAGE_BYTES) };
	if (!m->bytes)
		return -ENOMEM;
	if (c->number != SYS_sendto)
		return read_header(c, c->args[1] + i * (c->number == SYS_sendmmsg ? sizeof(struct mmsghdr) : 0), m);
	r = read_name(c, c->args[4], (int32_t)c->args[5], m);
	return r < 0 ? r : read_piece(c, &whole, m);
}

/* ---- sending ------------------------------------------------------------------------------------------- */

static int64_t send_message(const struct tracer *t, int fd, const struct message *m)
{
	const struct call *c = &t->pending.call;
	struct iovec bytes = { m->bytes, m->len };
	struct msghdr h = {
		.msg_name = m->name_len ? (void *)&m->name : NULL,
		.msg_namelen = m->name_len,
		.msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = m->control,
		.msg_controllen = m->control_len,
	};
	ssize_t n;

	/* what goes along may ask for capabilities (marks, sources) */
	if (identity_assume(t) < 0)
		return -EOPNOTSUPP;
	n = sendmsg(fd, &h, (int)(flags_of(c) | MSG_DONTWAIT | MSG_NOSIGNAL));
	if (n < 0)
		n = -errno;
	identity_return(t);
	return n;
}

static bool may_wait(const struct call *c, int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return !(flags_of(c) & MSG_DONTWAIT) && (flags < 0 || !(flags & O_NONBLOCK));
}

/* The length that sendmmsg() writes behind a message; as the caller might, so not where it may only read. */
static int write_length(const struct call *c, uint32_t i, uint32_t *value, bool write)
{
	uint64_t at = c->args[1] + i * sizeof(struct mmsghdr) + offsetof(struct mmsghdr, msg_len);
	struct iovec here = { value, sizeof(*value) }, there = { (void *)(uintptr_t)at, sizeof(*value) };
	ssize_t n = write ? process_vm_writev(c->pid, &here, 1, &there, 1, 0) :
			    process_vm_readv(c->pid, &here, 1, &there, 1, 0);

	return n == (ssize_t)sizeof(*value) ? 0 : n < 0 ? -errno : -EFAULT;
}

/* Whether the lengths can be written at all: profiles of containers refuse it, and nothing is to be waited for. */
static bool can_write(const struct call *c)
{
	uint32_t value;
	int r = memory_is_wary(c->memory) ? -EPERM : write_length(c, 0, &value, false);

	if (r == 0)
		r = write_length(c, 0, &value, true);
	return r == 0 || r == -EFAULT;
}

static void keep(struct held_socket *s, struct message *m)
{
	s->address = m->name;
	s->address_len = m->name_len;
	free(s->sent);
	s->sent = take_ptr(m->bytes);
	s->sent_len = m->len < EVENT_SNAPLEN ? m->len : EVENT_SNAPLEN;
	s->size = m->size;
}

static int read_while_there(const struct tracer *t, uint32_t i, struct message *m)
{
	unsigned int tries = 0;
	int r = entry_fault(t, read_message(&t->pending.call, i, m), &tries);

	while (r > 0) {
		message_clear(m);
		r = entry_fault(t, read_message(&t->pending.call, i, m), &tries);
	}
	return r;
}

/*
 * Sends message number i: 0, or the errno that the call would have ended with. -EOPNOTSUPP: the caller's to
 * do, -ENODATA: and not read.
 */
static int64_t send_one(struct tracer *t, struct held_socket *s, uint32_t i)
{
	const struct call *c = &t->pending.call;
	struct message m;
	int64_t n = read_while_there(t, i, &m);
	uint32_t len;

	if (n == 0)
		n = send_message(t, s->fd, &m);
	else if (n == -EAGAIN) /* not to be read in time */
		n = -EOPNOTSUPP;
	keep(s, &m);
	if (n == -ENOMEM || n == -ESRCH || n == -EPIPE || (n == -EAGAIN && may_wait(c, s->fd)))
		n = -EOPNOTSUPP; /* waits, or may raise a signal */
	if (n >= 0 && c->number == SYS_sendmmsg) {
		int r;

		len = (uint32_t)n;
		r = write_length(c, i, &len, true);
		s->went = r < 0;
		n = r < 0 ? r : n;
	}
	message_clear(&m);
	return n;
}

/* Where the message is to go, as far as that can be read. */
static void read_address(const struct call *c, struct held_socket *s)
{
	struct message m;

	if (read_message(c, 0, &m) == 0) {
		s->address = m.name;
		s->address_len = m.name_len;
	}
	message_clear(&m);
}

/* ---- the call ------------------------------------------------------------------------------------------ */

static struct held_socket *hold(const struct call *c, int *ret_type)
{
	auto_free struct held_socket *s = calloc(1, sizeof(*s));
	auto_fd int copy = -1;

	if (!s)
		return NULL;
	copy = socket_copy(c->tid, (int)c->args[0]);
	if (copy < 0 || !socket_is_internet(copy, ret_type))
		return NULL;
	s->fd = take_fd(copy);
	return take_ptr(s);
}

/* The address of a send is in the caller's registers when there is none: then it is the socket's. */
static bool has_address(const struct call *c)
{
	return c->number != SYS_sendto || (c->args[4] && (int32_t)c->args[5] > 0);
}

enum open_way send_pending(struct tracer *t)
{
	struct pending *p = &t->pending;
	struct call *c = &p->call;
	struct held_socket *s;
	int type;
	int64_t n;

	if (!c->memory || !has_address(c) || (c->number == SYS_sendmmsg && !c->args[2]))
		return OPEN_ENTRY;
	s = hold(c, &type);
	if (!s)
		return OPEN_ENTRY;
	/* connects, and the socket tells where to, if it is asked behind the call */
	if (type == SOCK_STREAM && flags_of(c) & MSG_FASTOPEN) {
		read_address(c, s);
		socket_release(p->tracee->socket);
		p->tracee->socket = s;
		c->socket = s;
		return OPEN_CHECK;
	}
	n = -EOPNOTSUPP;
	if ((type == SOCK_DGRAM || type == SOCK_RAW) && !(flags_of(c) & ~(unsigned int)FLAGS_KNOWN) &&
	    identity_assumable(t, p->tracee) && (c->number != SYS_sendmmsg || can_write(c)))
		n = send_one(t, s, 0);
	if (n == -EOPNOTSUPP || n == -ENODATA) {
		socket_release(s);
		return n == -ENODATA ? OPEN_CHECK : OPEN_ENTRY;
	}
	if (n >= 0 && c->number == SYS_sendmmsg) {
		p->messages = (uint32_t)c->args[2] < UIO_MAXIOV ? (uint32_t)c->args[2] : UIO_MAXIOV;
		n = 1; /* messages so far */
	}
	socket_release(p->tracee->socket);
	p->tracee->socket = s;
	c->socket = s;
	p->value = n;
	return OPEN_DONE;
}

int send_next(struct tracer *t, struct event *ret_event, struct error *err)
{
	struct pending *p = &t->pending;
	bool more = p->tracee && p->messages && ++p->message < p->messages;
	struct held_socket *s = more ? p->tracee->socket : NULL;
	int64_t n;

	if (!p->messages)
		return 0;
	n = more ? send_one(t, s, p->message) : -ENODATA;
	if (n >= 0)
		p->value++;
	else
		p->messages = p->message; /* the last that is told */
	if (n >= 0 || (s && s->went)) {
		p->call.result = n >= 0 ? p->value : p->value + 1;
		t->ext = (struct event_ext){
			.real_path = { "", 0 }, .args = { "", 0 }, .stack = { "", 0 }, .ip = p->call.ip
		};
		if (result_event(t, p->tracee, &p->call, 0, ret_event, err) == 0)
			return 1;
	}
	p->messages = 0;
	p->call.socket = NULL;
	if (p->tracee)
		socket_release(take_ptr(p->tracee->socket));
	return 0;
}
