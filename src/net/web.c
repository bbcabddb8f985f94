/* SPDX-License-Identifier: Apache-2.0 */
#include "net/web.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"

bool web_is_loopback(const char *address)
{
	struct in6_addr six;
	struct in_addr four;

	if (strcmp(address, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, address, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, address, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

#ifdef HAVE_MICROHTTPD

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <microhttpd.h>
#include <pthread.h>

#include "net/microhttpd.h"

struct web {
	struct web_options options;
	struct MHD_Daemon *daemon;
	char *token, *pem, *client_ca;
	pthread_mutex_t lock;
	struct web_refusals refusals; /* below lock */
};

/* ---- requests ------------------------------------------------------------------------------------------ */

/* Takes as long for a wrong token as for a right one. */
static bool same_secret(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	unsigned char difference = la != lb;

	for (size_t i = 0; i < la; i++)
		difference |= (unsigned char)(a[i] ^ b[lb ? i % lb : 0]);
	return !difference;
}

/*
 * The library asks for a certificate, but a client without one, or with a bad one, is connected, too: the
 * open pages are for it.
 */
static bool has_certificate(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	gnutls_typed_vdata_st purpose = { .type = GNUTLS_DT_KEY_PURPOSE_OID,
					  .data = (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT };
	unsigned int status = 0, n = 0;

	if (!info || !info->tls_session)
		return false;
	return gnutls_certificate_get_peers(info->tls_session, &n) && n &&
	       gnutls_certificate_verify_peers(info->tls_session, &purpose, 1, &status) == 0 && status == 0;
}

static bool is_allowed(struct web *w, const struct web_page *page, struct MHD_Connection *connection)
{
	const char *given;

	if (page->open || (!w->token && !w->client_ca && !w->options.refuse))
		return true;
	if (w->client_ca && has_certificate(connection))
		return true;
	given = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization");
	return w->token && given && strncmp(given, "Bearer ", 7) == 0 && same_secret(given + 7, w->token);
}

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned int status, const char *type, struct str body)
{
	struct MHD_Response *r =
		MHD_create_response_from_buffer(body.len, (void *)(uintptr_t)body.ptr, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result done;

	if (!r)
		return MHD_NO;
	MHD_add_response_header(r, "Content-Type", type);
	MHD_add_response_header(r, "Cache-Control", "no-store");
	if (status == MHD_HTTP_UNAUTHORIZED)
		MHD_add_response_header(r, "WWW-Authenticate", "Bearer");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(r, "Allow", "GET, HEAD");
	done = MHD_queue_response(connection, status, r);
	MHD_destroy_response(r);
	return done;
}

static void note_refusal(struct web *w, struct MHD_Connection *connection, unsigned int status)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *from = info ? info->client_addr : NULL;
	char text[sizeof(w->refusals.from)] = "?";

	if (from && from->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)from)->sin_addr, text, sizeof(text));
	else if (from && from->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr, text, sizeof(text));
	pthread_mutex_lock(&w->lock);
	w->refusals.requests++;
	w->refusals.status = status;
	memcpy(w->refusals.from, text, sizeof(text));
	pthread_mutex_unlock(&w->lock);
}

static enum MHD_Result refuse(struct web *w, struct MHD_Connection *connection, unsigned int status, struct str why)
{
	note_refusal(w, connection, status);
	return answer(connection, status, "text/plain", why);
}

static enum MHD_Result request(void *web, struct MHD_Connection *connection, const char *url, const char *method,
			       const char *version, const char *upload, size_t *upload_size, void **state)
{
	struct web *w = web;
	auto_strbuf struct strbuf body = { 0 };
	const struct web_page *page = NULL;

	(void)version;
	(void)upload;
	(void)state;
	if (*upload_size || (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)) {
		*upload_size = 0;
		return refuse(w, connection, MHD_HTTP_METHOD_NOT_ALLOWED, STR("only GET\n"));
	}
	for (size_t i = 0; i < w->options.npages && !page; i++)
		if (strcmp(url, w->options.pages[i].path) == 0)
			page = &w->options.pages[i];
	if (!page)
		return refuse(w, connection, MHD_HTTP_NOT_FOUND, STR("no such page\n"));
	if (!is_allowed(w, page, connection))
		return w->options.refuse ? refuse(w, connection, MHD_HTTP_FORBIDDEN, str_of(w->options.refuse)) :
					   refuse(w, connection, MHD_HTTP_UNAUTHORIZED,
						  STR("a token or a certificate is needed\n"));
	if (page->missing)
		return refuse(w, connection, MHD_HTTP_NOT_FOUND, str_of(page->missing));
	page->write(w->options.context, &body);
	if (body.failed)
		return MHD_NO;
	return answer(connection, MHD_HTTP_OK, page->content_type, strbuf_str(&body));
}

/* ---- start and end ------------------------------------------------------------------------------------- */

union endpoint {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
};

static int read_address(const struct web_options *o, union endpoint *ret_at, struct error *err)
{
	const char *text = strcmp(o->address, "localhost") == 0 ? "127.0.0.1" : o->address;

	*ret_at = (union endpoint){ 0 };
	if (o->port > UINT16_MAX)
		return error_set(err, -EINVAL, "web server: %u is no port", o->port);
	if (inet_pton(AF_INET, text, &ret_at->four.sin_addr) == 1) {
		ret_at->four.sin_family = AF_INET;
		ret_at->four.sin_port = htons((uint16_t)o->port);
		return 0;
	}
	if (inet_pton(AF_INET6, text, &ret_at->six.sin6_addr) == 1) {
		ret_at->six.sin6_family = AF_INET6;
		ret_at->six.sin6_port = htons((uint16_t)o->port);
		return 0;
	}
	return error_set(err, -EINVAL, "web server: '%s' is no address", o->address);
}

/* The library would write what clients do wrong to standard error, which is not ours to fill; a count is enough. */
static void count_broken(void *web, const char *format, va_list values) __attribute__((format(printf, 2, 0)));
static void count_broken(void *web, const char *format, va_list values)
{
	struct web *w = web;

	(void)format;
	(void)values;
	pthread_mutex_lock(&w->lock);
	w->refusals.broken++;
	pthread_mutex_unlock(&w->lock);
}

static void count_late(void *web, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
	struct web *w = web;

	(void)connection;
	(void)state;
	if (code != MHD_REQUEST_TERMINATED_TIMEOUT_REACHED && code != MHD_REQUEST_TERMINATED_WITH_ERROR)
		return;
	pthread_mutex_lock(&w->lock);
	w->refusals.broken++;
	pthread_mutex_unlock(&w->lock);
}

static int start(struct web *w, struct error *err)
{
	unsigned int flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO | MHD_USE_ERROR_LOG;
	long threads = w->options.threads ? (long)w->options.threads : sysconf(_SC_NPROCESSORS_ONLN);
	struct MHD_OptionItem rest[4];
	size_t nrest = 0;
	union endpoint at;
	int r = read_address(&w->options, &at, err);

	if (r < 0)
		return r;
	if (at.any.sa_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	if (w->pem)
		flags |= MHD_USE_TLS;
	if (w->client_ca)
		rest[nrest++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_TRUST, 0, w->client_ca };
	if (w->pem) {
		rest[nrest++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_KEY, 0, w->pem };
		rest[nrest++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_CERT, 0, w->pem };
	}
	rest[nrest] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
	threads = threads < 1 ? 1 : threads > WEB_THREADS ? WEB_THREADS : threads;
	errno = 0;
	w->daemon = MHD_start_daemon(
		flags, 0, NULL, NULL, request, w, MHD_OPTION_EXTERNAL_LOGGER, count_broken, w,
		MHD_OPTION_NOTIFY_COMPLETED, count_late, w, MHD_OPTION_SOCK_ADDR, &at.any, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned int)WEB_CONNECTIONS, MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned int)WEB_CONNECTIONS_PER_IP,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)WEB_TIMEOUT_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)WEB_CONNECTION_BYTES, MHD_OPTION_THREAD_POOL_SIZE, threads > 1 ? (unsigned int)threads : 0u,
		MHD_OPTION_ARRAY, rest, MHD_OPTION_END);
	if (!w->daemon)
		return errno ? error_errno(err, -errno, "web server: cannot listen at %s port %u", w->options.address,
					   w->options.port) :
			       error_set(err, -EINVAL, "web server: cannot start%s",
					 w->pem ? ": is the certificate good?" : "");
	return 0;
}

