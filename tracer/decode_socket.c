/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "tracer/decode_step.h"
#include "tracer/procfs.h"
#include "tracer/sight.h"
#include "tracer/socket.h"
#include "tracer/statx.h"

/* What was once asked for as an internet socket the kernel makes a packet socket. */
STEP(put_domain)
{
	enum { TYPE = 0xf }; /* beside flags */
	bool packet = (int32_t)c->args[0] == AF_INET && (c->args[1] & TYPE) == SOCK_PACKET;

	event_put_int(b, packet ? AF_PACKET : (int64_t)c->args[s->arg]);
}

/* An address in the caller's memory: its length, 0 when there is none or it cannot be read. */
static socklen_t read_address(const struct call *c, uint64_t address, uint64_t len, struct sockaddr_storage *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (c->socket) {
		*ret = c->socket->address;
		return c->socket->address_len;
	}
	if (len > sizeof(*ret))
		len = sizeof(*ret);
	if (!address || len < sizeof(sa_family_t) || memory_read(c->memory, address, ret, len) < 0)
		return 0;
	return (socklen_t)len;
}

/* ---- writing addresses ---- */

/* IPv4 or IPv6 address and port; zero when the socket has none of this family. */
static void write_endpoint(struct writer *w, const struct sockaddr_storage *a, socklen_t len, int family)
{
	static const uint8_t none[16];
	const struct sockaddr_in *in = (const struct sockaddr_in *)a;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)a;

	if (family == AF_INET) {
		bool known = len >= sizeof(*in) && a->ss_family == AF_INET;

		writer_put(w, known ? (const void *)&in->sin_addr : none, 4);
		writer_u16(w, known ? ntohs(in->sin_port) : 0);
	} else {
		/* scope ids may be left out by the caller */
		bool known = len >= offsetof(struct sockaddr_in6, sin6_scope_id) && a->ss_family == AF_INET6;

		writer_put(w, known ? (const void *)&in6->sin6_addr : none, 16);
		writer_u16(w, known ? ntohs(in6->sin6_port) : 0);
	}
}

/* A path with its NUL. An abstract name is written without the NUL that it begins with, as Falco's drivers do. */
static void write_unix_path(struct writer *w, const struct sockaddr_storage *a, socklen_t len)
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)a;
	size_t room = len > offsetof(struct sockaddr_un, sun_path) ? len - offsetof(struct sockaddr_un, sun_path) : 0;
	const char *path = un->sun_path;

	if (a->ss_family != AF_UNIX)
		room = 0;
	if (room > sizeof(un->sun_path))
		room = sizeof(un->sun_path);
	if (room && !path[0]) {
		path++;
		room--;
	}
	writer_put(w, path, strnlen(path, room));
	writer_u8(w, 0);
}

/* IPv4 sockets are bound by an address of no family, too, which no other socket takes. */
static bool is_bound_by_none(const struct call *c, const struct sockaddr_storage *a, socklen_t len)
{
	return c->number == SYS_bind && call_succeeded(c) && a->ss_family == AF_UNSPEC &&
	       len >= sizeof(struct sockaddr_in);
}

STEP(put_sockaddr)
{
	uint8_t bytes[1 + sizeof(struct sockaddr_un)];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct sockaddr_storage a;
	socklen_t len = read_address(c, c->args[s->arg], (uint32_t)c->args[s->arg + 1], &a);

	if (!len) {
		event_put_absent(b);
		return;
	}
	if (is_bound_by_none(c, &a, len))
		a.ss_family = AF_INET;
	writer_u8(&w, (uint8_t)a.ss_family);
	if (a.ss_family == AF_INET || a.ss_family == AF_INET6)
		write_endpoint(&w, &a, len, a.ss_family);
	else if (a.ss_family == AF_UNIX)
		write_unix_path(&w, &a, len);
	event_put_bytes(b, (struct str){ (const char *)bytes, w.len });
}

/* ---- tuples ---- */

enum direction { INBOUND, OUTBOUND };

static void map_to_v6(struct sockaddr_storage *a)
{
	struct sockaddr_in in = *(const struct sockaddr_in *)a;
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = in.sin_port };

	in6.sin6_addr.s6_addr[10] = in6.sin6_addr.s6_addr[11] = 0xff;
	memcpy(&in6.sin6_addr.s6_addr[12], &in.sin_addr, sizeof(in.sin_addr));
	memcpy(a, &in6, sizeof(in6));
}

/*
 * An address as the kernel takes it. Of no family it is one of the socket's own family, but that UDP by IPv6
 * passes it over; and IPv6 sockets take those of IPv4. False: it is none.
 */
