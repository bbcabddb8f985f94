/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sends SOCKET CALL ADDRESS: sends a text to 127.0.0.66, where it waits for it, and prints "arrived" when it comes.
 *
 *   SOCKET   udp, udp6; connected, connected6: to 127.0.0.1 before; stream: by MSG_FASTOPEN; shared-stream: while
 *            there is another thread; own: of a thread whose descriptors are its own, and the number of another
 *            file for the others
 *   CALL     sendto, sendmsg, sendmmsg; connect: and then send(); unwritable: a sendmmsg() that cannot write the
 *            length behind the message, and fails when it has sent it; second: the same of the second of two messages;
 *            both: a sendmmsg() of two, the first of which goes to 127.0.0.1
 *   ADDRESS  plain: of the socket's family (mapped for IPv6); none: of no family; ipv4; long: with bytes behind
 *            it; later: the same and a flag for which the kernel itself has to send it
 *
 * Exit status: 0, 1 when a call fails, 77 where the kernel has no such way.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define OTHERS 100 /* the number */

static const char text[] = "text-of-the-secret";

static int is(const char *word, const char *name)
{
	return strcmp(word, name) == 0;
}

static void failed(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT ? 77 : 1);
}

static struct sockaddr_in v4(const char *host, in_port_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = port };

	inet_pton(AF_INET, host, &a.sin_addr);
	return a;
}

static struct sockaddr_in6 v6(const char *host, in_port_t port)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_port = port };
	char mapped[64];

	snprintf(mapped, sizeof(mapped), "::ffff:%s", host);
	inet_pton(AF_INET6, mapped, &a.sin6_addr);
	return a;
}

/* The socket that it is to arrive at. */
static int receiver(int type, in_port_t *ret_port)
{
	struct sockaddr_in a = v4("127.0.0.66", 0);
	struct timeval limit = { .tv_sec = 2 };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, type, 0), many = 4;

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) || getsockname(fd, (struct sockaddr *)&a, &len))
		failed("bind");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (type == SOCK_STREAM && (setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &many, sizeof(many)) || listen(fd, many)))
		exit(77);
	*ret_port = a.sin_port;
	return fd;
}

static void connect_elsewhere(int fd, int domain, in_port_t port)
{
	struct sockaddr_in plain = v4("127.0.0.1", port);
	struct sockaddr_in6 mapped = v6("127.0.0.1", port);

	if (domain == AF_INET ? connect(fd, (struct sockaddr *)&plain, sizeof(plain)) :
				connect(fd, (struct sockaddr *)&mapped, sizeof(mapped)))
		failed("connect");
}

static socklen_t make_address(const char *kind, int domain, in_port_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in in = v4("127.0.0.66", port);
	struct sockaddr_in6 in6 = v6("127.0.0.66", port);
	int as_v4 = domain == AF_INET || is(kind, "ipv4");

	memset(ret, 0, sizeof(*ret));
	if (as_v4)
		memcpy(ret, &in, sizeof(in));
	else
		memcpy(ret, &in6, sizeof(in6));
	if (is(kind, "none"))
		ret->ss_family = AF_UNSPEC;
	return is(kind, "long") ? sizeof(*ret) : as_v4 ? sizeof(in) : sizeof(in6);
}

static ssize_t send_by(const char *call, int fd, int flags, struct sockaddr_storage *to, socklen_t len)
{
	struct iovec piece = { (void *)text, sizeof(text) };
	struct mmsghdr m = { .msg_hdr = { .msg_name = to, .msg_namelen = len, .msg_iov = &piece, .msg_iovlen = 1 } };

	if (is(call, "sendto"))
		return sendto(fd, text, sizeof(text), flags, (struct sockaddr *)to, len);
	return is(call, "sendmsg") ? sendmsg(fd, &m.msg_hdr, flags) : sendmmsg(fd, &m, 1, flags);
}

