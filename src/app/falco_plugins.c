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

int falco_plugins(const struct config *config, const char *plugin)
{
	auto_strbuf struct strbuf out = { 0 };

	if (plugin && !(config->container_plugin && is_container(config, plugin))) {
		log_error("can't find plugin and print its info: %s", plugin);
		return EXIT_FAILED;
	}
	if (!plugin)
		strbuf_addf(&out, "%d Plugins Loaded:\n\n", config->container_plugin ? 1 : 0);
	if (config->container_plugin)
		add_container(&out);
	if (plugin)
		strbuf_adds(&out, "Init config schema type: Not available, monitor reads what it needs\n\n\n");
	else
		strbuf_addc(&out, '\n');
	return listing_print(&out);
}