static bool resolve_given(const struct socket_info *info, struct sockaddr_storage *given, socklen_t *len)
{
	bool v6 = info->domain == AF_INET6;

	if (*len < sizeof(sa_family_t))
		return false;
	if (given->ss_family == AF_UNSPEC && (info->domain == AF_INET || (v6 && info->type == SOCK_RAW)))
		given->ss_family = (sa_family_t)info->domain;
	if (v6 && given->ss_family == AF_INET && *len >= sizeof(struct sockaddr_in)) {
		map_to_v6(given);
		*len = sizeof(struct sockaddr_in6);
	}
	return given->ss_family == info->domain;
}

/* Datagrams go where they are told to, also from a socket that is connected. */
static bool is_told_where(const struct call *c, const struct socket_info *info)
{
	return c->number != SYS_connect && (info->type == SOCK_DGRAM || info->type == SOCK_RAW);
}

static bool accepts(const struct call *c)
{
	return c->number == SYS_accept4
#ifdef SYS_accept
	       || c->number == SYS_accept
#endif
		;
}

/* The kernel's tables have who is connected, and who has a port. */
static int look_up(const struct call *c, int fd, struct socket_info *info)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "%d/fd/%d", c->tid, fd);
	if (SIGHT(path, statx_known_at(procfs_folder(), path, 0, &st)) < 0)
		return -errno;
	return socket_look_up(c->tid, st.st_ino, info);
}

/*
 * Where sockets may not be copied, as in profiles of containers, the address that a call gives tells the socket's kind,
 * at least. Of who is connected /proc tells more, behind the call.
 */
static int ask_socket(const struct call *c, int fd, const struct sockaddr_storage *given, socklen_t given_len,
		      struct socket_info *info)
{
	int family = given_len ? given->ss_family : -1;
	int r;

	if (fd < 0)
		return -EBADF;
	r = c->socket ? socket_look(c->socket->fd, c->tid, c->reader, info) : socket_ask(c->tid, fd, c->reader, info);
	if (r == -EAGAIN && given_len)
		return 0;
	if (r != -EPERM && r != -ENOSYS && r != -EACCES)
		return r;
	if (accepts(c))
		return look_up(c, fd, info);
	if (family == AF_UNSPEC && c->number != SYS_connect)
		family = AF_INET;
	if (family != AF_INET && family != AF_INET6 && family != AF_UNIX)
		return r;
	*info = (struct socket_info){ 0 };
	if (c->number == SYS_connect && family != AF_UNIX && !c->assumed)
		return look_up(c, fd, info);
	info->domain = family;
	return 0;
}

/*
 * Both ends of a socket, the connecting side's first: ours when we speak, the other's when we listen. An unconnected
 * socket's other end is the address that the call gave.
 */
static void put_tuple(const struct call *c, int fd, enum direction direction, const struct sockaddr_storage *given,
		      socklen_t given_len, struct event_builder *b)
{
	uint8_t bytes[1 + 16 + sizeof(struct sockaddr_un)];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct socket_info info = { 0 };
	bool out = direction == OUTBOUND;

	if (ask_socket(c, fd, given, given_len, &info) < 0) {
		event_put_absent(b);
		return;
	}
	if (given_len && (!info.remote_len || c->assumed || (out && is_told_where(c, &info)))) {
		struct sockaddr_storage to = *given;

		if (c->number == SYS_connect || resolve_given(&info, &to, &given_len)) {
			info.remote = to;
			info.remote_len = given_len;
		}
	}
	if (info.domain == AF_INET || info.domain == AF_INET6) {
		writer_u8(&w, (uint8_t)info.domain);
		write_endpoint(&w, out ? &info.local : &info.remote, out ? info.local_len : info.remote_len,
			       info.domain);
		write_endpoint(&w, out ? &info.remote : &info.local, out ? info.remote_len : info.local_len,
			       info.domain);
	} else if (info.domain == AF_UNIX) {
		bool remote = out && info.remote_len > sizeof(sa_family_t);

		writer_u8(&w, AF_UNIX);
		writer_u64(&w, 0); /* the kernel's addresses of both sockets: not for user space */
		writer_u64(&w, 0);
		write_unix_path(&w, remote ? &info.remote : &info.local, remote ? info.remote_len : info.local_len);
	}
	event_put_bytes(b, (struct str){ (const char *)bytes, w.len });
}

/* Whether the socket has a tuple after this call: also while a connect goes on. */
static bool has_tuple(const struct call *c)
{
	return c->result >= 0 || c->result == -EINPROGRESS;
}

STEP(put_tuple_out)
{
	struct sockaddr_storage a;
	socklen_t len;

	if (put_unknown_yet(c, b))
		return;
	len = read_address(c, c->args[s->arg], (uint32_t)c->args[s->arg + 1], &a);
	put_tuple(c, has_tuple(c) ? (int)c->args[0] : -1, OUTBOUND, &a, len, b);
}

/* The sender's address of recvfrom: where the pointer is, its length is behind another one. */
STEP(put_tuple_in)
{
	struct sockaddr_storage a = { 0 };
	socklen_t len = 0;
	uint32_t size;

	if (put_unknown_yet(c, b))
		return;
	if (s->arg && c->args[s->arg] && c->args[s->arg + 1] &&
	    memory_read(c->memory, c->args[s->arg + 1], &size, sizeof(size)) == 0)
		len = read_address(c, c->args[s->arg], size, &a);
	put_tuple(c, c->result >= 0 ? (int)c->args[0] : -1, INBOUND, &a, len, b);
}

