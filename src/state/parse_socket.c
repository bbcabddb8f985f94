/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets: made, bound, connected, accepted, and learnt of by traffic. */
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "event/clean.h"
#include "state/internal.h"
#include "state/ppm.h"
#include "state/socket.h"

#define CONNECTION (FDF_CONNECTED | FDF_CONNECT_PENDING | FDF_CONNECT_FAILED)
#define ROLES	   (FDF_ROLE_CLIENT | FDF_ROLE_SERVER)

static bool is_inet(const struct fd *fd)
{
	return fd->type == FD_IPV4_SOCK || fd->type == FD_IPV6_SOCK;
}

/* ---- names ---- */

/* The name is in s->text. */
static int take_name(struct state *s, struct fd *fd)
{
	if (s->text.failed)
		return -ENOMEM;
	state_show(s, strbuf_str(&s->text));
	return fd_set_name(fd, strbuf_str(&s->text));
}

static int name_by_pair(struct state *s, struct fd *fd)
{
	strbuf_reset(&s->text);
	socket_name(&s->text, fd);
	return take_name(s, fd);
}

static int name_by_tuple(struct state *s, struct fd *fd, struct str tuple)
{
	strbuf_reset(&s->text);
	socktuple_print(&s->text, tuple);
	return take_name(s, fd);
}

/* ---- socket ---- */

static enum l4_proto l4_of(uint32_t type, uint32_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return type == SOCK_RAW ? L4_RAW : L4_TCP;
	case IPPROTO_UDP:
		return type == SOCK_RAW ? L4_RAW : L4_UDP;
	case IPPROTO_IP:
		if ((type & 0xff) == SOCK_STREAM)
			return L4_TCP;
		return (type & 0xff) == SOCK_DGRAM ? L4_UDP : L4_UNKNOWN;
	case IPPROTO_ICMP:
		return type == SOCK_RAW ? L4_RAW : L4_ICMP;
	case IPPROTO_RAW:
		return L4_RAW;
	default:
		return L4_UNKNOWN;
	}
}

struct socket_kind {
	uint32_t domain, type, protocol, flags;
};

static int put_socket(struct state *s, struct subject *sub, int64_t number, struct socket_kind kind)
{
	enum fd_type type = FD_UNKNOWN;
	struct fd *fd;

	if (kind.domain == FAMILY_UNIX)
		type = FD_UNIX_SOCK;
	else if (kind.domain == FAMILY_INET)
		type = FD_IPV4_SOCK;
	else if (kind.domain == FAMILY_INET6)
		type = FD_IPV6_SOCK;
	else if (kind.domain == FAMILY_NETLINK)
		type = FD_NETLINK;
	fd = fd_new(type, number);
	if (!fd)
		return -ENOMEM;
	fd->open_flags = kind.flags;
	socket_set_l4(fd, l4_of(kind.type, kind.protocol));
	return subject_put_fd(s, sub, fd);
}

int parse_socket(struct state *s, const struct event *ev, struct subject *sub)
{
	int64_t number = event_result(ev);
	struct socket_kind kind = { (uint32_t)event_param_uint(ev, 1), (uint32_t)event_param_uint(ev, 2),
				    (uint32_t)event_param_uint(ev, 3), (uint32_t)event_param_uint(ev, 4) };

	return sub->thread && number >= 0 ? put_socket(s, sub, number, kind) : 0;
}

int parse_socketpair(struct state *s, const struct event *ev, struct subject *sub)
{
	int64_t first = event_param_int(ev, 1), second = event_param_int(ev, 2);
	struct subject other = *sub;
	struct fd *fd, *peer;
	int r;

	if (!sub->thread || event_result(ev) < 0 || first < 0 || second < 0 || first == second)
		return 0;
	fd = fd_new(FD_UNIX_SOCK, first);
	if (!fd)
		return -ENOMEM;
	socket_set_unix(fd, event_param_uint(ev, 3), event_param_uint(ev, 4));
	peer = fd_copy(fd);
	r = subject_put_fd(s, sub, fd);
	if (r < 0 || !peer) {
		fd_unref(peer);
		return -ENOMEM;
	}
	peer->number = second;
	return subject_put_fd(s, &other, peer);
}

/*
 * Who is called by an address has a family, when nobody can tell more of it: where descriptors may not be copied, and
 * sockets of families that no answer describes.
 */
