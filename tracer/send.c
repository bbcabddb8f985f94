/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/supervisor.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "tracer/descriptor.h"
#include "tracer/socket.h"

/*
 * Datagrams of internet sockets. Where they go is behind a pointer (for sendmsg() behind several), and the
 * socket behind a number. So the message is read once, address, bytes and all, and sent from a copy of the
 * socket, with the caller's rights. What has to wait for room is the caller's own, and so is what would take
 * the caller's pages along (MSG_ZEROCOPY). Streams have one address for good.
 *
 * Of sendmmsg() each message is an event; the next is read and sent when the one before has been judged.
 */

/* MSG_CMSG_COMPAT, which nobody may say to sendmsg(). All other flags the kernel knows, or passes over. */
#define MESSAGE_OF_32_BITS 0x80000000

struct message {
	struct sockaddr_storage name;
	socklen_t name_len;
	char *bytes; /* heap */
	size_t len, size; /* of bytes; of the message */
	bool unreadable; /* bytes: the kernel looks for them last, and says then what else is wrong */
	char *control; /* heap */
	size_t control_len;
};

/* A message that is sent in the caller's place. */
struct sending {
	struct errand errand; /* first */
	struct message message;
	int fd; /* of the held socket; a thread's own copy */
	unsigned int flags;
	pid_t pid; /* of the caller */
	int pidfd; /* of a thread, which does not know when it ends; -1 = it waits for us */
	uint64_t length_at; /* where it is to find the length of what went; 0 = nowhere */
	bool first; /* of those of the call */
	bool alone; /* memory is written by threads alone: there is some that has to be waited for */
	bool went; /* and its length could not be written */
	int64_t result; /* length, or negative errno; -EOPNOTSUPP: the caller's to do */
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
	m->unreadable |= r == -EFAULT;
	return r == -EFAULT ? 0 : r;
}

static int read_control(const struct call *c, const struct native_message *h, struct message *m)
{
	if (!h->control_len)
		return 0;
	if (h->control_len > SEND_CONTROL_BYTES)
		return -EOPNOTSUPP;
	m->control = malloc(h->control_len);
	if (!m->control)
		return -ENOMEM;
	m->control_len = h->control_len;
	return memory_read(c->memory, h->control, m->control, m->control_len);
}

static int read_header(const struct call *c, uint64_t address, struct message *m)
{
	auto_free struct iovec *pieces = NULL;
	struct native_message h;
	int32_t name_len;
	int r = memory_read(c->memory, address, &h, sizeof(h));

	if (r < 0)
		return r;
	/* the kernel takes what is too long for the longest, and refuses what is negative */
	name_len = (int32_t)h.name_len;
	r = read_name(c, h.name, name_len > (int32_t)sizeof(m->name) ? (int32_t)sizeof(m->name) : name_len, m);
	if (r < 0)
		return r;
	if (h.count > UIO_MAXIOV)
		return -EMSGSIZE;
	pieces = calloc(h.count + 1, sizeof(*pieces));
	if (!pieces)
		return -ENOMEM;
	if (h.count)
		r = memory_read(c->memory, h.pieces, pieces, h.count * sizeof(*pieces));
	for (size_t i = 0; i < h.count && r == 0; i++)
		r = read_piece(c, &pieces[i], m);
	return r < 0 ? r : read_control(c, &h, m);
}

/* Message number i; to be cleared also after a failure. */
static int read_message(const struct call *c, uint32_t i, struct message *m)
{
	const struct iovec whole = { (void *)(uintptr_t)c->args[1], (size_t)c->args[2] };
	size_t step = c->number == SYS_sendmmsg ? sizeof(struct native_messages) : 0;
	int r;

	*m = (struct message){ .bytes = malloc(SEND_MESSAGE_BYTES) };
	if (!m->bytes)
		return -ENOMEM;
	if (c->number != SYS_sendto)
		r = read_header(c, c->args[1] + i * step, m);
	else
		r = read_name(c, c->args[4], (int32_t)c->args[5], m);
	if (r == 0 && c->number == SYS_sendto)
		r = read_piece(c, &whole, m);
	if (r < 0) /* and that is told before */
		m->unreadable = false;
	return m->unreadable ? -EFAULT : r;
}

/* ---- sending ------------------------------------------------------------------------------------------- */

static int64_t send_message(const struct sending *s)
{
	const struct message *m = &s->message;
	struct iovec bytes = { m->unreadable ? NULL : m->bytes, m->len };
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
	if (!errand_assume(&s->errand))
		return -EOPNOTSUPP;
	n = sendmsg(s->fd, &h, (int)(s->flags | MSG_DONTWAIT | MSG_NOSIGNAL));
	if (n < 0)
		n = -errno;
	errand_return(&s->errand);
	return n;
}

/* Its number may be another's by then, if it does not wait for us. */
static bool is_there(const struct sending *s)
{
	return s->pidfd < 0 || syscall(SYS_pidfd_send_signal, s->pidfd, 0, NULL, 0) == 0;
}

