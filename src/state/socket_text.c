/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets as text: the forms in which fd.name and event arguments show them. */
#include <arpa/inet.h>
#include <inttypes.h>

#include "event/clean.h"
#include "state/socket.h"

static void print_v4(struct strbuf *out, const uint8_t *ip)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		if (i)
			strbuf_addc(out, '.');
		strbuf_addu(out, ip[i]);
	}
}

static void print_v6(struct strbuf *out, const uint8_t *ip)
{
	char text[INET6_ADDRSTRLEN];

	if (inet_ntop(AF_INET6, ip, text, sizeof(text)))
		strbuf_adds(out, text);
}

void ip_print(struct strbuf *out, const struct ip *ip)
{
	if (ip->v6)
		print_v6(out, ip->bytes);
	else
		print_v4(out, ip->bytes);
}

void socket_print_end(struct strbuf *out, const uint8_t *ip, uint16_t port, bool v6)
{
	if (v6)
		print_v6(out, ip);
	else
		print_v4(out, ip);
	strbuf_addc(out, ':');
	strbuf_addu(out, port);
}

static void print_pair(struct strbuf *out, const struct socket_pair *p, bool v6)
{
	socket_print_end(out, p->sip, p->sport, v6);
	strbuf_adds(out, "->");
	socket_print_end(out, p->dip, p->dport, v6);
}

static const char *invalid_word(struct str value, const char *other)
{
	switch ((uint8_t)value.ptr[0]) {
	case FAMILY_UNIX:
		return "INVALID PATH";
	case FAMILY_INET:
		return "INVALID IPv4";
	case FAMILY_INET6:
		return "INVALID IPv6";
	default:
		return other;
	}
}

void sockaddr_print(struct strbuf *out, struct str value)
{
	struct socket_pair p;

	if (!socket_read_address(value, &p)) {
		strbuf_adds(out, value.len ? invalid_word(value, "INVALID SOCKADDR") : "<NA>");
		return;
	}
	if (p.family == FAMILY_UNIX)
		clean_add(out, p.path); /* whoever binds it chooses its bytes */
	else if (p.family == FAMILY_INET || p.family == FAMILY_INET6)
		socket_print_end(out, p.dip, p.dport, p.family == FAMILY_INET6);
	else
		strbuf_addf(out, "family %d", p.family);
}

void socktuple_print(struct strbuf *out, struct str value)
{
	struct socket_pair p;

	if (!socket_read_tuple(value, &p)) {
		strbuf_adds(out, value.len ? invalid_word(value, "INVALID SOCKTUPLE") : "NULL");
		return;
	}
	switch (p.family) {
	case FAMILY_UNIX:
		strbuf_addf(out, "%" PRIx64 "->%" PRIx64 " ", p.unix_source, p.unix_destination);
		clean_add(out, p.path);
		break;
	case FAMILY_INET:
		print_pair(out, &p, false);
		break;
	case FAMILY_INET6:
		if (ip_is_v4_mapped(p.sip) && ip_is_v4_mapped(p.dip)) {
			p.sip += 12;
			p.dip += 12;
			print_pair(out, &p, false);
		} else {
			print_pair(out, &p, true);
		}
		break;
	default:
		strbuf_addf(out, "family %d", p.family);
	}
}

static void name_v6(struct strbuf *out, const struct fd *fd)
{
	const struct fd_socket *s = &fd->socket;
	struct socket_pair p = { .sip = s->sip.bytes, .dip = s->dip.bytes, .sport = s->sport, .dport = s->dport };
	bool mapped = ip_is_v4_mapped(p.sip) && ip_is_v4_mapped(p.dip);

	if (mapped) {
		p.sip += 12;
		p.dip += 12;
	}
	if (s->l4 == L4_TCP || s->l4 == L4_UDP) {
		if (mapped) { /* Falco takes the ports from where IPv4 sockets have them */
			p.sport = socket_raw_sport(fd);
			p.dport = socket_raw_dport(fd);
		}
		print_pair(out, &p, !mapped);
	} else if (s->l4 == L4_ICMP) {
		mapped ? print_v4(out, p.sip) : print_v6(out, p.sip);
		strbuf_adds(out, "->");
		mapped ? print_v4(out, p.dip) : print_v6(out, p.dip);
	} else {
		strbuf_adds(out, "<unknown>");
	}
}

void socket_name(struct strbuf *out, const struct fd *fd)
{
	const struct fd_socket *s = &fd->socket;
	struct socket_pair p = { .sip = s->sip.bytes, .dip = s->dip.bytes, .sport = s->sport, .dport = s->dport };

	if (fd->type == FD_IPV6_SOCK) {
		name_v6(out, fd);
	} else if (fd->type == FD_IPV4_SOCK) {
		if (s->l4 == L4_TCP || s->l4 == L4_UDP) {
			print_pair(out, &p, false);
		} else if (s->l4 == L4_ICMP || s->l4 == L4_RAW) {
			print_v4(out, p.sip);
			strbuf_adds(out, "->");
			print_v4(out, p.dip);
		} else {
			strbuf_adds(out, "<unknown>");
		}
	}
}
