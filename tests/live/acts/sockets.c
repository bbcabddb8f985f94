/* SPDX-License-Identifier: Apache-2.0 */
/* Unix sockets and what passes through them, pairs, netlink, and what all sockets have. */
#include "acts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static socklen_t named(struct sockaddr_un *address, const char *name, size_t length)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, name, length);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

static int bound(const char *name, int type)
{
	struct sockaddr_un address;
	socklen_t length = named(&address, name, strlen(name) + 1);
	int fd = socket(AF_UNIX, type, 0);

	if (bind(fd, (struct sockaddr *)&address, length) || (type != SOCK_DGRAM && listen(fd, 1)))
		say("%s: %s\n", name, strerrorname_np(errno));
	return fd;
}

static int connected(const char *name, int type)
{
	struct sockaddr_un address;
	socklen_t length = named(&address, name, strlen(name) + 1);
	int fd = socket(AF_UNIX, type, 0);

	TRY(connect(fd, (struct sockaddr *)&address, length));
	return fd;
}

static void streams(void)
{
	struct ucred peer;
	struct sockaddr_un from;
	socklen_t length = sizeof(peer), size = sizeof(from);
	char text[8] = "";
	int listener = bound("socket", SOCK_STREAM), client = connected("socket", SOCK_STREAM), server;

	server = (int)TRY(accept4(listener, (struct sockaddr *)&from, &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
	say("length %u, descriptor %d, status %x\n", size, fcntl(server, F_GETFD), fcntl(server, F_GETFL));
	getsockopt(server, SOL_SOCKET, SO_PEERCRED, &peer, &length);
	say("peer is me: %d %u\n", peer.pid == getpid(), peer.uid);
	TRY(send(client, "text", 4, 0));
	TRY(recv(server, text, 2, MSG_PEEK));
	TRY(recv(server, text, 8, 0));
	TRY(recv(server, text, 8, 0));
	TRY(shutdown(client, SHUT_WR));
	TRY(recv(server, text, 8, 0));
	close(client);
	TRY(send(server, "x", 1, MSG_NOSIGNAL));
	connected("none", SOCK_STREAM);
	connected("a.txt", SOCK_STREAM);
	connected("socket", SOCK_DGRAM);
	close(listener);
	connected("socket", SOCK_STREAM);
	TRY(bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&from, named(&from, "socket", 7)));
}

static void peers(void)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);
	int listener = bound("socket", SOCK_STREAM), server;
	pid_t pid;

	chmod("socket", 0777);
	pid = started();
	if (!pid) {
		as_nobody();
		connected("socket", SOCK_STREAM);
		_exit(0);
	}
	ended(pid);
	server = accept(listener, NULL, NULL);
	getsockopt(server, SOL_SOCKET, SO_PEERCRED, &peer, &length);
	say("the child: %d %u %u\n", peer.pid == pid, peer.uid, peer.gid);
}

static void abstract_names(void)
{
	struct sockaddr_un address, got;
	socklen_t length = named(&address, "\0with\0nul", 9), size = sizeof(got);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	TRY(bind(fd, (struct sockaddr *)&address, length));
	TRY(listen(fd, 1));
	TRY(getsockname(fd, (struct sockaddr *)&got, &size));
	say("length %u same %d\n", size, !memcmp(&address, &got, size));
	TRY(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, length));
	TRY(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, length - 1));
	TRY(bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, length));
	TRY(bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, 2));
	TRY(bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, 200));
	memset(address.sun_path, 'n', sizeof(address.sun_path));
	TRY(bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof(address)));
}

static void datagrams(void)
{
	struct sockaddr_un to, from;
	socklen_t length = named(&to, "there", 6), size = sizeof(from);
	int there = bound("there", SOCK_DGRAM), here = bound("here", SOCK_DGRAM),
	    unnamed = socket(AF_UNIX, SOCK_DGRAM, 0);
	char text[16] = "";

	TRY(sendto(here, "first", 5, 0, (struct sockaddr *)&to, length));
	TRY(sendto(unnamed, "second", 6, 0, (struct sockaddr *)&to, length));
	TRY(send(here, "x", 1, 0));
	TRY(recvfrom(there, text, 16, MSG_TRUNC, (struct sockaddr *)&from, &size));
	say("%s from %s\n", text, from.sun_path);
	TRY(recvfrom(there, text, 3, MSG_TRUNC, (struct sockaddr *)&from, &size));
	TRY(connect(here, (struct sockaddr *)&to, length));
	TRY(send(here, "third", 5, 0));
	TRY(sendto(there, "y", 1, 0, (struct sockaddr *)&to, 6));
	TRY(recv(there, text, 16, MSG_DONTWAIT));
	close(there);
	TRY(send(here, "x", 1, 0));
}

static void packets(void)
{
	int fds[2];
	char text[8] = "";

	TRY(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds));
	TRY(send(fds[0], "one", 3, 0));
	TRY(send(fds[0], "", 0, 0));
	TRY(send(fds[0], "two", 3, MSG_EOR));
	TRY(recv(fds[1], text, 8, 0));
	TRY(recv(fds[1], text, 8, 0));
	TRY(recv(fds[1], text, 2, MSG_TRUNC));
	TRY(recv(fds[1], text, 8, MSG_DONTWAIT));
	close(fds[0]);
	TRY(recv(fds[1], text, 8, 0));
	TRY(socketpair(AF_INET, SOCK_STREAM, 0, fds));
	TRY(socketpair(AF_UNIX, SOCK_STREAM, 0, NULL));
}

