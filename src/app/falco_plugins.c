/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "app/falco.h"
#include "app/listing.h"
#include "app/log.h"
#include "base/limits.h"

/* The container plugin's work is built in. */
static void add_container(struct strbuf *out)
{
	strbuf_adds(out, "Name: " CONTAINER_PLUGIN "\n"
			 "Description: fields of containers, built into monitor\n"
			 "Contact: \n"
			 "Version: " CONTAINER_PLUGIN_VERSION "\n"
			 "Capabilities: \n"
			 "  - Field Extraction\n"
			 "  - Event Parsing\n"
			 "\n");
}

static bool is_container(const struct config *config, const char *name)
{
	struct yaml_node *list = config->plugins;
	struct str text;
	uint32_t i;

	for (i = 0; list && list->kind == YAML_SEQUENCE && i < list->count; i++) {
		if (!config_tree_text(yaml_get(list->items[i], "name"), &text) || !str_eq(text, STR("container")))
			continue;
		if (strcmp(name, "container") == 0)
			return true;
		if (config_tree_text(yaml_get(list->items[i], "library_path"), &text) && str_eq(text, str_of(name)))
			return true;
	}
	return false;
}

static void add_loaded(struct strbuf *out, const struct plugin_view *v)
{
	static const struct {
		unsigned int bit;
		const char *name;
	} capabilities[] = {
		{ PLUGIN_EXTRACT, "Field Extraction" },
		{ PLUGIN_PARSE, "Event Parsing" },
		{ PLUGIN_ASYNC, "Async Events" },
		{ PLUGIN_LISTEN, "Capture Listening" },
	};
	size_t i;

	strbuf_addf(out,
		    "Name: " STR_FMT "\nDescription: " STR_FMT "\nContact: " STR_FMT "\nVersion: " STR_FMT
		    "\nCapabilities: \n",
		    STR_ARG(v->name), STR_ARG(v->description), STR_ARG(v->contact), STR_ARG(v->version));
	if (v->capabilities & PLUGIN_SOURCE && v->source.len)
		strbuf_addf(out, "  - Event Sourcing (ID=%u, source='" STR_FMT "')\n", v->id, STR_ARG(v->source));
	else if (v->capabilities & PLUGIN_SOURCE)
		strbuf_adds(out, "  - Event Sourcing\n");
	for (i = 0; i < ARRAY_SIZE(capabilities); i++)
		if (v->capabilities & capabilities[i].bit)
			strbuf_addf(out, "  - %s\n", capabilities[i].name);
	strbuf_addc(out, '\n');
}

/* By its name or its library. */
static struct plugin *find_loaded(const struct plugins *plugins, const char *name)
{
	for (size_t i = 0; i < plugins->count; i++) {
		struct plugin_view view;

		plugin_get(plugins->list[i], &view);
		if (str_eq(view.name, str_of(name)) || strcmp(plugins->wanted[i].path.ptr, name) == 0)
			return plugins->list[i];
	}
	return NULL;
}

struct suggestions {
	struct strbuf *out;
	size_t n;
};

static void add_suggestion(void *context, struct str value, struct str description)
{
	struct suggestions *s = context;

	strbuf_addf(s->out, "%s" STR_FMT "%s" STR_FMT "\n", s->n++ ? "" : "Suggested open params:\n", STR_ARG(value),
		    description.len ? ": " : "", STR_ARG(description));
}

/* What only a plugin that was started can tell. */
static int add_open_params(struct strbuf *out, struct plugin *p, struct error *err)
{
	auto_state struct state *state = state_new(&(struct state_options){ 0 });
	auto_plugin_host struct plugin_host *host = NULL;
	struct suggestions s = { out, 0 };
	struct plugin_view view;
	int r;

	plugin_get(p, &view);
	if (!state)
		return error_set(err, -ENOMEM, "out of memory");
	r = plugin_host_new(&(struct plugin_host_options){ .state = state, .source = view.source, .live = true }, &host,
			    err);
	if (r == 0)
		r = plugin_host_add(host, p, err);
	if (r < 0 || !(view.capabilities & PLUGIN_SOURCE))
		return r;
	r = plugin_open_params(p, add_suggestion, &s, err);
	if (r == 0 && !s.n)
		strbuf_adds(
			out,
			"No suggested open params available: plugin has not been configured, or it does not implement the "
			"open params suggestion functionality\n");
	strbuf_addc(out, '\n');
	return r;
}

static int print_loaded(struct plugin *p)
{
	const char *schema = plugin_schema(p);
	auto_strbuf struct strbuf out = { 0 };
	struct plugin_view view;
	struct error err = { 0 };

	plugin_get(p, &view);
	add_loaded(&out, &view);
	strbuf_addf(&out, "\nInit config schema type: %s\n%.*s\n\n",
		    schema ? "JSON" : "Not available, plugin does not implement the init config schema functionality",
		    PLUGIN_TEXT_BYTES, schema ? schema : "");
	if (add_open_params(&out, p, &err) < 0)
		return log_failure(&err, EXIT_FAILED);
	return listing_print(&out);
}

int falco_plugins(const struct config *config, const struct plugins *plugins, const char *plugin)
{
	struct plugin *loaded = plugin ? find_loaded(plugins, plugin) : NULL;
	struct plugin_view view;
	size_t i;

	auto_strbuf struct strbuf out = { 0 };

	if (loaded)
		return print_loaded(loaded);
	if (plugin && !(config->container_plugin && is_container(config, plugin))) {
		log_error("can't find plugin and print its info: %s", plugin);
		return EXIT_FAILED;
	}
	if (!plugin)
		strbuf_addf(&out, "%zu Plugins Loaded:\n\n", plugins->count + (config->container_plugin ? 1 : 0));
	for (i = 0; !plugin && i < plugins->count; i++) {
		plugin_get(plugins->list[i], &view);
		add_loaded(&out, &view);
	}
	if (config->container_plugin)
		add_container(&out);
	if (plugin)
		strbuf_adds(&out, "Init config schema type: Not available, monitor reads what it needs\n\n\n");
	else
		strbuf_addc(&out, '\n');
	return listing_print(&out);
}
