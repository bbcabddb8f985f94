/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "plugin/internal.h"

/* What a plugin says, for people, of its events and its source; and what it is told anew while it works. */

#define SHOWN_BYTES 50 /* of the data of an event whose plugin has no words for it; Falco shows as many */

static struct plugin *maker(const struct plugin_host *h, const struct event *ev)
{
	uint32_t id = ev->type == EV_PLUGINEVENT_E ? (uint32_t)event_param_uint(ev, 0) : 0;

	for (size_t i = 0; id && i < h->count; i++)
		if (h->plugins[i]->view.id == id)
			return h->plugins[i];
	return NULL;
}

static void add_data(struct strbuf *out, struct str data)
{
	struct str shown = { data.ptr, data.len < SHOWN_BYTES ? data.len : SHOWN_BYTES };

	strbuf_addf(out, "datalen=%zu data=", data.len);
	for (size_t i = 0; i < shown.len; i++)
		if (shown.ptr[i] < ' ' || shown.ptr[i] > '~') {
			strbuf_adds(out, "<binary>");
			return;
		}
	strbuf_addstr(out, shown);
	strbuf_adds(out, shown.len < data.len ? "..." : "");
}

static void add_info(struct strbuf *out, struct plugin *p, struct field_context *ctx)
{
	ss_plugin_event_input event = {
		.evt = (const ss_plugin_event *)ctx->ev->bytes,
		.evtnum = ctx->ev->number,
		.evtsrc = arena_str(ctx->arena, ctx->source_name).ptr,
	};
	const char *text = NULL;

	if (p->api.event_to_string && event.evtsrc) {
		const struct plugin *before = plugin_enter(p, "event_to_string");

		text = p->api.event_to_string(p->state, &event);
		plugin_leave(p, before);
	}
	if (text && *text)
		strbuf_add(out, text, strnlen(text, PLUGIN_VALUE_BYTES));
	else
		add_data(out, event_param(ctx->ev, 1));
}

bool plugin_host_text(void *host, struct field_context *ctx, enum event_maker_text which, struct str *ret_text)
{
	struct plugin *p = maker(host, ctx->ev);
	auto_strbuf struct strbuf out = { 0 };

	if (!p)
		return false;
	if (which == EVENT_MAKER_NAME)
		strbuf_addstr(&out, p->view.name);
	else
		add_info(&out, p, ctx);
	*ret_text = arena_str(ctx->arena, strbuf_str(&out));
	return !out.failed && ret_text->ptr;
}

int plugin_open_params(struct plugin *p, void (*each)(void *context, struct str value, struct str description),
		       void *context, struct error *err)
{
	ss_plugin_rc rc = SS_PLUGIN_FAILURE;
	const struct plugin *before;
	const char *text;

	if (!p->api.list_open_params)
		return 0;
	before = plugin_enter(p, "list_open_params");
	text = p->api.list_open_params(p->state, &rc);
	plugin_leave(p, before);
	if (rc != SS_PLUGIN_SUCCESS)
		return plugin_error(p, -EIO, "what it can be opened with cannot be had", err);
	return plugin_read_open_params(p, text, each, context, err);
}

/* In percent. False: it is not known. */
bool plugin_progress(struct plugin *p, double *ret_percent)
{
	const struct plugin *before;
	uint32_t hundredths = 0;

	if (!p->instance || !p->api.get_progress)
		return false;
	before = plugin_enter(p, "get_progress");
	(void)p->api.get_progress(p->state, p->instance, &hundredths); /* its text says the same in its own words */
	plugin_leave(p, before);
	*ret_percent = (double)(hundredths > 10000 ? 10000 : hundredths) / 100;
	return true;
}

static struct plugin *find(const struct plugin_host *h, struct str name)
{
	for (size_t i = 0; h && i < h->count; i++)
		if (str_eq(h->plugins[i]->view.name, name))
			return h->plugins[i];
	return NULL;
}

/* One that can take it, and for which it is news. */
static struct plugin *find_changed(const struct plugin_host *h, struct str name, struct str config)
{
	struct plugin *p = find(h, name);

	return p && p->api.set_config && !str_eq(p->init_config, config) ? p : NULL;
}

int plugin_host_check_config(struct plugin_host *h, struct str name, struct str config, struct error *err)
{
	struct plugin *p = find_changed(h, name, config);
	const char *text;

	return p ? plugin_take_config(p, config, &text, err) : 0;
}

int plugin_host_set_config(struct plugin_host *h, struct str name, struct str config, struct error *err)
{
	struct plugin *p = find_changed(h, name, config);
	struct str kept = p ? arena_str(p->arena, config) : (struct str){ NULL, 0 };
	ss_plugin_set_config_input in = { 0 };
	const struct plugin *before;
	ss_plugin_rc rc;
	int r;

	if (!p)
		return 0;
	if (!kept.ptr)
		return error_set(err, -ENOMEM, "out of memory");
	r = plugin_take_config(p, kept, &in.config, err);
	if (r < 0)
		return r;
	before = plugin_enter(p, "set_config");
	rc = p->api.set_config(p->state, &in);
	plugin_leave(p, before);
	if (rc != SS_PLUGIN_SUCCESS)
		return plugin_error(p, -EINVAL, "it does not take its new configuration", err);
	p->init_config = kept;
	return 1;
}

bool plugin_takes_config(const struct plugin *p)
{
	return p->api.set_config;
}
