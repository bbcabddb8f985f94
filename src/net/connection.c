/* SPDX-License-Identifier: Apache-2.0 */
#include "net/connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "net/address.h"

#ifdef HAVE_OPENSSL
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "net/openssl.h"
#endif

struct connection {
	int fd;
	struct ssl_st *ssl;
	struct ssl_ctx_st *context;
};

#define HOST_BYTES 256

/* ---- the socket ---------------------------------------------------------------------------------------- */

static int finish_connect(int fd, int timeout_ms)
{
	struct pollfd p = { fd, POLLOUT, 0 };
	socklen_t len = sizeof(int);
	int error = 0, r;

	do
		r = poll(&p, 1, timeout_ms);
	while (r < 0 && errno == EINTR);
	if (r <= 0)
		return r < 0 ? -errno : -ETIMEDOUT;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return -errno;
	return -error;
}

/* From now on calls wait, but no longer than this. */
static int set_limits(int fd, unsigned int timeout_ms)
{
	struct timeval limit = { .tv_sec = (time_t)(timeout_ms / 1000),
				 .tv_usec = (suseconds_t)(timeout_ms % 1000) * 1000 };
	int one = 1;

	if (fcntl(fd, F_SETFL, 0) < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0)
		return -errno;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	return 0;
}

static int dial_one(const struct addrinfo *a, unsigned int timeout_ms, int *ret_fd)
{
	auto_fd int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r = 0;

	if (fd < 0)
		return -errno;
	if (connect(fd, a->ai_addr, a->ai_addrlen) < 0)
		r = errno == EINPROGRESS ? finish_connect(fd, (int)timeout_ms) : -errno;
	if (r == 0)
		r = set_limits(fd, timeout_ms);
	if (r == 0)
		*ret_fd = take_fd(fd);
	return r;
}

static int dial(const struct connection_options *o, char host[HOST_BYTES], int *ret_fd, struct error *err)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
	struct addrinfo *found;
	const char *port;
	int r = address_split(o->address, host, HOST_BYTES, &port), n = 0;

	if (r < 0 || !host[0])
		return error_set(err, -EINVAL, "'%s' is no address: host:port", o->address);
	r = getaddrinfo(host, port, &hints, &found);
	if (r != 0)
		return error_set(err, r == EAI_NONAME || r == EAI_SERVICE ? -ENOENT : -EAGAIN, "%s: %s", o->address,
				 gai_strerror(r));
	for (const struct addrinfo *a = found; a; a = a->ai_next) {
		n = dial_one(a, o->timeout_ms, ret_fd);
		if (n == 0)
			break;
	}
	freeaddrinfo(found);
	return n < 0 ? error_errno(err, n, "cannot connect to %s", o->address) : 0;
}

/* ---- TLS ----------------------------------------------------------------------------------------------- */

#ifdef HAVE_OPENSSL

static int use_files(struct ssl_ctx_st *context, const struct connection_options *o, struct error *err)
{
	if (o->ca ? SSL_CTX_load_verify_file(context, o->ca) != 1 : SSL_CTX_set_default_verify_paths(context) != 1)
		return openssl_fault(err, -EINVAL, o->ca ? o->ca : "the system's authorities");
	if (o->cert && SSL_CTX_use_certificate_chain_file(context, o->cert) != 1)
		return openssl_fault(err, -EINVAL, o->cert);
	if (o->key && (SSL_CTX_use_PrivateKey_file(context, o->key, SSL_FILETYPE_PEM) != 1 ||
		       SSL_CTX_check_private_key(context) != 1))
		return openssl_fault(err, -EINVAL, o->key);
	return 0;
}

