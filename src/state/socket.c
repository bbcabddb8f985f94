/* SPDX-License-Identifier: Apache-2.0 */
#include "state/socket.h"

#include "base/bytes.h"
#include "state/fdtable.h"

/* Places in the common memory of a socket's views (struct fd, overlay). */
enum {
	V4_SIP = 0, V4_DIP = 4, V4_SPORT = 8, V4_DPORT = 10, V4_L4 = 12,
	V6_SIP = 0, V6_DIP = 16, V6_SPORT = 32, V6_DPORT = 34, V6_L4 = 36,
	SERVER4_IP = 0, SERVER4_PORT = 4, SERVER4_L4 = 6,
	SERVER6_IP = 0, SERVER6_PORT = 16, SERVER6_L4 = 18,
	UNIX_SOURCE = 0, UNIX_DESTINATION = 8,
};

static void put16(uint8_t *at, uint16_t v)
{
	memcpy(at, &v, sizeof(v));
}

static const uint8_t *read_end(const uint8_t *at, size_t bytes, const uint8_t **ret_ip, uint16_t *ret_port)
{
	*ret_ip = at;
	*ret_port = bytes_u16(at + bytes);
	return at + bytes + 2;
}

/*
 * The family, then address and port of each end; of a unix socket two addresses in memory when there are both
 * ends, and a path.
 */
static inline bool read_pair(struct str value, bool both, struct socket_pair *ret_pair)
{
	const uint8_t *b = (const uint8_t *)value.ptr;
	struct socket_pair p = { 0 };
	size_t bytes, path = both ? 17 : 1;

	if (!value.len)
		return false;
	p.family = b[0];
	switch (p.family) {
	case FAMILY_INET:
	case FAMILY_INET6:
		bytes = p.family == FAMILY_INET ? 4 : 16;
		if (value.len < 1 + (both ? 2 : 1) * (bytes + 2))
			return false;
		b = both ? read_end(b + 1, bytes, &p.sip, &p.sport) : b + 1;
		read_end(b, bytes, &p.dip, &p.dport);
		break;
	case FAMILY_UNIX:
		if (value.len < path + 1 || b[value.len - 1])
			return false;
		if (both) {
			p.unix_source = bytes_u64(b + 1);
			p.unix_destination = bytes_u64(b + 9);
		}
		p.path = str_of(value.ptr + path);
		break;
	default:
		break;
	}
	*ret_pair = p;
	return true;
}

bool socket_read_address(struct str value, struct socket_pair *ret_pair)
{
	return read_pair(value, false, ret_pair);
}

bool socket_read_tuple(struct str value, struct socket_pair *ret_pair)
{
	return read_pair(value, true, ret_pair);
}

bool ip_is_v4_mapped(const uint8_t b[16])
{
	static const uint8_t zero[16];

	return !memcmp(b, zero, 10) && ((b[10] == 0xff && b[11] == 0xff) || !memcmp(b + 10, zero, 6));
}

/* ---- views ---- */

static struct ip ip_at(const struct fd *fd, size_t at, bool v6)
{
	struct ip ip = { .v6 = v6 };

	memcpy(ip.bytes, fd->overlay + at, v6 ? 16 : 4);
	return ip;
}

