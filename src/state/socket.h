/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_STATE_SOCKET_H
#define MONITOR_STATE_SOCKET_H

#include "state/fd.h"
#include "state/interfaces.h"

/* Address families, as in captures (the kernel's numbers). */
enum { FAMILY_UNIX = 1, FAMILY_INET = 2, FAMILY_INET6 = 10, FAMILY_NETLINK = 16 };

/*
 * A sockaddr or socktuple parameter, taken apart. Addresses borrow from the parameter; ports are in host order.
 */
struct socket_pair {
	uint8_t family;
	const uint8_t *sip, *dip; /* sockaddr: dip */
	uint16_t sport, dport;
	uint64_t unix_source, unix_destination;
	struct str path; /* AF_UNIX, without the NUL */
};

/* False for an empty or damaged value. */
bool socket_read_address(struct str value, struct socket_pair *ret_pair);
bool socket_read_tuple(struct str value, struct socket_pair *ret_pair);

/* From the views' common memory to what fields see; after each change of type or overlay. */
void socket_publish(struct fd *fd);
void socket_set_l4(struct fd *fd, enum l4_proto l4); /* for the fd's present type */

/* Of a server's socket one that has no ends and no role, of the same protocol; others stay. */
void socket_forget_server(struct fd *fd);

/*
 * Takes over an address pair. False when nothing was new, or when it is the known pair (of a socket that has this type
 * already) seen from the other end.
 */
bool socket_update_v4(struct fd *fd, const uint8_t *sip, uint16_t sport, const uint8_t *dip, uint16_t dport);
bool socket_update_v6(struct fd *fd, const uint8_t *sip, uint16_t sport, const uint8_t *dip, uint16_t dport);
enum l4_proto socket_pair_l4(const struct fd *fd, bool v6); /* where a connection has it, whatever the type */
/* sets the type too */
void socket_set_server(struct fd *fd, const uint8_t *ip, uint16_t port, bool v6, enum l4_proto l4);
void socket_set_unix(struct fd *fd, uint64_t source, uint64_t destination);
void socket_set_destination(struct fd *fd, const uint8_t *ip, uint16_t port, bool v6); /* sets the type too */
void socket_swap(struct fd *fd);
/* A missing end gets the machine's own address. */
void socket_fill_own(struct fd *fd, const struct interfaces *interfaces);

bool socket_is_udp(const struct fd *fd); /* IPv4 only, as Falco asks it */
bool socket_is_tcp(const struct fd *fd);

/* "1.2.3.4:5->6.7.8.9:10" as fd.name shows a connection; leaves out alone for other types. */
void socket_name(struct strbuf *out, const struct fd *fd);
/* Of a listening or paired socket in a capture's descriptor list. */
void socket_print_end(struct strbuf *out, const uint8_t *ip, uint16_t port, bool v6);

/* Ports at their IPv4 place in the common memory, whatever the type. */
uint16_t socket_raw_sport(const struct fd *fd);
uint16_t socket_raw_dport(const struct fd *fd);

#endif
