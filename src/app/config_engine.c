/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration says to the rule engine. */
#include "app/config.h"

struct engine_options config_engine_options(const struct config *c)
{
	return (struct engine_options){
		.min_priority = c->min_priority,
		.all_matching = str_ieq(c->rule_matching, STR("all")),
		.selections = c->selections,
		.nselections = c->nselections,
		.appends = c->appends,
		.nappends = c->nappends,
		.fields = { .container_plugin = c->container_plugin,
			    .static_names = c->static_names,
			    .nstatic = c->nstatic },
		.static_values = c->static_values,
		.json_output = c->json_output,
		.json_omit_output = !c->json_include_output_property,
		.json_omit_output_fields = !c->json_include_output_fields_property,
		.json_omit_tags = !c->json_include_tags_property,
		.json_message = c->json_include_message_property,
		.alert_fields = (c->grpc_enabled && c->grpc_output_enabled) || c->monitor_journal_output_enabled,
		.iso_time = c->time_format_iso_8601,
		.base64_buffers = c->buffer_format_base64,
	};
}
