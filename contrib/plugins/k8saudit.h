/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRIB_PLUGINS_K8SAUDIT_H
#define CONTRIB_PLUGINS_K8SAUDIT_H

#include "json_event.h"
#include "k8saudit_failures.h"

struct k8saudit {
	char error[PLUGIN_MAX_ERRLEN];
	size_t max_event; /* bytes of one audit event; larger ones are left out and told */
	size_t max_body; /* of one request */
	char certificate[4096];
	char client_ca[4096]; /* "" = none */
	struct failures failures;
	struct json_event event; /* the one that fields are of */
	ss_plugin_owner_t *owner;
	ss_plugin_log_fn_t log;
};

/* k8saudit_extract.c */
char *k8saudit_fields(void); /* what get_fields() says; NULL when memory is short */
void k8saudit_extract(struct k8saudit *k, ss_plugin_extract_field *f); /* of k->event */

#endif
