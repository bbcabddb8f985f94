/* SPDX-License-Identifier: Apache-2.0 */
/* What sockets of others say of themselves. */
#include "tracer/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/parse.h"
#include "base/words.h"
#include "tracer/descriptor.h"
#include "tracer/hands.h"
#include "tracer/procfs.h"
#include "tracer/reader.h"
#include "tracer/sight.h"

/* ---- copies -------------------------------------------------------------------------------------------- */

/* The address family of our own descriptor and the socket's type; negative errno when it is none. */
static int domain_of(int fd, int *ret_type)
{
	socklen_t len = sizeof(int);
	int domain;

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 &&
			       getsockopt(fd, SOL_SOCKET, SO_TYPE, ret_type, &len) == 0 ?
		       domain :
		       -ENOTSOCK;
}

int socket_copy(pid_t tid, int fd, struct reader *reader)
{
	int copy = descriptor_copy(tid, fd, reader), type;

	if (copy < 0 || domain_of(copy, &type) >= 0)
		return copy;
	descriptor_drop(copy, reader);
	return -ENOTSOCK;
}

/*
 * Numbers are given from the lowest on. What is held lasts for as long as its call, of which each thread may have one
 * that waits: all else that we do needs descriptors, too.
 */
static bool is_one_of_the_last(int fd)
{
	struct rlimit limit;
	rlim_t spare;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return true;
	spare = limit.rlim_cur / 4 < SPARE_DESCRIPTORS ? limit.rlim_cur / 4 : SPARE_DESCRIPTORS;
	return (rlim_t)fd >= limit.rlim_cur - spare;
}

struct held_socket *socket_hold(pid_t tid, int fd, struct reader *reader, int *ret_domain, int *ret_type)
{
	auto_free struct held_socket *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->fd = socket_copy(tid, fd, reader);
	s->reader = reader;
	if (s->fd < 0)
		return NULL;
	if (is_one_of_the_last(s->fd)) {
		descriptor_drop(s->fd, reader);
		return NULL;
	}
	*ret_domain = domain_of(s->fd, ret_type);
	return take_ptr(s);
}

void socket_release(struct held_socket *s)
{
	if (!s)
		return;
	descriptor_drop(s->fd, s->reader);
	free(s);
}

static bool is_internet(int domain)
{
	return domain == AF_INET || domain == AF_INET6;
}

/* ---- the kernel's tables ------------------------------------------------------------------------------- */

/* "0100007F:1F90": words of the address as they lie in memory, port in host order. */
static bool parse_net_address(struct str word, bool v6, struct sockaddr_storage *ret_address)
{
	size_t digits = v6 ? 32 : 8;
	uint64_t port, v;
	uint32_t part[4];

	if (word.len < digits + 2 || word.ptr[digits] != ':' ||
	    parse_hex_u64((struct str){ word.ptr + digits + 1, word.len - digits - 1 }, &port) < 0 || port > UINT16_MAX)
		return false;
	for (size_t i = 0; i < digits / 8; i++) {
		if (parse_hex_u64((struct str){ word.ptr + 8 * i, 8 }, &v) < 0)
			return false;
		part[i] = (uint32_t)v;
	}
	memset(ret_address, 0, sizeof(*ret_address));
	if (v6) {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret_address;

		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)port);
		memcpy(&in6->sin6_addr, part, 16);
	} else {
		struct sockaddr_in *in = (struct sockaddr_in *)ret_address;

		in->sin_family = AF_INET;
		in->sin_port = htons((uint16_t)port);
		memcpy(&in->sin_addr, part, 4);
	}
	return true;
}

/* Who has no peer has one of port 0 there, and so have raw sockets, which have none. */
static bool has_port(struct str word)
{
	return word.len > 5 && memcmp(word.ptr + word.len - 5, ":0000", 5) != 0;
}