static int infer_family(struct state *s, struct subject *sub, int64_t number, struct str address)
{
	uint8_t family = address.len ? (uint8_t)address.ptr[0] : 0;

	if (!s->asks_fds || number < 0 || !family)
		return 0;
	return put_socket(s, sub, number, (struct socket_kind){ .domain = family });
}

/* ---- bind ---- */

int parse_bind(struct state *s, const struct event *ev, struct subject *sub)
{
	struct str address = event_param(ev, 1);
	struct socket_pair p;

	if (!sub->thread || event_result(ev) < 0 || !socket_read_address(address, &p))
		return 0;
	if (!sub->fd && infer_family(s, sub, event_param_int(ev, 2), address) < 0)
		return -ENOMEM;
	if (!sub->fd)
		return 0;
	if (!subject_own_fd(sub))
		return -ENOMEM;
	/* a socket with a port of its own is taken for a server */
	if ((p.family == FAMILY_INET || p.family == FAMILY_INET6) && p.dport) {
		bool v6 = p.family == FAMILY_INET6, mapped = v6 && ip_is_v4_mapped(p.dip);

		socket_set_server(sub->fd, mapped ? p.dip + 12 : p.dip, p.dport, v6 && !mapped,
				  socket_pair_l4(sub->fd, v6));
		sub->fd->flags |= FDF_ROLE_SERVER;
		state_note_listened(s, p.dport);
	}
	strbuf_reset(&s->text);
	sockaddr_print(&s->text, address);
	return take_name(s, sub->fd);
}

/* ---- connect ---- */

/*
 * Who has no peer is told as a server by an answer. What the call at hand says of the other end shows that it is none,
 * but for datagrams to a port of its own (guess_role()).
 */
static void correct_answer(const struct state *s, struct fd *fd)
{
	if (s->asks_fds)
		socket_forget_server(fd);
}

/* Where the call wanted to go, when the kernel tells no pair. */
static int set_destination(struct state *s, struct fd *fd, const struct socket_pair *p, struct str tuple)
{
	if (p->family == FAMILY_INET) {
		socket_set_destination(fd, p->dip, p->dport, false);
	} else if (p->family == FAMILY_INET6) {
		bool mapped = ip_is_v4_mapped(p->dip);

		socket_set_destination(fd, mapped ? p->dip + 12 : p->dip, p->dport, !mapped);
	} else {
		return name_by_tuple(s, fd, tuple);
	}
	return 0;
}

/*
 * The destination to believe. Where the kernel's pair repeats the address of the exit event, that address was read from
 * the caller's memory, and the one read at entry cannot have been changed since.
 */
static void choose_destination(struct socket_pair *pair, struct str exit_address, const struct socket_pair *enter)
{
	struct socket_pair exit;
	size_t len = pair->family == FAMILY_INET ? 4 : 16;

	if (!enter || enter->family != pair->family || !socket_read_address(exit_address, &exit) ||
	    exit.family != pair->family)
		return;
	if (pair->family == FAMILY_UNIX) {
		if (str_eq(pair->path, exit.path))
			pair->path = enter->path;
	} else if (exit.dport == pair->dport && !memcmp(exit.dip, pair->dip, len)) {
		pair->dip = enter->dip;
		pair->dport = enter->dport;
	}
}

/*
 * An answer takes who has a low port, or one that was bound, for the one that was connected to (parse_iter.c). Who
 * connects is the client; that it is a server, too, only its bind() tells.
 */
static void turn_back(const struct state *s, struct fd *fd, const struct socket_pair *p)
{
	const uint8_t *ip = p->dip + (p->family == FAMILY_INET6 && fd->type == FD_IPV4_SOCK ? 12 : 0);

	if (fd->socket.dport == p->dport && !memcmp(fd->socket.dip.bytes, ip, fd->type == FD_IPV4_SOCK ? 4 : 16))
		return;
	socket_swap(fd);
	if (!(s->listened[p->sport / 64] >> p->sport % 64 & 1))
		fd->flags = (fd->flags & ~(uint32_t)ROLES) | FDF_ROLE_CLIENT;
}

/* As a pair is shown whose protocol is known. */
static int name_by_ends(struct state *s, struct fd *fd)
{
	bool v6 = fd->type == FD_IPV6_SOCK;

	strbuf_reset(&s->text);
	socket_print_end(&s->text, fd->socket.sip.bytes, fd->socket.sport, v6);
	strbuf_adds(&s->text, "->");
	socket_print_end(&s->text, fd->socket.dip.bytes, fd->socket.dport, v6);
	return take_name(s, fd);
}

