/* SPDX-License-Identifier: Apache-2.0 */
/* Internet sockets of the loopback: connecting, binding and sending, waiting and not, and every way to fail. */
#include "acts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static struct sockaddr_in at(const char *host, int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	inet_pton(AF_INET, host, &address.sin_addr);
	return address;
}

/* A socket of the loopback, with its port chosen by the kernel. */
static struct sockaddr_in serve(int type, int *ret_fd)
{
	struct sockaddr_in address = at("127.0.0.1", 0);
	socklen_t length = sizeof(address);

	*ret_fd = socket(AF_INET, type, 0);
	if (bind(*ret_fd, (struct sockaddr *)&address, length) || (type == SOCK_STREAM && listen(*ret_fd, 1)))
		say("serve: %s\n", strerrorname_np(errno));
	getsockname(*ret_fd, (struct sockaddr *)&address, &length);
	return address;
}

static struct sockaddr_in nobody(int type)
{
	int fd;
	struct sockaddr_in address = serve(type, &fd);

	close(fd);
	return address;
}

static void streams(void)
{
	int listener, client = socket(AF_INET, SOCK_STREAM, 0), server;
	struct sockaddr_in address = serve(SOCK_STREAM, &listener), own, peer;
	socklen_t length = sizeof(own);
	char text[8] = "";

	TRY(connect(client, (struct sockaddr *)&address, sizeof(address)));
	TRY(connect(client, (struct sockaddr *)&address, sizeof(address)));
	server = (int)TRY(accept4(listener, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK));
	getsockname(client, (struct sockaddr *)&own, &length);
	say("same ports: %d\n", own.sin_port == peer.sin_port);
	TRY(send(client, "text", 4, 0));
	pause_for(10);
	TRY(recv(server, text, 8, 0));
	TRY(recv(server, text, 8, 0));
	TRY(send(client, "!", 1, MSG_OOB));
	TRY(shutdown(client, SHUT_WR));
	TRY(send(client, "x", 1, MSG_NOSIGNAL));
	pause_for(10);
	TRY(recv(server, text, 8, 0));
	close(client);
}

static void refused(void)
{
	struct sockaddr_in address = nobody(SOCK_STREAM), low = at("127.0.0.1", 1);
	int fd = socket(AF_INET, SOCK_STREAM, 0), error;
	struct pollfd polled = { socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), POLLOUT, 0 };
	socklen_t length = sizeof(error);

	TRY(connect(fd, (struct sockaddr *)&address, sizeof(address)));
	TRY(connect(fd, (struct sockaddr *)&low, sizeof(low)));
	TRY(connect(polled.fd, (struct sockaddr *)&address, sizeof(address)));
	TRY(poll(&polled, 1, 1000));
	TRY(getsockopt(polled.fd, SOL_SOCKET, SO_ERROR, &error, &length));
	say("error %d\n", error);
}

static void not_waiting(void)
{
	int listener, error = -1;
	struct sockaddr_in address = serve(SOCK_STREAM, &listener);
	struct pollfd polled = { socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), POLLOUT, 0 };
	socklen_t length = sizeof(error);

	TRY(connect(polled.fd, (struct sockaddr *)&address, sizeof(address)));
	TRY(poll(&polled, 1, 1000));
	TRY(getsockopt(polled.fd, SOL_SOCKET, SO_ERROR, &error, &length));
	say("error %d\n", error);
	TRY(connect(polled.fd, (struct sockaddr *)&address, sizeof(address)));
	TRY(connect(polled.fd, (struct sockaddr *)&address, sizeof(address)));
	TRY(accept(listener, NULL, NULL));
}

/* Whose queue is full answers to nobody. */
static struct sockaddr_in full(int *ret_fd)
{
	struct sockaddr_in address = serve(SOCK_STREAM, ret_fd);

	listen(*ret_fd, 0);
	for (int i = 0; i < 3; i++)
		connect(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), (struct sockaddr *)&address, sizeof(address));
	pause_for(10);
	return address;
}

static void in_time(void)
{
	int listener, fd;
	struct sockaddr_in address = full(&listener);
	struct timeval soon = { 0, 100000 };

	fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon));
	TRY(connect(fd, (struct sockaddr *)&address, sizeof(address)));
	TRY(connect(fd, (struct sockaddr *)&address, sizeof(address)));
}

static volatile sig_atomic_t noted;

static void note(int number)
{
	noted = number;
}

static void interrupted(void)
{
	struct itimerval once = { { 0, 0 }, { 0, 80000 } };
	int listener, fd;
	struct sockaddr_in address = full(&listener);

	fd = socket(AF_INET, SOCK_STREAM, 0);
	handle(SIGALRM, note, 0);
	setitimer(ITIMER_REAL, &once, NULL);
	TRY(connect(fd, (struct sockaddr *)&address, sizeof(address)));
	say("signal %d\n", noted);
}

