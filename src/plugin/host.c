/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "plugin/internal.h"

int plugin_host_new(const struct plugin_host_options *options, struct plugin_host **ret_host, struct error *err)
{
	struct plugin_host *h = calloc(1, sizeof(*h));

	if (!h)
		return error_set(err, -ENOMEM, "out of memory");
	async_init(h);
	pthread_mutex_init(&h->measuring, NULL);
	h->state = options->state;
	h->live = options->live;
	h->source = str_dup(options->source.len ? options->source : STR("syscall"));
	if (!h->source) {
		plugin_host_free(h);
		return error_set(err, -ENOMEM, "out of memory");
	}
	*ret_host = h;
	return 0;
}

void plugin_host_free(struct plugin_host *h)
{
	if (!h)
		return;
	plugin_host_close(h);
	while (h->count) /* who came first has the tables that others use */
		plugin_stop(h->plugins[h->count - 1]);
	async_free(h);
	while (h->nprovided) {
		struct provided_table *t = h->provided[--h->nprovided];

		free(t->name);
		free(t);
	}
	arena_free(h->measured);
	pthread_mutex_destroy(&h->measuring);
	free(h->plugins);
	free(h->source);
	free(h);
}

int plugin_host_add(struct plugin_host *h, struct plugin *p, struct error *err)
{
	int r;

	if (p->view.source.len && str_eq(p->view.source, str_of(h->source)))
		h->source_id = p->view.id;
	r = plugin_start(p, h, err);
	if (r < 0)
		plugin_stop(p);
	return r;
}

static bool has(const struct plugin_host *h, const struct plugin *p)
{
	for (size_t i = 0; i < h->count; i++)
		if (h->plugins[i] == p)
			return true;
	return false;
}

int plugin_host_add_all(struct plugin_host *h, struct plugin *const *list, size_t n, struct error *err)
{
	size_t before;
	int first;

	do {
		before = h->count;
		first = 0;
		for (size_t i = 0; i < n; i++) {
			struct error own = { 0 };
			int r = list[i] && !has(h, list[i]) ? plugin_host_add(h, list[i], &own) : 0;

			if (r == 0 || (first < 0 && list[i]->misses_table))
				continue;
			if (err)
				*err = own;
			if (!list[i]->misses_table)
				return r;
			first = r;
		}
	} while (first < 0 && h->count > before);
	if (first == 0 && err)
		*err = (struct error){ 0 };
	return first;
}

/* ---- begin and end ---- */

static bool listen_call(struct plugin *p, const char *name,
			ss_plugin_rc (*call)(ss_plugin_t *s, const ss_plugin_capture_listen_input *i))
{
	ss_plugin_table_reader_vtable_ext reader = table_reader;
	ss_plugin_table_writer_vtable_ext writer = table_writer;
	ss_plugin_capture_listen_input in = {
		.owner = p,
		.routine = &routines_vtable,
		.table_reader_ext = &reader,
		.table_writer_ext = &writer,
		.get_owner_last_error = plugin_owner_error,
	};
	const struct plugin *before = plugin_enter(p, name);
	ss_plugin_rc rc = call(p->state, &in);

	plugin_leave(p, before);
	tables_end_call(p);
	return rc == SS_PLUGIN_SUCCESS;
}

int plugin_host_open(struct plugin_host *h, struct error *err)
{
	int r = 0;

	h->open = true;
	for (size_t i = 0; i < h->count && r == 0; i++)
		r = async_start(h->plugins[i], err);
	for (size_t i = 0; i < h->count && r == 0; i++) {
		struct plugin *p = h->plugins[i];

		if (!(p->view.capabilities & PLUGIN_LISTEN))
			continue;
		p->listening = true;
		if (!listen_call(p, "capture_open", p->api.capture_open))
			r = plugin_error(p, -EIO, "it fails at the begin of events", err);
	}
	return r;
}

void plugin_host_close(struct plugin_host *h)
{
	if (!h || !h->open)
		return;
	h->open = false;
	for (size_t i = 0; i < h->count; i++)
		async_stop(h->plugins[i]);
	for (size_t i = 0; i < h->count; i++) {
		struct plugin *p = h->plugins[i];

		if (p->listening)
			(void)listen_call(p, "capture_close", p->api.capture_close);
		p->listening = false;
		routines_stop(p);
	}
}

/* ---- events ---- */

static bool parses(const struct plugin *p, uint16_t type)
{
	return p->parse_types && p->parse_types[type];
}

bool plugin_host_parses(const struct plugin_host *h, uint16_t type)
{
	for (size_t i = 0; i < h->count; i++)
		if (parses(h->plugins[i], type))
			return true;
	return false;
}

void plugin_host_parse(struct plugin_host *h, const struct event *ev, struct str source)
{
	ss_plugin_table_reader_vtable_ext reader = table_reader;
	ss_plugin_table_writer_vtable_ext writer = table_writer;
	ss_plugin_event_input event = { (const ss_plugin_event *)ev->bytes, ev->number, NULL };

	for (size_t i = 0; i < h->count; i++) {
		struct plugin *p = h->plugins[i];
		ss_plugin_event_parse_input in = {
			.owner = p,
			.get_owner_last_error = plugin_owner_error,
			.table_reader = table_old_reader(),
			.table_writer = table_writer,
			.table_reader_ext = &reader,
			.table_writer_ext = &writer,
		};

		const struct plugin *before;

		if (!parses(p, ev->type) || !plugin_takes_source(p, &p->parse_sources, source))
			continue;
		event.evtsrc = arena_str(p->call, source).ptr;
		if (!event.evtsrc)
			event.evtsrc = "";
		before = plugin_enter(p, "parse_event");
		if (p->api.parse_event(p->state, &event, &in) != SS_PLUGIN_SUCCESS)
			p->parse_failures++;
		plugin_leave(p, before);
		tables_end_call(p);
	}
}

void plugin_host_stats(const struct plugin_host *h, struct plugin_host_stats *ret_stats)
{
	*ret_stats = (struct plugin_host_stats){ .async_events = h->async_taken };
	for (size_t i = 0; i < h->count; i++) {
		ret_stats->async_dropped += atomic_load(&h->plugins[i]->async_dropped);
		ret_stats->parse_failures += h->plugins[i]->parse_failures;
	}
}

size_t plugin_host_count(const struct plugin_host *h)
{
	return h->count;
}

struct plugin *plugin_host_plugin(const struct plugin_host *h, size_t i)
{
	return h->plugins[i];
}