/* One table of /proc/TID/net: "sl local remote st tx:rx tr:tm retr uid timeout inode …". */
static bool find_in_net_table(pid_t tid, const char *table, bool v6, struct str inode, struct socket_info *s)
{
	auto_free char *text = NULL;
	char path[48];
	struct str rest, line;
	size_t len;

	snprintf(path, sizeof(path), "%d/net/%s", tid, table);
	if (file_read_all_at(procfs_folder(), path, NET_TABLE_BYTES, &text, &len, NULL) < 0)
		return false;
	rest = (struct str){ text, len };
	words_line(&rest, &line); /* heading */
	while (words_line(&rest, &line)) {
		struct str local, remote, found = { NULL, 0 };

		words_next(&line);
		local = words_next(&line);
		remote = words_next(&line);
		for (int column = 3; column <= 9; column++)
			found = words_next(&line);
		if (!str_eq(found, inode))
			continue;
		s->local_len = parse_net_address(local, v6, &s->local) ? sizeof(s->local) : 0;
		s->remote_len = parse_net_address(remote, v6, &s->remote) && has_port(remote) ? sizeof(s->remote) : 0;
		return true;
	}
	return false;
}

int socket_look_up(pid_t tid, uint64_t inode, struct socket_info *s)
{
	static const struct {
		const char *table;
		int domain, type, protocol;
	} tables[] = {
		{ "tcp", AF_INET, SOCK_STREAM, IPPROTO_TCP },	{ "tcp6", AF_INET6, SOCK_STREAM, IPPROTO_TCP },
		{ "udp", AF_INET, SOCK_DGRAM, IPPROTO_UDP },	{ "udp6", AF_INET6, SOCK_DGRAM, IPPROTO_UDP },
		{ "icmp", AF_INET, SOCK_DGRAM, IPPROTO_ICMP },	{ "icmp6", AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6 },
		{ "raw", AF_INET, SOCK_RAW, IPPROTO_RAW },	{ "raw6", AF_INET6, SOCK_RAW, IPPROTO_RAW },
	};

	char text[24];
	struct str digits;

	snprintf(text, sizeof(text), "%" PRIu64, inode);
	digits = str_of(text);
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		bool raw = tables[i].type == SOCK_RAW;

		/* the tables of TCP take milliseconds: one is read for what is known of the socket */
		if (s->domain && (s->domain != tables[i].domain || s->type != tables[i].type ||
				  (!raw && s->protocol != tables[i].protocol)))
			continue;
		if (!find_in_net_table(tid, tables[i].table, tables[i].domain == AF_INET6, digits, s))
			continue;
		s->domain = tables[i].domain;
		s->type = tables[i].type;
		if (!raw || !s->protocol)
			s->protocol = tables[i].protocol;
		return 0;
	}
	return -ENOENT;
}

/* ---- kinds, by name ------------------------------------------------------------------------------------- */

/* An attribute is asked for by path alone (before Linux 6.13), so not where somebody may have mounted over /proc. */
int socket_kind(pid_t tid, int fd, struct reader *reader, struct socket_info *s)
{
	static const struct {
		const char *name;
		int domain, type, protocol;
	} kinds[] = {
		{ "TCP", AF_INET, SOCK_STREAM, IPPROTO_TCP },	   { "TCPv6", AF_INET6, SOCK_STREAM, IPPROTO_TCP },
		{ "MPTCP", AF_INET, SOCK_STREAM, IPPROTO_TCP },	   { "MPTCPv6", AF_INET6, SOCK_STREAM, IPPROTO_TCP },
		{ "UDP", AF_INET, SOCK_DGRAM, IPPROTO_UDP },	   { "UDPv6", AF_INET6, SOCK_DGRAM, IPPROTO_UDP },
		{ "PING", AF_INET, SOCK_DGRAM, IPPROTO_ICMP },	   { "PINGv6", AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6 },
		{ "RAW", AF_INET, SOCK_RAW, 0 },		   { "RAWv6", AF_INET6, SOCK_RAW, 0 },
		{ "UNIX", AF_UNIX, SOCK_DGRAM, 0 },		   { "UNIX-STREAM", AF_UNIX, SOCK_STREAM, 0 },
	};
	char path[64], shown[32], name[32];
	struct str found;
	ssize_t n;

	if (reader_is_wary(reader) || reader_fears_locks(reader))
		return -EPERM;
	snprintf(shown, sizeof(shown), "%d/fd/%d", tid, fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", procfs_folder(), shown);
	n = SIGHT(shown, getxattr(path, "system.sockprotoname", name, sizeof(name)));
	if (n <= 0)
		return n < 0 ? -errno : -ENODATA;
	found = (struct str){ name, strnlen(name, (size_t)n) };
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (str_eq(found, str_of(kinds[i].name))) {
			*s = (struct socket_info){ .domain = kinds[i].domain, .type = kinds[i].type,
						   .protocol = kinds[i].protocol };
			return 0;
		}
	return -ENOTSUP;
}

/* ---- looking ------------------------------------------------------------------------------------------- */

/*
 * Where a stream goes that is not there yet: its connect() waits, was broken off, or leaves the way to the first that
 * is sent. The kernel wants to be asked for just as many bytes as it has.
 */
static socklen_t read_aim(int fd, const struct socket_info *s, struct sockaddr_storage *ret)
{
	socklen_t len = s->domain == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);

	if (s->domain == AF_UNIX || s->type != SOCK_STREAM)
		return 0;
	return getsockopt(fd, SOL_SOCKET, SO_PEERNAME, ret, &len) == 0 ? len : 0;
}

