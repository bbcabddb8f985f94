/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kubernetes audit events: Falco's "k8saudit". An event's data is the JSON text of one audit event. They come
 * from a file with one of them, a list of them or an EventList a line (open_params: its path, "-" for
 * standard input), or are posted to a server (open_params: http://HOST:PORT/PATH or https://…), as the API
 * server's audit webhook does.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "k8saudit.h"
#include "k8saudit_web.h"

#define PLUGIN_ID 1
#define PLUGIN_EVENT 322
#define DEFAULT_MAX_EVENT 262144
#define MAX_EVENT ((16u << 20) - 64) /* with its head: more than 16 MiB is no event */
#define LINE_MAX_BYTES (64u << 20) /* an EventList of the API server is at most 10 MiB */
#define BATCH 128
#define DEFAULT_MAX_BODY (12u << 20)
#define DEFAULT_CERTIFICATE "/etc/falco/falco.pem"

struct audit_source {
	struct k8saudit_web *web; /* or */
	FILE *file;
	char *line;
	size_t len, line_cap;
	ss_plugin_event **batch; /* each allocated */
	size_t count, cap;
};

EXPORT const char *plugin_get_required_api_version(void)
{
	return "3.0.0";
}

EXPORT const char *plugin_get_name(void)
{
	return "k8saudit";
}

EXPORT const char *plugin_get_description(void)
{
	return "Audit events of Kubernetes";
}

EXPORT const char *plugin_get_contact(void)
{
	return "the authors of monitor";
}

/* Of the plugin of Falco's whose fields these are: rules ask for it. */
EXPORT const char *plugin_get_version(void)
{
	return "0.18.0";
}

EXPORT const char *plugin_get_last_error(ss_plugin_t *s)
{
	return s ? ((struct k8saudit *)s)->error : "out of memory";
}

EXPORT const char *plugin_get_init_schema(ss_plugin_schema_type *type)
{
	*type = SS_PLUGIN_SCHEMA_JSON;
	return "{\"type\":\"object\",\"properties\":{\"maxEventSize\":{\"type\":\"integer\",\"minimum\":1},"
	       "\"webhookMaxBatchSize\":{\"type\":\"integer\",\"minimum\":1},\"sslCertificate\":{\"type\":\"string\"},"
	       "\"sslClientCA\":{\"type\":\"string\"}}}";
}

static size_t size_of(const cJSON *config, const char *name, size_t otherwise, size_t most)
{
	const cJSON *size = cJSON_GetObjectItemCaseSensitive(config, name);

	if (!cJSON_IsNumber(size) || size->valuedouble < 1)
		return otherwise;
	return size->valuedouble < (double)most ? (size_t)size->valuedouble : most;
}

EXPORT ss_plugin_t *plugin_init(const ss_plugin_init_input *in, ss_plugin_rc *rc)
{
	struct k8saudit *k = calloc(1, sizeof(*k));
	cJSON *config = cJSON_Parse(in->config ? in->config : "");
	const cJSON *certificate = cJSON_GetObjectItemCaseSensitive(config, "sslCertificate");
	const cJSON *client_ca = cJSON_GetObjectItemCaseSensitive(config, "sslClientCA");

	*rc = SS_PLUGIN_FAILURE;
	if (k) {
		k->max_event = size_of(config, "maxEventSize", DEFAULT_MAX_EVENT, MAX_EVENT);
		k->max_body = size_of(config, "webhookMaxBatchSize", DEFAULT_MAX_BODY, LINE_MAX_BYTES);
		snprintf(k->certificate, sizeof(k->certificate), "%s",
			 cJSON_IsString(certificate) ? certificate->valuestring : DEFAULT_CERTIFICATE);
		if (cJSON_IsString(client_ca))
			snprintf(k->client_ca, sizeof(k->client_ca), "%s", client_ca->valuestring);
		k->owner = in->owner;
		k->log = in->log_fn;
		*rc = SS_PLUGIN_SUCCESS;
	}
	cJSON_Delete(config);
	return k;
}

EXPORT void plugin_destroy(ss_plugin_t *s)
{
	struct k8saudit *k = s;

	if (!k)
		return;
	json_event_free(&k->event);
	free(k);
}

static void warn(struct k8saudit *k, const char *text)
{
	if (k->log)
		k->log(k->owner, NULL, text, SS_PLUGIN_LOG_SEV_WARNING);
}

/* ---- events ---- */

EXPORT uint32_t plugin_get_id(void)
{
	return PLUGIN_ID;
}

EXPORT const char *plugin_get_event_source(void)
{
	return "k8s_audit";
}

/* RFC 3339 in UTC, as epoch ns; UINT64_MAX (the program's own time) when it is none. */
static uint64_t read_time(const cJSON *event)
{
	const cJSON *at = cJSON_GetObjectItemCaseSensitive(event, "stageTimestamp");
	struct tm tm = { 0 };
	uint64_t ns = 0, unit = 100000000;
	const char *rest;

	rest = cJSON_IsString(at) ? strptime(at->valuestring, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
	if (!rest || tm.tm_year < 70)
		return UINT64_MAX;
	if (*rest == '.')
		for (rest++; *rest >= '0' && *rest <= '9'; rest++, unit /= 10)
			ns += (uint64_t)(*rest - '0') * unit;
	return *rest == 'Z' ? (uint64_t)timegm(&tm) * 1000000000u + ns : UINT64_MAX;
}

static bool add_event(struct audit_source *h, const char *text, size_t len, uint64_t ts)
{
	struct __attribute__((packed)) {
		ss_plugin_event header;
		uint32_t lengths[2], id;
	} head = { { ts, UINT64_MAX, (uint32_t)(sizeof(head) + len), PLUGIN_EVENT, 2 },
		   { sizeof(uint32_t), (uint32_t)len },
		   PLUGIN_ID };
	char *event;

	if (h->count == h->cap) {
		size_t cap = h->cap ? h->cap * 2 : BATCH;
		ss_plugin_event **grown = realloc(h->batch, cap * sizeof(*grown));

		if (!grown)
			return false;
		h->batch = grown;
		h->cap = cap;
	}
	event = malloc(sizeof(head) + len);
	if (!event)
		return false;
	memcpy(event, &head, sizeof(head));
	memcpy(event + sizeof(head), text, len);
	h->batch[h->count++] = (ss_plugin_event *)event;
	return true;
}

/* One audit event; as it was written when its text is known. */
static bool take_event(struct k8saudit *k, struct audit_source *h, const cJSON *event, const char *text, size_t len)
{
	char *printed = text ? NULL : cJSON_PrintUnformatted(event);
	bool good = true;

	if (!text && !printed)
		return false;
	if (printed) {
		text = printed;
		len = strlen(printed);
	}
	if (!cJSON_IsObject(event))
		warn(k, "something that is no audit event was left out");
	else if (len > k->max_event)
		warn(k, "an audit event larger than maxEventSize was left out");
	else
		good = add_event(h, text, len, read_time(event));
	cJSON_free(printed);
	return good;
}

/* An event, a list of them, or an EventList. */
static bool take_tree(struct k8saudit *k, struct audit_source *h, const cJSON *root, const char *text, size_t len)
{
	const cJSON *items = cJSON_IsArray(root) ? root : cJSON_GetObjectItemCaseSensitive(root, "items"), *item;
	bool good = true;

	if (!cJSON_IsArray(items))
		return take_event(k, h, root, text, len);
	cJSON_ArrayForEach(item, items)
		good = good && take_event(k, h, item, NULL, 0);
	return good;
}

static bool take_line(struct k8saudit *k, struct audit_source *h, const char *line, size_t len)
{
	cJSON *root = cJSON_ParseWithLength(line, len);
	bool good = true;

	if (root)
		good = take_tree(k, h, root, line, len);
	else
		warn(k, "a line that is no JSON was left out");
	cJSON_Delete(root);
	return good;
}

/* ---- the file ---- */

EXPORT const char *plugin_list_open_params(ss_plugin_t *s, ss_plugin_rc *rc)
{
	(void)s;
	*rc = SS_PLUGIN_SUCCESS;
	return "[{\"value\":\"/var/log/kubernetes/audit.log\",\"desc\":\"a file with an audit event a line\"}]";
}

EXPORT ss_instance_t *plugin_open(ss_plugin_t *s, const char *params, ss_plugin_rc *rc)
{
	struct audit_source *h = calloc(1, sizeof(*h));
	struct k8saudit *k = s;

	*rc = SS_PLUGIN_FAILURE;
	if (!params || !*params) {
		snprintf(k->error, sizeof(k->error),
			 "open_params must be the path of a file with audit events, or http://HOST:PORT/PATH");
	} else if (h && (strncmp(params, "http://", 7) == 0 || strncmp(params, "https://", 8) == 0)) {
		h->web = k8saudit_web_open(
			&(struct k8saudit_web_options){ params, k->certificate, k->client_ca, k->max_body }, k->error,
			sizeof(k->error));
		if (h->web) {
			*rc = SS_PLUGIN_SUCCESS;
			return h;
		}
	} else if (h) {
		h->file = strcmp(params, "-") == 0 ? stdin : fopen(params, "re");
		if (h->file) {
			*rc = SS_PLUGIN_SUCCESS;
			return h;
		}
		snprintf(k->error, sizeof(k->error), "%s: %s", params, strerror(errno));
	}
	free(h);
	return NULL;
}

static void drop_batch(struct audit_source *h)
{
	while (h->count)
		free(h->batch[--h->count]);
}

EXPORT void plugin_close(ss_plugin_t *s, ss_instance_t *instance)
{
	struct audit_source *h = instance;

	(void)s;
	if (!h)
		return;
	drop_batch(h);
	free(h->batch);
	free(h->line);
	k8saudit_web_close(h->web);
	if (h->file && h->file != stdin)
		fclose(h->file);
	free(h);
}

static ss_plugin_rc next_posted(struct k8saudit *k, struct audit_source *h, uint32_t *n, ss_plugin_event ***events)
{
	struct k8saudit_body *b = k8saudit_web_next(h->web);
	bool good;

	if (!b)
		return SS_PLUGIN_TIMEOUT;
	good = take_tree(k, h, b->root, b->text, b->len);
	k8saudit_body_free(b);
	if (!good) {
		snprintf(k->error, sizeof(k->error), "out of memory");
		return SS_PLUGIN_FAILURE;
	}
	*events = h->batch;
	*n = (uint32_t)h->count;
	return SS_PLUGIN_SUCCESS;
}

static bool grow_line(struct audit_source *h)
{
	size_t cap = h->line_cap ? h->line_cap * 2 : 65536;
	char *grown = realloc(h->line, cap);

	if (!grown)
		return false;
	h->line = grown;
	h->line_cap = cap;
	return true;
}

/* 1 = a line, up to LINE_MAX_BYTES and one more of it; 0 = the file's end; -1 with errno. */
static int read_line(struct audit_source *h)
{
	int c;

	h->len = 0;
	while ((c = getc_unlocked(h->file)) != EOF && c != '\n') {
		if (h->len > LINE_MAX_BYTES)
			continue;
		if (h->len == h->line_cap && !grow_line(h))
			return -1;
		h->line[h->len++] = (char)c;
	}
	if (ferror(h->file))
		return -1;
	return c == '\n' || h->len;
}

EXPORT ss_plugin_rc plugin_next_batch(ss_plugin_t *s, ss_instance_t *instance, uint32_t *n, ss_plugin_event ***events)
{
	struct audit_source *h = instance;
	struct k8saudit *k = s;
	int r = 1;

	*n = 0;
	drop_batch(h);
	if (h->web)
		return next_posted(k, h, n, events);
	while (h->count < BATCH && (r = read_line(h)) > 0) {
		if (h->len > LINE_MAX_BYTES) {
			warn(k, "a line that is too long was left out");
			continue;
		}
		while (h->len && strchr("\r \t", h->line[h->len - 1]))
			h->len--;
		if (h->len && !take_line(k, h, h->line, h->len)) {
			snprintf(k->error, sizeof(k->error), "out of memory");
			return SS_PLUGIN_FAILURE;
		}
	}
	if (r < 0)
		snprintf(k->error, sizeof(k->error), "the events cannot be read: %s", strerror(errno));
	*events = h->batch;
	*n = (uint32_t)h->count;
	return r > 0 ? SS_PLUGIN_SUCCESS : r < 0 ? SS_PLUGIN_FAILURE : SS_PLUGIN_EOF;
}

EXPORT const char *plugin_event_to_string(ss_plugin_t *s, const ss_plugin_event_input *in)
{
	struct json_event *j = &((struct k8saudit *)s)->event;

	json_event_begin(j, in);
	return json_event_keep(j, strndup(j->text, j->len));
}

/* ---- fields ---- */

static char *fields_text; /* get_fields() has no state to keep it in */

EXPORT const char *plugin_get_fields(void)
{
	if (!fields_text)
		fields_text = k8saudit_fields();
	return fields_text;
}

__attribute__((destructor)) static void free_fields(void)
{
	free(fields_text);
}

/* Of each event once, whichever fields are asked for. */
EXPORT ss_plugin_rc plugin_parse_event(ss_plugin_t *s, const ss_plugin_event_input *evt,
				       const ss_plugin_event_parse_input *in)
{
	struct k8saudit *k = s;

	(void)in;
	json_event_begin(&k->event, evt);
	failures_note(&k->failures, k->event.root, evt->evt->ts);
	return SS_PLUGIN_SUCCESS;
}

EXPORT ss_plugin_rc plugin_extract_fields(ss_plugin_t *s, const ss_plugin_event_input *evt,
					  const ss_plugin_field_extract_input *in)
{
	struct json_event *j = &((struct k8saudit *)s)->event;

	json_event_begin(j, evt);
	for (uint32_t i = 0; i < in->num_fields; i++)
		k8saudit_extract(s, &in->fields[i]);
	return SS_PLUGIN_SUCCESS;
}
