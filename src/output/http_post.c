/* SPDX-License-Identifier: Apache-2.0 */
#include "output/http_post.h"

#include <errno.h>

#ifdef HAVE_CURL

#include <curl/curl.h>
#include <zlib.h>

#include "base/limits.h"
#include "output/curl.h"

struct http_post {
	CURL *curl;
	struct curl_slist *headers[2]; /* for text, for JSON */
	bool compress;
	unsigned int max_timeouts, timeouts;
	const atomic_bool *stop;
	struct strbuf body; /* compressed */
	char reason[CURL_ERROR_SIZE];
};

/* ---- one request --------------------------------------------------------------------------------------- */

/* gzip, as the header says. */
static int compress_body(struct strbuf *out, struct str text)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)text.ptr, .avail_in = (uInt)text.len };
	Bytef bytes[4096];
	int r;

	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	do {
		z.next_out = bytes;
		z.avail_out = sizeof(bytes);
		r = deflate(&z, Z_FINISH);
		strbuf_add(out, bytes, sizeof(bytes) - z.avail_out);
	} while (r == Z_OK);
	deflateEnd(&z);
	return out->failed ? -ENOMEM : r == Z_STREAM_END ? 0 : -EIO;
}

static size_t ignore_answer(void *bytes, size_t size, size_t n, void *context)
{
	(void)bytes;
	(void)context;
	return size * n;
}

/* Breaks a transfer off when the end is near. */
static int is_over(void *stop, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return atomic_load((const atomic_bool *)stop);
}

/* What will not be better the next time. */
static bool is_final(CURLcode code)
{
	switch (code) {
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_OUT_OF_MEMORY:
		return true;
	default:
		return false;
	}
}

static int perform(struct http_post *p, struct error *err)
{
	long status = 0;
	CURLcode code;

	p->reason[0] = 0;
	code = curl_easy_perform(p->curl);
	if (code == CURLE_ABORTED_BY_CALLBACK)
		return error_set(err, -ECANCELED, "http output: broken off at the end");
	if (code != CURLE_OK) {
		p->timeouts = code == CURLE_OPERATION_TIMEDOUT ? p->timeouts + 1 : 0;
		if (p->timeouts > p->max_timeouts) {
			curl_easy_setopt(p->curl, CURLOPT_FRESH_CONNECT, 1L);
			p->timeouts = 0;
		}
		return error_set(err, is_final(code) ? -EIO : -EAGAIN, "http output: %s",
				 p->reason[0] ? p->reason : curl_easy_strerror(code));
	}
	p->timeouts = 0;
	curl_easy_setopt(p->curl, CURLOPT_FRESH_CONNECT, 0L);
	curl_easy_getinfo(p->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status >= 200 && status < 300)
		return 0;
	return error_set(err, status >= 500 || status == 408 || status == 425 || status == 429 ? -EAGAIN : -EIO,
			 "http output: the peer answers with status %ld", status);
}

