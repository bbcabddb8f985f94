/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/supervisor.h"

#include <fcntl.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "tracer/socket.h"

/*
 * connect() and bind() of internet sockets. The address is behind a pointer and the socket behind a number that others may
 * change once we have looked. So we take a copy of the socket, read the address once, and make the call ourselves where it
 * cannot wait. One that waits must be the caller's, for its signals and time limits: what became of it is asked of our copy.
 */

static bool may_wait(long number, int fd, int type)
{
	int flags = fcntl(fd, F_GETFL);

	return number == SYS_connect && type != SOCK_DGRAM && type != SOCK_RAW && (flags < 0 || !(flags & O_NONBLOCK));
}

/* NULL: not ours to make. An address that cannot be read is *ret_error: the kernel might find it there. */
static struct held_socket *hold(const struct call *c, int *ret_type, int *ret_error)
{
	auto_free struct held_socket *s = calloc(1, sizeof(*s));
	auto_fd int copy = -1;

	if (!s || !c->memory || (uint32_t)c->args[2] > sizeof(s->address) || (uint32_t)c->args[2] < sizeof(sa_family_t))
		return NULL;
	copy = socket_copy(c->tid, (int)c->args[0]);
	if (copy < 0 || !socket_is_internet(copy, ret_type))
		return NULL;
	*ret_error = memory_read(c->memory, c->args[1], &s->address, (uint32_t)c->args[2]);
	if (*ret_error == -ESRCH)
		return NULL;
	s->address_len = *ret_error < 0 ? 0 : (socklen_t)c->args[2];
	s->fd = take_fd(copy);
	return take_ptr(s);
}

enum open_way connect_pending(struct tracer *t)
{
	struct pending *p = &t->pending;
	struct held_socket *s;
	int type, r, error;

	s = hold(&p->call, &type, &error);
	if (!s)
		return OPEN_ENTRY;
	socket_release(p->tracee->socket);
	p->tracee->socket = s;
	p->call.socket = s;
	if (error < 0 && entry_is_unmapped(t)) {
		p->value = error;
		return OPEN_DONE;
	}
	if (error < 0 || may_wait(p->call.number, s->fd, type) || !identity_same(t, p->tracee))
		return OPEN_CHECK;
	if (p->call.number == SYS_connect)
		r = connect(s->fd, (struct sockaddr *)&s->address, s->address_len);
	else
		r = bind(s->fd, (struct sockaddr *)&s->address, s->address_len);
	p->value = r < 0 ? -errno : 0;
	return OPEN_DONE;
}
