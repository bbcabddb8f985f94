/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"
#include "tracer/decode.h"
#include "tracer/open_flags.h"
#include "tracer/procfs.h"
#include "tracer/socket.h"
#include "tracer/statx.h"

/* Rows: what the link below /proc/PID/fd says of a descriptor without a path, and flags.def anon_inode_fd_types. */
static const struct {
	const char *link;
	uint8_t type;
} anonymous[] = {
	{ "anon_inode:[eventfd]", 1 },	   { "anon_inode:[eventpoll]", 2 },    { "anon_inode:inotify", 3 },
	{ "anon_inode:[signalfd]", 4 },	   { "anon_inode:[timerfd]", 5 },      { "anon_inode:[io_uring]", 6 },
	{ "anon_inode:[userfaultfd]", 7 }, { "anon_inode:[pidfd]", 8 },	       { "anon_inode:bpf-map", 9 },
	{ "anon_inode:bpf-prog", 10 },	   { "anon_inode:bpf_link", 11 },      { "anon_inode:bpf_iter", 12 },
	{ "anon_inode:[perf_event]", 13 },
};

/* ---- sockets ------------------------------------------------------------------------------------------- */

/* Not so where a thread has descriptors of its own (unshare()), or the other one has ended. */
static bool same_descriptor(pid_t a, pid_t b, int fd)
{
	char name[32], text[2][64];
	ssize_t len[2];
	long r = syscall(SYS_kcmp, a, b, KCMP_FILES, 0, 0);

	if (r >= 0)
		return r == 0;
	snprintf(name, sizeof(name), "fd/%d", fd);
	len[0] = procfs_read_link(a, name, text[0], sizeof(text[0]));
	len[1] = procfs_read_link(b, name, text[1], sizeof(text[1]));
	return len[0] > 0 && len[0] == len[1] && memcmp(text[0], text[1], (size_t)len[0]) == 0;
}

/* Before Linux 6.9 a descriptor names processes alone, and of these the descriptors of the first thread. */
static int open_process_of(pid_t tid, int fd)
{
	pid_t tgid, ppid;
	int r = procfs_read_ids(tid, &tgid, &ppid, NULL);

	if (r < 0)
		return r;
	if (tid != tgid && !same_descriptor(tid, tgid, fd))
		return -EPERM;
	r = (int)syscall(SYS_pidfd_open, tgid, 0);
	return r < 0 ? -errno : r;
}

int socket_copy(pid_t tid, int fd)
{
	auto_fd int pidfd = (int)syscall(SYS_pidfd_open, tid, O_EXCL); /* PIDFD_THREAD */
	int copy;

	if (pidfd < 0)
		pidfd = errno == EINVAL ? open_process_of(tid, fd) : -errno;
	if (pidfd < 0)
		return pidfd;
	copy = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	return copy < 0 ? -errno : copy;
}

void socket_release(struct held_socket *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	free(s->sent);
	free(s);
}

int socket_domain(int fd, int *ret_type)
{
	socklen_t len = sizeof(int);
	int domain;

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 &&
			       getsockopt(fd, SOL_SOCKET, SO_TYPE, ret_type, &len) == 0 ?
		       domain :
		       -ENOTSOCK;
}

bool socket_is_internet(int fd, int *ret_type)
{
	int domain = socket_domain(fd, ret_type);

	return domain == AF_INET || domain == AF_INET6;
}

int socket_ask(pid_t tid, int fd, struct socket_info *s)
{
	auto_fd int copy = socket_copy(tid, fd);

	return copy < 0 ? copy : socket_look(copy, s);
}

int socket_look(int copy, struct socket_info *s)
{
	socklen_t len = sizeof(int);

	if (getsockopt(copy, SOL_SOCKET, SO_DOMAIN, &s->domain, &len) < 0 ||
	    getsockopt(copy, SOL_SOCKET, SO_TYPE, &s->type, &len) < 0 ||
	    getsockopt(copy, SOL_SOCKET, SO_PROTOCOL, &s->protocol, &len) < 0)
		return -errno;
	s->local_len = s->remote_len = sizeof(s->local);
	if (getsockname(copy, (struct sockaddr *)&s->local, &s->local_len) < 0)
		s->local_len = 0;
	if (getpeername(copy, (struct sockaddr *)&s->remote, &s->remote_len) < 0)
		s->remote_len = 0;
	return 0;
}

static struct str take_word(struct str *rest, const char *separators)
{
	size_t i = 0;

	while (rest->len && strchr(separators, *rest->ptr) && *rest->ptr) {
		rest->ptr++;
		rest->len--;
	}
	while (i < rest->len && !strchr(separators, rest->ptr[i]))
		i++;
	rest->ptr += i;
	rest->len -= i;
	return (struct str){ rest->ptr - i, i };
}