int http_post_send(struct http_post *p, struct str body, bool json, struct error *err)
{
	int r;

	if (p->compress) {
		strbuf_reset(&p->body);
		r = compress_body(&p->body, body);
		if (r < 0)
			return error_errno(err, r, "http output");
		body = strbuf_str(&p->body);
	}
	curl_easy_setopt(p->curl, CURLOPT_HTTPHEADER, p->headers[json]);
	curl_easy_setopt(p->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
	curl_easy_setopt(p->curl, CURLOPT_POSTFIELDS, body.ptr);
	return perform(p, err);
}

/* ---- options ------------------------------------------------------------------------------------------- */

static int add_header(struct curl_slist **headers, const char *line)
{
	struct curl_slist *more = curl_slist_append(*headers, line);

	if (!more)
		return -ENOMEM;
	*headers = more;
	return 0;
}

static int set_headers(struct curl_slist **headers, const struct output_http_options *o, bool json, struct error *err)
{
	int r = add_header(headers, json ? "Content-Type: application/json" : "Content-Type: text/plain");

	if (r == 0 && o->compress)
		r = add_header(headers, "Content-Encoding: gzip");
	if (r == 0)
		r = add_header(headers, "Expect:"); /* no question before each body */
	for (size_t i = 0; r == 0 && i < o->nheaders; i++) {
		char line[HTTP_HEADER_BYTES];

		/* a line break would smuggle a header or a body of its own in */
		if (o->headers[i].len >= sizeof(line) || memchr(o->headers[i].ptr, '\n', o->headers[i].len) ||
		    memchr(o->headers[i].ptr, '\r', o->headers[i].len) ||
		    !memchr(o->headers[i].ptr, ':', o->headers[i].len))
			return error_set(err, -EINVAL, "http output: header %zu is not \"Name: value\" in one line",
					 i + 1);
		snprintf(line, sizeof(line), STR_FMT, STR_ARG(o->headers[i]));
		r = add_header(headers, line);
	}
	return r < 0 ? error_set(err, r, "out of memory") : 0;
}

static CURLcode set_tls(CURL *curl, const struct output_http_options *o)
{
	CURLcode r = CURLE_OK;

	if (o->insecure) {
		r = curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
		if (r == CURLE_OK)
			r = curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	if (r == CURLE_OK && o->mtls)
		r = curl_easy_setopt(curl, CURLOPT_SSLCERT, o->client_cert);
	if (r == CURLE_OK && o->mtls)
		r = curl_easy_setopt(curl, CURLOPT_SSLKEY, o->client_key);
	if (r != CURLE_OK)
		return r;
	if (*o->ca_cert)
		return curl_easy_setopt(curl, CURLOPT_CAINFO, o->ca_cert);
	if (*o->ca_bundle)
		return curl_easy_setopt(curl, CURLOPT_CAINFO, o->ca_bundle);
	return *o->ca_path ? curl_easy_setopt(curl, CURLOPT_CAPATH, o->ca_path) : CURLE_OK;
}

/* Falco takes the URL in quotes, too. */
static CURLcode set_url(CURL *curl, const char *url)
{
	size_t len = strlen(url);
	char text[HTTP_URL_BYTES];

	if (len >= sizeof(text))
		return CURLE_URL_MALFORMAT;
	if (len >= 2 && (url[0] == '"' || url[0] == '\'') && url[len - 1] == url[0]) {
		url++;
		len -= 2;
	}
	memcpy(text, url, len);
	text[len] = 0;
	return curl_easy_setopt(curl, CURLOPT_URL, text);
}

static int set_options(struct http_post *p, const struct output_http_options *o, struct error *err)
{
	CURLcode r = set_url(p->curl, o->url);

	if (r == CURLE_OK)
		r = curl_easy_setopt(p->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	if (r == CURLE_OK)
		r = curl_easy_setopt(p->curl, CURLOPT_USERAGENT, o->user_agent);
	if (r == CURLE_OK)
		r = set_tls(p->curl, o);
	if (r != CURLE_OK)
		return error_set(err, -EINVAL, "http output: %s", curl_easy_strerror(r));
	curl_easy_setopt(p->curl, CURLOPT_POST, 1L);
	curl_easy_setopt(p->curl, CURLOPT_ERRORBUFFER, p->reason);
	curl_easy_setopt(p->curl, CURLOPT_NOSIGNAL, 1L); /* threads */
	curl_easy_setopt(p->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)HTTP_CONNECT_MS);
	curl_easy_setopt(p->curl, CURLOPT_TIMEOUT_MS, (long)HTTP_TIMEOUT_MS);
	curl_easy_setopt(p->curl, CURLOPT_TCP_KEEPALIVE, o->keep_alive ? 1L : 0L);
	curl_easy_setopt(p->curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(p->curl, CURLOPT_XFERINFOFUNCTION, is_over);
	curl_easy_setopt(p->curl, CURLOPT_XFERINFODATA, p->stop);
	if (!o->echo)
		curl_easy_setopt(p->curl, CURLOPT_WRITEFUNCTION, ignore_answer);
	return 0;
}

int http_post_new(const struct output_http_options *options, const atomic_bool *stop, struct http_post **ret_post,
		  struct error *err)
{
	struct http_post *p;
	int r;

	if (!*options->url)
		return error_set(err, -EINVAL, "http_output.url is empty");
	r = curl_load(err);
	if (r < 0)
		return r;
	p = calloc(1, sizeof(*p));
	if (!p || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(p);
		return error_set(err, -ENOMEM, "out of memory");
	}
	p->compress = options->compress;
	p->max_timeouts = options->max_timeouts;
	p->stop = stop;
	p->curl = curl_easy_init();
	if (!p->curl)
		r = error_set(err, -ENOMEM, "out of memory");
	for (int json = 0; r == 0 && json < 2; json++)
		r = set_headers(&p->headers[json], options, json, err);
	if (r == 0)
		r = set_options(p, options, err);
	if (r < 0) {
		http_post_free(p);
		return r;
	}
	*ret_post = p;
	return 0;
}

void http_post_free(struct http_post *p)
{
	if (!p)
		return;
	curl_easy_cleanup(p->curl);
	curl_slist_free_all(p->headers[0]);
	curl_slist_free_all(p->headers[1]);
	curl_global_cleanup();
	strbuf_free(&p->body);
	free(p);
}

#else

int http_post_new(const struct output_http_options *options, const atomic_bool *stop, struct http_post **ret_post,
		  struct error *err)
{
	(void)options;
	(void)stop;
	(void)ret_post;
	return error_set(err, -ENOTSUP, "this build has no HTTP output (configured --without-curl)");
}

int http_post_send(struct http_post *p, struct str body, bool json, struct error *err)
{
	(void)p;
	(void)body;
	(void)json;
	return error_set(err, -ENOTSUP, "this build has no HTTP output");
}

void http_post_free(struct http_post *p)
{
	(void)p;
}

#endif
