/* SPDX-License-Identifier: Apache-2.0 */
#include "k8saudit_web.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <microhttpd.h>
#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define QUEUE_BODIES 8 /* of the largest size: what waits beyond is the sender's */
#define CONNECTIONS 256
#define IDLE_SECONDS 10 /* slow senders */
#define WAIT_NS 100000000

struct k8saudit_web {
	struct MHD_Daemon *daemon;
	char *path, *pem, *client_ca;
	size_t max_body;
	pthread_mutex_t lock;
	pthread_cond_t filled;
	struct k8saudit_body *first, **end;
	size_t bytes; /* that wait */
};

void k8saudit_body_free(struct k8saudit_body *b)
{
	if (!b)
		return;
	cJSON_Delete(b->root);
	free(b->text);
	free(b);
}

/* ---- the queue ---- */

/* False when it is full. Takes b over otherwise. */
static bool put(struct k8saudit_web *w, struct k8saudit_body *b)
{
	bool fits;

	pthread_mutex_lock(&w->lock);
	fits = w->bytes + b->len <= QUEUE_BODIES * w->max_body;
	if (fits) {
		*w->end = b;
		w->end = &b->next;
		w->bytes += b->len;
		pthread_cond_signal(&w->filled);
	}
	pthread_mutex_unlock(&w->lock);
	return fits;
}

struct k8saudit_body *k8saudit_web_next(struct k8saudit_web *w)
{
	struct k8saudit_body *b;
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += WAIT_NS;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_mutex_lock(&w->lock);
	while (!w->first && pthread_cond_timedwait(&w->filled, &w->lock, &until) == 0)
		;
	b = w->first;
	if (b) {
		w->first = b->next;
		if (!w->first)
			w->end = &w->first;
		w->bytes -= b->len;
	}
	pthread_mutex_unlock(&w->lock);
	return b;
}

/* ---- requests ---- */

static enum MHD_Result answer(struct MHD_Connection *c, int status)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result;

	if (!r)
		return MHD_NO;
	if (status == MHD_HTTP_TOO_MANY_REQUESTS)
		MHD_add_response_header(r, "Retry-After", "1");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(r, "Allow", "POST");
	result = MHD_queue_response(c, (unsigned int)status, r);
	MHD_destroy_response(r);
	return result;
}

static bool grow(struct k8saudit_body *b, size_t more)
{
	size_t room = b->room ? b->room : 4096;
	char *grown;

	while (room < b->len + more)
		room *= 2;
	grown = room == b->room ? b->text : realloc(b->text, room);
	if (!grown)
		return false;
	b->text = grown;
	b->room = room;
	return true;
}

/* What is too much is read and dropped: the sender would not hear an answer before it has sent all. */
static void append(const struct k8saudit_web *w, struct k8saudit_body *b, const char *data, size_t len)
{
	if (b->status)
		return;
	if (b->len + len > w->max_body) {
		b->status = MHD_HTTP_CONTENT_TOO_LARGE;
	} else if (!grow(b, len)) {
		b->status = MHD_HTTP_SERVICE_UNAVAILABLE;
	} else {
		memcpy(b->text + b->len, data, len);
		b->len += len;
		return;
	}
	free(b->text);
	b->text = NULL;
	b->len = b->room = 0;
}

static bool is_json(struct MHD_Connection *c)
{
	const char *type = MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE);

	return type && strncasecmp(type, "application/json", strlen("application/json")) == 0;
}

