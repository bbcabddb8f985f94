/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Built with each of our plugins whose events are JSON. The first line is the argument of the fields that
 * take one (a JSON pointer, a key, a number), the rest what is posted: bodies a line for the plugin that has
 * a source, an event for the other. All fields are asked of the first events; what they give must be
 * readable, and gone with the plugin.
 */
#include "plugin/plugin_api.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

ss_plugin_t *plugin_init(const ss_plugin_init_input *in, ss_plugin_rc *rc);
void plugin_destroy(ss_plugin_t *s);
const char *plugin_get_fields(void);
ss_plugin_rc plugin_extract_fields(ss_plugin_t *s, const ss_plugin_event_input *evt,
				   const ss_plugin_field_extract_input *in);
/* not all have a source */
ss_instance_t *plugin_open(ss_plugin_t *s, const char *params, ss_plugin_rc *rc) __attribute__((weak));
ss_plugin_rc plugin_next_batch(ss_plugin_t *s, ss_instance_t *h, uint32_t *n, ss_plugin_event ***events)
	__attribute__((weak));
void plugin_close(ss_plugin_t *s, ss_instance_t *h) __attribute__((weak));

#define EVENTS 4 /* that all fields are asked of */
#define FIELDS 200

static struct {
	char name[128];
	bool takes_key, takes_index, list;
} fields[FIELDS];
static uint32_t nfields;

static volatile size_t sink;

/* The plugin's own list tells what there is. */
static void list_fields(void)
{
	cJSON *list = cJSON_Parse(plugin_get_fields()), *f;

	cJSON_ArrayForEach(f, list)
	{
		const cJSON *arg = cJSON_GetObjectItem(f, "arg");

		if (nfields == FIELDS)
			abort();
		snprintf(fields[nfields].name, sizeof(fields[0].name), "%s",
			 cJSON_GetObjectItem(f, "name")->valuestring);
		fields[nfields].takes_key = cJSON_IsTrue(cJSON_GetObjectItem(arg, "isKey"));
		fields[nfields].takes_index = cJSON_IsTrue(cJSON_GetObjectItem(arg, "isIndex"));
		fields[nfields++].list = cJSON_IsTrue(cJSON_GetObjectItem(f, "isList"));
	}
	cJSON_Delete(list);
	if (!nfields)
		abort();
}

static void ask_all(ss_plugin_t *s, const ss_plugin_event *event, const char *arg)
{
	static uint64_t number;
	const ss_plugin_event_input in = { .evt = event, .evtnum = ++number, .evtsrc = "k8s_audit" };

	for (uint32_t i = 0; i < nfields; i++) {
		ss_plugin_extract_field f = {
			.field_id = i, .field = fields[i].name, .ftype = FTYPE_STRING, .flist = fields[i].list
		};
		ss_plugin_field_extract_input request = { .num_fields = 1, .fields = &f };

		f.arg_present = fields[i].takes_key || fields[i].takes_index;
		f.arg_key = fields[i].takes_key ? arg : NULL;
		f.arg_index = fields[i].takes_index ? strtoull(arg, NULL, 10) : 0;
		if (plugin_extract_fields(s, &in, &request) != SS_PLUGIN_SUCCESS || strstr(fields[i].name, "rawtime"))
			continue;
		if (f.res_len > 1 && !f.flist)
			abort();
		for (uint64_t k = 0; k < f.res_len; k++)
			sink += strlen(f.res.str[k]);
	}
}

static void ask_source(ss_plugin_t *s, const char *arg, const uint8_t *bytes, size_t len)
{
	int fd = memfd_create("bodies", MFD_CLOEXEC);
	ss_plugin_event **events;
	ss_instance_t *h;
	ss_plugin_rc rc;
	char path[64];
	uint32_t n = 0, asked = 0;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		abort();
	h = plugin_open(s, path, &rc);
	if (!h)
		abort();
	do {
		rc = plugin_next_batch(s, h, &n, &events);
		for (uint32_t i = 0; rc != SS_PLUGIN_FAILURE && i < n; i++) {
			for (uint32_t at = 0; at < events[i]->len; at++)
				sink += ((const uint8_t *)events[i])[at];
			if (asked++ < EVENTS)
				ask_all(s, events[i], arg);
		}
	} while (rc == SS_PLUGIN_SUCCESS);
	plugin_close(s, h);
	close(fd);
}

static void ask_event(ss_plugin_t *s, const char *arg, const uint8_t *bytes, size_t len)
{
	const uint32_t lengths[2] = { sizeof(uint32_t), (uint32_t)len }, id = 999;
	ss_plugin_event head = { .ts = 1, .tid = UINT64_MAX, .type = 322, .nparams = 2 };
	char *event;

	head.len = (uint32_t)(sizeof(head) + sizeof(lengths) + sizeof(id) + len);
	event = malloc(head.len);
	if (!event)
		return;
	memcpy(event, &head, sizeof(head));
	memcpy(event + sizeof(head), lengths, sizeof(lengths));
	memcpy(event + sizeof(head) + sizeof(lengths), &id, sizeof(id));
	memcpy(event + head.len - len, bytes, len);
	ask_all(s, (const ss_plugin_event *)(const void *)event, arg);
	free(event);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const uint8_t *end = memchr(bytes, '\n', len);
	const ss_plugin_init_input in = { .config = "{\"maxEventSize\": 30000}" };
	char arg[512] = { 0 };
	ss_plugin_rc rc;
	ss_plugin_t *s;
	size_t n;

	if (!end)
		return 0;
	if (!nfields)
		list_fields();
	n = (size_t)(end - bytes) < sizeof(arg) ? (size_t)(end - bytes) : sizeof(arg) - 1;
	memcpy(arg, bytes, n);
	s = plugin_init(&in, &rc);
	if (!s)
		abort();
	len -= (size_t)(end + 1 - bytes);
	bytes = end + 1;
	if (plugin_open)
		ask_source(s, arg, bytes, len);
	else
		ask_event(s, arg, bytes, len);
	plugin_destroy(s);
	return 0;
}
