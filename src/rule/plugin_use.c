/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/plugin_use.h"

/* The container plugin is ours, and none of the list. */
static bool uses_container(const struct engine_options *options, const struct texts *fields, const struct texts *events)
{
	struct field_ref ref;
	size_t used;

	for (size_t i = 0; i < fields->count; i++)
		if (field_lookup(fields->list[i], &options->fields, &ref, &used, NULL) == 0 &&
		    field_flags(ref.info) & FIELD_CONTAINER_PLUGIN)
			return true;
	for (size_t i = 0; options->fields.container_plugin && i < events->count; i++)
		if (str_eq(events->list[i], STR("container")))
			return true;
	return false;
}

/* By name: each event source has catalogues of its own of the same plugins. */
static bool has_field(const struct engine_plugin *p, const struct field_options *of, struct str name)
{
	const struct field_info *f;
	struct field_ref ref;
	size_t used;

	if (!p->fields || !of || field_lookup(name, of, &ref, &used, NULL) < 0 ||
	    !(field_flags(ref.info) & FIELD_FOREIGN))
		return false;
	for (size_t i = 0; (f = foreign_by_index(p->fields, i)); i++)
		if (str_eq(field_name(f), field_name(ref.info)))
			return true;
	return false;
}

static bool sends(const struct engine_plugin *p, struct str event)
{
	for (size_t i = 0; i < p->nasync; i++)
		if (str_eq(p->async_events[i], event))
			return true;
	return false;
}

/* Whose events a rule is about, whose fields it names, or whose asynchronous events. */
static bool is_used(const struct engine_options *options, const struct engine_plugin *p, struct str source,
		    const struct texts *fields, const struct texts *events)
{
	const struct field_options *of = engine_source_fields(options, source);
	bool used = p->source.len && str_eq(p->source, source);

	for (size_t i = 0; !used && i < fields->count; i++)
		used = has_field(p, of, fields->list[i]);
	for (size_t i = 0; !used && i < events->count; i++)
		used = sends(p, events->list[i]);
	return used;
}

int plugin_use_names(const struct engine_options *options, struct str source, const struct texts *fields,
		     const struct texts *events, struct arena *arena, struct texts *names)
{
	int r = uses_container(options, fields, events) ? texts_add(arena, names, STR("container")) : 0;

	for (size_t i = 0; r >= 0 && i < options->nplugins; i++)
		if (is_used(options, &options->plugins[i], source, fields, events))
			r = texts_add(arena, names, options->plugins[i].name);
	return r < 0 ? r : 0;
}
