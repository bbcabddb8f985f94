/* SPDX-License-Identifier: Apache-2.0 */
#include "net/web.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdatomic.h>
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

#include <microhttpd.h>

struct web {
	struct web_options options;
	struct MHD_Daemon *daemon;
	char *token, *pem;
	_Atomic uint64_t refused;
};

/* ---- requests --------------------------------------------------------------------------------------------------------------- */

/* Takes as long for a wrong token as for a right one. */
static bool same_secret(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	unsigned char difference = la != lb;

	for (size_t i = 0; i < la; i++)
		difference |= (unsigned char)(a[i] ^ b[lb ? i % lb : 0]);
	return !difference;
}

static bool is_allowed(struct web *w, const struct web_page *page, struct MHD_Connection *connection)
{
	const char *given;

	if (page->open || (!w->token && !w->options.refuse))
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

static enum MHD_Result refuse(struct web *w, struct MHD_Connection *connection, unsigned int status, struct str why)
{
	atomic_fetch_add(&w->refused, 1);
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
		return refuse(w, connection, MHD_HTTP_UNAUTHORIZED, STR("a token is needed\n"));
	page->write(w->options.context, &body);
	if (body.failed)
		return MHD_NO;
	return answer(connection, MHD_HTTP_OK, page->content_type, strbuf_str(&body));
}

/* ---- start and end ---------------------------------------------------------------------------------------------------------- */

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

/* The library writes what clients do wrong to standard error, which is not ours to fill. */
static void be_silent(void *context, const char *format, va_list values) __attribute__((format(printf, 2, 0)));
static void be_silent(void *context, const char *format, va_list values)
{
	(void)context;
	(void)format;
	(void)values;
}

static int start(struct web *w, struct error *err)
{
	unsigned int flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO | MHD_USE_ERROR_LOG;
	long threads = w->options.threads ? (long)w->options.threads : sysconf(_SC_NPROCESSORS_ONLN);
	union endpoint at;
	int r = read_address(&w->options, &at, err);

	if (r < 0)
		return r;
	if (at.any.sa_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	if (w->pem)
		flags |= MHD_USE_TLS;
	threads = threads < 1 ? 1 : threads > WEB_THREADS ? WEB_THREADS : threads;
	errno = 0;
	w->daemon = MHD_start_daemon(
		flags, 0, NULL, NULL, request, w, MHD_OPTION_EXTERNAL_LOGGER, be_silent, NULL, MHD_OPTION_SOCK_ADDR, &at.any,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned int)WEB_CONNECTIONS, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
		(unsigned int)WEB_CONNECTIONS_PER_IP, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)WEB_TIMEOUT_SECONDS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)WEB_CONNECTION_BYTES, MHD_OPTION_THREAD_POOL_SIZE,
		threads > 1 ? (unsigned int)threads : 0u, w->pem ? MHD_OPTION_HTTPS_MEM_KEY : MHD_OPTION_END, w->pem,
		MHD_OPTION_HTTPS_MEM_CERT, w->pem, MHD_OPTION_END);
	if (!w->daemon)
		return errno ? error_errno(err, -errno, "web server: cannot listen at %s port %u", w->options.address, w->options.port) :
			       error_set(err, -EINVAL, "web server: cannot start%s", w->pem ? ": is the certificate good?" : "");
	return 0;
}

int web_new(const struct web_options *options, struct web **ret_web, struct error *err)
{
	auto_web struct web *w = calloc(1, sizeof(*w));
	size_t len;
	int r = 0;

	if (!w)
		return error_set(err, -ENOMEM, "out of memory");
	w->options = *options;
	if (options->token) {
		w->token = str_dup(str_of(options->token));
		if (!w->token)
			return error_set(err, -ENOMEM, "out of memory");
	}
	if (options->certificate)
		r = file_read_all(options->certificate, WEB_PEM_BYTES, &w->pem, &len, err);
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

uint64_t web_refused(struct web *w)
{
	return atomic_load(&w->refused);
}

void web_free(struct web *w)
{
	if (!w)
		return;
	if (w->daemon)
		MHD_stop_daemon(w->daemon);
	free(w->token);
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

uint64_t web_refused(struct web *w)
{
	(void)w;
	return 0;
}

void web_free(struct web *w)
{
	free(w);
}

#endif
