/* SPDX-License-Identifier: Apache-2.0 */
/* --version: what of Falco this program stands in for. */
#include "app/falco_version.h"
#include "app/listing.h"
#include "base/json.h"
#include "plugin/plugin_api.h"

#define FALCO_LIBS	     "0.25.4"
#define FALCO_DRIVER_API     "10.2.0"
#define FALCO_DRIVER_SCHEMA  LISTING_SCHEMA

static void add_version(struct strbuf *out, unsigned int *n, struct str name, struct str version)
{
	strbuf_adds(out, (*n)++ ? "," : ",\"plugin_versions\":{");
	json_add_string(out, name);
	strbuf_addc(out, ':');
	json_add_string(out, version);
}

void falco_version_json(struct strbuf *out, const struct engine_options *offered)
{
	unsigned int n = 0;

	strbuf_adds(out,
		    "{\"default_driver_version\":\"none\",\"driver_api_version\":\"" FALCO_DRIVER_API
		    "\",\"driver_schema_version\":\"" FALCO_DRIVER_SCHEMA
		    "\",\"engine_version\":\"" ENGINE_VERSION_MINOR "\",\"engine_version_semver\":\"" ENGINE_VERSION
		    "\",\"falco_version\":\"" FALCO_VERSION "\",\"libs_version\":\"" FALCO_LIBS
		    "\",\"monitor_version\":\"" VERSION "\",\"plugin_api_version\":\"" PLUGIN_API_VERSION_STR "\"");
	if (offered && offered->fields.container_plugin)
		add_version(out, &n, STR(CONTAINER_PLUGIN), STR(CONTAINER_PLUGIN_VERSION));
	for (size_t i = 0; offered && i < offered->nplugins; i++)
		add_version(out, &n, offered->plugins[i].name, offered->plugins[i].version);
	strbuf_adds(out, n ? "}}" : "}");
}

int falco_version(bool json)
{
	auto_strbuf struct strbuf out = { 0 };

	if (json) {
		falco_version_json(&out, NULL);
		strbuf_addc(&out, '\n');
	} else {
		strbuf_adds(&out, "Falco version: " FALCO_VERSION " (monitor " VERSION ")\n"
				  "Libs version:  " FALCO_LIBS "\n"
				  "Plugin API:    " PLUGIN_API_VERSION_STR "\n"
				  "Engine:        " ENGINE_VERSION "\n"
				  "Driver:\n"
				  "  API version:    " FALCO_DRIVER_API "\n"
				  "  Schema version: " FALCO_DRIVER_SCHEMA "\n"
				  "  Default driver: none\n");
	}
	return listing_print(&out);
}