/* A client without a certificate, or with a bad one, is connected, too, to be told so. */
static bool has_certificate(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	gnutls_typed_vdata_st purpose = { .type = GNUTLS_DT_KEY_PURPOSE_OID,
					  .data = (unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT };
	unsigned int status = 0, n = 0;

	return info && info->tls_session && gnutls_certificate_get_peers(info->tls_session, &n) && n &&
	       gnutls_certificate_verify_peers(info->tls_session, &purpose, 1, &status) == 0 && status == 0;
}

static int first_look(const struct k8saudit_web *w, struct MHD_Connection *c, const char *url, const char *method)
{
	if (w->client_ca && !has_certificate(c))
		return MHD_HTTP_FORBIDDEN;
	if (strcmp(url, w->path) != 0)
		return MHD_HTTP_NOT_FOUND;
	if (strcmp(method, "POST") != 0)
		return MHD_HTTP_METHOD_NOT_ALLOWED;
	return is_json(c) ? 0 : MHD_HTTP_UNSUPPORTED_MEDIA_TYPE;
}

static enum MHD_Result handle(void *context, struct MHD_Connection *c, const char *url, const char *method,
			      const char *version, const char *data, size_t *len, void **request)
{
	struct k8saudit_web *w = context;
	struct k8saudit_body *b = *request;

	(void)version;
	if (!b) {
		*request = b = calloc(1, sizeof(*b));
		if (b)
			b->status = first_look(w, c, url, method);
		return b ? MHD_YES : MHD_NO;
	}
	if (*len) {
		append(w, b, data, *len);
		*len = 0;
		return MHD_YES;
	}
	if (!b->status) {
		b->root = b->len ? cJSON_ParseWithLength(b->text, b->len) : NULL;
		if (!b->root)
			b->status = MHD_HTTP_BAD_REQUEST;
		else if (!put(w, b))
			b->status = MHD_HTTP_TOO_MANY_REQUESTS;
		else
			*request = NULL;
	}
	return answer(c, *request ? b->status : MHD_HTTP_OK);
}

static void completed(void *context, struct MHD_Connection *c, void **request, enum MHD_RequestTerminationCode code)
{
	(void)context;
	(void)c;
	(void)code;
	k8saudit_body_free(*request);
	*request = NULL;
}

/* ---- life ---- */

static char *read_pem(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = f ? calloc(1, 65537) : NULL;

	if (text && !fread(text, 1, 65536, f)) {
		free(text);
		text = NULL;
	}
	if (f)
		fclose(f);
	return text;
}

/* HOST:PORT/PATH → an address, and the path into w. */
static struct addrinfo *resolve(struct k8saudit_web *w, const char *rest)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM }, *found = NULL;
	size_t len = strcspn(rest, "/");
	char host[256], *port;

	if (len >= sizeof(host))
		return NULL;
	memcpy(host, rest, len);
	host[len] = 0;
	port = strrchr(host, ':');
	if (!port)
		return NULL;
	*port++ = 0;
	if (*host == '[' && port[-2] == ']') {
		port[-2] = 0;
		memmove(host, host + 1, strlen(host));
	}
	w->path = strdup(rest[len] ? rest + len : "/");
	if (!w->path || getaddrinfo(*host ? host : NULL, port, &hints, &found) != 0)
		return NULL;
	return found;
}

static bool start(struct k8saudit_web *w, const struct addrinfo *at)
{
	unsigned int flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO |
			     (at->ai_family == AF_INET6 ? MHD_USE_DUAL_STACK : 0) | (w->pem ? MHD_USE_TLS : 0);
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, w->pem },
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, w->pem },
		{ w->client_ca ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0, w->client_ca },
		{ MHD_OPTION_END, 0, NULL },
	};

	w->daemon = MHD_start_daemon(
		flags, 0, NULL, NULL, handle, w, MHD_OPTION_SOCK_ADDR, at->ai_addr, MHD_OPTION_NOTIFY_COMPLETED,
		completed, w, MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned int)IDLE_SECONDS, MHD_OPTION_ARRAY, w->pem ? tls : &tls[3], MHD_OPTION_END);
	return w->daemon;
}

struct k8saudit_web *k8saudit_web_open(const struct k8saudit_web_options *options, char *error, size_t room)
{
	const char *url = options->url;
	bool tls = strncmp(url, "https://", 8) == 0;
	struct k8saudit_web *w = calloc(1, sizeof(*w));
	struct addrinfo *at;

	if (!w)
		return NULL;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->filled, NULL);
	w->end = &w->first;
	w->max_body = options->max_body;
	w->pem = tls ? read_pem(options->certificate) : NULL;
	w->client_ca = tls && *options->client_ca ? read_pem(options->client_ca) : NULL;
	at = resolve(w, url + (tls ? 8 : 7));
	if (tls && !w->pem)
		snprintf(error, room, "cannot read the certificate %s", options->certificate);
	else if (*options->client_ca && !w->client_ca)
		snprintf(error, room, tls ? "cannot read the certificate %s" : "%s is for https only",
			 options->client_ca);
	else if (!at)
		snprintf(error, room, "%s: an address of the form http://HOST:PORT/PATH is needed", url);
	else if (!start(w, at))
		snprintf(error, room, "cannot listen on %s: %s", url, strerror(errno));
	if (at)
		freeaddrinfo(at);
	if (w->daemon)
		return w;
	k8saudit_web_close(w);
	return NULL;
}

void k8saudit_web_close(struct k8saudit_web *w)
{
	struct k8saudit_body *b;

	if (!w)
		return;
	if (w->daemon)
		MHD_stop_daemon(w->daemon);
	while ((b = w->first)) {
		w->first = b->next;
		k8saudit_body_free(b);
	}
	pthread_cond_destroy(&w->filled);
	pthread_mutex_destroy(&w->lock);
	free(w->path);
	free(w->pem);
	free(w->client_ca);
	free(w);
}