/* The length that sendmmsg() writes behind a message; as the caller might, so not where it may only read. */
static int write_length(const struct sending *s, uint32_t *value, bool write)
{
	struct iovec here = { value, sizeof(*value) }, there = { (void *)(uintptr_t)s->length_at, sizeof(*value) };
	ssize_t n;

	if (!is_there(s))
		return -ESRCH;
	n = write ? process_vm_writev(s->pid, &here, 1, &there, 1, 0) :
		    process_vm_readv(s->pid, &here, 1, &there, 1, 0);
	return n == (ssize_t)sizeof(*value) ? 0 : n < 0 ? -errno : -EFAULT;
}

/* Whether the lengths can be written at all: profiles of containers refuse it, and nothing is to be waited for. */
static bool can_write(const struct sending *s)
{
	uint32_t value;
	int r = s->alone && s->pidfd < 0 ? -EPERM : write_length(s, &value, false);

	if (r == 0)
		r = write_length(s, &value, true);
	return r == 0 || r == -EFAULT;
}

static void act(struct errand *e)
{
	struct sending *s = (struct sending *)e;
	uint32_t len;

	if (s->length_at && s->first && !can_write(s))
		return;
	s->result = send_message(s);
	if (s->result < 0 || !s->length_at)
		return;
	len = (uint32_t)s->result;
	s->went = write_length(s, &len, true) < 0;
	if (s->went)
		s->result = -EFAULT;
}

static bool copy_bytes(char **bytes, size_t len)
{
	char *copy = malloc(len ? len : 1);

	if (copy && len)
		memcpy(copy, *bytes, len);
	*bytes = copy;
	return copy != NULL;
}

static void release(struct errand *e)
{
	struct sending *s = (struct sending *)e;

	message_clear(&s->message);
	descriptor_drop(s->fd, e->reader);
	if (s->pidfd >= 0)
		close(s->pidfd);
}

static bool keep(struct errand *e)
{
	struct sending *s = (struct sending *)e;
	struct message *m = &s->message;
	bool whole = copy_bytes(&m->bytes, m->len);

	whole &= copy_bytes(&m->control, m->control_len);
	s->fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 0);
	if (s->length_at)
		s->pidfd = (int)syscall(SYS_pidfd_open, s->pid, 0);
	if (whole && s->fd >= 0 && (!s->length_at || s->pidfd >= 0))
		return true;
	release(e);
	return false;
}

/* ---- the call ------------------------------------------------------------------------------------------ */

static bool may_wait(const struct call *c, int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return !(flags_of(c) & MSG_DONTWAIT) && (flags < 0 || !(flags & O_NONBLOCK));
}

/* Nothing is held of the pending call any more. */
static void let_go(struct tracer *t)
{
	struct pending *p = &t->pending;

	p->messages = 0;
	p->call.socket = NULL;
	if (p->tracee)
		socket_release(take_ptr(p->tracee->socket));
}

/* The message at hand ended with n: how the call goes on. */
static enum open_way conclude(struct tracer *t, int64_t n)
{
	struct pending *p = &t->pending;
	struct held_socket *s = p->tracee->socket;

	if (n == -ENOMEM || n == -ESRCH || n == -EPIPE || (n == -EAGAIN && may_wait(&p->call, s->fd)))
		n = -EOPNOTSUPP; /* waits, or may raise a signal */
	if (p->message) {
		if (n >= 0)
			p->value++;
		else if (s->went)
			p->messages = p->message; /* the last that is told */
		if (n < 0 && !s->went) {
			p->quiet = true; /* those before it are told */
			let_go(t);
		}
		return OPEN_DONE;
	}
	if (n == -EOPNOTSUPP || n == -ENODATA) {
		let_go(t);
		return n == -ENODATA ? OPEN_CHECK : OPEN_ENTRY;
	}
	if (n >= 0 && p->call.number == SYS_sendmmsg) {
		p->messages = (uint32_t)p->call.args[2] < UIO_MAXIOV ? (uint32_t)p->call.args[2] : UIO_MAXIOV;
		n = 1; /* messages so far */
	}
	p->value = n;
	return OPEN_DONE;
}

static enum open_way settle(struct tracer *t, struct errand *e)
{
	const struct sending *s = (struct sending *)e;

	t->pending.tracee->socket->went = s->went;
	return conclude(t, s->result);
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

/* No datagram holds so many bytes, and the kernel looks for none of them before it says so. */
static bool is_too_long(const struct call *c)
{
	return c->number == SYS_sendto && c->args[2] > SEND_MESSAGE_BYTES;
}

/* What is told of it. */
static void describe(struct held_socket *s, const struct message *m)
{
	s->address = m->name;
	s->address_len = m->name_len;
	s->sends = m->bytes;
	s->sent_len = m->len < sizeof(s->sent) ? m->len : sizeof(s->sent);
	if (s->sent_len)
		memcpy(s->sent, m->bytes, s->sent_len);
	s->size = m->size;
}

/* Sends the message at hand. */
static enum open_way send_one(struct tracer *t)
{
	struct pending *p = &t->pending;
	const struct call *c = &p->call;
	struct held_socket *held = p->tracee->socket;
	struct sending s = {
		.errand = { .act = act, .settle = settle, .keep = keep, .release = release, .leaves = true },
		.fd = held->fd,
		.flags = flags_of(c),
		.pid = c->pid,
		.pidfd = -1,
		.length_at = c->number == SYS_sendmmsg ? c->args[1] + p->message * sizeof(struct native_messages) +
								 offsetof(struct native_messages, len) :
							 0,
		.first = !p->message,
		.alone = memory_is_wary(c->memory) || reader_fears_locks(t->reader),
		.result = -EOPNOTSUPP,
	};
	int r = read_while_there(t, p->message, &s.message);
	enum open_way way;

