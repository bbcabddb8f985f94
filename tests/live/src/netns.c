/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netns IP PORT[,PORT...] CMD ARG...: a network namespace whose loopback also has IP (one of the addresses kept for
 * documentation, so that rules about the outside world match), with something that accepts on the ports; then CMD.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static void must(int r, const char *what)
{
	if (r < 0) {
		fprintf(stderr, "netns: %s: %s\n", what, strerror(errno));
		exit(125);
	}
}

static void interface_up(const char *name, const char *ip)
{
	struct ifreq request = { 0 };
	struct sockaddr_in *address = (struct sockaddr_in *)&request.ifr_addr;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	must(fd, "socket");
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	address->sin_family = AF_INET;
	must(inet_pton(AF_INET, ip, &address->sin_addr) == 1 ? 0 : -1, ip);
	must(ioctl(fd, SIOCSIFADDR, &request), "set address");
	must(ioctl(fd, SIOCGIFFLAGS, &request), "get flags");
	request.ifr_flags |= IFF_UP | IFF_RUNNING;
	must(ioctl(fd, SIOCSIFFLAGS, &request), "set flags");
	close(fd);
}

/* Holds every connection until its parent is gone. */
static void serve(struct pollfd *listeners, nfds_t n)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		if (poll(listeners, n, -1) <= 0)
			continue;
		for (nfds_t i = 0; i < n; i++)
			if (listeners[i].revents & POLLIN && accept4(listeners[i].fd, NULL, NULL, SOCK_CLOEXEC) < 0)
				_exit(1);
	}
}

int main(int argc, char **argv)
{
	struct pollfd listeners[16];
	nfds_t n = 0;
	char *ports, *port;

	if (argc < 4)
		return 2;
	must(unshare(geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET), "unshare");
	interface_up("lo", "127.0.0.1");
	interface_up("lo:1", argv[1]);
	ports = argv[2];
	while ((port = strtok_r(ports, ",", &ports)) && n < 16) {
		struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)strtol(port, NULL, 10)) };
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		must(fd, "socket");
		must(bind(fd, (struct sockaddr *)&any, sizeof(any)), "bind");
		must(listen(fd, 64), "listen");
		listeners[n++] = (struct pollfd){ .fd = fd, .events = POLLIN };
	}
	switch (fork()) {
	case -1:
		must(-1, "fork");
		break;
	case 0:
		serve(listeners, n);
		break;
	default:
		break;
	}
	for (nfds_t i = 0; i < n; i++)
		close(listeners[i].fd);
	execvp(argv[3], argv + 3);
	must(-1, argv[3]);
	return 125;
}