static bool parse_hex32(struct str digits, uint32_t *ret_value)
{
	char text[11] = "0x";
	uint64_t v;

	if (digits.len == 0 || digits.len > 8)
		return false;
	memcpy(text + 2, digits.ptr, digits.len);
	if (parse_u64((struct str){ text, digits.len + 2 }, &v) < 0)
		return false;
	*ret_value = (uint32_t)v;
	return true;
}

/* "0100007F:1F90": words of the address as they lie in memory, port in host order. */
static bool parse_net_address(struct str word, bool v6, struct sockaddr_storage *ret_address)
{
	size_t digits = v6 ? 32 : 8;
	uint32_t port, part[4];

	if (word.len < digits + 2 || word.ptr[digits] != ':' ||
	    !parse_hex32((struct str){ word.ptr + digits + 1, word.len - digits - 1 }, &port))
		return false;
	for (size_t i = 0; i < digits / 8; i++)
		if (!parse_hex32((struct str){ word.ptr + 8 * i, 8 }, &part[i]))
			return false;
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

/* One table of /proc/TID/net: "sl local remote st tx:rx tr:tm retr uid timeout inode …". */
static bool find_in_net_table(pid_t tid, const char *table, bool v6, struct str inode, struct socket_info *s)
{
	auto_free char *text = NULL;
	char path[48];
	struct str rest;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/net/%s", tid, table);
	if (file_read_all(path, 16 << 20, &text, &len, NULL) < 0)
		return false;
	rest = (struct str){ text, len };
	take_word(&rest, "\n"); /* heading */
	while (rest.len) {
		struct str line = take_word(&rest, "\n"), local, remote, found = { NULL, 0 };

		take_word(&line, " ");
		local = take_word(&line, " ");
		remote = take_word(&line, " ");
		for (int column = 3; column <= 9; column++)
			found = take_word(&line, " ");
		if (!str_eq(found, inode))
			continue;
		s->local_len = parse_net_address(local, v6, &s->local) ? sizeof(s->local) : 0;
		s->remote_len = parse_net_address(remote, v6, &s->remote) ? sizeof(s->remote) : 0;
		return true;
	}
	return false;
}

/* Where the descriptor cannot be taken: the socket's inode in the kernel's tables of its network namespace. */
static int look_up_socket(pid_t tid, struct str inode, struct socket_info *s)
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

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		if (!find_in_net_table(tid, tables[i].table, tables[i].domain == AF_INET6, inode, s))
			continue;
		s->domain = tables[i].domain;
		s->type = tables[i].type;
		s->protocol = tables[i].protocol;
		return 0;
	}
	return -ENOENT;
}

static void put_address(struct event_builder *b, const struct sockaddr_storage *address, socklen_t len, bool v6)
{
	static const uint8_t none[16];
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
	const struct sockaddr_in *in = (const struct sockaddr_in *)address;

	if (v6) {
		bool known = len >= sizeof(*in6) && in6->sin6_family == AF_INET6;

		event_put_bytes(b, (struct str){ known ? (const char *)&in6->sin6_addr : (const char *)none, 16 });
		event_put_int(b, known ? ntohs(in6->sin6_port) : 0);
	} else {
		bool known = len >= sizeof(*in) && in->sin_family == AF_INET;
		uint32_t word = 0;

		if (known)
			memcpy(&word, &in->sin_addr, 4);
		event_put_int(b, word);
		event_put_int(b, known ? ntohs(in->sin_port) : 0);
	}
}

/* An abstract name begins with a NUL, which event text shows as '@'. */
static void put_unix_path(struct event_builder *b, const struct socket_info *s)
{
	const struct sockaddr_un *un =
		(const struct sockaddr_un *)(s->local_len > sizeof(sa_family_t) ? &s->local : &s->remote);
	socklen_t len = s->local_len > sizeof(sa_family_t) ? s->local_len : s->remote_len;
	size_t room = len > offsetof(struct sockaddr_un, sun_path) ? len - offsetof(struct sockaddr_un, sun_path) : 0;
	char path[sizeof(un->sun_path)];

	if (room > sizeof(path))
		room = sizeof(path);
	if (room == 0) {
		event_put_text(b, STR(""));
		return;
	}
	memcpy(path, un->sun_path, room);
	if (path[0] == 0)
		path[0] = '@';
	event_put_text(b, (struct str){ path, strnlen(path, room) });
}