/* An IPv6 pair of mapped addresses is an IPv4 one. Returns whether it is another than before. */
static bool set_pair(struct fd *fd, const struct socket_pair *p)
{
	size_t skip = p->family == FAMILY_INET6 ? 12 : 0;

	if (p->family == FAMILY_INET6 && !(ip_is_v4_mapped(p->sip) && ip_is_v4_mapped(p->dip))) {
		fd->type = FD_IPV6_SOCK;
		return socket_update_v6(fd, p->sip, p->sport, p->dip, p->dport);
	}
	fd->type = FD_IPV4_SOCK;
	return socket_update_v4(fd, p->sip + skip, p->sport, p->dip + skip, p->dport);
}

static int set_connection(struct state *s, struct fd *fd, const struct socket_pair *p)
{
	enum l4_proto l4 = (enum l4_proto)fd->socket.l4;
	bool changed;

	correct_answer(s, fd);
	changed = set_pair(fd, p);
	socket_publish(fd);
	if (s->asks_fds) { /* the kernel has not chosen the near end of a call that is told before it is made */
		socket_set_l4(fd, l4);
		socket_fill_own(fd, &s->interfaces);
	}
	if (changed && fd->flags & FDF_ROLE_SERVER && socket_is_udp(fd))
		socket_swap(fd);
	else if (!changed && s->asks_fds && !socket_is_udp(fd))
		turn_back(s, fd, p);
	return s->asks_fds && fd->socket.l4 == L4_UNKNOWN ? name_by_ends(s, fd) : name_by_pair(s, fd);
}

static int set_unix_connection(struct state *s, struct fd *fd, const struct socket_pair *p)
{
	socket_set_unix(fd, p->unix_source, p->unix_destination);
	strbuf_reset(&s->text);
	strbuf_addf(&s->text, "%lx->%lx ", (unsigned long)p->unix_source, (unsigned long)p->unix_destination);
	clean_add(&s->text, p->path);
	return s->text.failed ? -ENOMEM : fd_set_name(fd, strbuf_str(&s->text));
}

/* The port that a try took is nothing that the socket is known by. */
static int forget_failure(struct subject *sub)
{
	if (sub->fd->type != FD_IPV4_SERVSOCK && sub->fd->type != FD_IPV6_SERVSOCK)
		return 0;
	if (!subject_own_fd(sub))
		return -ENOMEM;
	socket_forget_server(sub->fd);
	return fd_set_name(sub->fd, STR(""));
}

int parse_connect(struct state *s, const struct event *ev, struct subject *sub)
{
	struct str tuple = event_param(ev, 1), enter_address = STR("");
	struct socket_pair pair, entered;
	int64_t result = event_result(ev);
	struct event enter;
	bool has_enter;
	int r = 0;

	if (!sub->thread)
		return 0;
	if (!sub->fd && infer_family(s, sub, event_param_int(ev, 2), tuple.len ? tuple : event_param(ev, 3)) < 0)
		return -ENOMEM;
	if (!sub->fd)
		return 0;
	if (result < 0 && result != -EINPROGRESS)
		return s->asks_fds ? forget_failure(sub) : 0;
	if (!subject_own_fd(sub))
		return -ENOMEM;
	sub->fd->flags = (sub->fd->flags & ~(uint32_t)CONNECTION) | FDF_CONNECTED;
	if (parse_enter_event(sub, ev, &enter))
		enter_address = event_param(&enter, 1);
	has_enter = socket_read_address(enter_address, &entered);
	if (!tuple.len)
		return has_enter ? set_destination(s, sub->fd, &entered, tuple) : 0;
	if (!socket_read_tuple(tuple, &pair))
		return 0;
	choose_destination(&pair, event_param(ev, 3), has_enter ? &entered : NULL);
	if (pair.family == FAMILY_INET || pair.family == FAMILY_INET6)
		r = set_connection(s, sub->fd, &pair);
	else if (sub->fd->type != FD_UNIX_SOCK)
		return 0;
	else if (pair.family == FAMILY_UNIX)
		r = set_unix_connection(s, sub->fd, &pair);
	if (!(sub->fd->flags & ROLES))
		sub->fd->flags |= FDF_ROLE_CLIENT;
	return r;
}

