/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_SOCKET_H
#define MONITOR_TRACER_SOCKET_H

#include <sys/socket.h>
#include <sys/types.h>

/* What a socket says of itself. */
struct socket_info {
	int domain, type, protocol;
	struct sockaddr_storage local, remote;
	socklen_t local_len, remote_len; /* 0 = none */
};

/* A copy of a task's descriptor, of any kind; it names the same open file. -EPERM where the profile forbids pidfd_getfd. */
int socket_copy(pid_t tid, int fd);
/* Takes a copy of a task's descriptor and asks it. -EPERM where the profile forbids pidfd_getfd. */
int socket_ask(pid_t tid, int fd, struct socket_info *s);

#endif
