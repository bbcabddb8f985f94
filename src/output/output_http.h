/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_OUTPUT_OUTPUT_HTTP_H
#define MONITOR_OUTPUT_OUTPUT_HTTP_H

#include "output/output.h"

/* Texts are borrowed for the call; "" = not given. */
struct output_http_options {
	const char *url, *user_agent;
	const char *ca_cert, *ca_bundle, *ca_path; /* the first that is given counts */
	const char *client_cert, *client_key; /* with mtls */
	const struct str *headers; /* further ones, "Name: value" */
	size_t nheaders;
	bool insecure, mtls, echo, compress, keep_alive, json;
	unsigned int max_timeouts; /* in a row, before a new connection is made */
	unsigned int retry_seconds; /* for one alert, while the peer is away */
	bool spool_later; /* it may be in use by an output that is about to end: taken when it is free */
	const char *spool_folder; /* "" = none */
	uint64_t spool_max_bytes;
};

/*
 * One POST for each alert, in order. What may be better later (no connection, a time limit, 408, 425, 429,
 * 5xx) is tried again with growing pauses, so a peer that is away costs nothing but the queue's room; other
 * answers than 2xx lose the alert. It blocks: put it behind a queue. With a spool alerts wait on the disk
 * instead, in order, also for the next start. -EINVAL for what can never work, -ENOTSUP in a build without
 * libcurl.
 */
int output_http_open(const struct output_http_options *options, struct output **ret_output, struct error *err);

#endif
