/* SPDX-License-Identifier: Apache-2.0 */
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
	says.fields = "[{\"name\":\"liar.text\",\"type\":\"string\"},"
		      "{\"name\":\"liar.list\",\"type\":\"uint64\",\"isList\":true},"
		      "{\"name\":\"liar.ip\",\"type\":\"ipaddr\"},"
		      "{\"name\":\"liar.key\",\"type\":\"string\",\"arg\":{\"isKey\":true,\"isRequired\":true}},"
		      "{\"name\":\"liar.index\",\"type\":\"string\",\"arg\":{\"isIndex\":true}}]";
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
	options.state = world.state = state_new(&(struct state_options){ .traits = STATE_FDS_REPORTED | STATE_THREADS_REPORTED });
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

static void assert_refused(const plugin_api *api, const char *why)
{
	struct plugin *p = NULL;
	struct error err = { 0 };

	assert_true(load(api, &p, &err) < 0);
	if (!strstr(err.text, why) || !strstr(err.text, "liar"))
		fail_msg("\"%s\", not \"%s\"", err.text, why);
}

static void test_versions(void **state)
{
	static const char *const good[] = { "3.0.0", "3.1.7", "3.12.0", "3.11.99" };
	static const char *const bad[] = { "3.13.0", "3.12.1", "4.0.0", "2.0.0", "3", "3.x.0", "", "99999999999.0.0" };
	plugin_api api = good_api();
	struct plugin *p;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		reset(state);
		says.api_version = good[i];
		assert_int_equal(load(&api, &p, NULL), 0);
		plugin_free(p);
		assert_int_equal(says.destroyed, 1);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		says.api_version = bad[i];
		assert_refused(&api, "version");
	}
}

static void test_refused(void **state)
{
	plugin_api api = good_api();

	api.destroy = NULL;
	assert_refused(&api, "lacks");
	api = good_api();
	api.next_batch = NULL;
	assert_refused(&api, "belong together");
	api = good_api();
	api.get_fields = NULL;
	assert_refused(&api, "needs get_fields");
	api = good_api();
	says.id = 0;
	assert_refused(&api, "both an id and the name");
	reset(state);
	says.source = "syscall";
	assert_refused(&api, "cannot be called syscall");
	reset(state);
	says.name = "other";
	assert_refused(&api, "calls itself other");
	reset(state);
	says.version = "one";
	assert_refused(&api, "not three numbers");
	reset(state);
	says.init = SS_PLUGIN_FAILURE;
	assert_refused(&api, "its own words");
	assert_int_equal(says.destroyed, 1);
}

static void test_bad_fields(void **state)
{
	static const struct {
		const char *fields, *why;
	} cases[] = {
		{ "", "no JSON list" },
		{ "{}", "no JSON list" },
		{ "[1]", "no name" },
		{ "[{\"name\":\"a b\",\"type\":\"string\"}]", "no name" },
		{ "[{\"name\":\"liar.a\",\"type\":\"float\"}]", "unknown type" },
		{ "[{\"name\":\"liar.a\"}]", "unknown type" },
	};
	plugin_api api = good_api();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		says.fields = cases[i].fields;
		assert_refused(&api, cases[i].why);
	}
}

static int next_of(struct error *err)
{
	plugin_api api = good_api();
	auto_plugin struct plugin *p = NULL;
	auto_source struct source *s = NULL;
	struct event ev;
	int r;

	assert_int_equal(load(&api, &p, err), 0);
	r = plugin_source_open(p, "", &s, err);
	if (r == 0)
		r = s->ops->next(s, &ev, err);
	if (r == 1) {
		assert_int_equal(ev.type, EV_PLUGINEVENT_E);
		assert_int_equal(event_param_uint(&ev, 0), 999);
		assert_true(str_eq(event_param(&ev, 1), STR("data")));
	}
	return r;
}

