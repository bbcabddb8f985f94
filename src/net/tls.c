/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_OPENSSL

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "net/openssl.h"

struct tls_server {
	SSL_CTX *context;
	unsigned char alpn[32]; /* length byte and name, as in the handshake */
	unsigned int alpn_len;
};

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *offered,
			   unsigned int offered_len, void *server)
{
	struct tls_server *s = server;

	(void)ssl;
	if (SSL_select_next_proto((unsigned char **)(uintptr_t)out, out_len, s->alpn, s->alpn_len, offered,
				  offered_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	return SSL_TLSEXT_ERR_OK;
}

static int use_files(SSL_CTX *context, const char *cert, const char *key, const char *ca, struct error *err)
{
	if (SSL_CTX_use_certificate_chain_file(context, cert) != 1)
		return openssl_fault(err, -EINVAL, cert);
	if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1 || SSL_CTX_check_private_key(context) != 1)
		return openssl_fault(err, -EINVAL, key);
	if (!ca)
		return 0;
	if (SSL_CTX_load_verify_file(context, ca) != 1)
		return openssl_fault(err, -EINVAL, ca);
	SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(ca));
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return 0;
}

int tls_server_new(const char *cert, const char *key, const char *ca, const char *alpn, struct tls_server **ret_server,
		   struct error *err)
{
	auto_tls_server struct tls_server *s = NULL;
	int r = openssl_load(err);

	if (r < 0)
		return r;
	s = calloc(1, sizeof(*s));
	if (s)
		s->context = SSL_CTX_new(TLS_server_method());
	if (!s || !s->context)
		return error_set(err, -ENOMEM, "out of memory");
	SSL_CTX_set_min_proto_version(s->context, TLS1_2_VERSION);
	SSL_CTX_set_mode(s->context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_options(s->context, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_session_cache_mode(s->context, SSL_SESS_CACHE_OFF);
	/* a resumed session would skip the look at the client's certificate */
	SSL_CTX_set_num_tickets(s->context, 0);
	if (alpn && strlen(alpn) < sizeof(s->alpn)) {
		s->alpn[0] = (unsigned char)strlen(alpn);
		memcpy(s->alpn + 1, alpn, s->alpn[0]);
		s->alpn_len = s->alpn[0] + 1u;
		SSL_CTX_set_alpn_select_cb(s->context, choose_protocol, s);
	}
	r = use_files(s->context, cert, key, ca, err);
	if (r < 0)
		return r;
	*ret_server = take_ptr(s);
	return 0;
}

void tls_server_free(struct tls_server *s)
{
	if (s)
		SSL_CTX_free(s->context);
	free(s);
}

int tls_accept(struct channel *c, struct tls_server *server, struct error *err)
{
	c->ssl = SSL_new(server->context);
	if (!c->ssl || SSL_set_fd(c->ssl, c->fd) != 1) {
		SSL_free(c->ssl);
		c->ssl = NULL;
		return error_set(err, -ENOMEM, "out of memory");
	}
	SSL_set_accept_state(c->ssl);
	return 0;
}

/* What a result that is not success means. */
static ssize_t tls_result(struct channel *c, int result, const char *what, struct error *err)
{
	switch (SSL_get_error(c->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		c->waits = POLLIN;
		return -EAGAIN;
	case SSL_ERROR_WANT_WRITE:
		c->waits = POLLOUT;
		return -EAGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_SYSCALL:
		return error_set(err, -EPROTO, "%s: connection lost", what);
	default:
		return openssl_fault(err, -EPROTO, what);
	}
}

int tls_handshake(struct channel *c, struct error *err)
{
	int r = SSL_do_handshake(c->ssl);
	ssize_t n;

	if (r == 1)
		return 0;
	n = tls_result(c, r, "TLS handshake", err);
	return n == 0 ? error_set(err, -EPROTO, "TLS handshake: connection closed") : (int)n;
}

ssize_t tls_read(struct channel *c, void *bytes, size_t len, struct error *err)
{
	int n = SSL_read(c->ssl, bytes, len < INT_MAX ? (int)len : INT_MAX);

	return n > 0 ? n : tls_result(c, n, "TLS read", err);
}

ssize_t tls_write(struct channel *c, const void *bytes, size_t len, struct error *err)
{
	int n = SSL_write(c->ssl, bytes, len < INT_MAX ? (int)len : INT_MAX);

	return n > 0 ? n : tls_result(c, n, "TLS write", err);
}

void tls_close(struct channel *c)
{
	SSL_shutdown(c->ssl); /* one way: nobody waits for the answer */
	ERR_clear_error();
	SSL_free(c->ssl);
	c->ssl = NULL;
}

#else /* without OpenSSL no channel ever has TLS */

#include <errno.h>

struct tls_server {
	int unused;
};

static int lacking(struct error *err)
{
	return error_set(err, -ENOTSUP, "this build has no TLS (configured --without-openssl)");
}

int tls_server_new(const char *cert, const char *key, const char *ca, const char *alpn, struct tls_server **ret_server,
		   struct error *err)
{
	(void)cert;
	(void)key;
	(void)ca;
	(void)alpn;
	(void)ret_server;
	return lacking(err);
}

void tls_server_free(struct tls_server *s)
{
	(void)s;
}

int tls_accept(struct channel *c, struct tls_server *server, struct error *err)
{
	(void)c;
	(void)server;
	return lacking(err);
}

int tls_handshake(struct channel *c, struct error *err)
{
	(void)c;
	return lacking(err);
}

ssize_t tls_read(struct channel *c, void *bytes, size_t len, struct error *err)
{
	(void)c;
	(void)bytes;
	(void)len;
	return lacking(err);
}

ssize_t tls_write(struct channel *c, const void *bytes, size_t len, struct error *err)
{
	(void)c;
	(void)bytes;
	(void)len;
	return lacking(err);
}

void tls_close(struct channel *c)
{
	(void)c;
}

#endif