/* Of two messages, one at the end of a page and one at the beginning of the next, which can only be read. */
static int send_unwritably(int fd, int both, struct sockaddr_storage *to, socklen_t len)
{
	char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct mmsghdr *second = (struct mmsghdr *)(pages + 4096), *first = second - 1;
	struct iovec piece = { (void *)text, sizeof(text) };
	struct sockaddr_in elsewhere = v4("127.0.0.1", ((struct sockaddr_in *)to)->sin_port);

	first->msg_hdr = (struct msghdr){
		.msg_name = &elsewhere, .msg_namelen = sizeof(elsewhere), .msg_iov = &piece, .msg_iovlen = 1
	};
	second->msg_hdr = (struct msghdr){ .msg_name = to, .msg_namelen = len, .msg_iov = &piece, .msg_iovlen = 1 };
	mprotect(second, 4096, PROT_READ);
	return both ? sendmmsg(fd, first, 2, 0) : sendmmsg(fd, second, 1, 0);
}

static int send_two(int fd, int flags, struct sockaddr_storage *to, socklen_t len)
{
	struct sockaddr_in elsewhere = v4("127.0.0.1", ((struct sockaddr_in *)to)->sin_port);
	struct iovec other = { (void *)text, 4 }, piece = { (void *)text, sizeof(text) };
	struct msghdr first = {
		.msg_name = &elsewhere, .msg_namelen = sizeof(elsewhere), .msg_iov = &other, .msg_iovlen = 1
	};
	struct msghdr second = { .msg_name = to, .msg_namelen = len, .msg_iov = &piece, .msg_iovlen = 1 };
	struct mmsghdr m[2] = { { .msg_hdr = first }, { .msg_hdr = second } };

	return sendmmsg(fd, m, 2, flags);
}

static int send_it(char **argv)
{
	int stream, domain, later, flags, at, fd;
	struct sockaddr_storage to;
	char got[64] = "";
	in_port_t port;
	socklen_t len;

	stream = strstr(argv[1], "stream") != NULL;
	domain = strchr(argv[1], '6') ? AF_INET6 : AF_INET;
	later = is(argv[3], "later");
	flags = (stream ? MSG_FASTOPEN : 0) | (later ? MSG_ZEROCOPY : 0);
	at = receiver(stream ? SOCK_STREAM : SOCK_DGRAM, &port);
	fd = socket(domain, stream ? SOCK_STREAM : SOCK_DGRAM, 0);
	if (fd < 0)
		failed("socket");
	if (later && setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &later, sizeof(later)))
		failed("setsockopt");
	if (is(argv[1], "own"))
		fd = dup2(fd, OTHERS);
	if (strstr(argv[1], "connected"))
		connect_elsewhere(fd, domain, port);
	len = make_address(argv[3], domain, port, &to);
	if (is(argv[2], "connect")) {
		if (connect(fd, (struct sockaddr *)&to, len) || send(fd, text, sizeof(text) - 1, 0) < 0)
			failed("connect");
	} else if (is(argv[2], "unwritable") || is(argv[2], "second")) {
		printf("%d\n", send_unwritably(fd, is(argv[2], "second"), &to, len));
	} else if (is(argv[2], "both")) {
		printf("%d\n", send_two(fd, flags, &to, len));
	} else if (send_by(argv[2], fd, flags, &to, len) < 0) {
		failed(argv[2]);
	}
	if (stream)
		at = accept(at, NULL, NULL);
	if (at < 0 || recv(at, got, sizeof(got) - 1, 0) <= 0)
		failed("recv");
	printf("arrived: %s\n", got);
	while (recv(at, got, sizeof(got), MSG_DONTWAIT) > 0)
		puts("once more");
	return 0;
}

static void *wait_for_ever(void *unused)
{
	pause();
	return unused;
}

static void *in_thread(void *argv)
{
	if (unshare(CLONE_FILES))
		failed("unshare");
	return send_it(argv) ? argv : NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	void *bad = NULL;

	if (argc != 4)
		return 2;
	if (is(argv[1], "shared-stream") && pthread_create(&thread, NULL, wait_for_ever, NULL))
		return 1;
	if (!is(argv[1], "own"))
		return send_it(argv);
	/* one that has no such address */
	dup2(socket(AF_UNIX, SOCK_DGRAM, 0), OTHERS);
	return pthread_create(&thread, NULL, in_thread, argv) || pthread_join(thread, &bad) || bad;
}