static void test_events(void **state)
{
	struct error err = { 0 };

	assert_int_equal(next_of(&err), 1);
	assert_int_equal(says.closed, 1);
	says.event_id = 0; /* stands for its own */
	assert_int_equal(next_of(&err), 1);
	says.nevents = 0;
	assert_int_equal(next_of(&err), 0);
	says.next = SS_PLUGIN_TIMEOUT;
	assert_int_equal(next_of(&err), 0);
	says.next = SS_PLUGIN_EOF;
	assert_int_equal(next_of(&err), -ENODATA);
	says.next = SS_PLUGIN_FAILURE;
	assert_true(next_of(&err) < 0);
	assert_non_null(strstr(err.text, "liar: its event source failed: its own words"));
	reset(state);
	says.open = SS_PLUGIN_FAILURE;
	assert_true(next_of(&err) < 0);
	assert_int_equal(says.closed, 0);
}

static void assert_bad_event(void **state, const char *what)
{
	struct error err = { 0 };

	if (next_of(&err) != -EBADMSG || !strstr(err.text, "liar"))
		fail_msg("%s: %s", what, err.text);
	reset(state);
}

static void test_bad_events(void **state)
{
	says.len = 25;
	assert_bad_event(state, "shorter than a header");
	says.len = UINT32_MAX;
	assert_bad_event(state, "longer than the address space");
	says.nparams = 3;
	assert_bad_event(state, "too many parameters");
	says.lengths[1] = 400;
	assert_bad_event(state, "a parameter beyond the end");
	says.event_id = 998;
	assert_bad_event(state, "another plugin's id");
	says.type = 60000;
	assert_bad_event(state, "no such type");
	says.type = 402;
	assert_bad_event(state, "not its type");
	says.no_batch = true;
	assert_bad_event(state, "no batch");
	says.no_event = true;
	assert_bad_event(state, "no event");
	says.nevents = UINT32_MAX;
	assert_bad_event(state, "a wild number of events");
}

/* The field's value as outputs print it; NULL when there is no such field. */
static const char *value_of(const char *name)
{
	static struct strbuf out;
	plugin_api api = good_api();
	auto_plugin struct plugin *p = NULL;
	auto_source struct source *s = NULL;
	auto_arena struct arena *arena = arena_new(1024);
	struct plugin_view view;
	struct field_options options = { .nforeign = 1, .foreign = &view.fields };
	struct field_context ctx = { .arena = arena, .source_name = STR("lies") };
	struct values values = { 0 };
	struct field_ref ref;
	struct event ev;
	size_t used;

	assert_int_equal(load(&api, &p, NULL), 0);
	plugin_get(p, &view);
	assert_int_equal(plugin_source_open(p, "", &s, NULL), 0);
	assert_int_equal(s->ops->next(s, &ev, NULL), 1);
	ctx.ev = &ev;
	if (field_lookup(str_of(name), &options, &ref, &used, NULL) < 0 || used != strlen(name))
		return NULL;
	strbuf_reset(&out);
	field_print(&out, &ref, field_extract(&ref, &ctx, &values), &values);
	return out.ptr;
}

static void test_values(void **state)
{
	const char *texts[] = { "one", NULL };
	uint64_t numbers[] = { 1, 2, 3 };
	ss_plugin_byte_buffer address = { 4, "\177\0\0\1" };

	says.res = texts;
	says.res_len = 1;
	assert_string_equal(value_of("liar.text"), "one");
	assert_string_equal(value_of("liar.key[/a/b]"), "one");
	assert_string_equal(value_of("liar.index[3]"), "one");
	assert_string_equal(value_of("liar.index"), "one");
	assert_null(value_of("liar.key"));
	assert_null(value_of("liar.index[x]"));
	assert_null(value_of("liar.text[1]"));
	says.res_len = 2; /* it is no list */
	assert_string_equal(value_of("liar.text"), "<NA>");
	says.res_len = 0;
	assert_string_equal(value_of("liar.text"), "<NA>");
	says.res_len = 1;
	says.extract = SS_PLUGIN_FAILURE;
	assert_string_equal(value_of("liar.text"), "<NA>");
	reset(state);
	says.res_len = 1;
	assert_string_equal(value_of("liar.text"), "<NA>"); /* no array */
	says.res = texts + 1;
	assert_string_equal(value_of("liar.text"), "<NA>"); /* no text in it */
	says.res = numbers;
	says.res_len = 3;
	assert_string_equal(value_of("liar.list"), "(1,2,3)");
	says.res_len = UINT64_MAX;
	assert_string_equal(value_of("liar.list"), "<NA>");
	says.res = &address;
	says.res_len = 1;
	assert_string_equal(value_of("liar.ip"), "127.0.0.1");
	address.len = 5;
	assert_string_equal(value_of("liar.ip"), "<NA>");
	address = (ss_plugin_byte_buffer){ 16, NULL };
	assert_string_equal(value_of("liar.ip"), "<NA>");
}

