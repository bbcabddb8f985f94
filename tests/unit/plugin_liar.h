/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TESTS_PLUGIN_LIAR_H
#define MONITOR_TESTS_PLUGIN_LIAR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/limits.h"
#include "plugin/host.h"

/* A plugin that is linked in and does what each case makes it do, lies above all. */
static struct {
	const char *api_version, *name, *version, *fields, *source;
	uint32_t id;
	ss_plugin_rc init, open, next, extract;
	uint32_t nevents;
	bool no_batch, no_event;
	uint32_t len, type, event_id, nparams, lengths[2];
	uint64_t res_len;
	void *res;
	const char *config_seen;
	struct {
		uint64_t index;
		bool present;
		char key[32];
		unsigned int calls;
	} seen;
	int destroyed, closed;
} says;

static const char *get_api(void) { return says.api_version; }
static const char *get_name(void) { return says.name; }
static const char *get_version(void) { return says.version; }
static const char *get_text(void) { return "text"; }
static const char *get_error(ss_plugin_t *s) { (void)s; return "its own words"; }
static const char *get_fields(void) { return says.fields; }
static const char *get_source(void) { return says.source; }
static uint32_t get_id(void) { return says.id; }
static void destroy(ss_plugin_t *s) { (void)s; says.destroyed++; }
static void close_source(ss_plugin_t *s, ss_instance_t *h) { (void)s; (void)h; says.closed++; }

static ss_plugin_t *init(const ss_plugin_init_input *in, ss_plugin_rc *rc)
{
	*rc = says.init;
	says.config_seen = in->config;
	return &says;
}

static ss_instance_t *open_source(ss_plugin_t *s, const char *params, ss_plugin_rc *rc)
{
	(void)s;
	(void)params;
	*rc = says.open;
	return NULL;
}

static ss_plugin_rc next_batch(ss_plugin_t *s, ss_instance_t *h, uint32_t *n, ss_plugin_event ***events)
{
	static struct __attribute__((packed)) {
		ss_plugin_event header;
		uint32_t lengths[2], id;
		char data[4];
	} event;
	static ss_plugin_event *batch[1];

	(void)s;
	(void)h;
	event.header = (ss_plugin_event){ 5, 7, says.len, (uint16_t)says.type, says.nparams };
	memcpy(event.lengths, says.lengths, sizeof(event.lengths));
	event.id = says.event_id;
	memcpy(event.data, "data", 4);
	batch[0] = says.no_event ? NULL : &event.header;
	*n = says.nevents;
	*events = says.no_batch ? NULL : batch;
	return says.next;
}

static ss_plugin_rc extract(ss_plugin_t *s, const ss_plugin_event_input *evt, const ss_plugin_field_extract_input *in)
{
	(void)s;
	(void)evt;
	says.seen.calls++;
	says.seen.index = in->fields[0].arg_index;
	says.seen.present = in->fields[0].arg_present;
	snprintf(says.seen.key, sizeof(says.seen.key), "%s", in->fields[0].arg_key ? in->fields[0].arg_key : "(none)");
	in->fields[0].res_len = says.res_len;
	in->fields[0].res.str = says.res;
	return says.extract;
}

static plugin_api good_api(void)
{
	plugin_api api = { 0 };

	api.get_required_api_version = get_api;
	api.get_name = get_name;
	api.get_version = get_version;
	api.get_description = api.get_contact = get_text;
	api.get_last_error = get_error;
	api.init = init;
	api.destroy = destroy;
	api.get_id = get_id;
	api.get_event_source = get_source;
	api.open = open_source;
	api.close = close_source;
	api.next_batch = next_batch;
	api.get_fields = get_fields;
	api.extract_fields = extract;
	return api;
}

static void end_world(void);

static int reset(void **state)
{
	(void)state;
	end_world();
	memset(&says, 0, sizeof(says));
	says.api_version = "3.12.0";
	says.name = "liar";
	says.version = "1.2.3";
	says.fields =
		"[{\"name\":\"liar.text\",\"type\":\"string\",\"desc\":\"d\"},"
		"{\"name\":\"liar.list\",\"type\":\"uint64\",\"desc\":\"d\",\"isList\":true},"
		"{\"name\":\"liar.ip\",\"type\":\"ipaddr\",\"desc\":\"d\"},"
		"{\"name\":\"liar.key\",\"type\":\"string\",\"desc\":\"d\",\"arg\":{\"isKey\":true,\"isRequired\":true}},"
		"{\"name\":\"liar.index\",\"type\":\"string\",\"desc\":\"d\",\"arg\":{\"isIndex\":true}},"
		"{\"name\":\"liar.both\",\"type\":\"string\",\"desc\":\"d\",\"arg\":{\"isKey\":true,\"isIndex\":true}}]";
	says.source = "lies";
	says.id = says.event_id = 999;
	says.nevents = 1;
	says.len = 42;
	says.type = 322;
	says.nparams = 2;
	says.lengths[0] = says.lengths[1] = 4;
	return 0;
}

/* What the plugins of a pipeline work on. One at a time. */
static struct world {
	struct state *state;
	struct plugin_host *host;
} world;

static void end_world(void)
{
	plugin_host_free(world.host);
	state_free(world.state);
	world = (struct world){ 0 };
}

static void new_world(const char *source, bool live)
{
	struct plugin_host_options options = { .source = str_of(source), .live = live };

	end_world();
	options.state = world.state =
		state_new(&(struct state_options){ .traits = STATE_FDS_REPORTED | STATE_THREADS_REPORTED });
	assert_non_null(world.state);
	assert_int_equal(plugin_host_new(&options, &world.host, NULL), 0);
}

/* Loads and starts it. */
static int load(const plugin_api *api, struct plugin **ret_plugin, struct error *err)
{
	struct plugin_config config = { .name = STR("liar"), .init_config = STR("{}") };
	int r;

	new_world("lies", true);
	r = plugin_load_api(api, &config, ret_plugin, err);
	if (r < 0)
		return r;
	r = plugin_host_add(world.host, *ret_plugin, err);
	if (r < 0)
		plugin_free(*ret_plugin);
	return r;
}

#endif
