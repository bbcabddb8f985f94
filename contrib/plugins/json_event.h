/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRIB_PLUGINS_JSON_EVENT_H
#define CONTRIB_PLUGINS_JSON_EVENT_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "plugin/plugin_api.h"

/*
 * What plugins share whose events are JSON: the event as a tree, parsed once, and results that live until the
 * next extraction.
 */
#define EXPORT __attribute__((visibility("default")))

struct json_event {
	cJSON *root; /* NULL: the event at hand is no JSON */
	const char *text; /* of the event, without an end; borrowed */
	size_t len;
	uint64_t number, ts; /* of the event that root is of */
	bool known;
	void **results; /* all memory that the last extraction gave away */
	size_t nresults, cap;
};

void json_event_free(struct json_event *j);
/* Begins an extraction: results of the last one die, root and text are the event's. */
void json_event_begin(struct json_event *j, const ss_plugin_event_input *in);
/* Memory until the next extraction; takes p over. NULL when p is, or memory is short. */
void *json_event_keep(struct json_event *j, void *p);

/* A value as fields show it: texts as they are, anything else as JSON. NULL when memory is short. */
const char *json_event_text(struct json_event *j, const cJSON *value);
/* Gives a field its values; none means that the event has no such value. */
void json_event_set(struct json_event *j, ss_plugin_extract_field *f, const char *text);
void json_event_set_list(ss_plugin_extract_field *f, const char **list, size_t n);

#endif