/* ---- state tables, by a plugin that passes whatever it likes ---- */

static ss_plugin_rc (*on_parse)(const ss_plugin_event_parse_input *in);
static ss_plugin_table_t *threads_table;
static ss_plugin_table_field_t *comm_field, *pid_field, *fds_field, *env_field, *own_field;

static ss_plugin_t *init_tables(const ss_plugin_init_input *in, ss_plugin_rc *rc)
{
	const ss_plugin_table_fields_vtable_ext *f = in->tables->fields_ext;

	threads_table = in->tables->get_table(in->owner, "threads", SS_PLUGIN_ST_INT64);
	comm_field = f->get_table_field(threads_table, "comm", SS_PLUGIN_ST_STRING);
	pid_field = f->get_table_field(threads_table, "pid", SS_PLUGIN_ST_INT64);
	fds_field = f->get_table_field(threads_table, "file_descriptors", SS_PLUGIN_ST_TABLE);
	env_field = f->get_table_field(threads_table, "env", SS_PLUGIN_ST_TABLE);
	own_field = f->add_table_field(threads_table, "own", SS_PLUGIN_ST_INT16);
	assert_true(threads_table && comm_field && pid_field && fds_field && env_field && own_field);
	assert_null(f->get_table_field(threads_table, "comm", SS_PLUGIN_ST_INT64));
	assert_null(f->get_table_field(threads_table, "none", SS_PLUGIN_ST_INT64));
	assert_null(f->add_table_field(threads_table, "own", SS_PLUGIN_ST_INT64));
	assert_null(f->add_table_field(threads_table, "inner", SS_PLUGIN_ST_TABLE));
	assert_non_null(in->get_owner_last_error(in->owner));
	*rc = SS_PLUGIN_SUCCESS;
	return &says;
}

static ss_plugin_rc parse(ss_plugin_t *s, const ss_plugin_event_input *evt, const ss_plugin_event_parse_input *in)
{
	(void)s;
	(void)evt;
	return on_parse(in);
}

