/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/supervisor.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "tracer/descriptor.h"
#include "tracer/socket.h"

/*
 * connect() and bind(). The address is behind a pointer and the socket behind a number that others may change
 * once we have looked. So we take a copy of the socket, read the address once, and make the call ourselves,
 * with the caller's rights (low ports), where it cannot wait. One that waits must be the caller's, for its
 * signals and time limits: what became of it is asked of our copy.
 *
 * That is so of internet sockets. A unix socket's peer would see us instead of the caller (SO_PEERCRED), so
 * its calls are always the caller's, and where rules want to know our copy tells behind the call what name it
 * got, or which one its peer has.
 */

static bool may_wait(long number, int fd, int type)
{
	int flags = fcntl(fd, F_GETFL);

	return number == SYS_connect && type != SOCK_DGRAM && type != SOCK_RAW && (flags < 0 || !(flags & O_NONBLOCK));
}

/*
 * Of internet and unix sockets alone; NULL: there is nothing to hold. An address that cannot be read is *ret_error: the
 * kernel might find it there.
 */
static struct held_socket *hold(const struct tracer *t, int *ret_domain, int *ret_type, int *ret_error)
{
	const struct call *c = &t->pending.call;
	struct held_socket *s;
	unsigned int tries = 0;

	if (!c->memory || (uint32_t)c->args[2] > sizeof(s->address) || (uint32_t)c->args[2] < sizeof(sa_family_t))
		return NULL;
	s = socket_hold(c->tid, (int)c->args[0], c->reader, ret_domain, ret_type);
	if (!s)
		return NULL;
	if (*ret_domain != AF_INET && *ret_domain != AF_INET6 && *ret_domain != AF_UNIX) {
		socket_release(s);
		return NULL;
	}
	do
		*ret_error =
			entry_fault(t, memory_read(c->memory, c->args[1], &s->address, (uint32_t)c->args[2]), &tries);
	while (*ret_error > 0);
	if (*ret_error == -ESRCH || (*ret_error < 0 && *ret_domain == AF_UNIX)) {
		socket_release(s);
		return NULL;
	}
	s->address_len = *ret_error < 0 ? 0 : (socklen_t)c->args[2];
	return s;
}

/* A connect() or bind() that is made in the caller's place: it takes the socket's lock. */
struct addressing {
	struct errand errand; /* first */
	int fd; /* of the held socket; a thread's own copy */
	bool connects;
	struct sockaddr_storage address;
	socklen_t address_len;
	bool acted;
	int result; /* then; negative errno */
};

static void act(struct errand *e)
{
	struct addressing *a = (struct addressing *)e;
	const struct sockaddr *address = (const struct sockaddr *)&a->address;
	int r;

	if (!errand_assume(e))
		return;
	r = a->connects ? connect(a->fd, address, a->address_len) : bind(a->fd, address, a->address_len);
	a->result = r < 0 ? -errno : 0;
	a->acted = true;
	errand_return(e);
}

static enum open_way settle(struct tracer *t, struct errand *e)
{
	const struct addressing *a = (struct addressing *)e;

	if (!a->acted)
		return OPEN_CHECK;
	t->pending.value = a->result;
	return OPEN_DONE;
}

static bool keep(struct errand *e)
{
	struct addressing *a = (struct addressing *)e;

	a->fd = fcntl(a->fd, F_DUPFD_CLOEXEC, 0);
	return a->fd >= 0;
}

static void release(struct errand *e)
{
	descriptor_drop(((struct addressing *)e)->fd, e->reader);
}

static enum open_way make_call(struct tracer *t, const struct held_socket *s)
{
	struct addressing a = {
		.errand = { .act = act, .settle = settle, .keep = keep, .release = release, .leaves = true },
		.fd = s->fd,
		.connects = t->pending.call.number == SYS_connect,
		.address = s->address,
		.address_len = s->address_len,
	};

	identity_lend(t, &a.errand);
	return errand_do(t, &a.errand, sizeof(a));
}

enum open_way connect_pending(struct tracer *t)
{
	struct pending *p = &t->pending;
	struct held_socket *s;
	int domain, type, error;

	s = hold(t, &domain, &type, &error);
	if (!s)
		return OPEN_ENTRY;
	socket_release(p->tracee->socket);
	p->tracee->socket = s;
	p->call.socket = s;
	if (domain == AF_UNIX)
		return OPEN_ENTRY;
	if (error == -EFAULT) {
		p->value = error;
		return OPEN_DONE;
	}
	if (error < 0 || may_wait(p->call.number, s->fd, type) || !identity_assumable(t, p->tracee))
		return OPEN_CHECK;
	return make_call(t, s);
}

/*
 * The text of a unix socket's name. Behind the NUL that it ends with callers leave what they like; an abstract name is
 * all of it.
 */
static struct str unix_name(const struct sockaddr_storage *address, socklen_t len)
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)address;
	size_t room = len > offsetof(struct sockaddr_un, sun_path) ? len - offsetof(struct sockaddr_un, sun_path) : 0;

	if (room > sizeof(un->sun_path))
		room = sizeof(un->sun_path);
	return (struct str){ un->sun_path, room && un->sun_path[0] ? strnlen(un->sun_path, room) : room };
}

/* What the kernel has made of an address that others could write to, also where nobody has answered yet. */
static bool settle_internet(struct held_socket *s, const struct call *c)
{
	struct socket_info info;
	bool binds = c->number == SYS_bind;

	if (socket_look(s->fd, c->tid, s->reader, &info) == 0 && (binds ? info.local_len : info.remote_len)) {
		s->address = binds ? info.local : info.remote;
		s->address_len = binds ? info.local_len : info.remote_len;
		return true;
	}
	return c->result >= 0;
}

bool connect_settle(struct held_socket *s, const struct call *c, bool alone)
{
	struct socket_info info;
	struct str asked, found;
	long number = c->number;

	if (s->address.ss_family != AF_UNIX)
		return alone || settle_internet(s, c);
	if (socket_look(s->fd, 0, NULL, &info) < 0)
		return false;
	asked = unix_name(&s->address, s->address_len);
	if (number == SYS_bind && info.local_len > sizeof(sa_family_t)) {
		s->address = info.local;
		s->address_len = info.local_len;
		return true;
	}
	found = unix_name(&info.remote, info.remote_len);
	return number == SYS_connect && found.len && str_eq(asked, found);
}
