/* SPDX-License-Identifier: Apache-2.0 */
#include "output/output_http.h"

#include <errno.h>

#ifdef HAVE_CURL

#include <curl/curl.h>
#include <pthread.h>
#include <time.h>
#include <zlib.h>

#include "base/clock.h"
#include "base/limits.h"

struct http_output {
	struct output head;
	CURL *curl;
	struct curl_slist *headers;
	bool compress;
	unsigned int max_timeouts, timeouts, retry_seconds;
	struct strbuf body;
	char reason[CURL_ERROR_SIZE];
	pthread_mutex_t lock;
	struct error trouble; /* below lock: why the alert at hand is tried again */
};

/* ---- one request ----------------------------------------------------------------------------------------------------------- */

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
static int is_over(void *output, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return atomic_load(&((struct output *)output)->stop);
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
	case CURLE_ABORTED_BY_CALLBACK:
		return true;
	default:
		return false;
	}
}

/* 0, -EAGAIN for what may be better later, or another error. */
static int post(struct http_output *h, struct error *err)
{
	long status = 0;
	CURLcode code;

	h->reason[0] = 0;
	code = curl_easy_perform(h->curl);
	if (code != CURLE_OK) {
		h->timeouts = code == CURLE_OPERATION_TIMEDOUT ? h->timeouts + 1 : 0;
		if (h->timeouts > h->max_timeouts) {
			curl_easy_setopt(h->curl, CURLOPT_FRESH_CONNECT, 1L);
			h->timeouts = 0;
		}
		return error_set(err, is_final(code) ? -EIO : -EAGAIN, "http output: %s",
				 h->reason[0] ? h->reason : curl_easy_strerror(code));
	}
	h->timeouts = 0;
	curl_easy_setopt(h->curl, CURLOPT_FRESH_CONNECT, 0L);
	curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status >= 200 && status < 300)
		return 0;
	return error_set(err, status >= 500 || status == 408 || status == 425 || status == 429 ? -EAGAIN : -EIO,
			 "http output: the peer answers with status %ld", status);
}

/* ---- the output ------------------------------------------------------------------------------------------------------------ */

/* Short sleeps, so that the end is noticed. */
static void pause_for(const struct output *o, unsigned int ms)
{
	const struct timespec step = { .tv_nsec = 50000000 };

	for (unsigned int slept = 0; slept < ms && !atomic_load(&o->stop); slept += 50)
		nanosleep(&step, NULL);
}

static void set_trouble(struct http_output *h, const struct error *err)
{
	pthread_mutex_lock(&h->lock);
	h->trouble = *err;
	pthread_mutex_unlock(&h->lock);
}

static int http_check(struct output *o, struct error *err)
{
	struct http_output *h = (struct http_output *)o;

	pthread_mutex_lock(&h->lock);
	*err = h->trouble;
	pthread_mutex_unlock(&h->lock);
	return err->code;
}

static int post_until_taken(struct http_output *h, struct error *err)
{
	uint64_t end = clock_ms(CLOCK_MONOTONIC) + (uint64_t)h->retry_seconds * 1000;
	unsigned int ms = HTTP_RETRY_FIRST_MS;
	struct error last;
	int r = post(h, err);

	if (r == 0)
		return 0;
	while (r == -EAGAIN && !atomic_load(&h->head.stop) && clock_ms(CLOCK_MONOTONIC) < end) {
		set_trouble(h, err);
		last = *err;
		pause_for(&h->head, ms);
		ms = ms * 2 < HTTP_RETRY_LAST_MS ? ms * 2 : HTTP_RETRY_LAST_MS;
		r = post(h, err);
		if (r < 0 && atomic_load(&h->head.stop))
			*err = last; /* this one was broken off */
	}
	set_trouble(h, &(struct error){ 0 });
	return r;
}

