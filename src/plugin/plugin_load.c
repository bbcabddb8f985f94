/* SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>

#include "base/limits.h"
#include "base/version.h"
#include "plugin/internal.h"

/* A library becomes a plugin: what it exports, can do and says of itself is checked and kept. */

/* ---- what it exports ---- */

#define SYMBOL(name) { "plugin_" #name, offsetof(plugin_api, name) }
static const struct {
	const char *name;
	size_t offset;
} symbols[] = {
	SYMBOL(get_required_api_version),
	SYMBOL(get_init_schema),
	SYMBOL(init),
	SYMBOL(destroy),
	SYMBOL(get_last_error),
	SYMBOL(get_name),
	SYMBOL(get_description),
	SYMBOL(get_contact),
	SYMBOL(get_version),
	SYMBOL(get_id),
	SYMBOL(get_event_source),
	SYMBOL(open),
	SYMBOL(close),
	SYMBOL(list_open_params),
	SYMBOL(get_progress),
	SYMBOL(event_to_string),
	SYMBOL(next_batch),
	SYMBOL(get_extract_event_types),
	SYMBOL(get_extract_event_sources),
	SYMBOL(get_fields),
	SYMBOL(extract_fields),
	SYMBOL(get_parse_event_types),
	SYMBOL(get_parse_event_sources),
	SYMBOL(parse_event),
	SYMBOL(get_async_event_sources),
	SYMBOL(get_async_events),
	SYMBOL(set_async_event_handler),
	SYMBOL(dump_state),
	SYMBOL(set_config),
	SYMBOL(get_metrics),
	SYMBOL(capture_open),
	SYMBOL(capture_close),
	SYMBOL(get_required_event_schema_version),
};
#undef SYMBOL

static void find_symbols(void *library, plugin_api *api)
{
	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++) {
		void *at = dlsym(library, symbols[i].name);

		memcpy((char *)api + symbols[i].offset, &at, sizeof(at));
	}
}

/* ---- words ---- */

/* A plugin's text, with an end that we know. NULL when it has none within the limit or memory is short. */
static const char *keep(struct plugin *p, const char *text, size_t max)
{
	size_t len = text ? strnlen(text, max) : 0;

	return len < max ? arena_str(p->arena, (struct str){ text ? text : "", len }).ptr : NULL;
}

static int check_api_version(struct plugin *p, struct version *ret_version, struct error *err)
{
	static const struct version ours = { PLUGIN_API_VERSION_MAJOR, PLUGIN_API_VERSION_MINOR,
					     PLUGIN_API_VERSION_PATCH };
	const char *text = p->api.get_required_api_version ? p->api.get_required_api_version() : NULL;

	if (!text || version_parse(str_of(text), ret_version) < 0)
		return error_set(err, -EINVAL, "it does not say which version of the plugin interface it needs");
	if (!version_serves(&ours, ret_version))
		return error_set(err, -ENOTSUP,
				 "it needs version %s of the plugin interface, this is " PLUGIN_API_VERSION_STR, text);
	return 0;
}

/* ---- what it can do ---- */

static int read_capabilities(struct plugin *p, struct error *err)
{
	const plugin_api *a = &p->api;
	unsigned int caps = 0;
	const char *broken = NULL;

	if (a->open && a->close && a->next_batch)
		caps |= PLUGIN_SOURCE;
	else if (a->open || a->close || a->next_batch)
		broken = "open, close and next_batch belong together";
	if (a->get_fields && a->extract_fields)
		caps |= PLUGIN_EXTRACT;
	else if (a->extract_fields)
		broken = "extract_fields needs get_fields";
	if (a->parse_event)
		caps |= PLUGIN_PARSE;
	if (a->get_async_events && a->set_async_event_handler)
		caps |= PLUGIN_ASYNC;
	else if (a->set_async_event_handler)
		broken = "set_async_event_handler needs get_async_events";
	if (a->capture_open && a->capture_close)
		caps |= PLUGIN_LISTEN;
	else if (a->capture_open)
		broken = "capture_open needs capture_close";
	if (!broken && !caps)
		broken = "it can do nothing";
	if (broken)
		return error_set(err, -EINVAL, "plugin " STR_FMT ": %s", STR_ARG(p->view.name), broken);
	p->view.capabilities = caps;
	return 0;
}

static int read_identity(struct plugin *p, struct error *err)
{
	const plugin_api *a = &p->api;
	const char *name, *version, *description, *contact;
	struct version parsed;

	if (!a->init || !a->destroy || !a->get_last_error || !a->get_name || !a->get_description || !a->get_contact ||
	    !a->get_version)
		return error_set(err, -EINVAL, "it lacks one of the functions that every plugin has");
	name = keep(p, a->get_name(), PLUGIN_NAME_BYTES);
	version = keep(p, a->get_version(), PLUGIN_NAME_BYTES);
	description = keep(p, a->get_description(), PLUGIN_TEXT_BYTES);
	contact = keep(p, a->get_contact(), PLUGIN_TEXT_BYTES);
	if (!name || !version || !description || !contact || !*name)
		return error_set(err, -EINVAL, "it has no name, or says too much of itself");
	p->view.name = str_of(name);
	p->view.version = str_of(version);
	p->view.description = str_of(description);
	p->view.contact = str_of(contact);
	if (version_parse(p->view.version, &parsed) < 0)
		return error_set(err, -EINVAL, "plugin %s: its version is \"%s\", not three numbers", name, version);
	return 0;
}

