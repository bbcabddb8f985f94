/* SPDX-License-Identifier: Apache-2.0 */
#include "app/falco.h"
#include "app/listing.h"
#include "app/log.h"

/* The container plugin's work is built in. */
static void add_container(struct strbuf *out)
{
	strbuf_adds(out, "Name: container\n"
			 "Description: fields of containers, built into monitor\n"
			 "Contact: \n"
			 "Version: " VERSION "\n"
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
		{ PLUGIN_EXTRACT, "Field Extraction" }, { PLUGIN_PARSE, "Event Parsing" },   { PLUGIN_ASYNC, "Async Events" },
		{ PLUGIN_LISTEN, "Capture Listening" },
	};
	size_t i;

	strbuf_addf(out, "Name: " STR_FMT "\nDescription: " STR_FMT "\nContact: " STR_FMT "\nVersion: " STR_FMT "\nCapabilities: \n",
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

static bool find_loaded(const struct plugins *plugins, const char *name, struct plugin_view *ret_view)
{
	size_t i;

	for (i = 0; i < plugins->count; i++) {
		plugin_get(plugins->list[i], ret_view);
		if (str_eq(ret_view->name, str_of(name)))
			return true;
	}
	return false;
}

int falco_plugins(const struct config *config, const struct plugins *plugins, const char *plugin)
{
	struct plugin_view view;
	size_t i;

	auto_strbuf struct strbuf out = { 0 };

	if (plugin && find_loaded(plugins, plugin, &view)) {
		add_loaded(&out, &view);
		return listing_print(&out);
	}
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
