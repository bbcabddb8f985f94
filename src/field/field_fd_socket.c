/* SPDX-License-Identifier: Apache-2.0 */
#include "field/extract.h"
#include "field/field_fd.h"

/* Addresses and ports of a socket, by end: client and server, or local and remote. */

static bool is_connection(const struct fd *fd)
{
	return fd->type == FD_IPV4_SOCK || fd->type == FD_IPV6_SOCK;
}

static bool is_listener(const struct fd *fd)
{
	return fd->type == FD_IPV4_SERVSOCK || fd->type == FD_IPV6_SERVSOCK;
}

static bool has_role(const struct fd *fd)
{
	return fd->flags & (FDF_ROLE_CLIENT | FDF_ROLE_SERVER);
}

struct end {
	const struct ip *ip;
	uint16_t port;
};

static struct end source_end(const struct fd *fd)
{
	return (struct end){ &fd->socket.sip, fd->socket.sport };
}

static struct end destination_end(const struct fd *fd)
{
	return (struct end){ &fd->socket.dip, fd->socket.dport };
}

/* .ip is NULL when the descriptor has no such end. */
static struct end find_end(const struct field_context *ctx, const struct fd *fd, int which)
{
	struct end none = { NULL, 0 };
	bool source_is_local;

	if (which == END_SERVER && is_listener(fd))
		return destination_end(fd);
	if (!is_connection(fd) || !has_role(fd))
		return none;
	if (which == END_CLIENT)
		return source_end(fd);
	if (which == END_SERVER)
		return destination_end(fd);
	source_is_local = state_is_local(ctx->state, ctx->subject.thread, &fd->socket.sip);
	return source_is_local == (which == END_LOCAL) ? source_end(fd) : destination_end(fd);
}

static void set_ip(const struct field_ref *f, struct value *v, const struct ip *ip)
{
	if (value_kind(f->type) == VALUE_NET)
		v->net = (struct ipnet){ *ip, ip->v6 ? 128 : 32 };
	else
		v->ip = *ip;
}

/* Both ends for the two-sided fields: none for what is no IP socket, one for a listener, which has one. */
static enum presence both_ends(const struct field_ref *f, struct field_context *ctx, const struct fd *fd,
			       struct values *ret)
{
	struct value *list = arena_array_of(ctx->arena, struct value, 2);
	struct end ends[2] = { source_end(fd), destination_end(fd) };
	uint32_t first = is_connection(fd) ? 0 : is_listener(fd) ? 1 : 2, n = 0;

	if (!list)
		return ABSENT;
	for (uint32_t i = first; i < 2; i++, n++) {
		if (f->type == PT_PORT)
			list[n].u = ends[i].port;
		else
			set_ip(f, &list[n], ends[i].ip);
	}
	*ret = (struct values){ list, n };
	return PRESENT;
}

EXTRACTOR(fd_end_ip)
{
	struct value v = { 0 };
	struct end end;
	struct fd *fd;
	enum presence presence = field_fd_find(ctx, &fd);

	if (!fd)
		return presence;
	if (f->info->variant == END_BOTH)
		return both_ends(f, ctx, fd, ret);
	end = find_end(ctx, fd, f->info->variant);
	/* a listener that a list of descriptors tells of has no role, and in Falco only a port */
	if (!end.ip || !has_role(fd))
		return ABSENT;
	set_ip(f, &v, end.ip);
	return extract_one(ctx, ret, &v);
}

EXTRACTOR(fd_end_port)
{
	struct end end;
	struct fd *fd;
	enum presence presence = field_fd_find(ctx, &fd);

	if (!fd)
		return presence;
	if (f->info->variant == END_BOTH)
		return both_ends(f, ctx, fd, ret);
	end = find_end(ctx, fd, f->info->variant);
	return end.ip ? extract_uint(ctx, ret, end.port) : ABSENT;
}

/* Names of ports are not looked up (nor does Falco by default): the number stands for the service. */
EXTRACTOR(fd_end_proto)
{
	struct end end;
	struct fd *fd;
	enum presence presence = field_fd_find(ctx, &fd);
	struct str s;

	if (!fd)
		return presence;
	end = find_end(ctx, fd, f->info->variant);
	if (!end.ip) /* Falco has an empty text for descriptors of other kinds that have a role */
		return f->info->variant == END_CLIENT && has_role(fd) ? extract_text(ctx, ret, STR("")) : ABSENT;
	if (is_listener(fd))
		return extract_text(ctx, ret, STR(""));
	s = arena_printf(ctx->arena, "%u", end.port);
	return s.ptr ? extract_text(ctx, ret, s) : ABSENT;
}

/* Nothing here resolves addresses: that would wait for a name server, and a replay would see other names. */
EXTRACTOR(fd_end_host)
{
	struct fd *fd;
	enum presence presence = field_fd_find(ctx, &fd);

	(void)f;
	(void)ret;
	return presence == UNKNOWN ? UNKNOWN : ABSENT;
}

EXTRACTOR(fd_l4proto)
{
	static const char *const names[] = { [L4_TCP] = "tcp", [L4_UDP] = "udp", [L4_ICMP] = "icmp", [L4_RAW] = "raw" };
	struct fd *fd;
	enum presence presence = field_fd_find(ctx, &fd);
	enum l4_proto l4;

	(void)f;
	if (!fd)
		return presence;
	l4 = fd_l4(fd);
	return extract_cstr(ctx, ret, (size_t)l4 < ARRAY_SIZE(names) && names[l4] ? names[l4] : "<NA>");
}

EXTRACTOR(fd_sockfamily)
{
	struct fd *fd;
	enum presence presence = field_fd_find(ctx, &fd);

	(void)f;
	if (!fd)
		return presence;
	if (is_connection(fd) || is_listener(fd))
		return extract_text(ctx, ret, STR("ip"));
	return fd->type == FD_UNIX_SOCK ? extract_text(ctx, ret, STR("unix")) : ABSENT;
}
