/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"
#include "tracer/decode.h"
#include "tracer/open_flags.h"
#include "tracer/procfs.h"
#include "tracer/reader.h"
#include "tracer/sight.h"
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

/* Rules know four protocols: those that a program may have in place of one of them are told as that. */
static int known_protocol(int protocol)
{
	if (protocol == IPPROTO_MPTCP)
		return IPPROTO_TCP;
	return protocol == IPPROTO_UDPLITE ? IPPROTO_UDP : protocol;
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
	event_put_int(b, known_protocol(s->protocol));
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

static int decode_socket(pid_t tid, int fd, uint64_t ts, uint64_t inode, struct reader *reader, struct event_builder *b)
{
	struct socket_info s = { 0 };
	int r = socket_ask(tid, fd, reader, &s);

	if (r == -EPERM || r == -ENOSYS || r == -EACCES) {
		bool known = socket_kind(tid, fd, reader, &s) == 0;

		r = s.domain == AF_UNIX ? 0 : socket_look_up(tid, inode, &s);
		if (r == -ENOENT && known)
			r = 0; /* in no table yet */
	}
	return r < 0 && r != -EAGAIN ? r : put_socket(&s, tid, fd, ts, inode, b);
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

/* Something else may be there by now, whose text is made below a lock (eventpoll). */
static int read_info(pid_t tid, int fd, struct reader *reader, struct procfs_fdinfo *ret_info, struct error *err)
{
	char name[READER_NAME_BYTES], text[2048];
	ssize_t n;

	snprintf(name, sizeof(name), "fdinfo/%d", fd);
	n = reader_locked_file(reader, tid, name, text, sizeof(text));
	if (n < 0)
		return error_errno(err, n == -ESRCH ? -ENOENT : (int)n, "cannot read /proc/%d/%s", tid, name);
	*ret_info = procfs_parse_fdinfo((struct str){ text, (size_t)n });
	return 0;
}

static int decode_path(pid_t tid, int fd, uint64_t ts, struct str link, const struct stat *st, struct reader *reader,
		       struct event_builder *b, struct error *err)
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
		r = read_info(tid, fd, reader, &info, err);
		if (r < 0)
			return r;
		event_put_int(b, open_flags_to_event(info.flags));
		event_put_int(b, info.mount_id);
	}
	event_put_int(b, (int64_t)st->st_ino);
	return 0;
}

int decode_fd(pid_t tid, int fd, uint64_t ts, struct reader *reader, struct event_builder *b, struct event *ret_event,
	      struct error *err)
{
	char name[32], path[64], text[4096];
	struct str link;
	struct stat st;
	ssize_t n;
	int r;

	snprintf(name, sizeof(name), "fd/%d", fd);
	snprintf(path, sizeof(path), "%d/%s", tid, name);
	n = procfs_read_link(tid, name, text, sizeof(text));
	if (n < 0)
		return error_errno(err, (int)n, "cannot read /proc/%s", path);
	if (SIGHT(path, statx_known_at(procfs_folder(), path, 0, &st)) < 0)
		return error_errno(err, -errno, "cannot look at /proc/%s", path);
	link = (struct str){ text, (size_t)n };
	if (str_starts(link, STR("socket:[")) && link.len > 9)
		r = decode_socket(tid, fd, ts, st.st_ino, reader, b);
	else if (link.len && link.ptr[0] != '/' && !str_starts(link, STR("pipe:[")))
		r = decode_anonymous(tid, fd, ts, link, st.st_ino, b);
	else
		r = decode_path(tid, fd, ts, link, &st, reader, b, err);
	if (r < 0)
		return error_errno(err, r, "cannot tell what /proc/%s is", path);
	return event_end(b, ret_event, err);
}

int decode_cwd(pid_t tid, uint64_t ts, struct event_builder *b, struct event *ret_event, struct error *err)
{
	char path[EVENT_STRING_BYTES];
	ssize_t n = procfs_read_link(tid, "cwd", path, sizeof(path));

	if (n < 0)
		return error_errno(err, (int)n, "cannot read /proc/%d/cwd", tid);
	event_begin(b, EV_ITER_TASK_FILE_DIRECTORY_E, ts, tid);
	event_put_int(b, AT_FDCWD);
	event_put_text(b, (struct str){ path, (size_t)n });
	event_put_int(b, 0);
	return event_end(b, ret_event, err);
}
