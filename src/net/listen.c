/* SPDX-License-Identifier: Apache-2.0 */
#include "net/listen.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "net/address.h"

#define UNIX_SCHEME "unix://"
#define BACKLOG	    64

bool listen_is_unix(const char *address)
{
	return str_starts(str_of(address), STR(UNIX_SCHEME));
}

void listen_remove(const char *address)
{
	if (listen_is_unix(address))
		unlink(address + strlen(UNIX_SCHEME));
}

/* Whether the file is a socket that a server has left behind. */
static bool is_stale(const struct sockaddr_un *at)
{
	auto_fd int fd = -1;
	struct stat st;

	if (lstat(at->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return fd >= 0 && connect(fd, (const struct sockaddr *)at, sizeof(*at)) < 0 && errno == ECONNREFUSED;
}

static int bind_unix(int fd, const struct sockaddr_un *at)
{
	mode_t mask = umask(0177); /* the file must not be open to others even for a moment */
	int r = bind(fd, (const struct sockaddr *)at, sizeof(*at)) < 0 ? -errno : 0;

	umask(mask);
	return r;
}

static int listen_unix(const char *path, int *ret_fd, struct error *err)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	auto_fd int fd = -1;
	int r;

	if (path[0] != '/' || strlen(path) >= sizeof(at.sun_path))
		return error_set(err, -EINVAL, "'%s' is no absolute path of at most %zu bytes for a socket", path,
				 sizeof(at.sun_path) - 1);
	memcpy(at.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_errno(err, -errno, "cannot make a socket");
	r = bind_unix(fd, &at);
	if (r == -EADDRINUSE && is_stale(&at)) {
		unlink(path);
		r = bind_unix(fd, &at);
	}
	if (r < 0)
		return error_errno(err, r, "cannot listen at %s", path);
	if (listen(fd, BACKLOG) < 0)
		return error_errno(err, -errno, "cannot listen at %s", path);
	*ret_fd = take_fd(fd);
	return 0;
}

static int listen_inet(const char *address, int *ret_fd, struct error *err)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_ADDRCONFIG };
	struct addrinfo *found, *a;
	const char *port;
	char host[256];
	int r = address_split(address, host, sizeof(host), &port), last = -EADDRNOTAVAIL;

	if (r < 0)
		return error_set(err, r, "'%s' is no address: host:port or unix:///path", address);
	r = getaddrinfo(host[0] ? host : NULL, port, &hints, &found);
	if (r != 0)
		return error_set(err, -EINVAL, "%s: %s", address, gai_strerror(r));
	for (a = found; a; a = a->ai_next) {
		auto_fd int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		int one = 1;

		if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
		    bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0) {
			*ret_fd = take_fd(fd);
			break;
		}
		last = -errno;
	}
	freeaddrinfo(found);
	return a ? 0 : error_errno(err, last, "cannot listen at %s", address);
}

int listen_now(const char *address, int *ret_fd, struct error *err)
{
	if (listen_is_unix(address))
		return listen_unix(address + strlen(UNIX_SCHEME), ret_fd, err);
	return listen_inet(address, ret_fd, err);
}

int listen_at(const char *address, int *ret_fd, struct error *err)
{
	const struct timespec pause = { .tv_nsec = LISTEN_RETRY_MS * 1000000L };
	int r = listen_now(address, ret_fd, err);

	for (int waited = 0; r == -EADDRINUSE && waited < LISTEN_PATIENCE_MS; waited += LISTEN_RETRY_MS) {
		nanosleep(&pause, NULL);
		*err = (struct error){ 0 };
		r = listen_now(address, ret_fd, err);
	}
	return r;
}