static int start_tls(struct connection *c, const struct connection_options *o, const char *host, struct error *err)
{
	unsigned char address[sizeof(struct in6_addr)];
	bool numeric = inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
	int r = openssl_load(err);

	if (r < 0)
		return r;
	c->context = SSL_CTX_new(TLS_client_method());
	if (!c->context)
		return error_set(err, -ENOMEM, "out of memory");
	SSL_CTX_set_min_proto_version(c->context, TLS1_2_VERSION);
	SSL_CTX_set_verify(c->context, SSL_VERIFY_PEER, NULL);
	r = use_files(c->context, o, err);
	if (r < 0)
		return r;
	c->ssl = SSL_new(c->context);
	if (!c->ssl || SSL_set_fd(c->ssl, c->fd) != 1)
		return error_set(err, -ENOMEM, "out of memory");
	/* a certificate names addresses apart from hosts */
	if (numeric ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(c->ssl), host) != 1 :
		      SSL_set1_host(c->ssl, host) != 1 || SSL_set_tlsext_host_name(c->ssl, host) != 1)
		return openssl_fault(err, -EINVAL, host);
	if (SSL_connect(c->ssl) != 1) {
		long verdict = SSL_get_verify_result(c->ssl);

		if (verdict != X509_V_OK) {
			ERR_clear_error();
			return error_set(err, -EPROTO, "%s: %s", o->address, X509_verify_cert_error_string(verdict));
		}
		return openssl_fault(err, -EPROTO, o->address);
	}
	return 0;
}

static int write_tls(struct connection *c, const void *bytes, size_t len, struct error *err)
{
	size_t written;

	errno = 0;
	if (SSL_write_ex(c->ssl, bytes, len, &written) == 1)
		return 0;
	if (errno == EAGAIN)
		return error_set(err, -ETIMEDOUT, "the peer does not take it");
	return openssl_fault(err, -EPROTO, "connection lost");
}

static bool alive_tls(struct connection *c)
{
	struct pollfd p = { c->fd, POLLIN, 0 };
	char byte;
	size_t n;

	/* what comes is a goodbye, or a session ticket of TLS 1.3, which is no data */
	while (poll(&p, 1, 0) > 0) {
		fcntl(c->fd, F_SETFL, O_NONBLOCK);
		if (SSL_read_ex(c->ssl, &byte, 1, &n) != 1 && SSL_get_error(c->ssl, 0) != SSL_ERROR_WANT_READ) {
			ERR_clear_error();
			return false;
		}
		fcntl(c->fd, F_SETFL, 0);
	}
	return true;
}

static void end_tls(struct connection *c)
{
	if (!c->context) /* nor the library, perhaps */
		return;
	if (c->ssl)
		SSL_shutdown(c->ssl);
	SSL_free(c->ssl);
	SSL_CTX_free(c->context);
	ERR_clear_error();
}

#else

static int start_tls(struct connection *c, const struct connection_options *o, const char *host, struct error *err)
{
	(void)c;
	(void)o;
	(void)host;
	return error_set(err, -ENOTSUP, "this build has no TLS (configured --without-openssl)");
}

static int write_tls(struct connection *c, const void *bytes, size_t len, struct error *err)
{
	(void)c;
	(void)bytes;
	(void)len;
	return error_set(err, -ENOTSUP, "no TLS");
}

static bool alive_tls(struct connection *c)
{
	(void)c;
	return false;
}

static void end_tls(struct connection *c)
{
	(void)c;
}

#endif

/* ---- both ---------------------------------------------------------------------------------------------- */

int connection_open(const struct connection_options *options, struct connection **ret_connection, struct error *err)
{
	auto_connection struct connection *c = calloc(1, sizeof(*c));
	char host[HOST_BYTES];
	int r;

	if (!c)
		return error_set(err, -ENOMEM, "out of memory");
	c->fd = -1;
	r = dial(options, host, &c->fd, err);
	if (r == 0 && options->tls)
		r = start_tls(c, options, host, err);
	if (r < 0)
		return r;
	*ret_connection = take_ptr(c);
	return 0;
}

int connection_write(struct connection *c, const void *bytes, size_t len, struct error *err)
{
	const char *at = bytes;

	if (c->ssl)
		return write_tls(c, bytes, len, err);
	while (len) {
		ssize_t n = send(c->fd, at, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? error_set(err, -ETIMEDOUT, "the peer does not take it") :
						 error_errno(err, -errno, "connection lost");
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

bool connection_alive(struct connection *c)
{
	char bytes[256];
	ssize_t n;

	if (c->ssl)
		return alive_tls(c);
	do
		n = recv(c->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 && errno == EAGAIN;
}

void connection_close(struct connection *c)
{
	if (!c)
		return;
	end_tls(c);
	if (c->fd >= 0)
		close(c->fd);
	free(c);
}
