/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of any event that is JSON: Falco's "json". */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_event.h"

EXPORT const char *plugin_get_required_api_version(void)
{
	return "3.0.0";
}

EXPORT const char *plugin_get_name(void)
{
	return "json";
}

EXPORT const char *plugin_get_description(void)
{
	return "Values of events that are JSON";
}

EXPORT const char *plugin_get_contact(void)
{
	return "the authors of monitor";
}

/* Of the plugin of Falco's whose fields these are: rules ask for it. */
EXPORT const char *plugin_get_version(void)
{
	return "0.7.4";
}

EXPORT const char *plugin_get_last_error(ss_plugin_t *s)
{
	return s ? "" : "out of memory";
}

EXPORT ss_plugin_t *plugin_init(const ss_plugin_init_input *in, ss_plugin_rc *rc)
{
	struct json_event *j = calloc(1, sizeof(*j));

	(void)in;
	*rc = j ? SS_PLUGIN_SUCCESS : SS_PLUGIN_FAILURE;
	return j;
}

EXPORT void plugin_destroy(ss_plugin_t *s)
{
	if (s)
		json_event_free(s);
	free(s);
}

enum { VALUE, OBJECT, RAWTIME, KINDS };

#define FIELDS(prefix)                                                                                     \
	"{\"type\":\"string\",\"name\":\"" prefix ".value\",\"arg\":{\"isRequired\":true,\"isKey\":true}," \
	"\"desc\":\"The value that a JSON pointer (RFC 6901) leads to\"},"                                 \
	"{\"type\":\"string\",\"name\":\"" prefix ".obj\",\"desc\":\"The whole event, indented\"},"        \
	"{\"type\":\"string\",\"name\":\"" prefix ".rawtime\",\"desc\":\"The time of the event in nanoseconds\"}"

EXPORT const char *plugin_get_fields(void)
{
	return "[" FIELDS("json") "," FIELDS("jevt") "]";
}

/* One step of a pointer, up to the next slash, with ~0 and ~1 undone. False when it does not fit. */
static bool take_step(const char **at, char *step, size_t room)
{
	size_t n = 0;

	for (; **at && **at != '/'; ++*at) {
		char c = **at;

		if (c == '~' && ((*at)[1] == '0' || (*at)[1] == '1'))
			c = *++*at == '0' ? '~' : '/';
		if (n + 1 == room)
			return false;
		step[n++] = c;
	}
	step[n] = 0;
	return true;
}

static const cJSON *enter(const cJSON *value, const char *step)
{
	char *end;
	unsigned long i;

	if (cJSON_IsObject(value))
		return cJSON_GetObjectItemCaseSensitive(value, step);
	if (!cJSON_IsArray(value) || *step < '0' || *step > '9')
		return NULL;
	i = strtoul(step, &end, 10);
	return *end || i > 0x7fffffff ? NULL : cJSON_GetArrayItem(value, (int)i);
}

/* The first slash may be missing, as in Falco. */
static const cJSON *follow(const cJSON *value, const char *pointer)
{
	char step[1024];

	if (!*pointer)
		return value;
	if (*pointer == '/')
		pointer++;
	while (value && take_step(&pointer, step, sizeof(step))) {
		value = enter(value, step);
		if (!*pointer++)
			return value;
	}
	return NULL;
}

/* Falco indents by two blanks, cJSON by tabs. Its parser has seen that the text is fine. */
static const char *indented(struct json_event *j)
{
	char *tabs = cJSON_Print(j->root), *out, *to;
	size_t n = 0;
	bool start = true;

	if (!tabs)
		return NULL;
	for (const char *p = tabs; *p; p++)
		n += 2;
	to = out = malloc(n + 1);
	for (const char *p = tabs; out && *p; p++) {
		if (*p == '\t') { /* within texts it is \t; else it stands before a value or after a colon */
			*to++ = ' ';
			if (start)
				*to++ = ' ';
			continue;
		}
		start = *p == '\n';
		*to++ = *p;
	}
	if (out)
		*to = 0;
	free(tabs);
	return json_event_keep(j, out);
}

EXPORT ss_plugin_rc plugin_extract_fields(ss_plugin_t *s, const ss_plugin_event_input *evt,
					  const ss_plugin_field_extract_input *in)
{
	struct json_event *j = s;

	json_event_begin(j, evt);
	for (uint32_t i = 0; i < in->num_fields; i++) {
		ss_plugin_extract_field *f = &in->fields[i];
		const cJSON *value;
		char *time;

		f->res_len = 0;
		if (!j->root)
			continue;
		switch (f->field_id % KINDS) {
		case VALUE:
			value = f->arg_key ? follow(j->root, f->arg_key) : NULL;
			if (value)
				json_event_set(j, f, json_event_text(j, value));
			break;
		case OBJECT:
			json_event_set(j, f, indented(j));
			break;
		default:
			time = malloc(24);
			if (time)
				snprintf(time, 24, "%" PRIu64, evt->evt->ts);
			json_event_set(j, f, json_event_keep(j, time));
		}
	}
	return SS_PLUGIN_SUCCESS;
}