static ss_plugin_rc use_tables(const ss_plugin_event_parse_input *in)
{
	const ss_plugin_table_reader_vtable_ext *r = in->table_reader_ext;
	const ss_plugin_table_writer_vtable_ext *w = in->table_writer_ext;
	ss_plugin_state_data key = { .s64 = 77 }, data, list;
	ss_plugin_table_entry_t *e = w->create_table_entry(threads_table), *item;

	data.str = "made";
	assert_int_equal(w->write_entry_field(threads_table, e, comm_field, &data), SS_PLUGIN_SUCCESS);
	data.s64 = 77;
	assert_int_equal(w->write_entry_field(threads_table, e, pid_field, &data), SS_PLUGIN_SUCCESS);
	e = w->add_table_entry(threads_table, &key, e);
	assert_non_null(e);
	assert_int_equal(r->get_table_size(threads_table), 1);
	assert_int_equal(w->write_entry_field(threads_table, e, pid_field, &data), SS_PLUGIN_FAILURE); /* it is where it is */
	data.s16 = -3;
	assert_int_equal(w->write_entry_field(threads_table, e, own_field, &data), SS_PLUGIN_SUCCESS);
	data.s64 = 0;
	assert_int_equal(r->read_entry_field(threads_table, e, own_field, &data), SS_PLUGIN_SUCCESS);
	assert_int_equal(data.s16, -3);
	/* a list: filled up to its end */
	assert_int_equal(r->read_entry_field(threads_table, e, env_field, &list), SS_PLUGIN_SUCCESS);
	key.u64 = 1;
	item = w->add_table_entry(list.table, &key, w->create_table_entry(list.table));
	assert_non_null(item);
	assert_int_equal(r->get_table_size(list.table), 2);
	key.u64 = UINT64_MAX;
	assert_null(w->add_table_entry(list.table, &key, w->create_table_entry(list.table)));
	/* what is gone is gone, for all that was held of it */
	key.s64 = 77;
	assert_int_equal(w->erase_table_entry(threads_table, &key), SS_PLUGIN_SUCCESS);
	assert_int_equal(r->read_entry_field(threads_table, e, comm_field, &data), SS_PLUGIN_FAILURE);
	assert_int_equal(r->read_entry_field(list.table, item, env_field, &data), SS_PLUGIN_FAILURE);
	assert_int_equal(r->get_table_size(list.table), UINT64_MAX);
	return SS_PLUGIN_SUCCESS;
}

static ss_plugin_rc misuse_tables(const ss_plugin_event_parse_input *in)
{
	const ss_plugin_table_reader_vtable_ext *r = in->table_reader_ext;
	const ss_plugin_table_writer_vtable_ext *w = in->table_writer_ext;
	ss_plugin_state_data key = { .s64 = 5 }, data;
	ss_plugin_table_entry_t *e;

	assert_null(r->get_table_entry(NULL, &key));
	assert_null(r->get_table_entry(threads_table, NULL));
	assert_null(r->get_table_entry(threads_table, &key));
	assert_int_equal(r->read_entry_field(threads_table, (void *)0x10, comm_field, &data), SS_PLUGIN_FAILURE);
	assert_int_equal(r->read_entry_field(threads_table, NULL, comm_field, &data), SS_PLUGIN_FAILURE);
	e = w->create_table_entry(threads_table);
	assert_int_equal(r->read_entry_field(threads_table, (char *)e + 1, comm_field, &data), SS_PLUGIN_FAILURE);
	assert_int_equal(r->read_entry_field(threads_table, e, NULL, &data), SS_PLUGIN_FAILURE);
	assert_int_equal(r->read_entry_field(threads_table, e, (void *)0x7fffffff, &data), SS_PLUGIN_FAILURE);
	data.str = NULL;
	assert_int_equal(w->write_entry_field(threads_table, e, comm_field, &data), SS_PLUGIN_FAILURE);
	w->destroy_table_entry(threads_table, e);
	w->destroy_table_entry(threads_table, e); /* twice */
	assert_null(w->add_table_entry(threads_table, &key, e));
	/* more than may be held at once, and none released */
	for (int i = 0; i < PLUGIN_HANDLES; i++)
		assert_non_null(w->create_table_entry(threads_table));
	assert_null(w->create_table_entry(threads_table));
	return SS_PLUGIN_FAILURE;
}

static void test_tables(void **state)
{
	plugin_api api = good_api();
	auto_plugin struct plugin *p = NULL;
	struct plugin_host_stats stats;
	struct event_builder b = { 0 };
	struct event ev;

	(void)state;
	api.init = init_tables;
	api.parse_event = parse;
	assert_int_equal(load(&api, &p, NULL), 0);
	event_begin(&b, EV_PLUGINEVENT_E, 1, -1);
	event_put_int(&b, 999);
	event_put_bytes(&b, STR("data"));
	assert_int_equal(event_end(&b, &ev, NULL), 0);
	assert_true(plugin_host_parses(world.host, EV_PLUGINEVENT_E));
	assert_false(plugin_host_parses(world.host, EV_PROCEXIT_1_E));
	on_parse = misuse_tables;
	plugin_host_parse(world.host, &ev, STR("lies"));
	plugin_host_parse(world.host, &ev, STR("truths")); /* not its source */
	on_parse = use_tables; /* nothing is left of the call before */
	plugin_host_parse(world.host, &ev, STR("lies"));
	plugin_host_stats(world.host, &stats);
	assert_int_equal(stats.parse_failures, 1);
	event_builder_free(&b);
}

