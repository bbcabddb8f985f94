/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hostile plugin: all that it returns comes of the input - junk and missing texts, wrong counts and sizes,
 * events, values, tables, figures. What it points to is memory as far as our own limits let us read: a wild
 * pointer nobody can check.
 */
#include <stdlib.h>

#include "base/arena.h"
#include "base/limits.h"
#include "field/extract.h"
#include "plugin/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define TEXTS 64 /* that live at once */
#define STEPS 16 /* events that are taken of one source */

static const uint8_t *at, *end;
static char texts[TEXTS][512];
static unsigned int ntexts;
static uint8_t event_bytes[4][EVENT_MAX_BYTES];
static union {
	const char *texts[PLUGIN_VALUES];
	ss_plugin_byte_buffer buffers[PLUGIN_VALUES];
	uint64_t numbers[PLUGIN_VALUES];
} values;
static ss_plugin_metric metrics[PLUGIN_METRICS];
static uint16_t types[UINT16_MAX];
static ss_plugin_owner_t *owner;
static const ss_plugin_init_tables_input *tables;
static volatile size_t sink;

static uint8_t byte(void)
{
	return at < end ? *at++ : 0;
}

static void take(void *to, size_t n)
{
	memset(to, 0, n);
	if (n > (size_t)(end - at))
		n = (size_t)(end - at);
	memcpy(to, at, n);
	at += n;
}

/* Mostly what it should be, else nothing or anything. */
static const char *text(const char *good)
{
	uint8_t kind = byte();
	char *to = texts[ntexts++ % TEXTS];
	size_t n;

	if (kind < 160)
		return good;
	if (kind < 176)
		return NULL;
	n = byte();
	memset(to, 0, sizeof(texts[0]));
	take(to, n);
	return to;
}

static ss_plugin_rc rc(void)
{
	uint8_t kind = byte();

	return kind < 200 ? SS_PLUGIN_SUCCESS : (ss_plugin_rc)(kind - 202);
}

/* Right, 0, or beyond all bounds: in between only the plugin knows. */
static uint32_t count(uint32_t right, uint32_t bound)
{
	uint8_t kind = byte();

	return kind < 200 ? right : kind < 220 ? 0 : kind < 240 ? bound + 1 : UINT32_MAX;
}

static const char *get_api(void) { return text("3.12.0"); }
static const char *get_name(void) { return text("liar"); }
static const char *get_version(void) { return text("1.0.0"); }
static const char *get_text(void) { return text("text"); }
static const char *get_error(ss_plugin_t *s) { (void)s; return text("its own words"); }
static const char *get_source(void) { return text("lies"); }
static uint32_t get_id(void) { return count(999, 0); }
static const char *get_sources(void) { return text("[\"lies\"]"); }
static const char *get_async(void) { return text("[\"a\",\"b\"]"); }
static const char *get_schema_version(ss_plugin_t *s) { (void)s; return text("4.0.0"); }
static void destroy(ss_plugin_t *s) { (void)s; }
static void close_source(ss_plugin_t *s, ss_instance_t *h) { (void)s; (void)h; }

static const char *get_fields(void)
{
	return text("[{\"name\":\"liar.text\",\"desc\":\"d\",\"type\":\"string\"},"
		    "{\"name\":\"liar.list\",\"desc\":\"d\",\"type\":\"string\",\"isList\":true},"
		    "{\"name\":\"liar.numbers\",\"desc\":\"d\",\"type\":\"uint64\",\"isList\":true},"
		    "{\"name\":\"liar.ip\",\"desc\":\"d\",\"type\":\"ipaddr\"},"
		    "{\"name\":\"liar.nets\",\"desc\":\"d\",\"type\":\"ipnet\",\"isList\":true},"
		    "{\"name\":\"liar.yes\",\"desc\":\"d\",\"type\":\"bool\"}]");
}

static const char *get_schema(ss_plugin_schema_type *type)
{
	*type = byte() < 200 ? SS_PLUGIN_SCHEMA_JSON : (ss_plugin_schema_type)byte();
	return text(
		"{\"$ref\":\"#/d/c\",\"d\":{\"c\":{\"type\":\"object\",\"properties\":{\"a\":{\"items\":{\"minimum\":1}}}}}}");
}

static uint16_t *get_types(uint32_t *n, ss_plugin_t *s)
{
	(void)s;
	*n = count(byte(), UINT16_MAX);
	take(types, 64);
	return byte() < 200 ? types : NULL;
}

static void use_tables(void)
{
	ss_plugin_table_input in = { .name = text("mine"), .key_type = (ss_plugin_state_type)byte() };
	const char *name = text("threads");
	ss_plugin_table_t *t;
	uint32_t n;

	if (!tables)
		return;
	tables->list_tables(owner, &n);
	t = tables->get_table(owner, name, byte() < 200 ? SS_PLUGIN_ST_INT64 : (ss_plugin_state_type)byte());
	tables->add_table(owner, byte() < 250 ? &in : NULL);
	if (!t)
		return;
	tables->fields_ext->list_table_fields(t, &n);
	tables->fields_ext->get_table_field(t, text("comm"), (ss_plugin_state_type)byte());
	tables->fields_ext->add_table_field(t, text("new"), (ss_plugin_state_type)byte());
}

