/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_OUTPUT_HTTP_POST_H
#define MONITOR_OUTPUT_HTTP_POST_H

#include "output/output_http.h"

/* One HTTP POST after the other to one place, over one connection as long as that lasts. */
struct http_post;

/* stop is borrowed: once it is set, a request is broken off. Errors as of output_http_open(). */
int http_post_new(const struct output_http_options *options, const atomic_bool *stop, struct http_post **ret_post,
		  struct error *err);
/*
 * Waits for the answer. -EAGAIN for what may be better later (no connection, a time limit, 408, 425, 429,
 * 5xx), -ECANCELED when it was broken off, another error for what will not be better.
 */
int http_post_send(struct http_post *p, struct str body, bool json, struct error *err);
void http_post_free(struct http_post *p); /* accepts NULL */

#endif