void socket_publish(struct fd *fd)
{
	const uint8_t *o = fd->overlay;

	switch (fd->type) {
	case FD_IPV4_SOCK:
		fd->socket = (struct fd_socket){ .sip = ip_at(fd, V4_SIP, false), .dip = ip_at(fd, V4_DIP, false),
						 .sport = bytes_u16(o + V4_SPORT), .dport = bytes_u16(o + V4_DPORT),
						 .l4 = o[V4_L4] };
		break;
	case FD_IPV6_SOCK:
		fd->socket = (struct fd_socket){ .sip = ip_at(fd, V6_SIP, true), .dip = ip_at(fd, V6_DIP, true),
						 .sport = bytes_u16(o + V6_SPORT), .dport = bytes_u16(o + V6_DPORT),
						 .l4 = o[V6_L4] };
		break;
	case FD_IPV4_SERVSOCK:
		fd->socket = (struct fd_socket){ .dip = ip_at(fd, SERVER4_IP, false),
						 .dport = bytes_u16(o + SERVER4_PORT), .l4 = o[SERVER4_L4] };
		break;
	case FD_IPV6_SERVSOCK:
		fd->socket = (struct fd_socket){ .dip = ip_at(fd, SERVER6_IP, true),
						 .dport = bytes_u16(o + SERVER6_PORT), .l4 = o[SERVER6_L4] };
		break;
	case FD_UNIX_SOCK:
		fd->socket = (struct fd_socket){ .unix_source = bytes_u64(o + UNIX_SOURCE),
						 .unix_destination = bytes_u64(o + UNIX_DESTINATION) };
		break;
	default:
		break;
	}
}

void socket_set_l4(struct fd *fd, enum l4_proto l4)
{
	static const uint8_t at[] = { [FD_IPV4_SOCK] = V4_L4,
				      [FD_IPV6_SOCK] = V6_L4,
				      [FD_IPV4_SERVSOCK] = SERVER4_L4,
				      [FD_IPV6_SERVSOCK] = SERVER6_L4 };

	if (fd->type >= FD_IPV4_SOCK && fd->type <= FD_IPV6_SERVSOCK)
		fd->overlay[at[fd->type]] = (uint8_t)l4;
	socket_publish(fd);
}

bool socket_is_udp(const struct fd *fd)
{
	return fd->type == FD_IPV4_SOCK && fd->overlay[V4_L4] == L4_UDP;
}

bool socket_is_tcp(const struct fd *fd)
{
	return fd->type == FD_IPV4_SOCK && fd->overlay[V4_L4] == L4_TCP;
}

uint16_t socket_raw_sport(const struct fd *fd)
{
	return bytes_u16(fd->overlay + V4_SPORT);
}

uint16_t socket_raw_dport(const struct fd *fd)
{
	return bytes_u16(fd->overlay + V4_DPORT);
}

/* ---- changes ---- */

struct places {
	size_t sip, dip, sport, dport, len;
	enum fd_type type;
};
static const struct places places_v4 = { V4_SIP, V4_DIP, V4_SPORT, V4_DPORT, 4, FD_IPV4_SOCK };
static const struct places places_v6 = { V6_SIP, V6_DIP, V6_SPORT, V6_DPORT, 16, FD_IPV6_SOCK };

static bool pair_is(const struct fd *fd, const struct places *p, const uint8_t *sip, uint16_t sport, const uint8_t *dip,
		    uint16_t dport)
{
	const uint8_t *o = fd->overlay;

	return !memcmp(o + p->sip, sip, p->len) && bytes_u16(o + p->sport) == sport &&
	       !memcmp(o + p->dip, dip, p->len) && bytes_u16(o + p->dport) == dport;
}

static bool update(struct fd *fd, const struct places *p, const uint8_t *sip, uint16_t sport, const uint8_t *dip,
		   uint16_t dport)
{
	uint8_t *o = fd->overlay;
	bool changed = false;

	if (fd->type == p->type && (pair_is(fd, p, sip, sport, dip, dport) || pair_is(fd, p, dip, dport, sip, sport)))
		return false;
	if (memcmp(o + p->sip, sip, p->len)) {
		memcpy(o + p->sip, sip, p->len);
		changed = true;
	}
	if (bytes_u16(o + p->sport) != sport) {
		put16(o + p->sport, sport);
		changed = true;
	}
	if (memcmp(o + p->dip, dip, p->len)) {
		memcpy(o + p->dip, dip, p->len);
		changed = true;
	}
	if (bytes_u16(o + p->dport) != dport) {
		put16(o + p->dport, dport);
		changed = true;
	}
	socket_publish(fd);
	return changed;
}

bool socket_update_v4(struct fd *fd, const uint8_t *sip, uint16_t sport, const uint8_t *dip, uint16_t dport)
{
	return update(fd, &places_v4, sip, sport, dip, dport);
}

