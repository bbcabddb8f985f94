/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRIB_PLUGINS_K8SAUDIT_WEB_H
#define CONTRIB_PLUGINS_K8SAUDIT_WEB_H

#include <cjson/cJSON.h>
#include <stddef.h>

/*
 * The server that audit webhooks post to. What is posted waits in a queue that is bounded: senders are told
 * to come back.
 */
struct k8saudit_web;

/* One posted body that is JSON. */
struct k8saudit_body {
	struct k8saudit_body *next;
	cJSON *root;
	char *text;
	size_t len, room;
	int status; /* of the answer, once it is decided; 0 before */
};

struct k8saudit_web_options {
	const char *url; /* http://HOST:PORT/PATH or https://…; HOST may be empty */
	const char *certificate; /* for https: a PEM file with key and certificate */
	/* for https: a PEM file with the authority that clients must come from; "" = anybody may post */
	const char *client_ca;
	size_t max_body;
};

/* NULL after error was filled. */
struct k8saudit_web *k8saudit_web_open(const struct k8saudit_web_options *options, char *error, size_t room);
void k8saudit_web_close(struct k8saudit_web *w); /* accepts NULL */
/* The next body, after at most 100 ms; NULL when there is none. */
struct k8saudit_body *k8saudit_web_next(struct k8saudit_web *w);
void k8saudit_body_free(struct k8saudit_body *b); /* accepts NULL */

#endif