STEP(put_tuple_message)
{
	struct sockaddr_storage a = { 0 };
	socklen_t len = 0;
	struct native_message m;

	if (put_unknown_yet(c, b))
		return;
	if (c->socket)
		len = read_address(c, 0, 0, &a);
	else if (c->args[s->arg] && memory_read(c->memory, c->args[s->arg], &m, sizeof(m)) == 0)
		len = read_address(c, m.name, m.name_len, &a);
	put_tuple(c, c->result >= 0 ? (int)c->args[0] : -1, OUTBOUND, &a, len, b);
}

/* Who nobody sees return has nothing to be looked at but the socket that is listened on. */
STEP(put_tuple_accepted)
{
	int fd = c->assumed ? (int)c->args[0] : (int)c->result;

	(void)s;
	if (!put_unknown_yet(c, b))
		put_tuple(c, c->result >= 0 ? fd : -1, INBOUND, NULL, 0, b);
}

STEP(put_socketpair)
{
	int32_t ends[2] = { -1, -1 };

	if (!c->has_result) {
		event_put_unknown(b);
		event_put_unknown(b);
	} else {
		if (c->result < 0 || memory_read(c->memory, c->args[s->arg], ends, sizeof(ends)) < 0)
			ends[0] = ends[1] = -1;
		event_put_int(b, ends[0]);
		event_put_int(b, ends[1]);
	}
	event_put_int(b, 0); /* the kernel's addresses of both sockets: not for user space */
	event_put_int(b, 0);
}

/* ---- options ---- */

STEP(put_sockopt_name)
{
	bool known = (int32_t)c->args[1] == SOL_SOCKET;

	event_put_int(b, known ? native_flags_to_event(&native_sockopt_options, (uint32_t)c->args[s->arg]) : 0);
}

/* The variants of an option's value (variants.def). */
enum { OPTION_BYTES, OPTION_ERRNO, OPTION_U32, OPTION_U64, OPTION_TIME };

static uint8_t option_variant(const struct call *c)
{
	if ((int32_t)c->args[1] != SOL_SOCKET)
		return OPTION_BYTES;
	switch ((int32_t)c->args[2]) {
	case SO_ERROR:
		return OPTION_ERRNO;
	case SO_RCVTIMEO:
	case SO_SNDTIMEO:
		return OPTION_TIME;
	case SO_COOKIE:
		return OPTION_U64;
	case SO_LINGER:
	case SO_BINDTODEVICE:
	case SO_ATTACH_FILTER:
	case SO_PEERCRED:
	case SO_PEERNAME:
	case SO_PEERSEC:
	case SO_PEERGROUPS:
	case SO_MEMINFO:
		return OPTION_BYTES;
	default:
		return OPTION_U32;
	}
}

STEP(put_sockopt)
{
	uint8_t bytes[1 + EVENT_SNAPLEN];
	struct writer w = writer_of(bytes, sizeof(bytes));
	const struct syscall_info *info = syscall_by_number(c->number);
	bool given = info && info->event == EV_SOCKET_SETSOCKOPT_X;
	uint64_t address = c->args[s->arg], len = c->args[s->arg + 1], value[2] = { 0 };
	uint8_t variant = option_variant(c);
	static const uint8_t sizes[] = { 0, 4, 4, 8, 16 };

	if (!given && put_unknown_yet(c, b))
		return;
	if (!given) { /* the length is behind a pointer */
		uint32_t filled = 0;

		len = call_succeeded(c) && memory_read(c->memory, len, &filled, sizeof(filled)) == 0 ? filled : 0;
	}
	len = (uint32_t)len;
	if (variant == OPTION_BYTES) {
		size_t n = len < EVENT_SNAPLEN ? (size_t)len : EVENT_SNAPLEN;

		if (!address || memory_read(c->memory, address, bytes + 1, n) < 0)
			n = 0;
		bytes[0] = variant;
		event_put_bytes(b, (struct str){ (const char *)bytes, n + 1 });
		return;
	}
	if (!address || len < sizes[variant] || memory_read(c->memory, address, value, sizes[variant]) < 0)
		value[0] = value[1] = 0;
	writer_u8(&w, variant);
	if (variant == OPTION_ERRNO)
		writer_u64(&w, (uint64_t)-(int64_t)(int32_t)value[0]);
	else if (variant == OPTION_U32)
		writer_u32(&w, (uint32_t)value[0]);
	else if (variant == OPTION_TIME)
		writer_u64(&w, value[0] * 1000000000u + value[1] * 1000);
	else
		writer_u64(&w, value[0]);
	event_put_bytes(b, (struct str){ (const char *)bytes, w.len });
}