struct fd *parse_connect_preview(struct state *s, const struct event *ev, const struct fd *fd)
{
	struct str address = event_param(ev, 3);
	struct socket_pair p;
	struct fd *copy;

	if (event_param_unknown(ev, 3) || !socket_read_address(address, &p))
		return NULL;
	copy = fd_copy(fd);
	if (!copy)
		return NULL;
	correct_answer(s, copy);
	if (set_destination(s, copy, &p, address) < 0) {
		fd_unref(copy);
		return NULL;
	}
	if (!(copy->flags & ROLES))
		copy->flags |= FDF_ROLE_CLIENT;
	return copy;
}

/* ---- accept ---- */

int parse_accept(struct state *s, const struct event *ev, struct subject *sub)
{
	struct str tuple = event_param(ev, 1);
	int64_t number = event_result(ev);
	struct socket_pair p;
	struct fd *fd;

	if (!sub->thread || number < 0)
		return 0;
	sub->thread->lastevent_fd = number;
	if (!socket_read_tuple(tuple, &p))
		return 0;
	if (p.family != FAMILY_INET && p.family != FAMILY_INET6 && p.family != FAMILY_UNIX)
		return 0;
	fd = fd_new(FD_UNIX_SOCK, number);
	if (!fd)
		return -ENOMEM;
	if (p.family == FAMILY_UNIX) {
		socket_set_unix(fd, p.unix_source, p.unix_destination);
	} else {
		(void)set_pair(fd, &p);
		socket_set_l4(fd, L4_TCP);
		state_note_listened(s, p.dport);
	}
	if (ev->type == EV_SOCKET_ACCEPT4_6_X)
		fd->open_flags = (uint32_t)event_param_uint(ev, 5) & PPM_O_CLOEXEC;
	fd->flags = FDF_ROLE_SERVER | FDF_CONNECTED;
	if (name_by_tuple(s, fd, tuple) < 0) {
		fd_unref(fd);
		return -ENOMEM;
	}
	return subject_put_fd(s, sub, fd);
}

/* ---- traffic ---- */

struct port_search {
	uint16_t sport, dport;
	bool bound, used;
};

static int search_ports(void *context, struct fd *fd)
{
	struct port_search *search = context;

	if (fd->type == FD_IPV4_SOCK) {
		search->bound |= fd->socket.dport == search->dport;
		search->used |= fd->socket.sport == search->sport;
	} else if (fd->type == FD_IPV4_SERVSOCK) {
		search->bound |= fd->socket.dport == search->dport;
	}
	return search->bound && search->used;
}

/* Whose end a socket without a role is: the server's when the process has the port, else as the first transfer goes. */
static void guess_role(struct thread *t, struct fd *fd, bool incoming)
{
	struct port_search search = { .sport = socket_raw_sport(fd), .dport = socket_raw_dport(fd) };

	fdtable_each(t->fds, search_ports, &search);
	if (!search.bound)
		fd->flags |= FDF_ROLE_CLIENT;
	else if (!search.used)
		fd->flags |= FDF_ROLE_SERVER;
	else
		fd->flags |= incoming ? FDF_ROLE_SERVER : FDF_ROLE_CLIENT;
}

/* Takes over the pair of a transfer; *ret_changed tells whether it was news. 0 or -ENOMEM. */
static int update_by_tuple(struct state *s, struct fd *fd, struct str tuple, bool *ret_changed)
{
	struct socket_pair p;
	bool changed = true;

	*ret_changed = false;
	if (!socket_read_tuple(tuple, &p))
		return 0;
	if (p.family == FAMILY_UNIX) {
		fd->type = FD_UNIX_SOCK;
		socket_set_unix(fd, p.unix_source, p.unix_destination);
		*ret_changed = true;
		return 0;
	}
	correct_answer(s, fd);
	if (p.family == FAMILY_INET) {
		enum l4_proto l4 = (enum l4_proto)fd->socket.l4;
		bool server = fd->type == FD_IPV4_SERVSOCK;

		fd->type = FD_IPV4_SOCK;
		if (server)
			socket_set_l4(fd, l4);
		changed = socket_update_v4(fd, p.sip, p.sport, p.dip, p.dport);
	} else if (p.family == FAMILY_INET6 && ip_is_v4_mapped(p.sip) && ip_is_v4_mapped(p.dip)) {
		fd->type = FD_IPV4_SOCK;
		changed = socket_update_v4(fd, p.sip + 12, p.sport, p.dip + 12, p.dport);
	} else if (p.family == FAMILY_INET6) {
		changed = socket_update_v6(fd, p.sip, p.sport, p.dip, p.dport);
	}
	socket_publish(fd);
	if (!changed)
		return 0;
	/* an address can change only where there is no connection */
	if (is_inet(fd) && fd->socket.l4 == L4_UNKNOWN)
		socket_set_l4(fd, L4_UDP);
	socket_fill_own(fd, &s->interfaces);
	*ret_changed = true;
	return 0;
}