/* ---- figures ---- */

static struct {
	ss_plugin_metric list[5];
	uint32_t n;
	bool none;
} measures;

static ss_plugin_metric *get_metrics(ss_plugin_t *s, uint32_t *n)
{
	(void)s;
	*n = measures.n;
	return measures.none ? NULL : measures.list;
}

static void add_metric(void *context, const struct plugin_metric *m)
{
	char *text = context;

	snprintf(text + strlen(text), 256 - strlen(text), "%s=%s%s%s;", m->name, m->value, m->counter ? "+" : "", m->zero ? "0" : "");
}

static void assert_metrics(const char *expected)
{
	char text[256] = "";

	plugin_host_measure(world.host);
	plugin_host_metrics(world.host, add_metric, text);
	assert_string_equal(text, expected);
}

static void test_metrics(void **state)
{
	plugin_api api = good_api();
	struct plugin *p = NULL;
	struct error err = { 0 };
	char endless[PLUGIN_NAME_BYTES + 1];

	(void)state;
	memset(endless, 'x', sizeof(endless));
	memset(&measures, 0, sizeof(measures));
	measures.list[0] = (ss_plugin_metric){ "a", SS_PLUGIN_METRIC_TYPE_MONOTONIC, { .u64 = UINT64_MAX }, SS_PLUGIN_METRIC_VALUE_TYPE_U64 };
	measures.list[1] = (ss_plugin_metric){ "b", SS_PLUGIN_METRIC_TYPE_NON_MONOTONIC, { .f = 0 }, SS_PLUGIN_METRIC_VALUE_TYPE_F };
	measures.list[2] = (ss_plugin_metric){ "c", SS_PLUGIN_METRIC_TYPE_NON_MONOTONIC, { .i = -1 }, SS_PLUGIN_METRIC_VALUE_TYPE_I };
	measures.n = 3;
	api.get_metrics = get_metrics;
	assert_int_equal(load(&api, &p, &err), 0);
	assert_metrics("liar.a=18446744073709551615+;liar.b=0" "0;liar.c=-1;");
	measures.list[0].name = NULL;
	measures.list[1].value.f = 1.0f / 0.0f;
	measures.list[2].value_type = (ss_plugin_metric_value_type)77;
	measures.list[3] = (ss_plugin_metric){ endless, SS_PLUGIN_METRIC_TYPE_MONOTONIC, { .u64 = 1 }, SS_PLUGIN_METRIC_VALUE_TYPE_U64 };
	measures.list[4] = (ss_plugin_metric){ "e", SS_PLUGIN_METRIC_TYPE_MONOTONIC, { .d = 0.25 }, SS_PLUGIN_METRIC_VALUE_TYPE_D };
	measures.n = 5;
	assert_metrics("liar.e=0.25+;");
	measures.n = PLUGIN_METRICS + 1;
	assert_metrics("");
	measures.n = 1;
	measures.none = true;
	assert_metrics("");
	end_world();
	plugin_free(p);
}

/* ---- init_config ---- */

static const char *schema;

static const char *get_schema(ss_plugin_schema_type *type)
{
	*type = SS_PLUGIN_SCHEMA_JSON;
	return schema;
}

static void check_config(const char *config, const char *complaint)
{
	struct plugin_config c = { .name = STR("liar"), .init_config = str_of(config) };
	plugin_api api = good_api();
	struct plugin *p = NULL;
	struct error err = { 0 };
	int r;

	api.get_init_schema = get_schema;
	new_world("lies", true);
	assert_int_equal(plugin_load_api(&api, &c, &p, &err), 0);
	r = plugin_host_add(world.host, p, &err);
	if (complaint && (r == 0 || !strstr(err.text, complaint)))
		fail_msg("%s: \"%s\", not \"%s\"", config, err.text, complaint);
	if (!complaint && r < 0)
		fail_msg("%s: %s", config, err.text);
	end_world();
	plugin_free(p);
}