static ss_plugin_t *init(const ss_plugin_init_input *in, ss_plugin_rc *ret_rc)
{
	owner = in->owner;
	tables = in->tables;
	use_tables();
	tables = NULL;
	in->log_fn(owner, NULL, text("log"), (ss_plugin_log_severity)byte());
	*ret_rc = rc();
	return byte() < 250 ? &values : NULL;
}

static ss_instance_t *open_source(ss_plugin_t *s, const char *params, ss_plugin_rc *ret_rc)
{
	(void)s;
	(void)params;
	*ret_rc = rc();
	return NULL;
}

static ss_plugin_event *make_event(unsigned int i, uint16_t type)
{
	ss_plugin_event head = { 1, 2, 26 + 12, type, 2 };
	uint32_t lengths[2] = { 4, 0 };
	uint32_t id = 999;
	size_t n = byte();

	memcpy(event_bytes[i], &head, sizeof(head));
	memcpy(event_bytes[i] + sizeof(head), lengths, sizeof(lengths));
	memcpy(event_bytes[i] + sizeof(head) + sizeof(lengths), &id, sizeof(id));
	if (byte() < 128)
		take(event_bytes[i], n);
	else
		take(event_bytes[i] + sizeof(head), n);
	return (ss_plugin_event *)(void *)event_bytes[i];
}

static ss_plugin_rc next_batch(ss_plugin_t *s, ss_instance_t *h, uint32_t *n, ss_plugin_event ***events)
{
	static ss_plugin_event *batch[3];

	(void)s;
	(void)h;
	for (unsigned int i = 0; i < 3; i++)
		batch[i] = byte() < 240 ? make_event(i, EV_PLUGINEVENT_E) : NULL;
	*n = count(byte() % 4, PLUGIN_BATCH);
	*events = byte() < 240 ? batch : NULL;
	return at < end ? rc() : SS_PLUGIN_EOF;
}

static ss_plugin_rc extract(ss_plugin_t *s, const ss_plugin_event_input *evt, const ss_plugin_field_extract_input *in)
{
	ss_plugin_extract_field *f = in->fields;
	uint8_t n = byte();

	(void)s;
	(void)evt;
	for (unsigned int i = 0; i < 8; i++)
		if (f->ftype == FTYPE_STRING)
			values.texts[i] = text("good");
		else if (f->ftype == FTYPE_IPADDR || f->ftype == FTYPE_IPNET)
			values.buffers[i] =
				(ss_plugin_byte_buffer){ byte() % 32, byte() < 240 ? event_bytes[3] : NULL };
		else
			values.numbers[i] = byte();
	f->res_len = n < 128 ? n % 8 : n < 200 ? 1 : n < 220 ? PLUGIN_VALUES + 1 : UINT64_MAX;
	f->res.str = byte() < 240 ? values.texts : NULL;
	return rc();
}

static ss_plugin_rc parse(ss_plugin_t *s, const ss_plugin_event_input *evt, const ss_plugin_event_parse_input *in)
{
	(void)s;
	(void)evt;
	in->table_reader_ext->get_table_entry(NULL, NULL);
	return rc();
}

static ss_plugin_rc set_handler(ss_plugin_t *s, ss_plugin_owner_t *o, const ss_plugin_async_event_handler_t handler)
{
	char why[PLUGIN_MAX_ERRLEN];

	(void)s;
	for (unsigned int i = byte() % 4; handler && i; i--)
		handler(o, byte() < 250 ? make_event(3, EV_ASYNCEVENT_E) : NULL, byte() < 128 ? why : NULL);
	return rc();
}

static ss_plugin_rc dump_state(ss_plugin_t *s, ss_plugin_owner_t *o, const ss_plugin_async_event_handler_t handler)
{
	return set_handler(s, o, handler);
}

static const char *open_params(ss_plugin_t *s, ss_plugin_rc *ret_rc)
{
	(void)s;
	*ret_rc = rc();
	return text("[{\"value\":\"a\",\"desc\":\"b\"},{\"value\":\"c\"}]");
}

static const char *progress(ss_plugin_t *s, ss_instance_t *instance, uint32_t *pct)
{
	(void)s;
	(void)instance;
	*pct = byte() * 0x01010101u;
	return text("some way");
}

static const char *event_text(ss_plugin_t *s, const ss_plugin_event_input *evt)
{
	(void)s;
	(void)evt;
	return text("an event");
}

static ss_plugin_rc set_config(ss_plugin_t *s, const ss_plugin_set_config_input *in)
{
	(void)s;
	sink += strlen(in->config);
	return rc();
}

static ss_plugin_metric *get_metrics(ss_plugin_t *s, uint32_t *n)
{
	(void)s;
	for (unsigned int i = 0; i < 4; i++)
		metrics[i] = (ss_plugin_metric){ text("figure"),
						 (ss_plugin_metric_type)byte(),
						 { .u64 = byte() * 0x0101010101010101u },
						 (ss_plugin_metric_value_type)(byte() % 9) };
	*n = count(byte() % 5, PLUGIN_METRICS);
	return byte() < 240 ? metrics : NULL;
}

