/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_SOCKET_H
#define MONITOR_TRACER_SOCKET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/limits.h"

/* A message's header as it lies in a program's memory. The C library's own may have narrower members (musl). */
struct native_message {
	uint64_t name;
	uint32_t name_len;
	uint64_t pieces, count; /* struct iovec */
	uint64_t control, control_len;
	uint32_t flags;
};

/* An entry of what sendmmsg() and recvmmsg() are given. */
struct native_messages {
	struct native_message message;
	uint32_t len;
};

/* What a socket says of itself. */
struct socket_info {
	int domain, type, protocol;
	struct sockaddr_storage local, remote;
	socklen_t local_len, remote_len; /* 0 = none; a stream has a remote end also before that has answered */
};

/*
 * The socket of a connect(), a bind() or a sendto() and its like that we hold a copy of: what is put over its
 * number meanwhile does not matter. With the address that was read once: the one that was used when we made
 * the call, else the one that was there at the entry.
 */
struct reader;
struct held_socket {
	int fd;
	struct reader *reader; /* for letting it go */
	struct sockaddr_storage address;
	socklen_t address_len;
	bool sends; /* what was sent to it, as far as it is of interest */
	char sent[EVENT_SNAPLEN];
	size_t sent_len, size; /* bytes of it; of the whole message */
	bool went; /* and the call fails nevertheless: its length cannot be written */
};

/* Of a task's socket, without an address. NULL: there is nothing to hold. Ends with socket_release(). */
struct held_socket *socket_hold(pid_t tid, int fd, struct reader *reader, int *ret_domain, int *ret_type);
void socket_release(struct held_socket *s); /* accepts NULL */
/*
 * What the socket behind our own descriptor says, which a thread has: its addresses are those that the kernel's tables
 * have where another holds its lock. -EAGAIN: nor do these; the rest is known. The reader is as memory's (decode.h).
 */
int socket_look(int fd, pid_t tid, struct reader *reader, struct socket_info *s);
/*
 * What the kernel's tables say of the socket with this inode, those of the thread's network namespace; s says what kind
 * it is, where that is known (else domain 0). -ENOENT: they do not have it.
 */
int socket_look_up(pid_t tid, uint64_t inode, struct socket_info *s);

/*
 * The kind of a task's socket where it may not be copied, as far as the kernel names it; without addresses. The
 * reader is as memory's.
 */
int socket_kind(pid_t tid, int fd, struct reader *reader, struct socket_info *s);

/* As descriptor_copy(), of sockets alone, else -ENOTSOCK. Ends with descriptor_drop(). */
int socket_copy(pid_t tid, int fd, struct reader *reader);
/* Takes a copy of a task's descriptor and looks at it. -EPERM where the profile forbids pidfd_getfd. */
int socket_ask(pid_t tid, int fd, struct reader *reader, struct socket_info *s);

#endif