static int put_socket(const struct socket_info *s, pid_t tid, int fd, uint64_t ts, uint64_t inode,
		      struct event_builder *b)
{
	static const struct {
		int domain;
		uint16_t event;
	} events[] = {
		{ AF_INET, EV_ITER_TASK_FILE_SOCKET_INET_E },
		{ AF_INET6, EV_ITER_TASK_FILE_SOCKET_INET6_E },
		{ AF_UNIX, EV_ITER_TASK_FILE_SOCKET_UNIX_E },
		{ AF_NETLINK, EV_ITER_TASK_FILE_SOCKET_NETLINK_E },
	};
	size_t i = 0;

	while (i < ARRAY_SIZE(events) && events[i].domain != s->domain)
		i++;
	if (i == ARRAY_SIZE(events))
		return -ENOENT; /* a family that events cannot describe */
	event_begin(b, events[i].event, ts, tid);
	event_put_int(b, fd);
	event_put_int(b, s->type);
	event_put_int(b, s->protocol);
	if (s->domain == AF_INET || s->domain == AF_INET6) {
		put_address(b, &s->local, s->local_len, s->domain == AF_INET6);
		put_address(b, &s->remote, s->remote_len, s->domain == AF_INET6);
	} else if (s->domain == AF_UNIX) {
		event_put_int(b, 0); /* the kernel's address of the socket: not for user space */
		put_unix_path(b, s);
	}
	event_put_int(b, (int64_t)inode);
	return 0;
}

static int decode_socket(pid_t tid, int fd, uint64_t ts, struct str link, uint64_t inode, struct event_builder *b)
{
	struct socket_info s = { 0 };
	struct str digits = { link.ptr + 8, link.len - 9 }; /* "socket:[" … "]" */
	int r = socket_ask(tid, fd, &s);

	if (r == -EPERM || r == -ENOSYS || r == -EACCES)
		r = look_up_socket(tid, digits, &s);
	return r < 0 ? r : put_socket(&s, tid, fd, ts, inode, b);
}

/* ---- everything else ----------------------------------------------------------------------------------- */

static int decode_anonymous(pid_t tid, int fd, uint64_t ts, struct str link, uint64_t inode, struct event_builder *b)
{
	uint8_t type = 0;

	for (size_t i = 0; i < ARRAY_SIZE(anonymous); i++)
		if (str_eq(link, str_of(anonymous[i].link)))
			type = anonymous[i].type;
	event_begin(b, EV_ITER_TASK_FILE_ANON_INODE_E, ts, tid);
	event_put_int(b, fd);
	event_put_int(b, type);
	event_put_text(b, link);
	event_put_int(b, (int64_t)inode);
	return 0;
}

static int decode_path(pid_t tid, int fd, uint64_t ts, struct str link, const struct stat *st, struct event_builder *b,
		       struct error *err)
{
	struct procfs_fdinfo info;
	uint16_t type = EV_ITER_TASK_FILE_REGULAR_E;
	int r;

	if (str_starts(link, STR("/memfd:")))
		type = EV_ITER_TASK_FILE_MEMFD_E;
	else if (S_ISDIR(st->st_mode))
		type = EV_ITER_TASK_FILE_DIRECTORY_E;
	else if (S_ISFIFO(st->st_mode))
		type = EV_ITER_TASK_FILE_PIPE_E;
	event_begin(b, type, ts, tid);
	event_put_int(b, fd);
	event_put_text(b, link);
	if (type == EV_ITER_TASK_FILE_REGULAR_E) {
		r = procfs_read_fdinfo(tid, fd, &info, err);
		if (r < 0)
			return r;
		event_put_int(b, open_flags_to_event(info.flags));
		event_put_int(b, info.mount_id);
	}
	event_put_int(b, (int64_t)st->st_ino);
	return 0;
}

int decode_fd(pid_t tid, int fd, uint64_t ts, struct event_builder *b, struct event *ret_event, struct error *err)
{
	char name[32], path[64], text[4096];
	struct str link;
	struct stat st;
	ssize_t n;
	int r;

	snprintf(name, sizeof(name), "fd/%d", fd);
	snprintf(path, sizeof(path), "/proc/%d/%s", tid, name);
	n = procfs_read_link(tid, name, text, sizeof(text));
	if (n < 0)
		return error_errno(err, (int)n, "cannot read %s", path);
	if (statx_known(path, &st) < 0)
		return error_errno(err, -errno, "cannot look at %s", path);
	link = (struct str){ text, (size_t)n };
	if (str_starts(link, STR("socket:[")) && link.len > 9)
		r = decode_socket(tid, fd, ts, link, st.st_ino, b);
	else if (link.len && link.ptr[0] != '/' && !str_starts(link, STR("pipe:[")))
		r = decode_anonymous(tid, fd, ts, link, st.st_ino, b);
	else
		r = decode_path(tid, fd, ts, link, &st, b, err);
	if (r < 0)
		return error_errno(err, r, "cannot tell what %s is", path);
	return event_end(b, ret_event, err);
}