static ss_plugin_rc listen_events(ss_plugin_t *s, const ss_plugin_capture_listen_input *in)
{
	(void)s;
	(void)in;
	return rc();
}

/* ---- what the program does with it ---- */

static void read_metric(void *context, const struct plugin_metric *m)
{
	(void)context;
	sink += strlen(m->name) + strlen(m->value);
}

static void ask_fields(const struct plugin_view *view, struct field_context *ctx)
{
	struct field_options options = { .nforeign = 1, .foreign = &view->fields };
	const struct field_info *info;

	for (size_t i = 0; i < 6 && (info = foreign_by_index(view->fields, i)); i++) {
		auto_strbuf struct strbuf out = { 0 };
		struct values got = { 0 };
		struct field_ref ref;
		size_t used;

		if (field_lookup(info->name, &options, &ref, &used, NULL) < 0)
			continue;
		field_print(&out, &ref, field_extract(&ref, ctx, &got), &got);
		sink += out.len;
		ctx->told = NULL; /* it names ref, and lies in an arena that is emptied */
	}
}

static int take_state(void *context, const struct event *ev, struct error *err)
{
	(void)context;
	(void)err;
	sink += ev->nparams;
	return byte() < 240 ? 0 : -1;
}

static void take_open_params(void *context, struct str value, struct str description)
{
	(void)context;
	sink += value.len + description.len;
}

static void run(struct plugin *p, struct plugin_host *h, struct source *s)
{
	auto_arena struct arena *arena = arena_new(1024);
	struct field_context ctx = { .arena = arena, .source_name = STR("lies") };
	struct plugin_view view;
	struct event ev;
	struct str said;
	int r = 0;

	plugin_get(p, &view);
	for (unsigned int i = 0; i < STEPS && r >= 0; i++) {
		r = s->ops->next(s, &ev, NULL);
		if (r <= 0)
			continue;
		plugin_host_parse(h, &ev, STR("lies"));
		ctx.ev = &ev;
		if (view.fields)
			ask_fields(&view, &ctx);
		for (int which = EVENT_MAKER_NAME; which <= EVENT_MAKER_INFO; which++)
			if (plugin_host_text(h, &ctx, (enum event_maker_text)which, &said))
				sink += said.len;
		arena_reset(arena);
	}
	(void)plugin_host_dump(h, 5, take_state, NULL, NULL);
	(void)plugin_host_check_config(h, view.name, STR("{\"a\":[]}"), NULL);
	(void)plugin_host_set_config(h, view.name, STR("{\"a\":[]}"), NULL);
	(void)plugin_open_params(p, take_open_params, NULL, NULL);
	while (plugin_host_next(h, 0, &ev))
		sink += ev.nparams;
	plugin_host_measure(h);
	plugin_host_metrics(h, read_metric, NULL);
}

static void ignore(const char *plugin, int severity, const char *said)
{
	sink += strlen(plugin) + strlen(said) + (size_t)severity;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const plugin_api all = {
		.get_required_api_version = get_api,
		.get_init_schema = get_schema,
		.init = init,
		.destroy = destroy,
		.get_last_error = get_error,
		.get_name = get_name,
		.get_description = get_text,
		.get_contact = get_text,
		.get_version = get_version,
		.get_id = get_id,
		.get_event_source = get_source,
		.open = open_source,
		.close = close_source,
		.next_batch = next_batch,
		.get_extract_event_types = get_types,
		.get_extract_event_sources = get_sources,
		.get_fields = get_fields,
		.extract_fields = extract,
		.get_parse_event_types = get_types,
		.get_parse_event_sources = get_sources,
		.parse_event = parse,
		.get_async_event_sources = get_sources,
		.get_async_events = get_async,
		.set_async_event_handler = set_handler,
		.dump_state = dump_state,
		.list_open_params = open_params,
		.get_progress = progress,
		.event_to_string = event_text,
		.set_config = set_config,
		.get_metrics = get_metrics,
		.capture_open = listen_events,
		.capture_close = listen_events,
		.get_required_event_schema_version = get_schema_version,
	};
	struct plugin_config config = { .init_config = STR("{\"a\":[1,2,\"x\"]}"), .log = ignore };
	struct plugin_host_options options = { .source = STR("lies"), .live = true };
	struct plugin_host *h = NULL;
	struct source *s = NULL;
	struct plugin *p = NULL;
	struct error err;

	at = bytes;
	end = bytes + len;
	options.state = state_new(&(struct state_options){ .traits = STATE_FDS_REPORTED | STATE_THREADS_REPORTED });
	if (options.state && plugin_host_new(&options, &h, &err) == 0 &&
	    plugin_load_api(&all, &config, &p, &err) == 0 && plugin_host_add(h, p, &err) == 0 &&
	    plugin_host_open(h, &err) == 0 && plugin_source_open(p, "", NULL, &s, &err) == 0)
		run(p, h, s);
	if (s)
		s->ops->close(s);
	plugin_host_free(h);
	plugin_free(p);
	state_free(options.state);
	return 0;
}
