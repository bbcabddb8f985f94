/* SPDX-License-Identifier: Apache-2.0 */
/* --version: what of Falco this program stands in for. */
#include "app/falco_version.h"
#include "app/listing.h"
#include "base/json.h"

#define FALCO_LIBS	     "0.25.4"
#define FALCO_PLUGIN_API     "3.12.0"
#define FALCO_DRIVER_API     "10.2.0"
#define FALCO_DRIVER_SCHEMA  LISTING_SCHEMA

void falco_version_json(struct strbuf *out, const struct engine_plugin *plugins, size_t n)
{
	strbuf_adds(out, "{\"default_driver_version\":\"none\",\"driver_api_version\":\"" FALCO_DRIVER_API
				  "\",\"driver_schema_version\":\"" FALCO_DRIVER_SCHEMA "\",\"engine_version\":\"" FALCO_ENGINE
				  "\",\"engine_version_semver\":\"" FALCO_ENGINE_SEMVER "\",\"falco_version\":\"" FALCO_VERSION
				  "\",\"libs_version\":\"" FALCO_LIBS "\",\"monitor_version\":\"" VERSION
				  "\",\"plugin_api_version\":\"" FALCO_PLUGIN_API "\"");
	for (size_t i = 0; i < n; i++) {
		strbuf_adds(out, i ? "," : ",\"plugin_versions\":{");
		json_add_string(out, plugins[i].name);
		strbuf_addc(out, ':');
		json_add_string(out, plugins[i].version);
	}
	strbuf_adds(out, n ? "}}" : "}");
}

int falco_version(bool json)
{
	auto_strbuf struct strbuf out = { 0 };

	if (json) {
		falco_version_json(&out, NULL, 0);
		strbuf_addc(&out, '\n');
	} else {
		strbuf_adds(&out, "Falco version: " FALCO_VERSION " (monitor " VERSION ")\n"
				  "Libs version:  " FALCO_LIBS "\n"
				  "Plugin API:    " FALCO_PLUGIN_API "\n"
				  "Engine:        " FALCO_ENGINE_SEMVER "\n"
				  "Driver:\n"
				  "  API version:    " FALCO_DRIVER_API "\n"
				  "  Schema version: " FALCO_DRIVER_SCHEMA "\n"
				  "  Default driver: none\n");
	}
	return listing_print(&out);
}