static int read_pem(const char *path, const char *what, char **ret_text, struct error *err)
{
	size_t len;
	int r = file_read_all(path, WEB_PEM_BYTES, ret_text, &len, err);

	return r < 0 ? error_prefix(err, r, "web server: the %s", what) : 0;
}

int web_new(const struct web_options *options, struct web **ret_web, struct error *err)
{
	auto_web struct web *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return error_set(err, -ENOMEM, "out of memory");
	w->options = *options;
	pthread_mutex_init(&w->lock, NULL);
	if (options->client_ca && !options->certificate)
		return error_set(err, -EINVAL, "web server: certificates of clients need TLS");
	if (options->token) {
		w->token = str_dup(str_of(options->token));
		if (!w->token)
			return error_set(err, -ENOMEM, "out of memory");
	}
	r = microhttpd_load(err);
	if (r == 0 && options->certificate)
		r = read_pem(options->certificate, "certificate", &w->pem, err);
	if (r == 0 && options->client_ca)
		r = read_pem(options->client_ca, "authority of its clients", &w->client_ca, err);
	if (r == 0)
		r = start(w, err);
	if (r < 0)
		return r;
	*ret_web = take_ptr(w);
	return 0;
}

unsigned int web_port(const struct web *w)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(w->daemon, MHD_DAEMON_INFO_BIND_PORT);

	return info ? info->port : 0;
}

void web_refusals(struct web *w, struct web_refusals *ret_refusals)
{
	pthread_mutex_lock(&w->lock);
	*ret_refusals = w->refusals;
	pthread_mutex_unlock(&w->lock);
}

void web_free(struct web *w)
{
	if (!w)
		return;
	if (w->daemon)
		MHD_stop_daemon(w->daemon);
	pthread_mutex_destroy(&w->lock);
	free(w->token);
	free(w->client_ca);
	free(w->pem);
	free(w);
}

#else

struct web {
	int unused;
};

int web_new(const struct web_options *options, struct web **ret_web, struct error *err)
{
	(void)options;
	(void)ret_web;
	return error_set(err, -ENOTSUP, "this build has no web server (configured --without-microhttpd)");
}

unsigned int web_port(const struct web *w)
{
	(void)w;
	return 0;
}

void web_refusals(struct web *w, struct web_refusals *ret_refusals)
{
	(void)w;
	*ret_refusals = (struct web_refusals){ 0 };
}

void web_free(struct web *w)
{
	free(w);
}

#endif
