/* SPDX-License-Identifier: Apache-2.0 */
#include "json_event.h"

#include <stdlib.h>
#include <string.h>

#define PLUGIN_EVENT 322

void *json_event_keep(struct json_event *j, void *p)
{
	if (p && j->nresults == j->cap) {
		size_t cap = j->cap ? j->cap * 2 : 32;
		void **grown = realloc(j->results, cap * sizeof(*grown));

		if (!grown) {
			free(p);
			return NULL;
		}
		j->results = grown;
		j->cap = cap;
	}
	if (p)
		j->results[j->nresults++] = p;
	return p;
}

static void drop_results(struct json_event *j)
{
	while (j->nresults)
		free(j->results[--j->nresults]);
}

void json_event_free(struct json_event *j)
{
	drop_results(j);
	free(j->results);
	cJSON_Delete(j->root);
}

/* The data of a plugin event: its second parameter, if the lengths are what they should be. */
static bool find_payload(const ss_plugin_event *e, const char **ret_text, size_t *ret_len)
{
	uint32_t lengths[2];

	if (e->type != PLUGIN_EVENT || e->nparams != 2 || e->len < PLUGIN_EVENT_PAYLOAD_OFFSET)
		return false;
	memcpy(lengths, (const char *)e + sizeof(*e), sizeof(lengths));
	if (lengths[0] != sizeof(uint32_t) || lengths[1] != e->len - PLUGIN_EVENT_PAYLOAD_OFFSET)
		return false;
	*ret_text = (const char *)e + PLUGIN_EVENT_PAYLOAD_OFFSET;
	*ret_len = lengths[1];
	return true;
}

void json_event_begin(struct json_event *j, const ss_plugin_event_input *in)
{
	drop_results(j);
	if (!find_payload(in->evt, &j->text, &j->len)) {
		j->text = "";
		j->len = 0;
	}
	if (j->known && j->number == in->evtnum && j->ts == in->evt->ts)
		return;
	cJSON_Delete(j->root);
	j->root = j->len && (*j->text == '{' || *j->text == '[') ? cJSON_ParseWithLength(j->text, j->len) : NULL;
	j->number = in->evtnum;
	j->ts = in->evt->ts;
	j->known = true;
}

const char *json_event_text(struct json_event *j, const cJSON *value)
{
	return cJSON_IsString(value) ? value->valuestring : json_event_keep(j, cJSON_PrintUnformatted(value));
}

void json_event_set_list(ss_plugin_extract_field *f, const char **list, size_t n)
{
	f->res.str = list;
	f->res_len = n;
}

void json_event_set(struct json_event *j, ss_plugin_extract_field *f, const char *text)
{
	const char **one = text ? json_event_keep(j, malloc(sizeof(*one))) : NULL;

	f->res_len = 0;
	if (!one)
		return;
	*one = text;
	json_event_set_list(f, one, 1);
}