static void datagrams(void)
{
	int there, here = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in address = serve(SOCK_DGRAM, &there), from, none = { 0 };
	socklen_t length = sizeof(from);
	char text[16] = "";

	TRY(send(here, "x", 1, 0));
	TRY(sendto(here, "one", 3, 0, (struct sockaddr *)&address, sizeof(address)));
	TRY(connect(here, (struct sockaddr *)&address, sizeof(address)));
	TRY(send(here, "two", 3, 0));
	TRY(sendto(here, "three", 5, 0, (struct sockaddr *)&address, sizeof(address)));
	TRY(recvfrom(there, text, 16, MSG_PEEK | MSG_TRUNC, (struct sockaddr *)&from, &length));
	TRY(recvfrom(there, text, 2, MSG_TRUNC, (struct sockaddr *)&from, &length));
	TRY(recv(there, text, 16, 0));
	TRY(recv(there, text, 16, 0));
	TRY(recv(there, text, 16, MSG_DONTWAIT));
	TRY(connect(here, (struct sockaddr *)&none, sizeof(none)));
	TRY(send(here, "x", 1, 0));
	say("%s\n", text);
}

static void nowhere(void)
{
	struct sockaddr_in address = nobody(SOCK_DGRAM), away = at("255.255.255.255", 9), any = at("0.0.0.0", 9);
	static char big[70000];
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	TRY(sendto(fd, "x", 1, 0, (struct sockaddr *)&away, sizeof(away)));
	TRY(sendto(fd, big, sizeof(big), 0, (struct sockaddr *)&address, sizeof(address)));
	TRY(sendto(fd, "x", 1, 0, (struct sockaddr *)&address, 7));
	TRY(sendto(fd, "x", 1, 0, (struct sockaddr *)8, sizeof(address)));
	TRY(sendto(fd, (void *)8, 1, 0, (struct sockaddr *)&address, sizeof(address)));
	TRY(connect(fd, (struct sockaddr *)&address, sizeof(address)));
	TRY(send(fd, "x", 1, 0));
	pause_for(20);
	TRY(send(fd, "x", 1, 0));
	TRY(send(fd, "x", 1, 0));
	any.sin_port = 0;
	TRY(sendto(fd, "x", 1, 0, (struct sockaddr *)&any, sizeof(any)));
}

static void many_messages(void)
{
	int there, here = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in address = serve(SOCK_DGRAM, &there);
	char texts[4][8] = { "one", "two", "three", "four" };
	struct iovec parts[4];
	struct mmsghdr messages[4] = { 0 };

	for (int i = 0; i < 4; i++) {
		parts[i] = (struct iovec){ texts[i], strlen(texts[i]) };
		messages[i].msg_hdr = (struct msghdr){ &address, sizeof(address), &parts[i], 1, NULL, 0, 0 };
	}
	TRY(sendmmsg(here, messages, 4, 0));
	say("lengths %u %u %u %u\n", messages[0].msg_len, messages[1].msg_len, messages[2].msg_len,
	    messages[3].msg_len);
	messages[2].msg_hdr.msg_namelen = 3;
	TRY(sendmmsg(here, messages, 4, 0));
	messages[0].msg_hdr.msg_iov = (void *)8;
	TRY(sendmmsg(here, messages, 4, 0));
	TRY(sendmmsg(here, NULL, 0, 0));
	TRY(sendmmsg(here, (void *)8, 2, 0));
	for (int i = 0; i < 4; i++) {
		messages[i].msg_hdr = (struct msghdr){ NULL, 0, &parts[i], 1, NULL, 0, 0 };
		parts[i].iov_len = 8;
	}
	TRY(recvmmsg(there, messages, 4, MSG_DONTWAIT, NULL));
	TRY(recvmmsg(there, messages, 4, MSG_DONTWAIT, NULL));
	TRY(recvmmsg(there, messages, 4, MSG_DONTWAIT, NULL));
}

static void binding(void)
{
	int one, fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
	struct sockaddr_in taken = serve(SOCK_STREAM, &one), address = at("192.0.2.1", 0), low = at("127.0.0.1", 80);

	TRY(bind(fd, (struct sockaddr *)&taken, sizeof(taken)));
	TRY(bind(fd, (struct sockaddr *)&address, sizeof(address)));
	TRY(bind(fd, (struct sockaddr *)&taken, 7));
	taken.sin_family = 77;
	TRY(bind(fd, (struct sockaddr *)&taken, sizeof(taken)));
	TRY(bind(fd, (struct sockaddr *)8, sizeof(taken)));
	if (in_child()) {
		as_nobody();
		TRY(bind(fd, (struct sockaddr *)&low, sizeof(low)));
		_exit(0);
	}
	low.sin_port = 0;
	TRY(bind(fd, (struct sockaddr *)&low, sizeof(low)));
	TRY(bind(fd, (struct sockaddr *)&low, sizeof(low)));
	TRY(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)));
	TRY(listen(fd, 5));
	TRY(connect(fd, (struct sockaddr *)&low, sizeof(low)));
}