static void test_schema(void **state)
{
	(void)state;
	schema = "{\"$ref\":\"#/$defs/Config\",\"$defs\":{\"Config\":{\"type\":\"object\",\"required\":[\"a\"],"
		 "\"additionalProperties\":false,\"properties\":{\"a\":{\"type\":\"integer\",\"minimum\":1,\"exclusiveMaximum\":9},"
		 "\"b\":{\"type\":[\"string\",\"null\"],\"minLength\":2,\"unheardOf\":7},\"c\":{\"enum\":[\"x\",5]},"
		 "\"d\":{\"type\":\"array\",\"maxItems\":2,\"items\":{\"type\":\"boolean\"}},\"e\":false,"
		 "\"f\":{\"additionalProperties\":{\"type\":\"number\"}}}}}}";
	check_config("{\"a\":8,\"b\":null,\"c\":5,\"d\":[true],\"f\":{\"any\":1.5}}", NULL);
	check_config("{\"a\":1,\"b\":\"\u00e4\u00e4\"}", NULL);
	check_config("", "at /: it lacks a");
	check_config("{\"a\":0}", "at /a: it is less than its minimum");
	check_config("{\"a\":9}", "at /a: it is not below its maximum");
	check_config("{\"a\":1.5}", "at /a: it must be of the type integer");
	check_config("{\"a\":1,\"b\":3}", "at /b: it is of none of the types");
	check_config("{\"a\":1,\"b\":\"\u00e4\"}", "at /b: it is too short");
	check_config("{\"a\":1,\"c\":\"5\"}", "at /c: it is none of the values");
	check_config("{\"a\":1,\"d\":[true,1]}", "at /d/1: it must be of the type boolean");
	check_config("{\"a\":1,\"d\":[true,true,true]}", "at /d: it has too many items");
	check_config("{\"a\":1,\"e\":1}", "at /e: nothing may be here");
	check_config("{\"a\":1,\"f\":{\"any\":\"1\"}}", "at /f/any: it must be of the type number");
	check_config("{\"a\":1,\"g\":1}", "there is no such key: g");
	check_config("a", "must be JSON");
	schema = "{\"$ref\":\"#\"}";
	check_config("{}", "too deep");
	schema = "nonsense";
	check_config("{}", "its schema of init_config is no JSON");
}

static const char *schema_version;

static const char *get_schema_version(ss_plugin_t *s)
{
	(void)s;
	return schema_version;
}

static void test_schema_version(void **state)
{
	static const char *const bad[] = { "5.0.0", "3.0.0", "4.6.0", "4.5.2", "4", "" };
	static const char *const good[] = { "4.5.1", "4.5.0", "4.0.9", NULL };
	plugin_api api = good_api();

	(void)state;
	api.get_required_event_schema_version = get_schema_version;
	api.open = NULL;
	api.close = NULL;
	api.next_batch = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		schema_version = bad[i];
		assert_refused(&api, "of the event tables");
	}
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct plugin *p = NULL;

		schema_version = good[i];
		assert_int_equal(load(&api, &p, NULL), 0);
		end_world();
		plugin_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_versions, reset),	cmocka_unit_test_setup(test_refused, reset),
		cmocka_unit_test_setup(test_bad_fields, reset), cmocka_unit_test_setup(test_events, reset),
		cmocka_unit_test_setup(test_bad_events, reset), cmocka_unit_test_setup(test_values, reset),
		cmocka_unit_test_setup(test_tables, reset),	cmocka_unit_test_setup(test_metrics, reset),
		cmocka_unit_test_setup(test_schema, reset),	cmocka_unit_test_setup(test_schema_version, reset),
	};

	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	end_world();
	return failed;
}
