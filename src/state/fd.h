/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_STATE_FD_H
#define MONITOR_STATE_FD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* Numbers are those of capture files (SCAP_FD_*). */
enum fd_type {
	FD_UNKNOWN = -1,
	FD_UNINITIALIZED = 0,
	FD_FILE = 1,
	FD_DIRECTORY = 2,
	FD_IPV4_SOCK = 3,
	FD_IPV6_SOCK = 4,
	FD_IPV4_SERVSOCK = 5,
	FD_IPV6_SERVSOCK = 6,
	FD_FIFO = 7,
	FD_UNIX_SOCK = 8,
	FD_EVENT = 9,
	FD_UNSUPPORTED = 10,
	FD_SIGNALFD = 11,
	FD_EVENTPOLL = 12,
	FD_INOTIFY = 13,
	FD_TIMERFD = 14,
	FD_NETLINK = 15,
	FD_FILE_V2 = 16,
	FD_BPF = 17,
	FD_USERFAULTFD = 18,
	FD_IOURING = 19,
	FD_MEMFD = 20,
	FD_PIDFD = 21,
};

enum l4_proto { L4_UNKNOWN, L4_NA, L4_TCP, L4_UDP, L4_ICMP, L4_RAW };

/* An address: 4 or 16 bytes, as in memory. */
struct ip {
	uint8_t bytes[16];
	bool v6;
};

/*
 * What a socket descriptor knows. s* is the source (the connecting side), d* the destination; a server socket
 * has d only.
 */
struct fd_socket {
	struct ip sip, dip;
	uint16_t sport, dport; /* host order */
	uint8_t l4; /* enum l4_proto */
	uint64_t unix_source, unix_destination; /* kernel addresses, AF_UNIX */
};

enum fd_flag {
	FDF_ROLE_SERVER = 1 << 0,
	FDF_ROLE_CLIENT = 1 << 1,
	FDF_CONNECTED = 1 << 2,
	FDF_CONNECT_PENDING = 1 << 3, /* EINPROGRESS */
	FDF_CONNECT_FAILED = 1 << 4,
	FDF_OVERLAY_UPPER = 1 << 5,
	FDF_OVERLAY_LOWER = 1 << 6,
	FDF_FROM_PROC = 1 << 9, /* learnt by an answer to a need: holds for one event when the source misses closes */
};

/* One descriptor. Plain data, owned by its table, valid until the table changes; only state/ writes it. */
struct fd {
	uint32_t refs; /* tables that hold it: a fork shares its parent's until one of them changes */
	int64_t number;
	enum fd_type type;
	uint32_t flags; /* FDF_* */
	uint32_t open_flags; /* PPM O_* */
	uint32_t dev, mount_id;
	uint64_t ino;
	int64_t pid; /* pidfd: the process it stands for */
	struct rstr *name; /* folded path, or tuple text, as fd.name prints it */
	struct rstr *name_raw; /* of a file that was seen to be opened: as the call gave it */
	struct fd_socket socket;
	bool name_changed; /* by the event at hand: only true from apply to settle */
	/*
	 * Where socket comes from. Falco keeps all views of a socket (IPv4 and IPv6, pair and listening,
	 * AF_UNIX) in one memory, so a socket that changes its kind reads what the former kind wrote; names
	 * and roles of UDP servers depend on it.
	 */
	uint8_t overlay[40];
	struct rstr **dynamic; /* attributes added at run time, by slot */
	uint32_t ndynamic;
};

/* The letter of fd.typechar, and the word of fd.type. */
char fd_type_char(enum fd_type type);
const char *fd_type_name(enum fd_type type);

/* The protocol that fd.l4proto tells: L4_NA for a connection of which neither end is known as server. */
enum l4_proto fd_l4(const struct fd *fd);

/* Addresses that begin with ::ffff:0:0/96 are shown as IPv4; so is the all-zero one. */
bool ip_is_v4_mapped(const uint8_t bytes[16]);

/*
 * Text of a sockaddr or socktuple parameter (PT_SOCKADDR, PT_SOCKTUPLE) as %evt.arg and fd.name print it. Nothing is
 * resolved. Empty and damaged values have Falco's words ("<NA>", "NULL", "INVALID IPv4" …).
 */
void sockaddr_print(struct strbuf *out, struct str value);
void socktuple_print(struct strbuf *out, struct str value);
/* The address alone: 127.0.0.1, ::1. */
void ip_print(struct strbuf *out, const struct ip *ip);

#endif