static int http_send(struct output *o, const struct alert *a, struct error *err)
{
	struct http_output *h = (struct http_output *)o;
	struct str body = o->json ? a->json : a->text;
	int r = 0;

	if (h->compress) {
		strbuf_reset(&h->body);
		r = compress_body(&h->body, body);
		body = strbuf_str(&h->body);
	}
	if (r == 0) {
		curl_easy_setopt(h->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
		curl_easy_setopt(h->curl, CURLOPT_POSTFIELDS, body.ptr);
		r = post_until_taken(h, err);
	} else {
		error_errno(err, r, "http output");
	}
	if (r < 0)
		o->failed++;
	else
		o->sent++;
	return r;
}

static void http_close(struct output *o)
{
	struct http_output *h = (struct http_output *)o;

	curl_easy_cleanup(h->curl);
	curl_slist_free_all(h->headers);
	curl_global_cleanup();
	strbuf_free(&h->body);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

static const struct output_ops http_ops = {
	.name = "http",
	.send = http_send,
	.check = http_check,
	.close = http_close,
};

/* ---- options --------------------------------------------------------------------------------------------------------------- */

static int add_header(struct http_output *h, const char *line)
{
	struct curl_slist *more = curl_slist_append(h->headers, line);

	if (!more)
		return -ENOMEM;
	h->headers = more;
	return 0;
}

static int set_headers(struct http_output *h, const struct output_http_options *o, struct error *err)
{
	int r = add_header(h, o->json ? "Content-Type: application/json" : "Content-Type: text/plain");

	if (r == 0 && o->compress)
		r = add_header(h, "Content-Encoding: gzip");
	if (r == 0)
		r = add_header(h, "Expect:"); /* no question before each body */
	for (size_t i = 0; r == 0 && i < o->nheaders; i++) {
		char line[HTTP_HEADER_BYTES];

		/* a line break would smuggle a header or a body of its own in */
		if (o->headers[i].len >= sizeof(line) || memchr(o->headers[i].ptr, '\n', o->headers[i].len) ||
		    memchr(o->headers[i].ptr, '\r', o->headers[i].len) || !memchr(o->headers[i].ptr, ':', o->headers[i].len))
			return error_set(err, -EINVAL, "http output: header %zu is not \"Name: value\" in one line", i + 1);
		snprintf(line, sizeof(line), STR_FMT, STR_ARG(o->headers[i]));
		r = add_header(h, line);
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

static int set_options(struct http_output *h, const struct output_http_options *o, struct error *err)
{
	CURLcode r = set_url(h->curl, o->url);

	if (r == CURLE_OK)
		r = curl_easy_setopt(h->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	if (r == CURLE_OK)
		r = curl_easy_setopt(h->curl, CURLOPT_USERAGENT, o->user_agent);
	if (r == CURLE_OK)
		r = curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, h->headers);
	if (r == CURLE_OK)
		r = set_tls(h->curl, o);
	if (r != CURLE_OK)
		return error_set(err, -EINVAL, "http output: %s", curl_easy_strerror(r));
	curl_easy_setopt(h->curl, CURLOPT_POST, 1L);
	curl_easy_setopt(h->curl, CURLOPT_ERRORBUFFER, h->reason);
	curl_easy_setopt(h->curl, CURLOPT_NOSIGNAL, 1L); /* threads */
	curl_easy_setopt(h->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)HTTP_CONNECT_MS);
	curl_easy_setopt(h->curl, CURLOPT_TIMEOUT_MS, (long)HTTP_TIMEOUT_MS);
	curl_easy_setopt(h->curl, CURLOPT_TCP_KEEPALIVE, o->keep_alive ? 1L : 0L);
	curl_easy_setopt(h->curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(h->curl, CURLOPT_XFERINFOFUNCTION, is_over);
	curl_easy_setopt(h->curl, CURLOPT_XFERINFODATA, &h->head);
	if (!o->echo)
		curl_easy_setopt(h->curl, CURLOPT_WRITEFUNCTION, ignore_answer);
	return 0;
}

int output_http_open(const struct output_http_options *options, struct output **ret_output, struct error *err)
{
	struct http_output *h;
	int r;

	if (!*options->url)
		return error_set(err, -EINVAL, "http_output.url is empty");
	h = calloc(1, sizeof(*h));
	if (!h || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(h);
		return error_set(err, -ENOMEM, "out of memory");
	}
	pthread_mutex_init(&h->lock, NULL);
	h->head.ops = &http_ops;
	h->head.json = options->json;
	h->compress = options->compress;
	h->max_timeouts = options->max_timeouts;
	h->retry_seconds = options->retry_seconds;
	h->curl = curl_easy_init();
	r = h->curl ? set_headers(h, options, err) : error_set(err, -ENOMEM, "out of memory");
	if (r == 0)
		r = set_options(h, options, err);
	if (r < 0) {
		http_close(&h->head);
		return r;
	}
	*ret_output = &h->head;
	return 0;
}

#else

int output_http_open(const struct output_http_options *options, struct output **ret_output, struct error *err)
{
	(void)options;
	(void)ret_output;
	return error_set(err, -ENOTSUP, "this build has no HTTP output (configured --without-curl)");
}

#endif
