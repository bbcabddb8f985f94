/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin for tests that tells each call it gets, with what it gets; built with SOURCE it gives two events.
 * order.sh builds both.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/plugin_api.h"

#define EXPORT __attribute__((visibility("default")))

struct order {
	ss_plugin_owner_t *owner;
	ss_plugin_log_fn_t log;
	const char *text;
	int given;
	struct __attribute__((packed)) {
		ss_plugin_event header;
		uint32_t lengths[2], id;
		char data[4];
	} event;
	ss_plugin_event *batch[1];
};

static void tell(struct order *o, const char *component, const char *what, const char *with)
{
	char text[256];

	snprintf(text, sizeof(text), "%s %s", what, with ? with : "NULL");
	o->log(o->owner, component, text, SS_PLUGIN_LOG_SEV_NOTICE);
}

EXPORT const char *plugin_get_required_api_version(void) { return "3.12.0"; }
EXPORT const char *plugin_get_name(void) { return NAME; }
EXPORT const char *plugin_get_version(void) { return "1.0.0"; }
EXPORT const char *plugin_get_description(void) { return "tells its calls"; }
EXPORT const char *plugin_get_contact(void) { return "the tests"; }
EXPORT const char *plugin_get_async_events(void) { return "[\"never\"]"; }
EXPORT const char *plugin_get_extract_event_sources(void) { return "[\"syscall\", \"order\"]"; }
EXPORT const char *plugin_get_parse_event_sources(void) { return "[\"order\"]"; }
EXPORT const char *plugin_get_last_error(ss_plugin_t *s) { (void)s; return "its own words"; }

EXPORT const char *plugin_get_fields(void)
{
	return "[{\"name\":\"" NAME ".data\",\"type\":\"string\",\"desc\":\"d\",\"addOutput\":true}]";
}

EXPORT ss_plugin_t *plugin_init(const ss_plugin_init_input *in, ss_plugin_rc *rc)
{
	struct order *o = calloc(1, sizeof(*o));

	*rc = o ? SS_PLUGIN_SUCCESS : SS_PLUGIN_FAILURE;
	if (!o)
		return NULL;
	o->owner = in->owner;
	o->log = in->log_fn;
	tell(o, NAME, "init", in->config);
	return o;
}

EXPORT void plugin_destroy(ss_plugin_t *s)
{
	tell(s, "the end", "destroy", "");
	free(s);
}

#ifdef SOURCE
EXPORT uint32_t plugin_get_id(void) { return 907; }
EXPORT const char *plugin_get_event_source(void) { return "order"; }

EXPORT ss_instance_t *plugin_open(ss_plugin_t *s, const char *params, ss_plugin_rc *rc)
{
	tell(s, NULL, "open", params);
	*rc = SS_PLUGIN_SUCCESS;
	return NULL; /* nothing to remember of it */
}

EXPORT void plugin_close(ss_plugin_t *s, ss_instance_t *h) { tell(s, NULL, "close", h ? "something" : NULL); }

EXPORT ss_plugin_rc plugin_next_batch(ss_plugin_t *s, ss_instance_t *h, uint32_t *n, ss_plugin_event ***events)
{
	struct order *o = s;

	(void)h;
	if (o->given == 2)
		return SS_PLUGIN_EOF;
	memcpy(o->event.data, o->given ? "two" : "one", 4);
	o->event.header = (ss_plugin_event){ UINT64_MAX, 1, sizeof(o->event), 322, 2 };
	o->event.lengths[0] = o->event.lengths[1] = 4;
	o->batch[0] = &o->event.header;
	*n = 1;
	*events = o->batch;
	return ++o->given == 2 ? SS_PLUGIN_FAILURE : SS_PLUGIN_SUCCESS; /* it fails, and has one more event */
}
#endif

EXPORT ss_plugin_rc plugin_parse_event(ss_plugin_t *s, const ss_plugin_event_input *ev,
				       const ss_plugin_event_parse_input *in)
{
	(void)in;
	tell(s, NULL, "parse", (const char *)ev->evt + PLUGIN_EVENT_PAYLOAD_OFFSET);
	return SS_PLUGIN_FAILURE; /* which is nobody's trouble, and counted */
}

EXPORT ss_plugin_rc plugin_extract_fields(ss_plugin_t *s, const ss_plugin_event_input *ev,
					  const ss_plugin_field_extract_input *in)
{
	struct order *o = s;

	o->text = (const char *)ev->evt + PLUGIN_EVENT_PAYLOAD_OFFSET;
	tell(o, NULL, "extract", o->text);
	in->fields->res.str = &o->text;
	in->fields->res_len = 1;
	return in->value_offsets ? SS_PLUGIN_FAILURE : SS_PLUGIN_SUCCESS;
}

EXPORT ss_plugin_rc plugin_set_async_event_handler(ss_plugin_t *s, ss_plugin_owner_t *owner,
						   const ss_plugin_async_event_handler_t handler)
{
	struct order *o = s;

	tell(o, NULL, "async", handler ? owner == o->owner ? "yes" : "stranger" : NULL);
	return SS_PLUGIN_SUCCESS;
}

EXPORT ss_plugin_rc plugin_capture_open(ss_plugin_t *s, const ss_plugin_capture_listen_input *in)
{
	(void)in;
	tell(s, NULL, "begin", "");
	return SS_PLUGIN_SUCCESS;
}

EXPORT ss_plugin_rc plugin_capture_close(ss_plugin_t *s, const ss_plugin_capture_listen_input *in)
{
	(void)in;
	tell(s, NULL, "end", "");
	return SS_PLUGIN_SUCCESS;
}