bool socket_update_v6(struct fd *fd, const uint8_t *sip, uint16_t sport, const uint8_t *dip, uint16_t dport)
{
	return update(fd, &places_v6, sip, sport, dip, dport);
}

void socket_forget_server(struct fd *fd)
{
	enum l4_proto l4 = (enum l4_proto)fd->socket.l4;

	if (fd->type != FD_IPV4_SERVSOCK && fd->type != FD_IPV6_SERVSOCK)
		return;
	fd->type = fd->type == FD_IPV4_SERVSOCK ? FD_IPV4_SOCK : FD_IPV6_SOCK;
	fd->flags &= ~(uint32_t)(FDF_ROLE_CLIENT | FDF_ROLE_SERVER);
	memset(fd->overlay, 0, sizeof(fd->overlay));
	socket_set_l4(fd, l4);
}

enum l4_proto socket_pair_l4(const struct fd *fd, bool v6)
{
	return (enum l4_proto)fd->overlay[v6 ? V6_L4 : V4_L4];
}

void socket_set_server(struct fd *fd, const uint8_t *ip, uint16_t port, bool v6, enum l4_proto l4)
{
	fd->type = v6 ? FD_IPV6_SERVSOCK : FD_IPV4_SERVSOCK;
	memmove(fd->overlay, ip, v6 ? 16 : 4);
	put16(fd->overlay + (v6 ? SERVER6_PORT : SERVER4_PORT), port);
	fd->overlay[v6 ? SERVER6_L4 : SERVER4_L4] = (uint8_t)l4;
	socket_publish(fd);
}

void socket_set_unix(struct fd *fd, uint64_t source, uint64_t destination)
{
	memcpy(fd->overlay + UNIX_SOURCE, &source, 8);
	memcpy(fd->overlay + UNIX_DESTINATION, &destination, 8);
	socket_publish(fd);
}

void socket_set_destination(struct fd *fd, const uint8_t *ip, uint16_t port, bool v6)
{
	fd->type = v6 ? FD_IPV6_SOCK : FD_IPV4_SOCK;
	memcpy(fd->overlay + (v6 ? V6_DIP : V4_DIP), ip, v6 ? 16 : 4);
	put16(fd->overlay + (v6 ? V6_DPORT : V4_DPORT), port);
	socket_publish(fd);
}

void socket_swap(struct fd *fd)
{
	const struct places *p = fd->type == FD_IPV4_SOCK ? &places_v4 : &places_v6;
	uint8_t *o = fd->overlay, ip[16];
	uint16_t port = bytes_u16(o + p->sport);

	memcpy(ip, o + p->sip, p->len);
	memcpy(o + p->sip, o + p->dip, p->len);
	memcpy(o + p->dip, ip, p->len);
	put16(o + p->sport, bytes_u16(o + p->dport));
	put16(o + p->dport, port);
	socket_publish(fd);
}

void socket_fill_own(struct fd *fd, const struct interfaces *interfaces)
{
	static const uint8_t zero[16];
	const struct places *p = fd->type == FD_IPV4_SOCK ? &places_v4 : &places_v6;
	uint8_t *o = fd->overlay, own[16];
	size_t missing, peer;

	if (fd->type != FD_IPV4_SOCK && fd->type != FD_IPV6_SOCK)
		return;
	if (!memcmp(o + p->sip, zero, p->len))
		missing = p->sip;
	else if (!memcmp(o + p->dip, zero, p->len))
		missing = p->dip;
	else
		return;
	peer = missing == p->sip ? p->dip : p->sip;
	if (p->len == 4)
		interfaces_own_v4(interfaces, o + peer, own);
	else
		interfaces_own_v6(interfaces, o + peer, own);
	/* it would become a pair of equal ends */
	if (!memcmp(own, o + peer, p->len) && bytes_u16(o + p->sport) == bytes_u16(o + p->dport))
		return;
	memcpy(o + missing, own, p->len);
	socket_publish(fd);
}
