/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_NET_WEB_H
#define MONITOR_NET_WEB_H

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"

/* A small web server of a few pages that are got, with threads of its own. Its parser is libmicrohttpd's. */
struct web;

struct web_page {
	const char *path, *content_type;
	bool open; /* needs no token, wherever it is asked from */
	const char *missing; /* what is said in its place, which is not found; NULL = it is there */
	/* Writes the page; called by the server's threads, several at once. */
	void (*write)(void *context, struct strbuf *out);
};

struct web_options {
	const char *address; /* numeric, "0.0.0.0", "::1" or "localhost" */
	unsigned int port; /* 0 = any free one */
	unsigned int threads; /* 0 = as many as processors, at most WEB_THREADS */
	const char *certificate; /* PEM file with certificate and key; NULL = no TLS */
	/*
	 * PEM file of the authority whose clients get pages that are not open; NULL = none. Needs certificate
	 */
	const char *client_ca;
	/*
	 * the other key to them, as "Authorization: Bearer TOKEN"; NULL = none. Without either they are for
	 * all
	 */
	const char *token;
	/* without either, pages that are not open are for nobody, who is told this; NULL = for all */
	const char *refuse;
	const struct web_page *pages;
	size_t npages;
	void *context; /* of the pages */
};

/*
 * Borrows pages and context until web_free(). -EINVAL for what can never work, -ENOTSUP in a build without
 * the library.
 */
int web_new(const struct web_options *options, struct web **ret_web, struct error *err);
unsigned int web_port(const struct web *w);

struct web_refusals {
	uint64_t requests; /* that were answered by a refusal: no token, unknown pages, other methods */
	uint64_t broken; /* requests and connections that the library gave up: no HTTP, too long, too slow, too many */
	unsigned int status; /* of the last answer of the first kind; 0 = there was none */
	char from[64]; /* its address */
};
/* Since the start. */
void web_refusals(struct web *w, struct web_refusals *ret_refusals);
void web_free(struct web *w); /* accepts NULL */
DEFINE_AUTO(struct web, web, web_free);
#define auto_web AUTO(web)

/* Whether an address is the machine's own loopback. */
bool web_is_loopback(const char *address);

#endif