/*
 * What is in the table as a file and yet has a pair was closed and made anew while events were lost: the call
 * worked.
 */
static int transfer(struct state *s, struct subject *sub, struct str tuple, bool incoming)
{
	struct fd *fd = subject_own_fd(sub);
	bool changed;
	int r;

	if (!fd)
		return -ENOMEM;
	r = update_by_tuple(s, fd, tuple, &changed);
	if (r < 0 || !changed)
		return r;
	if (!is_inet(fd))
		return name_by_tuple(s, fd, tuple);
	if (!(fd->flags & ROLES))
		guess_role(sub->thread, fd, incoming);
	if (fd->flags & (incoming ? FDF_ROLE_CLIENT : FDF_ROLE_SERVER))
		socket_swap(fd);
	return name_by_pair(s, fd);
}

static int note_connected(struct subject *sub)
{
	if (!is_inet(sub->fd) || (sub->fd->flags & CONNECTION) == FDF_CONNECTED)
		return 0;
	if (!subject_own_fd(sub))
		return -ENOMEM;
	sub->fd->flags = (sub->fd->flags & ~(uint32_t)CONNECTION) | FDF_CONNECTED;
	return 0;
}

/* A datagram socket's pair can be other with each transfer; a stream's is looked at only when it was missed. */
static bool wants_tuple(const struct fd *fd)
{
	return !fd->name || !fd->name->len || !socket_is_tcp(fd);
}

int parse_recv(struct state *s, const struct event *ev, struct subject *sub)
{
	unsigned int at;

	if (!sub->fd || event_result(ev) < 0)
		return 0;
	if (ev->type == EV_SOCKET_RECVMMSG_X && !event_has(ev, 0))
		return 0;
	if (note_connected(sub) < 0)
		return -ENOMEM;
	switch (ev->type) {
	case EV_SOCKET_RECVFROM_X:
		at = 2;
		break;
	case EV_SOCKET_RECVMSG_X:
		at = 3;
		break;
	case EV_SOCKET_RECV_X:
	case EV_SOCKET_RECVMMSG_X:
		at = 4;
		break;
	default:
		return 0;
	}
	return wants_tuple(sub->fd) && event_has(ev, at) ? transfer(s, sub, event_param(ev, at), true) : 0;
}

static bool is_send(uint16_t type)
{
	return type == EV_SOCKET_SEND_X || type == EV_SOCKET_SENDTO_X || type == EV_SOCKET_SENDMSG_X;
}

/* Traffic over a descriptor that nobody told of: a datagram socket is the likeliest. */
static int infer_socket(struct state *s, const struct event *ev, struct subject *sub)
{
	struct str tuple = event_param(ev, 4);
	int64_t number = event_param_int(ev, 2);
	uint8_t family = tuple.len ? (uint8_t)tuple.ptr[0] : 0;

	if (family == FAMILY_UNIX)
		return infer_family(s, sub, number, tuple);
	if (number < 0 || (family != FAMILY_INET && family != FAMILY_INET6))
		return 0;
	return put_socket(s, sub, number, (struct socket_kind){ family, SOCK_DGRAM, IPPROTO_UDP, 0 });
}

int parse_send(struct state *s, const struct event *ev, struct subject *sub)
{
	if (!sub->thread || event_result(ev) < 0)
		return 0;
	if (ev->type == EV_SOCKET_SENDMMSG_X && !event_has(ev, 0))
		return 0;
	if (!sub->fd && is_send(ev->type) && infer_socket(s, ev, sub) < 0)
		return -ENOMEM;
	if (!sub->fd)
		return 0;
	if (note_connected(sub) < 0)
		return -ENOMEM;
	if (!is_send(ev->type) && ev->type != EV_SOCKET_SENDMMSG_X)
		return 0;
	return wants_tuple(sub->fd) && event_has(ev, 4) ? transfer(s, sub, event_param(ev, 4), false) : 0;
}