static void newer_internet(void)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT }, from;
	socklen_t length = sizeof(address);
	int there = socket(AF_INET6, SOCK_DGRAM, 0), here = socket(AF_INET6, SOCK_DGRAM, 0), on = 1;
	char text[8] = "";

	TRY(setsockopt(there, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)));
	if (TRY(bind(there, (struct sockaddr *)&address, sizeof(address))))
		return;
	getsockname(there, (struct sockaddr *)&address, &length);
	TRY(sendto(here, "six", 3, 0, (struct sockaddr *)&address, sizeof(address)));
	TRY(recvfrom(there, text, 8, 0, (struct sockaddr *)&from, &length));
	say("%s, from the loopback: %d\n", text, IN6_IS_ADDR_LOOPBACK(&from.sin6_addr));
	TRY(connect(here, (struct sockaddr *)&address, 20));
	inet_pton(AF_INET6, "::ffff:127.0.0.1", &address.sin6_addr);
	TRY(sendto(here, "four", 4, 0, (struct sockaddr *)&address, sizeof(address)));
	TRY(sendto(there, "four", 4, 0, (struct sockaddr *)&address, sizeof(address)));
	inet_pton(AF_INET6, "2001:db8::1", &address.sin6_addr);
	TRY(bind(there, (struct sockaddr *)&address, sizeof(address)));
}

static void families(void)
{
	struct sockaddr_in4_in6 {
		struct sockaddr_in four;
	} mixed = { at("127.0.0.1", 9) };
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	int tcp = socket(AF_INET, SOCK_STREAM, 0), six = socket(AF_INET6, SOCK_STREAM, 0), there;
	struct sockaddr_in address = serve(SOCK_STREAM, &there);

	TRY(connect(six, (struct sockaddr *)&mixed.four, sizeof(mixed.four)));
	TRY(connect(tcp, &none, sizeof(none)));
	TRY(connect(tcp, &none, 1));
	TRY(connect(tcp, (struct sockaddr *)&address, 0));
	TRY(connect(tcp, (struct sockaddr *)&address, 200));
	TRY(connect(tcp, (struct sockaddr *)&address, sizeof(address)));
	TRY(connect(tcp, &none, sizeof(none)));
	TRY(connect(tcp, (struct sockaddr *)&address, sizeof(address)));
	TRY(setsockopt(tcp, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, 2));
	TRY(connect(0, (struct sockaddr *)&address, sizeof(address)));
}

static void timeouts(void)
{
	struct timeval soon = { 0, 30000 };
	int listener;
	char byte;

	serve(SOCK_STREAM, &listener);
	TRY(setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)));
	TRY(accept(listener, NULL, NULL));
	serve(SOCK_DGRAM, &listener);
	TRY(setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)));
	TRY(recv(listener, &byte, 1, 0));
}

/* Copies that somebody keeps would keep a port, or a connection, open. */
static void closed_at_once(void)
{
	int busy = 0, ends = 0;

	for (int i = 0; i < 60; i++) {
		int listener, client = socket(AF_INET, SOCK_STREAM, 0), server;
		struct sockaddr_in address = serve(SOCK_STREAM, &listener);
		char byte;

		connect(client, (struct sockaddr *)&address, sizeof(address));
		server = accept(listener, NULL, NULL);
		close(client);
		ends += recv(server, &byte, 1, 0) == 0;
		close(server);
		close(listener);
		listener = socket(AF_INET, SOCK_STREAM, 0);
		setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
		busy += bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0;
		close(listener);
	}
	say("busy %d, ends %d\n", busy, ends);
}

const struct act acts_addresses[] = {
	{ "net-streams", streams },
	{ "net-refused", refused },
	{ "net-not-waiting", not_waiting },
	{ "net-in-time", in_time },
	{ "net-interrupted", interrupted },
	{ "net-datagrams", datagrams },
	{ "net-nowhere", nowhere },
	{ "net-many-messages", many_messages },
	{ "net-binding", binding },
	{ "net-six", newer_internet },
	{ "net-families", families },
	{ "net-timeouts", timeouts },
	{ "net-closed-at-once", closed_at_once },
	{ 0 },
};