static long pass(int over, int fd, char *room, size_t size, int type, const void *data)
{
	struct iovec part = { "x", 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = room, .msg_controllen = size };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	(void)fd;
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = type;
	header->cmsg_len = type == SCM_RIGHTS ? CMSG_LEN(2 * sizeof(int)) : CMSG_LEN(sizeof(struct ucred));
	memcpy(CMSG_DATA(header), data, header->cmsg_len - CMSG_LEN(0));
	return sendmsg(over, &message, 0);
}

static void passed_files(void)
{
	char room[64] __attribute__((aligned(8))) = "", text[16] = "", byte;
	struct iovec part = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room)
	};
	int fds[2], two[2];

	socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
	two[0] = open("a.txt", O_RDONLY);
	two[1] = open("new", O_RDWR | O_CREAT, 0600);
	TRY(pass(fds[0], 0, room, CMSG_SPACE(2 * sizeof(int)), SCM_RIGHTS, two));
	close(two[0]);
	close(two[1]);
	memset(room, 0, sizeof(room));
	TRY(recvmsg(fds[1], &message, MSG_CMSG_CLOEXEC));
	memcpy(two, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(two));
	say("received %d %d, %x\n", two[0], two[1], fcntl(two[0], F_GETFD));
	TRY(read(two[0], text, 3));
	TRY(write(two[1], text, 3));
	two[1] = 99;
	TRY(pass(fds[0], 0, room, CMSG_SPACE(2 * sizeof(int)), SCM_RIGHTS, two));
}

static void passed_ids(void)
{
	char room[64] __attribute__((aligned(8))) = "", byte;
	struct iovec part = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room)
	};
	struct ucred own = { getpid(), getuid(), getgid() }, got;
	int fds[2], on = 1;

	socketpair(AF_UNIX, SOCK_DGRAM, 0, fds);
	setsockopt(fds[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	TRY(pass(fds[0], 0, room, CMSG_SPACE(sizeof(own)), SCM_CREDENTIALS, &own));
	memset(room, 0, sizeof(room));
	TRY(recvmsg(fds[1], &message, 0));
	memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(got));
	say("me: %d %u\n", got.pid == getpid(), got.uid);
	if (in_child()) {
		as_nobody();
		TRY(pass(fds[0], 0, room, CMSG_SPACE(sizeof(own)), SCM_CREDENTIALS, &own));
		_exit(0);
	}
}

static void kernel_sockets(void)
{
	struct {
		struct nlmsghdr header;
		struct rtgenmsg what;
	} ask = { { sizeof(ask), RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 7, 0 }, { AF_UNSPEC } };
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	char buffer[16384];
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	TRY(bind(fd, (struct sockaddr *)&address, sizeof(address)));
	TRY(sendto(fd, &ask, sizeof(ask), 0, (struct sockaddr *)&address, sizeof(address)));
	TRY(recv(fd, buffer, sizeof(buffer), 0) > 0);
	say("type %d number %u\n", ((struct nlmsghdr *)buffer)->nlmsg_type, ((struct nlmsghdr *)buffer)->nlmsg_seq);
	TRY(socket(AF_NETLINK, SOCK_RAW, 99));
}

static void kinds(void)
{
	TRY(socket(AF_UNIX, SOCK_RAW, 0));
	TRY(socket(AF_UNIX, 99, 0));
	TRY(socket(99, SOCK_STREAM, 0));
	TRY(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
	TRY(socket(AF_INET, SOCK_SEQPACKET, 0));
	TRY(socket(AF_INET, SOCK_STREAM | 0x100000, 0));
	TRY(socket(AF_INET6, SOCK_DGRAM, 0));
	if (in_child()) {
		as_nobody();
		TRY(socket(AF_INET, SOCK_RAW, IPPROTO_TCP));
		TRY(socket(AF_PACKET, SOCK_RAW, 0));
		_exit(0);
	}
}

static void misused(void)
{
	struct sockaddr_un address;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), file = open("a.txt", O_RDONLY), on;
	socklen_t length = sizeof(on);

	named(&address, "x", 2);
	TRY(connect(file, (struct sockaddr *)&address, sizeof(address)));
	TRY(connect(99, (struct sockaddr *)&address, sizeof(address)));
	TRY(connect(fd, NULL, sizeof(address)));
	TRY(connect(fd, (struct sockaddr *)&address, -1));
	TRY(bind(fd, (struct sockaddr *)8, sizeof(address)));
	TRY(accept(fd, NULL, NULL));
	TRY(listen(file, 1));
	TRY(send(fd, "x", 1, MSG_NOSIGNAL));
	TRY(recv(fd, &on, 1, 0));
	TRY(getpeername(fd, (struct sockaddr *)&address, &length));
	TRY(shutdown(fd, SHUT_RDWR));
	TRY(setsockopt(fd, SOL_SOCKET, 9999, &on, sizeof(on)));
	TRY(getsockopt(fd, SOL_SOCKET, SO_ERROR, &on, &length));
	TRY(sendmsg(fd, NULL, 0));
	TRY(sendto(fd, NULL, 5, 0, NULL, 0));
}

const struct act acts_sockets[] = {
	{ "unix-streams", streams },
	{ "unix-peers", peers },
	{ "unix-abstract", abstract_names },
	{ "unix-datagrams", datagrams },
	{ "unix-packets", packets },
	{ "unix-passed-files", passed_files },
	{ "unix-passed-ids", passed_ids },
	{ "socket-netlink", kernel_sockets },
	{ "socket-kinds", kinds },
	{ "socket-misused", misused },
	{ 0 },
};
