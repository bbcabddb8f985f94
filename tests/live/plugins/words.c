/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin for tests that has words for its events, its source and itself, takes another configuration while
 * it works, tells what it knows for captures - and crashes or hangs where its configuration names a function.
 * words.sh builds and runs it.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "plugin/plugin_api.h"

#define EXPORT __attribute__((visibility("default")))
#define PLUGIN_ID 905
#define PLUGIN_EVENT 322
#define ASYNC_EVENT 402

struct words {
	ss_plugin_owner_t *owner;
	ss_plugin_log_fn_t log;
	char config[256], text[64];
	const char *result;
	uint64_t given;
	struct __attribute__((packed)) {
		ss_plugin_event header;
		uint32_t lengths[2], id;
		char data[7]; /* without an end */
	} event;
	ss_plugin_event *batch[1];
};

/* "crash:FUNCTION", "hang:FUNCTION" of the configuration happen here. */
static void misbehave(const struct words *w, const char *function)
{
	static const struct timespec hour = { .tv_sec = 3600 };
	char what[128];

	snprintf(what, sizeof(what), "crash:%s;", function);
	if (strstr(w->config, what))
		*(volatile int *)(sizeof(*w) > 1 ? (uintptr_t)8 : (uintptr_t)w) = 1;
	snprintf(what, sizeof(what), "hang:%s;", function);
	if (strstr(w->config, what))
		for (;;)
			nanosleep(&hour, NULL);
}

static void *crash_alone(void *context)
{
	(void)context;
	usleep(100000);
	abort();
}

EXPORT const char *plugin_get_required_api_version(void) { return "3.12.0"; }
EXPORT const char *plugin_get_name(void) { return "words"; }
EXPORT const char *plugin_get_version(void) { return "1.0.0"; }
EXPORT const char *plugin_get_description(void) { return "says what it has"; }
EXPORT const char *plugin_get_contact(void) { return "the tests"; }
EXPORT uint32_t plugin_get_id(void) { return PLUGIN_ID; }
EXPORT const char *plugin_get_event_source(void) { return "words"; }
EXPORT const char *plugin_get_async_event_sources(void) { return "[\"words\"]"; }
EXPORT const char *plugin_get_async_events(void) { return "[\"known\"]"; }
EXPORT const char *plugin_get_last_error(ss_plugin_t *s) { (void)s; return "its own words"; }

EXPORT const char *plugin_get_init_schema(ss_plugin_schema_type *type)
{
	*type = SS_PLUGIN_SCHEMA_JSON;
	return "{\"type\":\"object\",\"properties\":{\"say\":{\"type\":\"string\"},\"do\":{\"type\":\"string\"}},"
	       "\"additionalProperties\":false}";
}

EXPORT const char *plugin_get_fields(void)
{
	return "[{\"name\":\"words.config\",\"type\":\"string\",\"desc\":\"its configuration\"},"
	       "{\"name\":\"words.given\",\"type\":\"uint64\",\"desc\":\"events so far\"}]";
}

EXPORT ss_plugin_t *plugin_init(const ss_plugin_init_input *in, ss_plugin_rc *rc)
{
	struct words *w = calloc(1, sizeof(*w));
	pthread_t thread;

	*rc = w ? SS_PLUGIN_SUCCESS : SS_PLUGIN_FAILURE;
	if (!w)
		return NULL;
	w->owner = in->owner;
	w->log = in->log_fn;
	snprintf(w->config, sizeof(w->config), "%s", in->config);
	misbehave(w, "init");
	if (strstr(w->config, "crash:thread;") && pthread_create(&thread, NULL, crash_alone, NULL) == 0)
		pthread_detach(thread);
	return w;
}

EXPORT void plugin_destroy(ss_plugin_t *s) { free(s); }

EXPORT ss_plugin_rc plugin_set_config(ss_plugin_t *s, const ss_plugin_set_config_input *in)
{
	struct words *w = s;

	if (strstr(in->config, "refuse"))
		return SS_PLUGIN_FAILURE;
	snprintf(w->config, sizeof(w->config), "%s", in->config);
	return SS_PLUGIN_SUCCESS;
}