static void read_names(int fd, struct socket_info *s)
{
	s->local_len = s->remote_len = sizeof(s->local);
	if (getsockname(fd, (struct sockaddr *)&s->local, &s->local_len) < 0)
		s->local_len = 0;
	if (getpeername(fd, (struct sockaddr *)&s->remote, &s->remote_len) < 0)
		s->remote_len = read_aim(fd, s, &s->remote);
}

/* A look by a thread. */
struct look {
	struct job job; /* first */
	struct reader *reader;
	int fd; /* its own */
	struct socket_info info;
};

static void look(struct job *job)
{
	struct look *l = (struct look *)job;

	read_names(l->fd, &l->info);
}

/* The thread's descriptor may be the last by now, and who closes that is interrupted alone. */
static void be_late(struct job *job)
{
	struct look *l = (struct look *)job;

	reader_leave(l->reader, l->fd);
	free(l);
}

/* False: somebody has the socket's lock, and keeps it. */
static bool read_names_in_time(int fd, struct reader *reader, struct socket_info *s)
{
	struct look *l = malloc(sizeof(*l));
	int r;

	if (!l)
		return false;
	*l = (struct look){
		.job = { look, be_late }, .reader = reader, .fd = fcntl(fd, F_DUPFD_CLOEXEC, 0), .info = *s
	};
	if (l->fd < 0) {
		free(l);
		return false;
	}
	descriptor_drop_left(reader);
	r = reader_do(reader, &l->job);
	if (r == -EAGAIN)
		return false;
	if (r == 0)
		*s = l->info;
	close(l->fd);
	free(l);
	return r == 0;
}

int socket_look(int fd, pid_t tid, struct reader *reader, struct socket_info *s)
{
	socklen_t len = sizeof(int);
	struct stat st;

	s->local_len = s->remote_len = 0;
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &s->domain, &len) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &s->type, &len) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &s->protocol, &len) < 0)
		return -errno;
	/* of others no event says more, and some have a lock */
	if (s->domain == AF_UNIX || (is_internet(s->domain) && !reader_fears_locks(reader))) {
		read_names(fd, s);
		return 0;
	}
	if (!is_internet(s->domain) || read_names_in_time(fd, reader, s))
		return 0;
	return fstat(fd, &st) == 0 && socket_look_up(tid, st.st_ino, s) == 0 ? 0 : -EAGAIN;
}

int socket_ask(pid_t tid, int fd, struct reader *reader, struct socket_info *s)
{
	int copy = socket_copy(tid, fd, reader), r;

	if (copy < 0)
		return copy;
	r = socket_look(copy, tid, reader, s);
	descriptor_drop(copy, reader);
	return r;
}
