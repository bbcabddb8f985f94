/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The smallest plugin that does something: an event source that counts, and fields of its events.
 * monitor-plugins(7) walks through it and says how it is built. It is Falco's "dummy" in what it is
 * configured with and gives.
 */
#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin_api.h"

#define EXPORT __attribute__((visibility("default")))
#define PLUGIN_ID 3
#define PLUGIN_EVENT 322

struct dummy {
	char error[PLUGIN_MAX_ERRLEN];
	uint64_t number; /* results of the last extraction: one field can be asked for twice, so each has its place */
	char text[32];
	const char *text_at;
	ss_plugin_bool flag;
};

struct dummy_source {
	uint64_t value, left;
	/* one event: header, two lengths, id, text */
	struct __attribute__((packed)) {
		ss_plugin_event header;
		uint32_t lengths[2], id;
		char text[32];
	} event;
	ss_plugin_event *batch[1];
};

EXPORT const char *plugin_get_required_api_version(void)
{
	return "3.0.0";
}

EXPORT const char *plugin_get_name(void)
{
	return "dummy";
}

EXPORT const char *plugin_get_description(void)
{
	return "Counts: an example of a plugin";
}

EXPORT const char *plugin_get_contact(void)
{
	return "the authors of monitor";
}

EXPORT const char *plugin_get_version(void)
{
	return "0.1.0";
}

EXPORT const char *plugin_get_last_error(ss_plugin_t *s)
{
	return s ? ((struct dummy *)s)->error : "out of memory";
}

EXPORT ss_plugin_t *plugin_init(const ss_plugin_init_input *in, ss_plugin_rc *rc)
{
	struct dummy *d = calloc(1, sizeof(*d));

	*rc = d ? SS_PLUGIN_SUCCESS : SS_PLUGIN_FAILURE;
	if (d && in->log_fn) /* since API 3.5 */
		in->log_fn(in->owner, NULL, "ready to count", SS_PLUGIN_LOG_SEV_INFO);
	return d;
}

EXPORT void plugin_destroy(ss_plugin_t *s)
{
	free(s);
}

/* ---- the event source ---- */

EXPORT uint32_t plugin_get_id(void)
{
	return PLUGIN_ID;
}

EXPORT const char *plugin_get_event_source(void)
{
	return "dummy";
}

EXPORT const char *plugin_list_open_params(ss_plugin_t *s, ss_plugin_rc *rc)
{
	(void)s;
	*rc = SS_PLUGIN_SUCCESS;
	return "[{\"value\":\"{\\\"start\\\":1,\\\"maxEvents\\\":20}\",\"desc\":\"the first value, and how many\"}]";
}

static uint64_t number_of(const cJSON *root, const char *name, uint64_t otherwise)
{
	const cJSON *n = cJSON_GetObjectItemCaseSensitive(root, name);

	return cJSON_IsNumber(n) && n->valuedouble >= 0 && n->valuedouble < 1e15 ? (uint64_t)n->valuedouble : otherwise;
}

EXPORT ss_instance_t *plugin_open(ss_plugin_t *s, const char *params, ss_plugin_rc *rc)
{
	struct dummy_source *h = calloc(1, sizeof(*h));
	cJSON *root = params && *params ? cJSON_Parse(params) : cJSON_CreateObject();

	*rc = SS_PLUGIN_FAILURE;
	if (!h || !cJSON_IsObject(root)) {
		snprintf(((struct dummy *)s)->error, PLUGIN_MAX_ERRLEN, "open_params must be a JSON object, not %s",
			 params);
		cJSON_Delete(root);
		free(h);
		return NULL;
	}
	h->value = number_of(root, "start", 1);
	h->left = number_of(root, "maxEvents", 20);
	cJSON_Delete(root);
	*rc = SS_PLUGIN_SUCCESS;
	return h;
}

EXPORT void plugin_close(ss_plugin_t *s, ss_instance_t *h)
{
	(void)s;
	free(h);
}

EXPORT ss_plugin_rc plugin_next_batch(ss_plugin_t *s, ss_instance_t *instance, uint32_t *n, ss_plugin_event ***events)
{
	struct dummy_source *h = instance;
	int len;

	(void)s;
	*n = 0;
	if (!h->left)
		return SS_PLUGIN_EOF;
	h->left--;
	len = snprintf(h->event.text, sizeof(h->event.text), "%llu", (unsigned long long)h->value++) + 1;
	h->event.id = PLUGIN_ID;
	h->event.lengths[0] = sizeof(h->event.id);
	h->event.lengths[1] = (uint32_t)len;
	h->event.header = (ss_plugin_event){
		.ts = UINT64_MAX,
		.tid = UINT64_MAX,
		.len = PLUGIN_EVENT_PAYLOAD_OFFSET + (uint32_t)len,
		.type = PLUGIN_EVENT,
		.nparams = 2,
	};
	h->batch[0] = &h->event.header;
	*events = h->batch;
	*n = 1;
	return SS_PLUGIN_SUCCESS;
}

/* ---- fields ---- */

/* The payload with an end: the event's bytes are only as good as its length says. */
static uint64_t value_of(const ss_plugin_event *e)
{
	char text[32] = "";
	size_t len;

	if (e->len <= PLUGIN_EVENT_PAYLOAD_OFFSET)
		return 0;
	len = e->len - PLUGIN_EVENT_PAYLOAD_OFFSET;
	if (len >= sizeof(text))
		len = sizeof(text) - 1;
	memcpy(text, (const char *)e + PLUGIN_EVENT_PAYLOAD_OFFSET, len);
	return strtoull(text, NULL, 10);
}

EXPORT const char *plugin_event_to_string(ss_plugin_t *s, const ss_plugin_event_input *in)
{
	struct dummy *d = s;

	snprintf(d->text, sizeof(d->text), "%llu", (unsigned long long)value_of(in->evt));
	return d->text;
}

EXPORT const char *plugin_get_fields(void)
{
	return "[{\"type\":\"uint64\",\"name\":\"dummy.value\",\"desc\":\"The count\"},"
	       "{\"type\":\"string\",\"name\":\"dummy.strvalue\",\"desc\":\"The count as a text\"},"
	       "{\"type\":\"bool\",\"name\":\"dummy.divisible\",\"arg\":{\"isRequired\":true,\"isIndex\":true},"
	       "\"desc\":\"Whether the count can be divided by the argument\"}]";
}

EXPORT ss_plugin_rc plugin_extract_fields(ss_plugin_t *s, const ss_plugin_event_input *evt,
					  const ss_plugin_field_extract_input *in)
{
	struct dummy *d = s;
	uint32_t i;

	d->number = value_of(evt->evt);
	for (i = 0; i < in->num_fields; i++) {
		ss_plugin_extract_field *f = &in->fields[i];

		f->res_len = 1;
		switch (f->field_id) {
		case 0:
			f->res.u64 = &d->number;
			break;
		case 1:
			snprintf(d->text, sizeof(d->text), "%llu", (unsigned long long)d->number);
			d->text_at = d->text;
			f->res.str = &d->text_at;
			break;
		case 2:
			d->flag = f->arg_index && d->number % f->arg_index == 0;
			f->res.boolean = &d->flag;
			break;
		default:
			f->res_len = 0;
		}
	}
	return SS_PLUGIN_SUCCESS;
}