static int read_source(struct plugin *p, struct error *err)
{
	const char *source;
	uint32_t id;

	p->view.source = STR("");
	if (!(p->view.capabilities & PLUGIN_SOURCE))
		return 0;
	id = p->api.get_id ? p->api.get_id() : 0;
	source = keep(p, p->api.get_event_source ? p->api.get_event_source() : "", PLUGIN_NAME_BYTES);
	if (!source || !*source != !id)
		return error_set(err, -EINVAL, "plugin " STR_FMT ": its event source has %s", STR_ARG(p->view.name),
				 id ? "an id but no name" : "a name but no id");
	if (!id) /* its events are system calls */
		return 0;
	p->view.id = id;
	p->view.source = str_of(source);
	if (str_eq(p->view.source, STR("syscall")))
		return error_set(err, -EINVAL, "plugin " STR_FMT ": its event source cannot be called syscall",
				 STR_ARG(p->view.name));
	return 0;
}

/* ---- life ---- */

static int read_names(struct plugin *p, const char *(*get)(void), const char *what, struct names *ret_names,
		      struct error *err)
{
	return get ? plugin_read_names(p, get(), what, ret_names, err) : 0;
}

/* Of events that others make: which ones, and their names. */
static int read_sources(struct plugin *p, struct error *err)
{
	unsigned int caps = p->view.capabilities;
	int r = 0;

	if (caps & PLUGIN_EXTRACT) {
		r = plugin_read_fields(p, p->api.get_fields(), err);
		if (r == 0)
			r = read_names(p, p->api.get_extract_event_sources, "event sources", &p->extract_sources, err);
	}
	if (r == 0 && caps & PLUGIN_PARSE)
		r = read_names(p, p->api.get_parse_event_sources, "parsed event sources", &p->parse_sources, err);
	if (r == 0 && caps & PLUGIN_ASYNC)
		r = read_names(p, p->api.get_async_event_sources, "asynchronous event sources", &p->async_sources, err);
	if (r == 0 && caps & PLUGIN_ASYNC)
		r = read_names(p, p->api.get_async_events, "asynchronous events", &p->async_events, err);
	if (r == 0 && caps & PLUGIN_ASYNC && !p->async_events.n)
		r = error_set(err, -EINVAL, "plugin " STR_FMT ": it names no asynchronous events",
			      STR_ARG(p->view.name));
	return r;
}

static int set_up(struct plugin *p, const struct plugin_config *config, struct error *err)
{
	struct version version;
	int r;

	p->arena = arena_new(4096);
	if (!p->arena)
		return error_set(err, -ENOMEM, "out of memory");
	p->log = config->log;
	p->init_config = arena_str(p->arena, config->init_config);
	if (!p->init_config.ptr)
		return error_set(err, -ENOMEM, "out of memory");
	r = check_api_version(p, &version, err);
	p->api_minor = r == 0 ? version.minor : 0;
	if (r == 0)
		r = read_identity(p, err);
	if (r < 0)
		return config->name.len ? error_prefix(err, r, "plugin " STR_FMT, STR_ARG(config->name)) : r;
	if (config->name.len && !str_eq(config->name, p->view.name))
		return error_set(err, -EINVAL, "plugin " STR_FMT ": the library calls itself " STR_FMT,
				 STR_ARG(config->name), STR_ARG(p->view.name));
	r = read_capabilities(p, err);
	if (r == 0)
		r = read_source(p, err);
	return r == 0 ? read_sources(p, err) : r;
}

int plugin_load_api(const plugin_api *api, const struct plugin_config *config, struct plugin **ret_plugin,
		    struct error *err)
{
	auto_plugin struct plugin *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return error_set(err, -ENOMEM, "out of memory");
	p->api = *api;
	r = set_up(p, config, err);
	if (r < 0)
		return r;
	plugin_note(p);
	*ret_plugin = take_ptr(p);
	return 0;
}

int plugin_load(const char *path, const struct plugin_config *config, struct plugin **ret_plugin, struct error *err)
{
	plugin_api api = { 0 };
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	struct plugin *p;
	int r;

	if (!library)
		return error_set(err, -ENOENT, "plugin%s" STR_FMT ": %s", config->name.len ? " " : "",
				 STR_ARG(config->name), dlerror());
	find_symbols(library, &api);
	r = plugin_load_api(&api, config, &p, err);
	if (r < 0) {
		dlclose(library);
		return config->name.len ? r : error_prefix(err, r, "%s", path);
	}
	p->library = library;
	plugin_find_range(p);
	*ret_plugin = p;
	return 0;
}

void plugin_free(struct plugin *p)
{
	if (!p)
		return;
	plugin_stop(p);
	plugin_forget(p);
	foreign_catalogue_free(p->catalogue);
	arena_free(p->arena);
	if (p->library)
		dlclose(p->library);
	free(p);
}
