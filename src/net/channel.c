/* SPDX-License-Identifier: Apache-2.0 */
#include "net/channel.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "net/tls.h"

void channel_plain(struct channel *c, int fd)
{
	*c = (struct channel){ .fd = fd, .waits = POLLIN };
}

int channel_accept_tls(struct channel *c, int fd, struct tls_server *server, struct error *err)
{
	int r;

	channel_plain(c, fd);
	r = tls_accept(c, server, err);
	if (r < 0)
		c->fd = -1;
	return r;
}

int channel_handshake(struct channel *c, struct error *err)
{
	return c->ssl ? tls_handshake(c, err) : 0;
}

static ssize_t socket_result(struct channel *c, ssize_t n, short waits, struct error *err)
{
	if (n >= 0)
		return n;
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
		c->waits = waits;
		return -EAGAIN;
	}
	return error_errno(err, -errno, "connection lost");
}

ssize_t channel_read(struct channel *c, void *bytes, size_t len, struct error *err)
{
	if (c->ssl)
		return tls_read(c, bytes, len, err);
	return socket_result(c, recv(c->fd, bytes, len, 0), POLLIN, err);
}

ssize_t channel_write(struct channel *c, const void *bytes, size_t len, struct error *err)
{
	if (c->ssl)
		return tls_write(c, bytes, len, err);
	return socket_result(c, send(c->fd, bytes, len, MSG_NOSIGNAL), POLLOUT, err);
}

void channel_close(struct channel *c)
{
	if (c->ssl)
		tls_close(c);
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}