EXPORT const char *plugin_list_open_params(ss_plugin_t *s, ss_plugin_rc *rc)
{
	(void)s;
	*rc = SS_PLUGIN_SUCCESS;
	return "[{\"value\":\"short\",\"desc\":\"ten events\"},{\"value\":\"long\"}]";
}

EXPORT ss_instance_t *plugin_open(ss_plugin_t *s, const char *params, ss_plugin_rc *rc)
{
	(void)params;
	misbehave(s, "open");
	*rc = SS_PLUGIN_SUCCESS;
	return s;
}

EXPORT void plugin_close(ss_plugin_t *s, ss_instance_t *h) { (void)s; (void)h; }

EXPORT ss_plugin_rc plugin_next_batch(ss_plugin_t *s, ss_instance_t *h, uint32_t *n, ss_plugin_event ***events)
{
	struct words *w = s;

	(void)h;
	misbehave(w, "next_batch");
	usleep(20000);
	w->event.header = (ss_plugin_event){ UINT64_MAX, UINT64_MAX, sizeof(w->event), PLUGIN_EVENT, 2 };
	w->event.lengths[0] = sizeof(w->event.id);
	w->event.lengths[1] = sizeof(w->event.data);
	w->event.id = PLUGIN_ID;
	snprintf(w->text, sizeof(w->text), "e%06llu", (unsigned long long)++w->given);
	memcpy(w->event.data, w->text, sizeof(w->event.data));
	w->batch[0] = &w->event.header;
	*n = 1;
	*events = w->batch;
	return SS_PLUGIN_SUCCESS;
}

EXPORT const char *plugin_get_progress(ss_plugin_t *s, ss_instance_t *h, uint32_t *pct)
{
	(void)s;
	(void)h;
	*pct = 4225;
	return "some way";
}

/* Every second event it leaves to the program. */
EXPORT const char *plugin_event_to_string(ss_plugin_t *s, const ss_plugin_event_input *evt)
{
	struct words *w = s;

	if (evt->evtnum % 2 == 0)
		return NULL;
	snprintf(w->text, sizeof(w->text), "number %llu of %s", (unsigned long long)evt->evtnum, evt->evtsrc);
	return w->text;
}

EXPORT ss_plugin_rc plugin_extract_fields(ss_plugin_t *s, const ss_plugin_event_input *evt,
					  const ss_plugin_field_extract_input *in)
{
	struct words *w = s;

	(void)evt;
	misbehave(w, "extract_fields");
	w->result = w->config;
	in->fields->res_len = 1;
	if (in->fields->field_id == 0)
		in->fields->res.str = &w->result;
	else
		in->fields->res.u64 = &w->given;
	return SS_PLUGIN_SUCCESS;
}

EXPORT ss_plugin_rc plugin_set_async_event_handler(ss_plugin_t *s, ss_plugin_owner_t *owner,
						   const ss_plugin_async_event_handler_t handler)
{
	(void)s;
	(void)owner;
	(void)handler;
	return SS_PLUGIN_SUCCESS;
}

EXPORT ss_plugin_rc plugin_dump_state(ss_plugin_t *s, ss_plugin_owner_t *owner,
				      const ss_plugin_async_event_handler_t handler)
{
	struct words *w = s;
	struct __attribute__((packed)) {
		ss_plugin_event header;
		uint32_t lengths[3], id;
		char name[6], data[6];
	} event = { { UINT64_MAX, UINT64_MAX, sizeof(event), ASYNC_EVENT, 3 }, { 4, 6, 6 }, 0, "known", "facts" };
	char why[PLUGIN_MAX_ERRLEN] = "";

	if (handler(owner, &event.header, why) != SS_PLUGIN_SUCCESS)
		return SS_PLUGIN_FAILURE;
	event.header.len -= 3; /* the program refuses it, and says why */
	if (handler(owner, &event.header, why) != SS_PLUGIN_SUCCESS)
		w->log(w->owner, NULL, why, SS_PLUGIN_LOG_SEV_WARNING);
	return SS_PLUGIN_SUCCESS;
}
