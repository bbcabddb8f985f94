/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/version.h"
#include "plugin/internal.h"

/* init(), what it may call, and what can be asked only after it. */

static void take_log(ss_plugin_owner_t *owner, const char *component, const char *text, ss_plugin_log_severity severity)
{
	const struct plugin *p = owner;
	auto_strbuf struct strbuf whole = { 0 };

	if (!p || !text || !p->log)
		return;
	if (component && strcmp(component, p->view.name.ptr) != 0)
		strbuf_addf(&whole, "%.128s: %.*s", component, PLUGIN_MAX_ERRLEN, text);
	p->log(p->view.name.ptr, (int)severity, whole.len && !whole.failed ? whole.ptr : text);
}

const char *plugin_schema(const struct plugin *p)
{
	ss_plugin_schema_type type = SS_PLUGIN_SCHEMA_NONE;
	const char *schema = p->api.get_init_schema ? p->api.get_init_schema(&type) : NULL;

	return type == SS_PLUGIN_SCHEMA_JSON && schema && *schema ? schema : NULL;
}

int plugin_take_config(struct plugin *p, struct str text, const char **ret_text, struct error *err)
{
	const char *schema = plugin_schema(p);

	if (schema && !text.len)
		text = STR("{}");
	*ret_text = text.ptr;
	return schema ? plugin_check_config(p, schema, text, err) : 0;
}

static int init(struct plugin *p, struct error *err)
{
	ss_plugin_table_fields_vtable_ext fields = table_fields;
	ss_plugin_table_reader_vtable_ext reader = table_reader;
	ss_plugin_table_writer_vtable_ext writer = table_writer;
	ss_plugin_init_tables_input tables = {
		.list_tables = tables_list,
		.get_table = tables_get,
		.add_table = tables_add,
		.fields = table_fields,
		.fields_ext = &fields,
		.reader_ext = &reader,
		.writer_ext = &writer,
	};
	bool has_tables = p->view.capabilities & (PLUGIN_PARSE | PLUGIN_EXTRACT | PLUGIN_LISTEN);
	ss_plugin_init_input in = {
		.owner = p,
		.get_owner_last_error = plugin_owner_error,
		.tables = has_tables ? &tables : NULL,
		.log_fn = take_log,
	};
	ss_plugin_rc rc = SS_PLUGIN_FAILURE;
	int r = plugin_take_config(p, p->init_config, &in.config, err);
	const struct plugin *before;

	if (r < 0)
		return r;
	p->misses_table = false;
	before = plugin_enter(p, "init");
	p->state = p->api.init(&in, &rc);
	plugin_leave(p, before);
	p->started = rc == SS_PLUGIN_SUCCESS;
	tables_end_call(p);
	return p->started ? 0 : plugin_error(p, -EINVAL, "it refuses to start", err);
}

/* Which events it is shown: those that it names, else all of system calls, or the events of plugins. */
static int read_types(struct plugin *p, uint16_t *(*get)(uint32_t *n, ss_plugin_t *s), const struct names *sources,
		      bool **ret_types, struct error *err)
{
	bool *types = arena_array_of(p->arena, bool, EV_COUNT);
	uint32_t n = 0;
	const uint16_t *list = get ? get(&n, p->state) : NULL;
	bool any = false;

	if (!types)
		return error_set(err, -ENOMEM, "out of memory");
	if (list && n > UINT16_MAX)
		return error_set(err, -EINVAL, "plugin " STR_FMT ": %u event types are more than there are",
				 STR_ARG(p->view.name), n);
	for (uint32_t i = 0; list && i < n; i++) {
		if (list[i] < EV_COUNT)
			types[list[i]] = true;
		any = true;
	}
	for (int i = 0; !any && i < EV_COUNT; i++)
		types[i] = i == EV_PLUGINEVENT_E || plugin_takes_source(p, sources, STR("syscall"));
	*ret_types = types;
	return 0;
}

static bool takes_calls(const bool *types)
{
	for (int i = 0; types && i < EV_COUNT; i++)
		if (types[i] && i != EV_PLUGINEVENT_E)
			return true;
	return false;
}

/* What looks into events of system calls may say which version of their tables it was made for. */
static int check_schema_version(struct plugin *p, struct error *err)
{
	const char *text =
		p->api.get_required_event_schema_version ? p->api.get_required_event_schema_version(p->state) : NULL;
	struct version want, have;

	if (!text || !(takes_calls(p->extract_types) || takes_calls(p->parse_types)))
		return 0;
	if (strnlen(text, PLUGIN_NAME_BYTES) == PLUGIN_NAME_BYTES || version_parse(str_of(text), &want) < 0 ||
	    version_parse(STR(EVENT_SCHEMA), &have) < 0)
		return error_set(err, -EINVAL,
				 "plugin " STR_FMT
				 ": the version of the event tables that it needs is not three numbers",
				 STR_ARG(p->view.name));
	if (version_serves(&have, &want))
		return 0;
	return error_set(err, -ENOTSUP,
			 "plugin " STR_FMT ": it needs version %s of the event tables, these are " EVENT_SCHEMA,
			 STR_ARG(p->view.name), text);
}

int plugin_start(struct plugin *p, struct plugin_host *h, struct error *err)
{
	struct plugin **grown;
	int r;

	if (p->host)
		return error_set(err, -EBUSY, "plugin " STR_FMT ": it was started already", STR_ARG(p->view.name));
	grown = reallocarray(h->plugins, h->count + 1, sizeof(struct plugin *));
	if (!grown)
		return error_set(err, -ENOMEM, "out of memory");
	h->plugins = grown;
	p->host = h;
	p->call = arena_new(1024);
	if (!p->call)
		return error_set(err, -ENOMEM, "out of memory");
	r = init(p, err);
	if (r == 0 && p->view.capabilities & PLUGIN_EXTRACT)
		r = read_types(p, p->api.get_extract_event_types, &p->extract_sources, &p->extract_types, err);
	if (r == 0 && p->view.capabilities & PLUGIN_PARSE)
		r = read_types(p, p->api.get_parse_event_types, &p->parse_sources, &p->parse_types, err);
	if (r == 0)
		r = check_schema_version(p, err);
	if (r == 0)
		h->plugins[h->count++] = p;
	return r;
}

static void leave_host(struct plugin *p)
{
	struct plugin_host *h = p->host;

	for (size_t i = 0; h && i < h->count; i++)
		if (h->plugins[i] == p) {
			memmove(&h->plugins[i], &h->plugins[i + 1], (h->count - i - 1) * sizeof(struct plugin *));
			h->count--;
		}
	p->host = NULL;
}

void plugin_stop(struct plugin *p)
{
	if (p->state) {
		const struct plugin *before = plugin_enter(p, "destroy");

		p->api.destroy(p->state);
		plugin_leave(p, before);
	}
	p->state = NULL;
	p->started = false;
	p->metrics = NULL;
	p->nmetrics = 0;
	tables_user_free(p);
	leave_host(p);
	arena_free(p->call);
	p->call = NULL;
}