	if (r == -EAGAIN || ((r == -EFAULT || r == -EINVAL) && is_too_long(c)))
		r = -EOPNOTSUPP; /* not to be read in time, or not at all */
	else if (r == -EFAULT && s.message.unreadable)
		r = 0;
	describe(held, &s.message);
	if (r == 0) {
		identity_lend(t, &s.errand);
		way = errand_do(t, &s.errand, sizeof(s));
	} else {
		way = conclude(t, r);
	}
	message_clear(&s.message);
	return way;
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

/* The flag alone does nothing. */
static bool takes_pages(const struct call *c, int fd)
{
	int on = 1;
	socklen_t len = sizeof(on);

	return flags_of(c) & MSG_ZEROCOPY && (getsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &on, &len) < 0 || on);
}

/* Of internet sockets alone; NULL: there is nothing to hold. */
static struct held_socket *hold(const struct call *c, int *ret_type)
{
	int domain;
	struct held_socket *s = socket_hold(c->tid, (int)c->args[0], c->reader, &domain, ret_type);

	if (!s || domain == AF_INET || domain == AF_INET6)
		return s;
	socket_release(s);
	return NULL;
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
	enum open_way way;
	int type;

	if (!c->memory || !has_address(c) || (c->number == SYS_sendmmsg && !(uint32_t)c->args[2]))
		return OPEN_ENTRY;
	s = hold(c, &type);
	if (!s)
		return OPEN_ENTRY;
	socket_release(p->tracee->socket);
	p->tracee->socket = s;
	c->socket = s;
	/* connects, and the socket tells where to, if it is asked behind the call */
	if (type == SOCK_STREAM && flags_of(c) & MSG_FASTOPEN) {
		read_address(c, s);
		return OPEN_CHECK;
	}
	way = OPEN_ENTRY;
	if ((type == SOCK_DGRAM || type == SOCK_RAW) && !(flags_of(c) & MESSAGE_OF_32_BITS) && !takes_pages(c, s->fd) &&
	    identity_assumable(t, p->tracee))
		way = send_one(t);
	if (way != OPEN_DONE && way != OPEN_ASIDE)
		let_go(t);
	return way;
}

int64_t send_outcome(const struct pending *p)
{
	bool went = p->call.socket && p->call.socket->went;

	return !went ? p->value : p->message ? p->value + 1 : 1;
}

/* A message that the caller is to send itself. */
static int assume_message(struct tracer *t, struct event *ret_event, struct error *err)
{
	struct pending *p = &t->pending;

	t->ext = (struct event_ext){ .ip = p->call.ip, .raced = RACED_POSSIBLE };
	if (!p->tracee || p->message == p->messages ||
	    result_event(t, p->tracee, &p->call, 0, ret_event, err) < 0) {
		p->messages = 0;
		p->call.has_result = p->call.assumed = false;
		return 0;
	}
	p->call.args[1] += sizeof(struct native_messages);
	p->message++;
	return 1;
}

bool send_assume(struct tracer *t, struct event *ret_event, struct error *err)
{
	struct pending *p = &t->pending;
	uint32_t count = (uint32_t)p->call.args[2];

	if (p->call.number != SYS_sendmmsg || count < 2 || !p->tracee || p->tracee->seized)
		return false;
	p->messages = count < UIO_MAXIOV ? count : UIO_MAXIOV;
	p->message = 0;
	p->call.has_result = p->call.assumed = true;
	p->call.result = 0;
	return assume_message(t, ret_event, err) > 0;
}

int send_next(struct tracer *t, struct event *ret_event, struct error *err)
{
	struct pending *p = &t->pending;
	enum open_way way;

	if (!p->messages)
		return 0;
	if (p->call.assumed)
		return assume_message(t, ret_event, err);
	if (p->tracee && ++p->message < p->messages) {
		p->answer_due = false;
		t->ext = (struct event_ext){ .ip = p->call.ip };
		way = send_one(t);
		if (way == OPEN_ASIDE)
			return 0;
		p->answer_due = true;
		if (way == OPEN_DONE && !p->quiet) {
			p->call.result = send_outcome(p);
			if (result_event(t, p->tracee, &p->call, 0, ret_event, err) == 0)
				return 1;
		}
	}
	let_go(t);
	return 0;
}
